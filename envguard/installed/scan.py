"""Everything that is installed in an environment, by one look at the top level of each of its folders."""

from __future__ import annotations

import os

from ..errors import UnreadableError
from ..model import Unknown
from ..names import normalize, printable
from .legacy import MAX_METADATA, SUFFIXES, read_legacy
from .metadata import read_header, same_version, split_stem
from .model import CONDA_FOLDER, Distribution, Inventory, Layer, OriginKind
from .origin import OriginError, read_origin
from .record import MAX_BYTES as MAX_RECORD
from .record import payload_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..reader import Reader
    from .metadata import Header
    from .model import Environment, Origin, SiteFolder

_DIST_INFO = ".dist-info"
_MAX_SMALL = 1024 * 1024
_EDITABLE = Unknown(reason="it is an editable install: what it runs is its source folder")
_NO_RECORD = Unknown(reason="its installer left no RECORD")


def scan(reader: Reader, environment: Environment) -> Inventory:
    """Return what is installed in *environment*.

    Only the top level of each folder counts: packages carry metadata folders of others deep inside. What is broken is
    told in ``Distribution.problems``, ``CondaPackage.problems`` and ``Inventory.strays``; UnreadableError only where a folder of
    the environment itself cannot be listed.
    """
    found: list[tuple[str, int, Distribution]] = []
    strays: list[tuple[str, str]] = []
    for order, folder in enumerate(environment.folders):
        try:
            entries = reader.list_dir(folder.path)
        except UnreadableError as error:
            if folder.layer is Layer.ENVIRONMENT:
                raise
            strays.append((printable(folder.path), f"the folder {error.message}"))
            continue
        here, wrong = _scan_folder(reader, folder, entries)
        found += [(item.name, order, item) for item in here]
        strays += wrong
    found.sort(key=lambda entry: entry[:2])
    distributions = tuple(item for _, _, item in found)
    conda = None
    if reader.is_dir(os.path.join(environment.prefix, CONDA_FOLDER)):
        from .conda import scan_conda

        conda = scan_conda(reader, environment, (item.path for item in distributions))
    return Inventory(environment=environment, distributions=distributions, strays=tuple(strays), conda=conda)


def _scan_folder(
    reader: Reader, folder: SiteFolder, entries: list[str]
) -> tuple[list[Distribution], list[tuple[str, str]]]:
    suffixes = _DIST_INFO if folder.layer is Layer.PYTHONPATH else (_DIST_INFO, *SUFFIXES)
    found: list[Distribution] = []
    old: list[Distribution] = []
    strays: list[tuple[str, str]] = []
    for entry in entries:
        if entry.startswith("~"):
            strays.append((printable(os.path.join(folder.path, entry)), "a leftover of an interrupted pip"))
            continue
        if not entry.endswith(suffixes):
            continue
        if not entry.isprintable():
            strays.append((printable(os.path.join(folder.path, entry)), "its name is no valid package name"))
            continue
        modern = entry.endswith(_DIST_INFO)
        result = (_dist_info if modern else read_legacy)(reader, folder.path, entry, folder.layer)
        if isinstance(result, str):
            strays.append((os.path.join(folder.path, entry), result))
        else:
            (found if modern else old).append(result)
    # Debian describes one installation twice, in a metadata folder and in an older form beside it.
    told = {(item.name, item.version) for item in found}
    return found + [item for item in old if (item.name, item.version) not in told], strays


def _dist_info(reader: Reader, folder: str, entry: str, layer: Layer) -> Distribution | str:
    """Return the distribution that the metadata folder *entry* describes, or a sentence about why it is none."""
    named = split_stem(entry[: -len(_DIST_INFO)])
    if named is None:
        return "its name is no valid package name"
    path = os.path.join(folder, entry)
    name, version = named
    try:
        inside = reader.list_dir(path)
    except UnreadableError as error:
        if not reader.exists(path):
            return "a link that leads nowhere"
        if not reader.is_dir(path):
            return "a file, where a folder with metadata is expected"
        unlisted = Unknown(reason=f"its metadata folder {error.message}")
        return Distribution(
            name=name,
            version=version,
            path=path,
            layer=layer,
            digest=unlisted,
            problems=(f"its folder {error.message}",),
        )
    problems = [] if inside else ["its folder is empty"]
    if inside and version is None:
        problems.append("the name of its folder has no version")
    header = _header(reader, path, problems) if "METADATA" in inside else None
    if header is not None:
        problems += _contradictions(header, name, version)
    elif inside and "METADATA" not in inside:
        problems.append("METADATA is missing")
    installer = origin = None
    if "direct_url.json" in inside:
        # Who installed it matters only here, and every file that is read is looked at again by every later check: conda's
        # packages carry the address of the machine that built them.
        installer = _installer(reader, path) if "INSTALLER" in inside else None
        origin = _origin(reader, path, problems) if installer != "conda" else None
    return Distribution(
        name=name,
        version=version,
        path=path,
        layer=layer,
        metadata_version=header.version if header is not None else None,
        installer=installer,
        origin=origin,
        digest=_digest(reader, path, entry, origin) if "RECORD" in inside else _NO_RECORD,
        problems=tuple(problems),
        requires=header.requires if header is not None else (),
    )


def _header(reader: Reader, path: str, problems: list[str]) -> Header | None:
    try:
        header = read_header(reader.read_bytes(os.path.join(path, "METADATA"), limit=MAX_METADATA))
    except UnreadableError as error:
        problems.append(f"METADATA {error.message}")
        return None
    if header.problem is not None:
        problems.append(f"METADATA {header.problem}")
    return header


def _contradictions(header: Header, name: str, version: str | None) -> list[str]:
    problems = []
    if header.name is None:
        problems.append("METADATA gives no name")
    elif normalize(header.name) != name:
        problems.append(f"METADATA says it is {printable(header.name)}, the name of its folder says {name}")
    if header.version is None:
        problems.append("METADATA gives no version")
    elif version is not None and not same_version(header.version, version):
        problems.append(f"METADATA says version {printable(header.version)}, the name of its folder says {version}")
    return problems


def _installer(reader: Reader, path: str) -> str | None:
    try:
        data = reader.read_bytes(os.path.join(path, "INSTALLER"), limit=_MAX_SMALL)
    except UnreadableError:
        return None
    return printable(data.decode("utf-8", "replace").strip().split("\n", 1)[0].strip()) or None


def _origin(reader: Reader, path: str, problems: list[str]) -> Origin | None:
    try:
        return read_origin(reader.read_bytes(os.path.join(path, "direct_url.json"), limit=_MAX_SMALL))
    except UnreadableError as error:
        problems.append(f"direct_url.json {error.message}")
    except OriginError as error:
        problems.append(f"direct_url.json {error}")
    return None


def _digest(reader: Reader, path: str, entry: str, origin: Origin | None) -> str | Unknown:
    if origin is not None and origin.kind is OriginKind.EDITABLE:
        return _EDITABLE
    try:
        return payload_digest(reader.read_bytes(os.path.join(path, "RECORD"), limit=MAX_RECORD), entry)
    except UnreadableError as error:
        return Unknown(reason=f"RECORD {error.message}")
