"""What a lock was compiled from, as its comments tell: the command at its top, and what is written below the pins.

Paths in it are relative to the folder in which the command ran. Where the command names its output, that folder is known;
else it is looked for from the lock upward. What a comment names is only looked at inside of the project.
"""

from __future__ import annotations

import os

from ...names import normalize
from ...values import dataclass
from ..exported.selections import Chosen
from .files import ancestors, boundary_of, read_contents, within
from .tables import FORMAT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from ...reader import Reader
    from ..model import Lock

_COMPILERS = (("uv", "pip", "compile"), ("pip-compile",))
_OUTPUT = ("-o", "--output-file")
_CONSTRAINTS = ("-c", "--constraint", "--constraints")
_OVERRIDES = ("--override", "--overrides")
# Further options that take a file; everything else with the look of one is an input.
_OTHER_FILES = (
    "-b",
    "--build-constraint",
    "--build-constraints",
    "--excludes",
    "-f",
    "--find-links",
    "--config",
    "--config-file",
    "--cert",
    "--client-cert",
)
_UNSAFE = ("--unsafe-package", "--no-emit-package")
_ENDS = (".in", ".txt", ".toml", ".cfg", ".py")
_MANIFEST = "pyproject.toml"
_BUILT = (".py", ".cfg")
# What pip-compile leaves out unless it is told otherwise (pip-tools: UNSAFE_PACKAGES).
_LEFT_OUT = frozenset(("setuptools", "distribute", "pip"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The inputs of a lock by their absolute paths: requirements *files*, *constraints*, *overrides*, the *manifests*.

    *chosen* is what of the manifests is in the lock; *left_out* are names that may be missing. *everywhere* is whether the
    lock is for every environment. *missing* are inputs that were not found, and *opaque* ones that only a build tells, each as
    the lock names it with its line there. *whole* is whether the lock has nothing that they do not explain.
    """

    chosen: Chosen
    files: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()
    everywhere: bool = False
    missing: tuple[tuple[str, int | None], ...] = ()
    opaque: tuple[tuple[str, int | None], ...] = ()
    whole: bool = False

    def __bool__(self) -> bool:
        return bool(self.files or self.manifests or self.missing or self.opaque)


def inputs_of(reader: Reader, lock: Lock) -> Inputs:
    """Return what *lock* was compiled from, as far as it tells; nothing where it was exported from another lock."""
    if lock.options["command"][:2] == ["uv", "export"]:
        return Inputs(chosen=Chosen(own=False))
    return _Inputs(reader, lock).found()


def input_files(reader: Reader, lock: Lock) -> list[str]:
    """Return the files that *lock* was compiled from, with what they include, by their absolute paths.

    Raises LockfileError where one of them cannot be used, UnreadableError where one cannot be read.
    """
    inputs = inputs_of(reader, lock)
    texts = [(path, False) for path in (*inputs.files, *inputs.overrides)] + [
        (path, True) for path in inputs.constraints
    ]
    found = [file for path, constraint in texts for file in read_contents(reader, path, constraint=constraint).texts]
    return [*found, *inputs.manifests]


class _Inputs:
    def __init__(self, reader: Reader, lock: Lock) -> None:
        self.reader = reader
        self.lock = lock
        self.boundary = reader.real_path(boundary_of(reader, os.path.dirname(lock.path)))
        command: Sequence[str] = lock.options["command"]
        tool = next((tool for tool in _COMPILERS if tuple(command[: len(tool)]) == tool), None)
        self.tool = tool[0] if tool is not None else None
        self.words = list(command[len(tool) :]) if tool is not None else []
        self.options = list(_options(self.words))
        self.base = self._base()
        self.missing: dict[str, int | None] = {}

    def _base(self) -> str | None:
        """Return the folder in which the command ran, None where it does not tell."""
        output = next((value for name, value in self.options if name in _OUTPUT), None)
        tail = os.sep + os.path.normpath(output) if output else None
        return self.lock.path[: -len(tail)] or os.sep if tail and self.lock.path.endswith(tail) else None

    def values(self, names: Iterable[str]) -> list[str]:
        return [value for name, value in self.options if name in names]

    def resolved(self, name: str, start: str, line: int | None = None) -> str | None:
        """Return the absolute path of what is called *name* in the file *start*; None, and a note of it, where it is not there."""
        folders = [self.base] if self.base is not None else []
        for folder in (*folders, *ancestors(os.path.dirname(start))):
            path = os.path.normpath(os.path.join(folder, name))
            if within(self.reader.real_path(path), self.boundary) and self.reader.is_file(path):
                return path
            if self.reader.real_path(folder) == self.boundary:
                break
        self.missing.setdefault(name, line)
        return None

    def all(self, names: Iterable[str]) -> tuple[str, ...]:
        found = (self.resolved(name, self.lock.path) for name in dict.fromkeys(names))
        return tuple(dict.fromkeys(path for path in found if path is not None))

    def found(self) -> Inputs:
        names: dict[str, tuple[str, int | None]] = dict.fromkeys(_positional(self.words), (self.lock.path, None))
        groups = [value.rpartition(":")[::2] for value in self.values(("--group",))]
        own = not self.words or any(os.path.basename(name) == _MANIFEST for name in names)
        for item in _recorded(self.lock):
            name, colon, group = item["name"].partition(":") if item["manifest"] else (item["name"], "", "")
            if not colon:
                names.setdefault(name, (item["path"], item["line"]))
            elif not self.words:
                groups.append((name, group))
        stdin = names.pop("-", None) is not None
        opaque = {name: line for name, (_, line) in names.items() if name.endswith(_BUILT)}
        paths = [self.resolved(name, *place) for name, place in names.items() if name not in opaque]
        files = dict.fromkeys(path for path in paths if path is not None)
        manifests = {path: None for path in files if os.path.basename(path) == _MANIFEST}
        own = own and bool(manifests)
        manifests |= dict.fromkeys(self.all(place or _MANIFEST for place, _ in groups))
        flags = {name for name, _ in self.options}
        constraints, overrides = self.all(self.values(_CONSTRAINTS)), self.all(self.values(_OVERRIDES))
        return Inputs(
            files=tuple(path for path in files if path not in manifests),
            constraints=constraints,
            overrides=overrides,
            manifests=tuple(manifests),
            chosen=Chosen(
                own=own,
                extras=frozenset(map(normalize, self.values(("--extra",)))),
                groups=frozenset(normalize(group) for _, group in groups),
                everything="--all-extras" in flags,
                everywhere="--universal" in flags,
            ),
            left_out=self._left_out(flags),
            everywhere="--universal" in flags,
            missing=tuple(self.missing.items()),
            opaque=tuple(opaque.items()),
            # What of a manifest is in the lock is told by the command alone.
            whole=not stdin and not self.missing and not opaque and bool(self.words or not manifests),
        )

    def _left_out(self, flags: set[str]) -> frozenset[str]:
        named = frozenset(map(normalize, self.values(_UNSAFE)))
        return named | _LEFT_OUT if self.tool == "pip-compile" and "--allow-unsafe" not in flags else named


def _recorded(lock: Lock) -> list[dict[str, Any]]:
    """Return the inputs that stand below the pins; none in formats that have no such comments."""
    recorded: list[dict[str, Any]] = lock.manifest["inputs"] if lock.format == FORMAT else []
    return recorded


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield every option with the word that follows it, or what stands behind its equals sign."""
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name.startswith("-") and name != "-":
            yield name, value if equals else next(iter(words[number + 1 :]), "")


def _positional(words: Sequence[str]) -> Iterator[str]:
    """Yield the words that are files and no values of options, and a dash for standard input."""
    valued = (*_OUTPUT, *_CONSTRAINTS, *_OVERRIDES, *_OTHER_FILES)
    for number, word in enumerate(words):
        if word == "-" or (word.endswith(_ENDS) and not word.startswith("-")):
            before = words[number - 1] if number else ""
            if before not in valued:
                yield word
