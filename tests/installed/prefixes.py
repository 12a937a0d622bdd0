"""Environments of conda made by hand, with records as the tools write them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from tests.installed.tools import installation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CHANNEL = "https://conda.index.example/conda-forge"
SITE = "lib/python3.12/site-packages"
# How each tool writes a record: the width of its indentation, and whether it sorts the keys.
WRITERS: dict[str, tuple[int, bool]] = {"conda": (2, True), "mamba": (4, True), "rattler": (2, False)}


def make_prefix(prefix: Path) -> Path:
    """Make an environment of conda with nothing but a Python in it, which has no record; return its folder."""
    installation(prefix, "3.12.4")
    (prefix / "conda-meta").mkdir()
    (prefix / "conda-meta" / "history").write_text("==> 2026-11-01 10:00:00 <==\n")
    return prefix


def python_part(name: str, version: str, *, installer: str = "conda") -> dict[str, bytes]:
    """Return the files of a package of Python as a package of conda brings them, by their place in the environment."""
    info = f"{SITE}/{name}-{version}.dist-info"
    files = {
        f"{SITE}/{name}/__init__.py": f"__version__ = '{version}'\n".encode(),
        f"{info}/INSTALLER": f"{installer}\n".encode(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
    }
    rows = "".join(f"{path.removeprefix(f'{SITE}/')},sha256=x,{len(data)}\n" for path, data in files.items())
    return {**files, f"{info}/RECORD": rows.encode()}


def document(
    name: str, version: str, build: str, files: Mapping[str, bytes], /, *, subdir: str = "linux-64", **changes: Any
) -> dict[str, Any]:
    """Return a record in the order in which rattler writes its keys; *changes* replace some, or with None take them away."""
    fn = f"{name}-{version}-{build}.conda"
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    record = {
        "build": build,
        "build_number": 0,
        "depends": ["python >=3.12,<3.13.0a0"],
        "md5": hashlib.md5(fn.encode(), usedforsecurity=False).hexdigest(),
        "name": name,
        "sha256": hashlib.sha256(fn.encode()).hexdigest(),
        "size": 1000,
        "subdir": subdir,
        "timestamp": 1700000000000,
        "version": version,
        "fn": fn,
        "url": f"{CHANNEL}/{subdir}/{fn}",
        "channel": CHANNEL,
        "extracted_package_dir": f"/pkgs/{fn}",
        "files": list(files),
        "paths_data": {
            "paths_version": 1,
            "paths": [
                {"_path": path, "path_type": "hardlink", "sha256": digest, "sha256_in_prefix": digest}
                for path, digest in hashes.items()
            ],
        },
        "link": {"source": f"/pkgs/{fn}", "type": 1},
        **changes,
    }
    return {key: value for key, value in record.items() if value is not None}


def written(record: Mapping[str, Any], writer: str = "conda") -> str:
    """Return the text of *record* as the tool *writer* writes it."""
    indent, ordered = WRITERS[writer]
    return json.dumps(record, indent=indent, sort_keys=ordered)


def install(
    prefix: Path,
    name: str,
    version: str,
    build: str,
    files: Mapping[str, bytes] | None = None,
    /,
    *,
    writer: str = "conda",
    **changes: Any,
) -> Path:
    """Install a package of conda into *prefix* and return its record."""
    for path, data in (files or {}).items():
        (prefix / path).parent.mkdir(parents=True, exist_ok=True)
        (prefix / path).write_bytes(data)
    record = prefix / "conda-meta" / f"{name}-{version}-{build}.json"
    record.write_text(written(document(name, version, build, files or {}, **changes), writer))
    return record


def sha256(name: str, version: str, build: str) -> str:
    """Return the hash that ``install`` writes of the archive of a package."""
    return hashlib.sha256(f"{name}-{version}-{build}.conda".encode()).hexdigest()
