"""From a symbolic place to a line and a column; what scans the text is imported when there is a place to be found."""

from __future__ import annotations

from ..errors import EnvguardError
from ..model import Place
from ..reader import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .locate import Document
    from .locate_yaml import YamlDocument
    from .positions import Position

_LIMIT = 64 * 1024 * 1024
_YAML = (".yml", ".yaml", "pixi.lock")


class Locator:
    """Finds places in files, each of which is read at most once, through *reader*."""

    __slots__ = ("_documents", "_reader")

    def __init__(self, reader: Reader | None = None) -> None:
        self._reader = reader or Reader()
        self._documents: dict[str, Document | YamlDocument | None] = {}

    def __call__(self, place: Place) -> Position | None:
        """Return where *place* is; None where it is a whole file, or where the file cannot be read any more."""
        if place.line is not None:
            from .positions import Position

            return Position(line=place.line, column=1)
        if not place.keys:
            return None
        if place.path not in self._documents:
            try:
                self._documents[place.path] = _document(place.path, self._reader.read_text(place.path, limit=_LIMIT))
            except EnvguardError:
                self._documents[place.path] = None
        document = self._documents[place.path]
        return document.locate(place.keys) if document else None


def line_of(error: EnvguardError) -> int | None:
    """Return the line that *error* names, else the one that its keys stand on; None where it has neither."""
    if error.line is not None or error.path is None:
        return error.line
    position = Locator()(Place(path=error.path, keys=error.keys))
    return position.line if position is not None else None


def _document(path: str, text: str) -> Document | YamlDocument:
    if path.endswith(_YAML):
        from .locate_yaml import YamlDocument

        return YamlDocument(text)
    from .locate import Document

    return Document(text)
