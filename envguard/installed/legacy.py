"""Installations from before wheels: ``*.egg-info``, ``*.egg-link`` and ``*.egg`` (setuptools, distutils)."""

from __future__ import annotations

import os
import re

from ..errors import UnreadableError
from ..model import Unknown
from ..names import normalize, printable
from .metadata import Header, read_header, split_stem
from .model import Distribution, Layer, Origin, OriginKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..reader import Reader

SUFFIXES = (".egg-info", ".egg-link", ".egg")
MAX_METADATA = 16 * 1024 * 1024
PYTHON_TAG = re.compile(r"-py[23](\.\d+)?(-[\w.-]+)?$")
_NO_RECORD = Unknown(reason="it was installed without a RECORD")
_EDITABLE = Unknown(reason="it is an editable install: what it runs is its source folder")


def read_legacy(reader: Reader, folder: str, entry: str, layer: Layer) -> Distribution | str:
    """Return the distribution that *entry* in *folder* describes, or a sentence about why it is none."""
    path = os.path.join(folder, entry)
    if not reader.exists(path):
        return "a link that leads nowhere"
    stem, suffix = os.path.splitext(entry)
    if suffix == ".egg-link":
        return _link(reader, path, stem, layer)
    if suffix == ".egg" and not reader.is_dir(path):
        return "a zipped egg, which envguard does not read"
    inside = os.path.join("EGG-INFO", "PKG-INFO") if suffix == ".egg" else "PKG-INFO"
    return _read(reader, path, stem, layer, os.path.join(path, inside) if reader.is_dir(path) else path)


def _read(reader: Reader, path: str, stem: str, layer: Layer, metadata: str) -> Distribution | str:
    named = split_stem(PYTHON_TAG.sub("", stem))
    problems = []
    try:
        header = read_header(reader.read_bytes(metadata, limit=MAX_METADATA))
    except UnreadableError as error:
        header = Header()
        problems.append(f"{os.path.basename(metadata)} {error.message}")
    if header.problem is not None:
        problems.append(f"{os.path.basename(metadata)} {header.problem}")
    if named is None:
        return "its name is no valid package name"
    name, version = named
    return Distribution(
        name=name,
        version=version or header.version,
        path=path,
        layer=layer,
        metadata_version=header.version,
        digest=_NO_RECORD,
        problems=tuple(problems),
        requires=header.requires,
    )


def _link(reader: Reader, path: str, stem: str, layer: Layer) -> Distribution | str:
    """Return what a ``setup.py develop`` left behind: a file that names the source folder, which has the metadata."""
    named = split_stem(stem)
    if named is None:
        return "its name is no valid package name"
    try:
        lines = reader.read_bytes(path, limit=65536).decode("utf-8", "surrogateescape").split("\n")
    except UnreadableError as error:
        return f"it {error.message}"
    target = os.path.join(os.path.dirname(path), lines[0].strip())
    if "\0" in target or not lines[0].strip() or not reader.is_dir(target):
        return f"its source folder {printable(lines[0].strip()) or '(none)'} is not there"
    try:
        entries = reader.list_dir(target)
    except UnreadableError as error:
        return f"its source folder {printable(target)} {error.message}"
    name = normalize(stem)
    found = [
        entry for entry in entries if entry.endswith(".egg-info") and normalize(entry[: -len(".egg-info")]) == name
    ]
    if not found:
        return f"its source folder {printable(target)} has no metadata of {name}"
    header = Header()
    problems = []
    try:
        header = read_header(reader.read_bytes(os.path.join(target, found[0], "PKG-INFO"), limit=MAX_METADATA))
    except UnreadableError as error:
        problems.append(f"PKG-INFO {error.message}")
    return Distribution(
        name=name,
        version=header.version,
        path=path,
        layer=layer,
        metadata_version=header.version,
        origin=Origin(kind=OriginKind.EDITABLE, url=f"file://{target}", path=os.path.normpath(target)),
        digest=_EDITABLE,
        problems=tuple(problems),
        requires=header.requires,
    )
