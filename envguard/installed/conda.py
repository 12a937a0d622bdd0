"""What conda, or a tool like it, installed in an environment: the records in ``conda-meta``, one a package.

Their format is the "PrefixRecord" of conda, which mamba, rattler and pixi write as well. Nearly all of a record is its lists of
files, megabytes for some packages; these are looked through, not parsed, wherever they stand as those tools write them.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from ..conda.archives import parse_archive, without_token
from ..errors import UnreadableError, key_path
from ..json_text import KINDS, parse_json
from ..names import printable
from ..values import dataclass
from .legacy import PYTHON_TAG
from .metadata import split_stem
from .model import CONDA_FOLDER, CondaPackage, Layer, PythonPart
from .record import MAX_BYTES as MAX_RECORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..conda.archives import Archive
    from ..reader import Reader
    from .model import Environment

MAX_BYTES = 256 * 1024 * 1024
_SUFFIX = ".json"
_KEYS = ("name", "version", "build", "subdir", "channel", "url", "sha256", "md5")
_NEEDED = _KEYS[:3]
# One key a line, each with the same indentation: what json.dumps, nlohmann::json and serde_json write when they indent.
_FIRST_LINE = re.compile(rb'\{(\r?\n[ \t]+)"')
_TAIL = 64 * 1024
_SLACK = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """A record of a package: the *document* without the lists of files, and where these stand in *data*.

    *files* is the list of paths, *paths* the same with hashes; both go from one offset to another.
    """

    document: dict[str, Any]
    data: bytes
    files: tuple[int, int]
    paths: tuple[int, int]


def scan_conda(reader: Reader, environment: Environment, present: Iterable[str]) -> tuple[CondaPackage, ...]:
    """Return what conda installed in *environment*, an environment of conda, sorted by name.

    *present* are the metadata folders (or legacy files) that were found in it. What is broken is told in
    ``CondaPackage.problems``; UnreadableError only where the folder of the records cannot be listed.
    """
    folder = os.path.join(environment.prefix, CONDA_FOLDER)
    names = [name for name in reader.list_dir(folder) if name.endswith(_SUFFIX)]
    root = reader.real_path(environment.prefix)
    sites = {site.path for site in environment.folders if site.layer is Layer.ENVIRONMENT}
    there = frozenset(present)
    found = [_package(reader, os.path.join(folder, name), root, sites, there) for name in names]
    return tuple(sorted(found, key=lambda package: package.name))


def _package(reader: Reader, path: str, root: str, sites: set[str], present: frozenset[str]) -> CondaPackage:
    stem = os.path.basename(path).removesuffix(_SUFFIX)
    named = printable(stem.rsplit("-", 2)[0].lower())
    try:
        record = _read(reader.read_bytes(path, limit=MAX_BYTES), path)
    except UnreadableError as error:
        line = f" (line {error.line})" if error.line is not None else ""
        where = f"in '{key_path(error.keys)}': " if error.keys else "it "
        return CondaPackage(name=named, path=path, problems=(f"{where}{error.message}{line}",))
    problems: list[str] = []
    text = {key: _text(record.document, key, problems) for key in _KEYS}
    problems += [f"it has no {key}" for key in _NEEDED if record.document.get(key) in (None, "")]
    # Conda itself takes no notice of a record whose file has another name.
    told = "-".join(text[key] or "" for key in _NEEDED)
    if not problems and told != stem:
        problems.append(f"it is of {told}, the name of its file says {printable(stem)}")
    url = _without_secrets(text["url"])
    archive = parse_archive(url) if url is not None else None
    # Some packages carry others with them, deep inside.
    metadata = {item: known for item, known in _metadata(record, root) if os.path.dirname(item) in sites}
    return CondaPackage(
        name=(text["name"] or named).lower(),
        path=path,
        version=text["version"],
        build=text["build"],
        subdir=text["subdir"] or (archive.subdir if archive is not None else None),
        channel=_channel(text, archive),
        url=url,
        sha256=text["sha256"],
        md5=text["md5"],
        parts=tuple(_part(reader, item, known, present) for item, known in metadata.items()),
        problems=tuple(problems),
    )


def _read(data: bytes, path: str) -> _Record:
    """Return the record in *data*; UnreadableError where it is none."""
    files, paths = _lists(data) if b"\0" not in data else (None, None)
    if files is not None and paths is not None:
        (start, end), (other, last) = sorted((files, paths))
        try:
            document = _document(data[:start] + data[end:other] + data[last:], path)
            return _Record(document=document, data=data, files=files, paths=paths)
        except UnreadableError:
            pass
    # Another writer, or something is wrong: then it has its line in the whole of the file.
    document = _document(data, path)
    paths_data = document.get("paths_data")
    texts = [
        _written(document.get("files")),
        _written(paths_data.get("paths") if isinstance(paths_data, dict) else None),
    ]
    cut, end = len(texts[0]), len(texts[0]) + len(texts[1])
    return _Record(document=document, data=b"".join(texts), files=(0, cut), paths=(cut, end))


def _lists(data: bytes) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Return where the two long lists of a record stand, without the brackets around them; None where that is not told."""
    first = _FIRST_LINE.match(data)
    if first is None:
        return None, None
    start = _opened(data, first[1] + b'"files": [', 0)
    end = data.find(first[1] + b"]", start) if start else -1
    files = (start, end) if end >= 0 else None
    line = first[1] + b'"paths_data": {'
    start = _opened(data, line, end if files else 0) or _opened(data, line, 0)
    end = _closed(data, first[1], start) if start else -1
    return files, (start, end) if end >= 0 else None


