"""How an import shows itself."""

from typing import Any

from app.storage.records.imports import Import


def as_dict(record: Import) -> dict[str, Any]:
    """Return an import's public fields."""
    return {
        "import_id": record.id,
        "status": record.status,
        "dataset": record.dataset,
        "feed": record.feed,
        "filename": record.filename,
        "format": record.format,
        "mapping": record.mapping,
        "bytes": record.bytes,
        "records": record.records or 0,
        "accepted": record.accepted or 0,
        "rejected": record.rejected or 0,
        "duplicate": record.duplicate or 0,
        "rows": record.rows or {},
        "errors": record.errors or [],
        "warnings": record.warnings or [],
        "versions": record.versions or {},
        "error": record.error,
        "created_at": record.created_at,
        "finished_at": record.finished_at,
    }
