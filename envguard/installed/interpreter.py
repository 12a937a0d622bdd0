"""Which Python an installation is, told from its files: nothing of it is run."""

from __future__ import annotations

import json
import os
import re

from ..errors import EnvironmentNotFoundError, UnreadableError
from ..values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..reader import Reader

_NAME = re.compile(r"(python|pypy)(3\.\d+)(t?)d?(?:\.exe)?", re.IGNORECASE)
_VERSION = re.compile(r"(\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)\+?")
_DEFINE = re.compile(rb'^[ \t]*#[ \t]*define[ \t]+(PY_VERSION|PYPY_VERSION)[ \t]+"([^"]+)"', re.MULTILINE)
_CONDA = re.compile(r"python-(\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)-[^-]+\.json")
_LIBRARIES = ("lib", "lib64")
_SMALL = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A Python that stands on its own, not a virtual environment.

    *executable* is the file behind all links, *tag* the name of its folders below ``lib`` (``python3.13t``,
    ``pypy3.10``), *version* that of the language (``3.13.0rc2``), *implementation_version* that of the implementation
    as PEP 508 has it.
    """

    executable: str
    prefix: str
    tag: str
    implementation: str
    version: str
    implementation_version: str


def read_installation(reader: Reader, executable: str) -> Installation:
    """Return the installation that *executable* (links are followed) belongs to.

    EnvironmentNotFoundError where there is none around it, or where its files do not tell its full version.
    """
    real = reader.real_path(executable)
    found = _standard_library(reader, real)
    if found is None:
        raise EnvironmentNotFoundError(
            "is a script, no interpreter"
            if _is_script(reader, real)
            else "is no interpreter with its library beside it",
            path=executable,
            hint="name the interpreter itself, the one that sys.executable is in it",
        )
    prefix, library, tag = found
    told = _told(reader, prefix, library, tag, real)
    if told is None:
        raise EnvironmentNotFoundError(
            "is an interpreter whose full version cannot be told from files",
            path=executable,
            hint=f"run envguard with that interpreter: {executable} -m envguard check",
        )
    version, other = told
    pypy = tag.startswith("pypy")
    return Installation(
        executable=real,
        prefix=prefix,
        tag=tag or "python" + ".".join(version.split(".")[:2]),
        implementation="pypy" if pypy else "cpython",
        version=version,
        # sys.implementation writes a release candidate as c, the version of the language as rc.
        implementation_version=other if other is not None else version.replace("rc", "c"),
    )


def version_within(reader: Reader, executable: str, minor: str) -> str | None:
    """Return the full version of Python *minor* that is compiled into *executable*, where exactly one is."""
    found = _compiled_in(reader, executable, minor)
    return found.pop() if len(found) == 1 else None


def minor_of(tag: str) -> str:
    """Return the ``3.13`` in the *tag* ``python3.13t``."""
    return tag.removeprefix("python").removeprefix("pypy").rstrip("t")


def _standard_library(reader: Reader, real: str) -> tuple[str, str, str] | None:
    """Return prefix, folder and tag (empty on Windows, whose folders have no version) of the standard library."""
    folder = os.path.dirname(real)
    for prefix in (os.path.dirname(folder), folder):
        tags = _tags(reader, prefix, os.path.basename(real))
        found = [
            (prefix, library, tag)
            for tag in tags
            for library in (os.path.join(prefix, lib, tag) for lib in _LIBRARIES)
            if reader.is_file(os.path.join(library, "os.py"))
        ]
        if found and len({tag for _, _, tag in found}) == 1:
            return found[0]
        library = os.path.join(prefix, "Lib")
        if not found and reader.is_file(os.path.join(library, "os.py")):
            return prefix, library, ""
    return None


def _tags(reader: Reader, prefix: str, name: str) -> list[str]:
    match = _NAME.fullmatch(name)
    if match is not None:
        return ["".join(match.groups()).lower()]
    tags: set[str] = set()
    for lib in _LIBRARIES:
        folder = os.path.join(prefix, lib)
        if reader.is_dir(folder):
            tags.update(entry for entry in _names(reader, folder) if _NAME.fullmatch(entry))
    return sorted(tags)


def _told(reader: Reader, prefix: str, library: str, tag: str, real: str) -> tuple[str, str | None] | None:
    """Return the versions of language and implementation (None: the same) from the first file that tells."""
    minor = minor_of(tag) if tag else _windows_minor(reader, prefix)
    for version, other in _candidates(reader, prefix, library, tag):
        match = _VERSION.fullmatch(version)
        if match is not None and (minor is None or match[1].startswith(f"{minor}.")):
            return match[1], other
    if minor is None or tag.startswith("pypy"):
        return None
    # Every copy of the interpreter must agree: a path that is compiled in can end in another version.
    found: set[str] = set()
    for path in (real, *_shared_libraries(prefix, minor)):
        found |= _compiled_in(reader, path, minor)
    return (found.pop(), None) if len(found) == 1 else None


def _candidates(reader: Reader, prefix: str, library: str, tag: str) -> Iterator[tuple[str, str | None]]:
    details = os.path.join(library, "build-details.json")  # PEP 739
    if reader.is_file(details):
        yield from _build_details(reader, details)
    includes = (os.path.join("include", tag), os.path.join("include", f"{tag}d")) if tag else ("include", "Include")
    for header in (os.path.join(prefix, include, "patchlevel.h") for include in includes):
        if reader.is_file(header):
            defined = {
                key.decode(): value.decode("ascii", "replace") for key, value in _DEFINE.findall(_small(reader, header))
            }
            if "PY_VERSION" in defined and tag.startswith("pypy") == ("PYPY_VERSION" in defined):
                yield defined["PY_VERSION"], defined.get("PYPY_VERSION")
    records = os.path.join(prefix, "conda-meta")
    if reader.is_dir(records):
        matches = (_CONDA.fullmatch(name) for name in _names(reader, records))
        versions = {match[1] for match in matches if match is not None}
        if len(versions) == 1:
            yield versions.pop(), None


def _build_details(reader: Reader, path: str) -> Iterator[tuple[str, str | None]]:
    try:
        document = json.loads(_small(reader, path).decode("utf-8", "replace"))
        language = _dotted(document["language"]["version_info"], "rc")
        implementation = document["implementation"]
        own = _dotted(implementation["version"], "c") if implementation["name"] != "cpython" else None
    except (ValueError, RecursionError, KeyError, TypeError):
        return
    yield language, own


def _dotted(info: dict[str, object], candidate: str) -> str:
    level = {"alpha": "a", "beta": "b", "candidate": candidate, "final": ""}[str(info["releaselevel"])]
    return f"{info['major']}.{info['minor']}.{info['micro']}" + (f"{level}{info['serial']}" if level else "")


def _windows_minor(reader: Reader, prefix: str) -> str | None:
    names = (re.fullmatch(r"python(3)(\d+)t?\.dll", name, re.IGNORECASE) for name in _names(reader, prefix))
    minors = {f"{match[1]}.{match[2]}" for match in names if match is not None}
    return minors.pop() if len(minors) == 1 else None


def _shared_libraries(prefix: str, minor: str) -> list[str]:
    names = [f"libpython{minor}{flags}.{end}" for flags in ("", "t", "d") for end in ("so.1.0", "dylib")]
    libraries = [os.path.join(prefix, lib, name) for lib in _LIBRARIES for name in names]
    return [*libraries, os.path.join(prefix, "Python"), os.path.join(prefix, f"python{minor.replace('.', '')}.dll")]


def _compiled_in(reader: Reader, path: str, minor: str) -> set[str]:
    if not reader.is_file(path):
        return set()
    try:
        data = reader.read_bytes(path)
    except UnreadableError:
        return set()
    # The linker may store the version as the tail of a longer text, so only its end is sure to be marked.
    pattern = rb"(?<![0-9.])(" + re.escape(minor).encode() + rb"\.\d+(?:(?:a|b|rc)\d+)?)\+?\0"
    return {version.decode() for version in re.findall(pattern, data)}


def _is_script(reader: Reader, path: str) -> bool:
    return _small(reader, path).startswith(b"#!")


def _small(reader: Reader, path: str) -> bytes:
    try:
        return reader.read_bytes(path, limit=_SMALL)
    except UnreadableError:
        return b""


def _names(reader: Reader, folder: str) -> list[str]:
    try:
        return reader.list_dir(folder)
    except UnreadableError:
        return []
