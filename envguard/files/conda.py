"""What conda, or a tool like it, says that it wrote: the ``paths_data`` of a record in ``conda-meta``, as claims.

The format is the ``PathsData`` of conda (conda 4.3 and later; mamba, rattler and pixi write it as well). A hash is that of the file as
it lies in the environment where ``sha256_in_prefix`` stands, which every tool writes where it put the prefix in the place of a
placeholder. What has none by its nature is only looked for: links, bytecode, and the programs that conda makes of entry points.
"""

from __future__ import annotations

import json
import os
from binascii import unhexlify
from typing import TYPE_CHECKING, Any

from ..errors import UnreadableError
from ..installed.conda import MAX_BYTES
from ..installed.model import Layer
from .claims import Claims, Owner, Plain, hashed_row, leads_out

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ..installed.model import CondaPackage, Inventory
    from ..reader import Reader

SOURCE = "conda-meta"
_FOLDER = "directory"
# Made by the installer on the spot, or told by what it leads to: conda writes no hash, or that of something else.
_MADE = frozenset(
    (
        "softlink",
        "pyc_file",
        "unix_python_entry_point",
        "windows_python_entry_point_script",
        "windows_python_entry_point_exe",
    )
)


def claims_of_conda(reader: Reader, inventory: Inventory, recorded: Sequence[Claims]) -> list[Claims]:
    """Return what the records of conda say, without what another installer has written over since, as *recorded* says."""
    prefix = reader.real_path(inventory.environment.prefix)
    sites = [item.path for item in inventory.environment.folders if item.layer is Layer.ENVIRONMENT]
    # The innermost folder that a path lies in is the one that is looked into.
    folders = sorted((*sites, prefix), key=len, reverse=True)
    found = []
    for package in inventory.conda or ():
        claims = _claims(reader, package, prefix, folders)
        if any(part.overwritten or not part.there for part in package.parts):
            claims = _without(claims, sites, recorded)
        found.append(claims)
    return found


def brought(inventory: Inventory) -> frozenset[str]:
    """Return the metadata folders that are as conda put them there: their RECORD says nothing that conda's does not."""
    return frozenset(
        part.path
        for package in inventory.conda or ()
        for part in package.parts
        if part.there and not part.overwritten and not package.problems
    )


def _claims(reader: Reader, package: CondaPackage, prefix: str, folders: Sequence[str]) -> Claims:
    owner = Owner(name=package.name, version=package.version, path=package.path, layer=Layer.ENVIRONMENT, source=SOURCE)
    if package.problems:
        return Claims(owner=owner, fault=f"its record is damaged: {package.problems[0]}")
    try:
        document = json.loads(reader.read_bytes(package.path, limit=MAX_BYTES))
        entries = list(_entries(document))
    except UnreadableError as error:
        return Claims(owner=owner, fault=f"its record {error.message}")
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return Claims(owner=owner, fault="the lists of files in its record are not as conda writes them")
    starts = [(folder, os.fsencode(os.path.relpath(folder, prefix).replace(os.sep, "/")) + b"/") for folder in folders]
    rows: dict[str, list[bytes]] = {}
    plain: list[Plain] = []
    beyond: list[str] = []
    for path, digest, size, made in entries:
        if leads_out(path):
            beyond.append(os.fsdecode(path))
            continue
        folder, start = next(((folder, start) for folder, start in starts if path.startswith(start)), (prefix, b""))
        inside = path[len(start) :]
        if made and folder == prefix and not path.endswith(b".pyc"):
            reader.exists(
                os.path.join(prefix, os.fsdecode(path))
            )  # an input of the check, as all that is looked into is
        if digest is not None:
            rows.setdefault(folder, []).append(hashed_row(inside, digest, size))
        else:
            plain.append(Plain(folder=folder, path=inside, digest=b"", size=size, made=made))
    return Claims(owner=owner, rows=rows, plain=tuple(plain), beyond=tuple(beyond))


def _entries(document: dict[str, Any]) -> Iterator[tuple[bytes, bytes | None, bytes, bool]]:
    """Yield path, digest, size (empty where it is not known) and whether the installer made it, of each file of a record."""
    files = document.get("files") or []
    paths = (document.get("paths_data") or {}).get("paths")
    if paths is None:
        # A tool of before 2017 wrote no more than the names.
        yield from ((_written(path), None, b"", False) for path in files)
        return
    # micromamba of 2023 left the paths of a package for every platform as the archive has them; the names are as installed.
    moved = document.get("noarch") == "python" and len(files) == len(paths)
    installed = frozenset(files)
    for number, entry in enumerate(paths):
        path, kind = entry["_path"], entry.get("path_type") or "hardlink"
        if moved and path not in installed and files[number].rpartition("/")[2] == path.rpartition("/")[2]:
            path = files[number]
        if kind == _FOLDER:
            continue
        told = entry.get("sha256_in_prefix") or (None if entry.get("prefix_placeholder") else entry.get("sha256"))
        made = kind in _MADE
        digest = unhexlify(told) if told and kind != "softlink" else None
        if digest is not None and len(digest) != 32:
            raise ValueError(told)
        # The size is that in the archive; where a placeholder was replaced it may be another one.
        size = entry.get("size_in_bytes") if not entry.get("prefix_placeholder") else None
        yield _written(path), digest, b"%d" % size if size is not None else b"", made


def _written(path: str) -> bytes:
    text = path.replace("\\", "/") if os.name == "nt" else path
    return text.encode("utf-8", "surrogateescape")


def _without(claims: Claims, sites: Collection[str], recorded: Sequence[Claims]) -> Claims:
    """Return *claims* without what lies in the folders of packages, and what others say that they wrote.

    pip and its like take away all of the Python package that they find there, and put another one in its place.
    """
    others: dict[str, set[bytes]] = {}
    for item in recorded:
        for folder, rows in item.rows.items():
            others.setdefault(folder, set()).update(row.rsplit(b",", 2)[0] for row in rows)
        for row in item.plain:
            others.setdefault(row.folder, set()).add(row.path)

    def stays(folder: str, path: bytes) -> bool:
        return folder not in sites and path not in others.get(folder, ())

    return Claims(
        owner=claims.owner,
        rows={
            folder: [row for row in rows if stays(folder, row.rsplit(b",", 2)[0])]
            for folder, rows in claims.rows.items()
        },
        plain=tuple(row for row in claims.plain if stays(row.folder, row.path)),
        beyond=claims.beyond,
        fault=claims.fault,
    )
