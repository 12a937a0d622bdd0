"""A RECORD may hold anything: looking never fails, never leaves the environment, and never calls an edited file unchanged."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.files import quick
from envguard.files.look import look_at
from envguard.files.walk import look as look_in_python
from envguard.installed import scan
from envguard.reader import Reader
from tests.installed.tools import environment, row
from tests.property.mutations import broken_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.files.model import InstalledFiles

FILES = {"pkg/a.py": b"a = 1\n", "pkg/b,c.txt": b"b", "../../../bin/x": b"#!/x\n", "pkg/d.pyc": b"d"}
GOOD = "".join(row(path, data) for path, data in FILES.items()) + "pkg-1.0.dist-info/RECORD,,\n"
PATHS = st.sampled_from(
    [
        "pkg/a.py",
        "../../../bin/x",
        "../../../../out",
        "/etc/passwd",
        "pkg",
        "pkg/",
        "",
        ".",
        "..",
        "a\0b",
        "pkg/../pkg/a.py",
    ]
)
DIGESTS = st.sampled_from(["", "sha256=", "sha256=x", "md5=abc", "sha512=abc", "=", "sha256=" + "A" * 43, "none=1"])
ROWS = st.lists(st.tuples(PATHS, DIGESTS, st.sampled_from(["", "1", "-1", "x", "9" * 400])).map(",".join), max_size=8)
ENGINES = [look_in_python, *([] if quick.engine() is look_in_python else [quick.engine()])]


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.__module__.rpartition(".")[2])
def site(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(quick, "engine", lambda: request.param)
    found = folder / "env/lib/python3.11/site-packages"
    (found / "pkg-1.0.dist-info").mkdir(parents=True)
    (found / "pkg-1.0.dist-info/INSTALLER").write_bytes(b"uv")
    (found / "pkg-1.0.dist-info/METADATA").write_bytes(b"Name: pkg\nVersion: 1.0\n")
    (folder / "out").write_bytes(b"secret")
    for path, data in FILES.items():
        place = os.path.normpath(found / path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(data)
    return found


def looked(site: Path, record: bytes) -> InstalledFiles:
    (site / "pkg-1.0.dist-info/RECORD").write_bytes(record)
    found = look_at(Reader({}), scan(Reader({}), environment(site)))
    prefix = str(site.parents[2]) + os.sep
    for package in found.packages:
        assert all(change.path.startswith(prefix) for change in (*package.changed, *package.missing))
        assert all("\n" not in text and "\0" not in text for text in package.untold)
    return found


SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW
@given(data=st.binary(max_size=400))
def test_any_bytes(site: Path, data: bytes) -> None:
    looked(site, data)


@SLOW
@given(rows=ROWS, end=st.sampled_from(["\n", "\r\n"]))
def test_any_rows(site: Path, rows: list[str], end: str) -> None:
    looked(site, "".join(text + end for text in rows).encode())


@SLOW
@given(record=broken_bytes(GOOD))
def test_no_damage_to_the_record_hides_an_edit(site: Path, record: bytes) -> None:
    """Whatever else is said: the edited file is called changed, or the RECORD does not name it with that digest any more."""
    (site / "pkg/a.py").write_bytes(b"a = 2\n")
    found = looked(site, record)
    if row("pkg/a.py", b"a = 1\n").strip().encode() in record.splitlines():
        (package,) = found.packages
        edited = [change.path for change in package.changed if change.path.endswith("pkg/a.py")]
        assert edited or any("RECORD is malformed" in text for text in package.untold)
