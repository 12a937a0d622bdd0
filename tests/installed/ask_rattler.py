"""Installs packages of conda with rattler, the library that pixi is made of, and reads records with it.

Run by the Python of an environment that holds py-rattler. Reads a JSON list of cases and prints a list of answers:

``["install", folder, prefix, packages]``: packs *packages* into a channel in *folder* and installs all of them into *prefix*.
``["records", prefix]``: what rattler reads in the records of *prefix*.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rattler
from rattler.index import index_fs

if TYPE_CHECKING:
    from collections.abc import Callable


PLACEHOLDER = "/placeholder" * 20


def pack(channel: Path, package: dict[str, Any]) -> None:
    """Write the archive of *package* as conda-build does: its ``files``, and what stands in its ``index.json``.

    ``placeholders`` are the modes of files that hold the prefix that they were built in, ``/placeholder``; ``links`` maps soft
    links to what they lead to, ``entry_points`` are those of a package for every platform.
    """
    files = {path: text.encode() for path, text in package["files"].items()}
    placeholders, links = package.get("placeholders", {}), package.get("links", {})
    paths = [
        {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(data).hexdigest(),
            "size_in_bytes": len(data),
            **({"prefix_placeholder": PLACEHOLDER, "file_mode": placeholders[path]} if path in placeholders else {}),
        }
        for path, data in files.items()
    ]
    paths += [{"_path": path, "path_type": "softlink", "sha256": hashlib.sha256().hexdigest()} for path in links]
    content_keys = ("files", "placeholders", "links", "entry_points")
    index = {
        "build_number": 0,
        "timestamp": 1700000000000,
        **{k: v for k, v in package.items() if k not in content_keys},
    }
    info = {"index.json": index, "paths.json": {"paths": paths, "paths_version": 1}}
    if package.get("noarch") == "python":
        noarch = {"type": "python", "entry_points": package.get("entry_points", [])}
        info["link.json"] = {"noarch": noarch, "package_metadata_version": 1}
    content = {f"info/{name}": json.dumps(value).encode() for name, value in info.items()}
    content["info/files"] = "\n".join((*files, *links)).encode()
    folder = channel / package["subdir"]
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / f"{package['name']}-{package['version']}-{package['build']}.tar.bz2", "w:bz2") as tar:
        for path, data in {**content, **files}.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(data), 0o755 if path.startswith("bin/") else 0o644
            tar.addfile(entry, io.BytesIO(data))
        for path, target in links.items():
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)


async def put(folder: Path, prefix: Path, packages: list[dict[str, Any]]) -> list[str]:
    channel = folder / "channel"
    for package in packages:
        pack(channel, package)
    await index_fs(channel)
    records = await rattler.solve(
        [rattler.Channel(channel.as_uri())],
        [package["name"] for package in packages],
        platforms=["linux-64", "noarch"],
        virtual_packages=rattler.VirtualPackage.detect(),
    )
    await rattler.install(
        records, prefix, cache_dir=folder / "cache", platform=rattler.Subdir("linux-64"), show_progress=False
    )
    return sorted(record.file_name for record in records)


def install(folder: str, prefix: str, packages: list[dict[str, Any]]) -> Any:
    return asyncio.run(put(Path(folder), Path(prefix), packages))


def records(prefix: str) -> Any:
    found = [
        rattler.PrefixRecord.from_path(path) for path in sorted((Path(prefix) / "conda-meta").iterdir()) if path.suffix
    ]
    return [
        {
            "name": record.name.normalized,
            "version": str(record.version),
            "build": str(record.build),
            "subdir": str(record.subdir),
            "url": str(record.url),
            "sha256": record.sha256.hex() if record.sha256 else None,
            "md5": record.md5.hex() if record.md5 else None,
            "files": [str(path) for path in record.files],
        }
        for record in found
    ]


QUESTIONS: dict[str, Callable[..., Any]] = {"install": install, "records": records}

print(json.dumps([QUESTIONS[case[0]](*case[1:]) for case in json.load(sys.stdin)]))
sys.stdout.flush()
# Its threads are sometimes still at work while the interpreter is taken down, which ends in a crash.
os._exit(0)
