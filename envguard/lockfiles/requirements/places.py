"""Folders and files that a requirements file names by their path, and the projects in them.

pip and uv take such a path relative to the folder in which they are run, which no file tells: it is the one from which the
path leads somewhere, looked for from the file upward.
"""

from __future__ import annotations

import os

from ...values import replace
from ..model import SourceKind
from ..projects import project_name
from .files import ancestors, boundary_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...reader import Reader
    from ..model import Source
    from .entries import Asked

_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")
_EGG_INFO = ".egg-info"
_MAX_BYTES = 1024 * 1024


class Places:
    """Resolves local paths in requirements files; *lock* is the file that everything is relative to."""

    def __init__(self, reader: Reader, lock: str) -> None:
        self.reader = reader
        self.folder = os.path.dirname(lock)
        self._boundary: str | None = None

    def source(self, asked: Asked, source: Source) -> Source:
        """Return the local *source* of *asked* with its location relative to the file, absolute where that is another than the lock."""
        found = self.find(asked, source)
        beside = os.path.dirname(asked.path) == self.folder
        return replace(source, location=os.path.relpath(found, self.folder) if beside else found)

    def find(self, asked: Asked, source: Source) -> str:
        """Return the absolute path that *source* means."""
        location = source.location
        if os.path.isabs(location):
            return os.path.normpath(location)
        start = os.path.dirname(asked.path)
        if self._boundary is None:
            self._boundary = boundary_of(self.reader, self.folder)
        for folder in ancestors(start):
            path = os.path.normpath(os.path.join(folder, location))
            if self._is_one(path, source.kind):
                return path
            if folder == self._boundary:
                break
        return os.path.normpath(os.path.join(start, location))

    def _is_one(self, path: str, kind: SourceKind) -> bool:
        if kind is SourceKind.PATH:
            return self.reader.exists(path)
        return any(self.reader.exists(os.path.join(path, name)) for name in _PROJECT)

    def name(self, asked: Asked, source: Source) -> str | None:
        """Return the name of the project in the folder that *source* means; None where only a build could tell it."""
        folder = self.find(asked, source)
        if source.subdirectory is not None:
            folder = os.path.join(folder, source.subdirectory)
        if not self.reader.is_dir(folder):
            return None
        return project_name(self.reader, folder) or self._built_name(folder)

    def _built_name(self, folder: str) -> str | None:
        """Return the name that a build has left in the folder; None where there was none, or several."""
        from ...names import normalize

        names = set()
        for place in (folder, os.path.join(folder, "src")):
            if not self.reader.is_dir(place):
                continue
            for entry in self.reader.list_dir(place):
                path = os.path.join(place, entry, "PKG-INFO")
                if entry.endswith(_EGG_INFO) and self.reader.is_file(path):
                    text = self.reader.read_text(path, limit=_MAX_BYTES)
                    names |= {line[5:].strip() for line in text.split("\n\n")[0].splitlines() if line[:5] == "Name:"}
        return normalize(names.pop()) if len(names) == 1 else None
