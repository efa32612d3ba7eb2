"""The bytes of stored files: one file for each version, named by it, so that a row never points to half of one."""

import uuid
from pathlib import Path


class Files:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, content: bytes) -> str:
        """The new version."""
        version = str(uuid.uuid4())
        self.path(version).write_bytes(content)
        return version

    def path(self, version: str) -> Path:
        """Where the file of this version is. Raises ValueError when it is no UUID."""
        return self._folder / str(uuid.UUID(version))

    def forget(self, version: str) -> None:
        """Delete the file of this version, if it is there."""
        self.path(version).unlink(missing_ok=True)
