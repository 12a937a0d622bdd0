"""Which lock a project would get that has none, as far as its files tell."""

from __future__ import annotations

import os

from ..errors import ConfigError
from ..toml import read_toml
from .formats import COMMON_MANIFEST, FORMATS, by_name, format_of
from .manifests.section import MAX_BYTES, Section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..reader import Reader
    from .formats import Format

# By which table of a pyproject.toml, and by which build backend, a tool is known. uv is what is left.
_TOOLS = {"poetry": "poetry", "pdm": "pdm", "pixi": "pixi", "conda-lock": "conda-lock"}
_BACKENDS = {"poetry.core.masonry.api": "poetry", "poetry.masonry.api": "poetry", "pdm.backend": "pdm"}


def likely_format(reader: Reader, project: str, named: str | None = None) -> Format:
    """Return the format of the lock that the folder *project* would get, which has none.

    That is the one of the lock that the settings have *named*, else the one of a manifest that no other format has, or of
    what stands there in the place of any manifest, else the one of the tool that ``pyproject.toml`` is written for.
    ConfigError where that file cannot be used, UnreadableError where it cannot be read.
    """

    def has(*names: str) -> bool:
        return any(reader.exists(os.path.join(project, name)) for name in names)

    def has_own(form: Format) -> bool:
        own = (name for name in form.manifests if name != COMMON_MANIFEST)
        return has(*own) or (not form.certain and has(form.files[0]) and not has(COMMON_MANIFEST))

    form = format_of(os.path.basename(named)) if named is not None else None
    return form or next(filter(has_own, FORMATS), None) or _of_pyproject(reader, project) or FORMATS[0]


def _of_pyproject(reader: Reader, project: str) -> Format | None:
    path = os.path.join(project, COMMON_MANIFEST)
    if not reader.exists(path):
        return None
    root = Section(path, (), read_toml(reader, path, ConfigError, limit=MAX_BYTES))
    tools = root.table("tool").value
    # Who has moved to uv may have left the table of another tool, or its backend, where it was.
    if "uv" in tools:
        return None
    backend = root.table("build-system").text("build-backend") or ""
    name = next((form for table, form in _TOOLS.items() if table in tools), _BACKENDS.get(backend))
    return by_name(name) if name is not None else None


def asks_for_lock(reader: Reader, folder: str, form: Format) -> bool:
    """Return whether a manifest in *folder* asks for something that a lock of *form* is made of.

    A ``pyproject.toml`` may hold the settings of other tools alone. The errors are those of ``likely_format``.
    """
    for name in form.manifests:
        path = os.path.join(folder, name)
        if not reader.is_file(path):
            continue
        if name != COMMON_MANIFEST:
            return True
        root = Section(path, (), read_toml(reader, path, ConfigError, limit=MAX_BYTES))
        if root.table("project").value or form.name in root.table("tool").value:
            return True
    return False