def _opened(data: bytes, line: bytes, start: int) -> int:
    """Return where the value that begins with *line* goes on; 0 where it does not, or ends there."""
    at = data.find(line, start) + len(line)
    return at if at >= len(line) and data[at : at + 1] in b"\r\n" else 0


def _closed(data: bytes, newline: bytes, start: int) -> int:
    """Return where the object of the first level ends that is open at *start*: sought from the end, where little follows it."""
    window, end = max(start, len(data) - _TAIL), len(data)
    while (end := data.rfind(newline + b"}", window, end)) >= 0:
        other = data.rfind(newline + b'"', window, end)
        if other < 0:
            return end
        end = other  # another object ends there, which begins here
    return data.find(newline + b"}", start)


def _document(data: bytes, path: str) -> dict[str, Any]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"is not UTF-8 text: byte 0x{data[error.start]:02x}", path=path, line=line) from None
    document = parse_json(text, path, UnreadableError)
    if not isinstance(document, dict):
        raise UnreadableError(f"holds {KINDS[type(document)]}, an object is expected", path=path)
    return document


def _text(document: dict[str, Any], key: str, problems: list[str]) -> str | None:
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        problems.append(f"its {key} is {KINDS[type(value)]}, a string is expected")
        return None
    return printable(value) if value else None


def _without_secrets(url: str | None) -> str | None:
    try:
        return without_token(url) if url is not None else None
    except ValueError:
        return None


def _channel(text: dict[str, str | None], archive: Archive | None) -> str | None:
    if archive is not None and "://" in archive.channel:
        return archive.channel
    channel = (_without_secrets(text["channel"]) or "").rstrip("/")
    # Some write the address of the platform's folder.
    return channel.removesuffix(f"/{text['subdir']}") or None


def _metadata(record: _Record, root: str) -> Iterator[tuple[str, str]]:
    """Yield the absolute path of every metadata folder (or legacy file) among the files of *record*, and the hash of its RECORD.

    The hash is empty where the record has none.
    """
    data, (start, end), seen = record.data, record.files, set()
    at = start
    while (at := data.find(b"-info", at, end)) >= 0:
        at += len(b"-info")
        written = data[data.rfind(b'"', start, at) + 1 : at]
        if written not in seen and written.endswith((b".dist-info", b".egg-info")) and data[at : at + 1] in b'/"':
            seen.add(written)
            # Files stand in both lists in one order.
            share = max(0.0, (at - start) / (end - start) - _SLACK)
            yield (
                os.path.normpath(os.path.join(root, _unescaped(written))),
                _hash_of(record, written + b"/RECORD", share),
            )


def _hash_of(record: _Record, path: bytes, share: float) -> str:
    """Return the SHA-256 that conda wrote down of the file *path* as it lies in the environment; empty where there is none.

    *share* is how much of the list can be left out at first.
    """
    data, (start, end) = record.data, record.paths
    text = b'"' + path + b'"'
    at = data.find(text, start + int(share * (end - start)), end)
    at = data.find(text, start, end) if at < 0 else at
    if at < 0:
        return ""
    try:
        item = json.loads(data[data.rfind(b"{", start, at) : data.find(b"}", at, end) + 1])
    except ValueError:
        return ""
    found = item.get("sha256_in_prefix") or item.get("sha256") if item.get("_path") == _unescaped(path) else None
    return found if isinstance(found, str) else ""


def _part(reader: Reader, path: str, known: str, present: frozenset[str]) -> PythonPart:
    stem = PYTHON_TAG.sub("", os.path.splitext(os.path.basename(path))[0])
    named = split_stem(stem)
    there = path in present or reader.exists(path)
    return PythonPart(
        name=named[0] if named is not None else printable(stem),
        path=path,
        there=there,
        overwritten=there and bool(known) and _overwritten(reader, path, known),
    )


def _overwritten(reader: Reader, metadata: str, expected: str) -> bool:
    """Return whether the RECORD in the folder *metadata* has another hash than *expected*."""
    from hashlib import sha256  # it loads OpenSSL, which takes milliseconds

    try:
        return sha256(reader.read_bytes(os.path.join(metadata, "RECORD"), limit=MAX_RECORD)).hexdigest() != expected
    except UnreadableError:
        # The scan of the folder says so.
        return False


def _unescaped(written: bytes) -> str:
    try:
        return str(json.loads(b'"' + written + b'"'))
    except ValueError:
        return written.decode("utf-8", "replace")


def _written(values: object) -> bytes:
    return b"\n".join(json.dumps(value).encode() for value in values) if isinstance(values, list) else b""
