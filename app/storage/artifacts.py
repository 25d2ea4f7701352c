"""Things a run leaves behind for good: fitted models and list snapshots, named by their content."""

import hashlib
import io
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from app.errors import NotFound, Unavailable

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class Artifacts:
    """JSON documents and tables of one organisation, content-addressed; never pickles, so reading runs no code."""

    def __init__(self, root: Path, org: str) -> None:
        if not _NAME.fullmatch(org):
            raise NotFound("No such organisation.")
        self._folder = root / "artifacts" / org

    def put(self, kind: str, document: Any) -> tuple[str, str]:
        """Keep ``document`` and return its path within the folder and its SHA-256.

        The same document is kept once. The file is complete or absent, also after a power cut.
        """
        return self._keep(
            kind,
            json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode(),
            "json",
        )

    def get(self, kind: str, digest: str) -> Any:
        """Return the document of this kind and SHA-256.

        Raises:
            NotFound: If there is none.
            Unavailable: If the file is not what was kept.
        """
        return json.loads(self._read(kind, digest, "json"))

    def put_table(self, kind: str, rows: pl.DataFrame) -> tuple[str, str]:
        """Keep a table as an Arrow file and return its path within the folder and its SHA-256."""
        file = io.BytesIO()
        rows.write_ipc(file, compression="zstd")
        return self._keep(kind, file.getvalue(), "arrow")

    def get_table(self, kind: str, digest: str) -> pl.DataFrame:
        """Return the table of this kind and SHA-256.

        Raises:
            NotFound: If there is none.
            Unavailable: If the file is not what was kept.
        """
        return pl.read_ipc(io.BytesIO(self._read(kind, digest, "arrow")))

    def _keep(self, kind: str, data: bytes, suffix: str) -> tuple[str, str]:
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(kind, digest, suffix)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(path)
        return str(path.relative_to(self._folder)), digest

    def _read(self, kind: str, digest: str, suffix: str) -> bytes:
        path = self._path(kind, digest, suffix)
        if not path.is_file():
            raise NotFound("This artefact is not kept here.")
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise Unavailable("A stored artefact is damaged.")
        return data

    def _path(self, kind: str, digest: str, suffix: str) -> Path:
        if not (_NAME.fullmatch(kind) and re.fullmatch(r"[0-9a-f]{64}", digest)):
            raise NotFound("This artefact is not kept here.")
        return self._folder / kind / f"{digest}.{suffix}"
