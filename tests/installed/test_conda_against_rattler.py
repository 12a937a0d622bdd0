"""Records that rattler writes when it installs, and records made by hand as rattler reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from envguard.installed import find_environment, scan
from envguard.reader import Reader
from tests.installed.prefixes import SITE, WRITERS, install, make_prefix, python_part
from tests.lockfiles.programs import ask

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.installed.model import CondaPackage, Inventory

pytestmark = pytest.mark.slow

SCRIPT = "installed/ask_rattler.py"


def texts(files: dict[str, bytes], *, noarch: bool = False) -> dict[str, str]:
    """Return *files* as an archive has them; a package for every platform leaves the folder of packages to the installer."""
    return {path.replace(SITE, "site-packages") if noarch else path: data.decode() for path, data in files.items()}


PACKAGES: list[dict[str, Any]] = [
    {
        "name": "python",
        "version": "3.12.4",
        "build": "h1_0_cpython",
        "subdir": "linux-64",
        "depends": ["__glibc >=2.17"],
        "files": {
            "bin/python3.12": "#!/bin/sh\n",
            "lib/python3.12/os.py": "#\n",
            "include/python3.12/patchlevel.h": '#define PY_VERSION "3.12.4"\n',
        },
    },
    {
        "name": "libtiny",
        "version": "1.0",
        "build": "h2_3",
        "subdir": "linux-64",
        "depends": [],
        "files": {"lib/libtiny.so.1": "x"},
    },
    {
        "name": "numpy",
        "version": "2.1.0",
        "build": "py312_0",
        "subdir": "linux-64",
        "depends": ["python >=3.12,<3.13.0a0", "libtiny"],
        "files": texts(python_part("numpy", "2.1.0")),
    },
    {
        "name": "pure",
        "version": "1.5",
        "build": "pyhd_0",
        "subdir": "noarch",
        "noarch": "python",
        "depends": ["python >=3.8"],
        "files": texts(python_part("pure", "1.5"), noarch=True),
    },
]


def look(prefix: Path) -> Inventory:
    reader = Reader({})
    return scan(reader, find_environment(reader, str(prefix), str(prefix)))


def told(package: CondaPackage) -> dict[str, Any]:
    """Return what both sides say of *package*."""
    assert package.problems == ()
    return {key: getattr(package, key) for key in ("name", "version", "build", "subdir", "url", "sha256", "md5")}


def test_what_rattler_installed_is_read_as_rattler_reads_it(conda_tools: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "env"
    cases = [["install", str(tmp_path), str(prefix), PACKAGES], ["records", str(prefix)]]
    archives, records = ask(conda_tools, SCRIPT, cases)
    assert len(archives) == len(PACKAGES)
    (prefix / "bin" / "python").symlink_to("python3.12")
    found = look(prefix)
    assert [told(package) for package in found.conda or ()] == [
        {key: value for key, value in record.items() if key != "files"}
        for record in sorted(records, key=lambda record: str(record["name"]))
    ]
    parts = {part.path: part for package in found.conda or () for part in package.parts}
    real = prefix.resolve()
    assert parts.keys() == {
        str((real / path).parent) for record in records for path in record["files"] if path.endswith("/METADATA")
    }
    assert all(part.there and not part.overwritten for part in parts.values())
    assert sorted(parts) == [item.path for item in found.distributions]
    assert (found.environment.version, found.environment.prefix) == ("3.12.4", str(prefix))


def test_records_made_by_hand_are_read_by_rattler(conda_tools: Path, tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    for number, writer in enumerate(WRITERS):
        install(prefix, f"numpy{number}", "2.1.0", "py312_0", python_part(f"numpy{number}", "2.1.0"), writer=writer)
    (records,) = ask(conda_tools, SCRIPT, [["records", str(prefix)]])
    assert [told(package) for package in look(prefix).conda or ()] == [
        {key: value for key, value in record.items() if key != "files"} for record in records
    ]
    assert all(len(record["files"]) == 4 for record in records)
