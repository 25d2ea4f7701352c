"""Things a run leaves behind for good: fitted models and list snapshots, named by their content."""

import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from app.errors import NotFound, Unavailable

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class Artifacts:
    """JSON documents of one organisation, content-addressed; never pickles, so reading runs no code."""

    def __init__(self, root: Path, org: str) -> None:
        if not _NAME.fullmatch(org):
            raise NotFound("No such organisation.")
        self._folder = root / "artifacts" / org

    def put(self, kind: str, document: Any) -> tuple[str, str]:
        """Keep ``document`` and return its path within the folder and its SHA-256.

        The same document is kept once. The file is complete or absent, also after a power cut.
        """
        data = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(kind, digest)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(path)
        return str(path.relative_to(self._folder)), digest

    def get(self, kind: str, digest: str) -> Any:
        """Return the document of this kind and SHA-256.

        Raises:
            NotFound: If there is none.
            Unavailable: If the file is not what was kept.
        """
        path = self._path(kind, digest)
        if not path.is_file():
            raise NotFound("This artefact is not kept here.")
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise Unavailable("A stored artefact is damaged.")
        return json.loads(data)

    def _path(self, kind: str, digest: str) -> Path:
        if not (_NAME.fullmatch(kind) and re.fullmatch(r"[0-9a-f]{64}", digest)):
            raise NotFound("This artefact is not kept here.")
        return self._folder / kind / f"{digest}.json"
