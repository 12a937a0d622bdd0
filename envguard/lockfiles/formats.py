"""The formats that are read: by which names their files are found, and which modules read, select and compare them."""

from __future__ import annotations

import importlib

from ..values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of lockfiles.

    *files* are patterns of base names, the usual one first, *named* further ones for files that somebody names; *manifests* the
    base names of what it is made from; *package* the package that reads it, with a module ``reader`` and, where *freshness*
    says so, a module ``freshness``; *select* the module that selects from it. A *native* lock is what a tool installs from; the
    others are often exports of one. *certain* is whether a file of such a name is a lock; others may be
    the requirements of a manual, and a module ``recognition`` tells.

    What a lock can be held against itself by: *whole* says that the project and everything that it leads to are in the lock
    as it is read, so that an entry that nothing leads to does not belong there; *lists_files* that each package of an index
    lists its files by name, *lists_hashes* that it lists their hashes, by name or without, and that its tool installs whatever
    the index offers where there are none; *hashes_urls* that it has the hash of whatever comes from a URL or a file; *declares* that a module ``declared`` tells what was asked for beside the
    dependencies; *checks* that a module ``checks`` finds what only this format can contradict itself in; *cells*
    that every platform (and environment) lists what it installs, so that dependencies are held against each such list;
    *exclusive* that its groups are environments, of which exactly one is installed. *inputs* is whether a module ``inputs``
    tells what a lock was made from, where that can be files of any name.
    """

    name: str
    files: tuple[str, ...]
    manifests: tuple[str, ...]
    lock: str
    package: str
    select: str = "flat"
    named: tuple[str, ...] = ()
    native: bool = True
    certain: bool = True
    whole: bool = False
    lists_files: bool = False
    lists_hashes: bool = False
    hashes_urls: bool = True
    declares: bool = False
    checks: bool = False
    cells: bool = False
    exclusive: bool = False
    inputs: bool = False

    def matches(self, filename: str) -> bool:
        """Return whether a file called *filename* (a base name) is of this format, as far as its name tells."""
        return any(_fits(filename, pattern) for pattern in (*self.files, *self.named))


def _fits(filename: str, pattern: str) -> bool:
    """Return whether *filename* is what *pattern* says, in which a ``*`` is the only sign that means anything, and there once."""
    before, star, after = pattern.partition("*")
    if not star:
        return filename == pattern
    return len(filename) >= len(pattern) - 1 and filename.startswith(before) and filename.endswith(after)


# In the order in which they are looked for in a project.
FORMATS = (
    Format(
        name="uv",
        files=("uv.lock", "*.py.lock"),
        manifests=("pyproject.toml", "uv.toml"),
        lock="uv lock",
        package="uv",
        select="uv.select",
        whole=True,
        lists_files=True,
        declares=True,
        checks=True,
    ),
    Format(
        name="poetry",
        files=("poetry.lock",),
        manifests=("pyproject.toml",),
        lock="poetry lock",
        package="poetry",
        select="poetry.select",
        whole=True,
        lists_files=True,
        lists_hashes=True,
        declares=True,
        checks=True,
    ),
    Format(
        name="pdm",
        files=("pdm.lock",),
        manifests=("pyproject.toml",),
        lock="pdm lock",
        package="pdm",
        select="pdm.select",
        whole=True,
        lists_files=True,
        lists_hashes=True,
        checks=True,
    ),
    Format(
        name="pipenv",
        files=("Pipfile.lock",),
        manifests=("Pipfile",),
        lock="pipenv lock",
        package="pipenv",
        lists_hashes=True,
    ),
    Format(
        name="pylock",
        files=("pylock.toml", "pylock.*.toml"),
        manifests=("pyproject.toml",),
        lock="uv export --format pylock.toml --output-file pylock.toml",
        package="pylock",
        select="pylock.select",
        native=False,
        lists_files=True,
    ),
    Format(
        name="pixi",
        files=("pixi.lock",),
        manifests=("pixi.toml", "pyproject.toml", "mojoproject.toml"),
        lock="pixi lock",
        package="pixi",
        select="pixi.select",
        hashes_urls=False,
        checks=True,
        cells=True,
        exclusive=True,
    ),
    Format(
        name="conda-lock",
        files=(
            "conda-lock.yml",
            "conda-lock.yaml",
            "*.conda-lock.yml",
            "*.conda-lock.yaml",
            "conda-lock-*.yml",
            "conda-lock-*.yaml",
        ),
        manifests=("environment.yml", "environment.yaml", "pyproject.toml", "meta.yaml"),
        lock="conda-lock lock",
        package="conda_lock",
        select="conda_lock.select",
        checks=True,
        cells=True,
        inputs=True,
    ),
    Format(
        name="requirements",
        files=("requirements.txt", "requirements*.txt", "requirements*.lock"),
        named=("*.txt",),
        manifests=("requirements.in",),
        lock="uv pip compile requirements.in --output-file requirements.txt",
        package="requirements",
        select="requirements.select",
        native=False,
        certain=False,
        whole=True,
        declares=True,
        checks=True,
        inputs=True,
    ),
)

NATIVE_LOCKS = tuple(form.files[0] for form in FORMATS if form.native)
EXPORTED_LOCKS = tuple(form.files[0] for form in FORMATS if not form.native)
# What every project may have, whichever tool locks it.
COMMON_MANIFEST = "pyproject.toml"
OWN_MANIFESTS = tuple(form.manifests[0] for form in FORMATS if form.manifests[0] != COMMON_MANIFEST and form.certain)
# What many folders have that are no project, such as that of the documentation.
AMBIGUOUS = tuple(name for form in FORMATS if not form.certain for name in (form.files[0], *form.manifests))


def format_of(path_name: str) -> Format | None:
    """Return the format of a file called *path_name* (a base name), None where no format has such names."""
    return next((form for form in FORMATS if form.matches(path_name)), None)


def by_name(name: str) -> Format:
    """Return the format called *name*, as ``Lock.format`` has it."""
    return next(form for form in FORMATS if form.name == name)


def part(form: Format, module: str) -> Any:
    """Return the module *module* of the package of *form*; each is imported when it is first asked for."""
    return importlib.import_module(f".{form.package}.{module}", __package__)


def selector(form: Format) -> Any:
    """Return the module that selects from locks of *form*."""
    return importlib.import_module(f".{form.select}", __package__)
