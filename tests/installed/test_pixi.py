"""What pixi writes into an environment that it makes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from envguard.errors import EnvironmentNotFoundError
from envguard.installed import find_environment
from envguard.installed.pixi import pixi_markers
from envguard.reader import Reader
from tests.installed.prefixes import make_prefix
from tests.installed.tools import virtual

if TYPE_CHECKING:
    from pathlib import Path

# As pixi 0.77 writes it ("EnvironmentFile" in its crate "pixi_core").
MARKER = {
    "manifest_path": "/home/ada/demo/pixi.toml",
    "environment_name": "cuda",
    "pixi_version": "0.77.0",
    "environment_lock_file_hash": "5e0a9c7b1f",
    "resolved_platform": {"subdir": "linux-64", "virtual_packages": ["__unix=0=0", "__cuda=12.8"]},
    "minimum_supported_platform": {"subdir": "linux-64", "requirements": ["__glibc >=2.17,<3.0.a0"]},
}


def mark(prefix: Path, document: Any) -> Path:
    path = prefix / "conda-meta" / "pixi"
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=2))
    return path


def test_an_environment_says_which_one_of_pixi_it_is(folder: Path) -> None:
    prefix = make_prefix(folder / "env")
    assert pixi_markers(Reader({}), str(prefix)) == {}
    mark(prefix, MARKER)
    told = {"pixi_environment": "cuda", "pixi_platform": "linux-64 __unix=0=0 __cuda=12.8"}
    assert pixi_markers(Reader({}), str(prefix)) == told
    markers = find_environment(Reader({}), str(folder), str(prefix)).markers
    assert {name: markers[name] for name in told} == told
    assert markers["python_full_version"] == "3.12.4"


def test_a_virtual_environment_inside_is_none_of_pixi(folder: Path) -> None:
    prefix = make_prefix(folder / "env")
    mark(prefix, MARKER)
    inside = virtual(folder / "venv", prefix / "bin" / "python3.12", "3.12.4")
    assert "pixi_environment" not in find_environment(Reader({}), str(folder), str(inside)).markers


def test_old_releases_say_the_name_alone(folder: Path) -> None:
    prefix = make_prefix(folder / "env")
    mark(prefix, {key: value for key, value in MARKER.items() if not key.endswith("_platform")})
    assert pixi_markers(Reader({}), str(prefix)) == {"pixi_environment": "cuda"}
    mark(prefix, {**MARKER, "resolved_platform": None})
    assert pixi_markers(Reader({}), str(prefix)) == {"pixi_environment": "cuda"}


def test_a_name_moves_no_cursor(folder: Path) -> None:
    prefix = make_prefix(folder / "env")
    mark(prefix, {**MARKER, "environment_name": "a\x1b[2J"})
    assert pixi_markers(Reader({}), str(prefix))["pixi_environment"] == "a\\x1b[2J"


BROKEN: dict[str, tuple[Any, str]] = {
    "half": (json.dumps(MARKER, indent=2)[:60], ":3: is not valid JSON: unterminated string starting at"),
    "a list": ([], ": expected an object, found a list"),
    "no name": ({"pixi_version": "0.77.0"}, ": the key 'environment_name' is missing"),
    "a number": (
        {**MARKER, "environment_name": 1},
        ": in 'environment_name': expected a string, found a number",
    ),
    "no platform": (
        {**MARKER, "resolved_platform": {}},
        ": in 'resolved_platform': the key 'subdir' is missing",
    ),
    "odd packages": (
        {**MARKER, "resolved_platform": {"subdir": "linux-64", "virtual_packages": [1]}},
        ": in 'resolved_platform.virtual_packages[0]': expected a string, found a number",
    ),
}


@pytest.mark.parametrize(("document", "message"), BROKEN.values(), ids=BROKEN)
def test_a_damaged_file_is_one_error_that_says_what_mends_it(folder: Path, document: Any, message: str) -> None:
    prefix = make_prefix(folder / "env")
    path = mark(prefix, document)
    with pytest.raises(EnvironmentNotFoundError) as caught:
        pixi_markers(Reader({}), str(prefix))
    assert str(caught.value) == f"{path}{message}\nhint: pixi install, which writes it anew"
