"""What rattler, the library that pixi is made of, has really installed: all of it is as its records say, until it is changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from envguard.files.look import look_at
from envguard.installed import find_environment, scan
from envguard.reader import Reader
from tests.installed.test_conda_against_rattler import PACKAGES, SCRIPT
from tests.lockfiles.programs import ask

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.files.model import InstalledFiles

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("engine")]

PLACEHOLDER = "/placeholder" * 20
MORE: list[dict[str, Any]] = [
    {
        "name": "libmoved",
        "version": "1.0",
        "build": "h1_0",
        "subdir": "linux-64",
        "depends": [],
        "files": {
            "bin/moved": f"#!{PLACEHOLDER}/bin/sh\n",
            "lib/libmoved.so.1": f"code\0{PLACEHOLDER}/lib\0more code",
            "share/moved/plain.txt": "plain\n",
        },
        "placeholders": {"bin/moved": "text", "lib/libmoved.so.1": "binary"},
        "links": {"lib/libmoved.so": "libmoved.so.1"},
    },
    {
        "name": "tool",
        "version": "2.0",
        "build": "pyhd_0",
        "subdir": "noarch",
        "noarch": "python",
        "depends": ["python >=3.8"],
        "files": {"site-packages/tool.py": "def main():\n    pass\n"},
        "entry_points": ["tool = tool:main"],
    },
]


def look(prefix: Path) -> InstalledFiles:
    reader = Reader({})
    return look_at(reader, scan(reader, find_environment(reader, str(prefix), str(prefix))))


def test_what_rattler_installed_is_as_its_records_say(conda_tools: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "env"
    ask(conda_tools, SCRIPT, [["install", str(tmp_path), str(prefix), [*PACKAGES, *MORE]]])
    (prefix / "bin" / "python").symlink_to("python3.12")
    records = {path.name.split("-")[0]: json.loads(path.read_text()) for path in (prefix / "conda-meta").glob("*.json")}
    kinds = {item["_path"]: item for record in records.values() for item in record["paths_data"]["paths"]}
    # The traps are really there.
    assert kinds["lib/libmoved.so"]["path_type"] == "softlink"
    assert kinds["bin/moved"]["sha256_in_prefix"] != kinds["bin/moved"]["sha256"]
    assert "sha256_in_prefix" not in kinds["share/moved/plain.txt"]
    assert kinds["bin/tool"]["path_type"] == "unix_python_entry_point"
    found = look(prefix)
    assert (found.packages, found.shared, found.strays) == ((), (), ())
    assert found.count == len(PACKAGES) + len(MORE)
    for path in ("bin/moved", "lib/libmoved.so.1", "lib/python3.12/site-packages/tool.py"):
        content = (prefix / path).read_bytes()
        (prefix / path).unlink()
        (prefix / path).write_bytes(content[:-1] + b"!")
        (package,) = look(prefix).packages
        assert [item.path for item in package.changed] == [str(prefix.resolve() / path)]
        (prefix / path).write_bytes(content)
        assert look(prefix).packages == ()
    (prefix / "lib" / "libmoved.so").unlink()
    (package,) = look(prefix).packages
    assert [item.path for item in package.missing] == [str(prefix.resolve() / "lib/libmoved.so")]
