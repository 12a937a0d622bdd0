"""Markers by where they hold."""

from __future__ import annotations

import pytest

from envguard.lockfiles.markers import MarkerError
from envguard.lockfiles.uv.equivalence import extra_of, grid, same
from envguard.lockfiles.uv.ranges import EVERYTHING, bounds

PYTHONS = bounds(">=3.11") or EVERYTHING

LINUX, WINDOWS = "sys_platform == 'linux'", "sys_platform == 'win32'"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("python_version < '3.13'", "python_full_version < '3.13'"),
        ("python_version < '3.13'", "python_version <= '3.12'"),
        ("python_version < '3.13'", "python_version in '3.11, 3.12'"),
        ("python_version < '3.13'", "'3.13' > python_version"),
        ("python_version == '3.12'", "python_full_version == '3.12.*'"),
        ("python_version == '3.12'", "python_full_version >= '3.12' and python_full_version < '3.13'"),
        ("python_version >= '3.12'", "python_version != '3.11' and python_version > '3.5'"),
        ("python_version < '3'", "python_version < '2'"),
        (LINUX, "platform_system == 'Linux'"),
        (WINDOWS, "platform_system == 'Windows' and python_version >= '3.8'"),
        (f"{LINUX} or {WINDOWS}", f"{WINDOWS} or {LINUX}"),
        (f"{LINUX} and {WINDOWS}", "python_version < '3'"),
        (f"{LINUX} and os_name == 'nt'", "python_version < '3'"),
        (f"not_ or {LINUX}".replace("not_", "sys_platform != 'linux'"), "python_version >= '3'"),
        ("extra == 'A_b' and python_version >= '3'", "extra == 'a-b'"),
        ("'linux' in sys_platform", "'linux' in sys_platform and python_version > '3'"),
    ],
)
def test_markers_that_hold_in_the_same_environments_are_the_same(one: str, other: str) -> None:
    assert same([one], [other], PYTHONS)
    assert same([other], [one], PYTHONS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("python_version < '3.13'", "python_version < '3.12'"),
        ("python_version < '3.13'", "python_full_version < '3.12.9'"),
        ("python_version > '3.11'", "python_full_version > '3.11'"),
        ("python_full_version <= '3.12'", "python_version <= '3.12'"),
        ("python_version >= '3.11'", "python_version >= '3.12'"),
        (LINUX, WINDOWS),
        (LINUX, "sys_platform != 'win32'"),
        (LINUX, "os_name == 'posix'"),
        (WINDOWS, "os_name == 'nt'"),
        ("platform_system == 'FreeBSD'", "sys_platform == 'freebsd'"),
        ("platform_machine == 'arm64'", "platform_machine == 'aarch64'"),
        ("implementation_name == 'cpython'", "platform_python_implementation == 'CPython'"),
        ("extra == 'a'", "extra == 'b'"),
        ("extra == 'a'", "python_version >= '3'"),
        ("'linux' in sys_platform", LINUX),
        ("platform_release >= '5.10'", "platform_release >= '5.11'"),
        ("implementation_version >= '3.12'", "python_full_version >= '3.12'"),
    ],
)
def test_markers_that_do_not_are_not(one: str, other: str) -> None:
    assert not same([one], [other], PYTHONS)


def test_the_range_of_pythons_decides() -> None:
    inside = bounds(">=3.12,<3.13")
    assert inside is not None
    assert same(["python_version == '3.12'"], ["python_version > '3'"], inside)
    assert not same(["python_version == '3.12'"], ["python_version > '3'"], PYTHONS)
    assert not same(["python_version < '3'"], ["python_version < '2'"], EVERYTHING)


def test_lists_are_compared_in_their_order() -> None:
    assert same([LINUX, WINDOWS], ["platform_system == 'Linux'", WINDOWS], PYTHONS)
    assert not same([LINUX, WINDOWS], [WINDOWS, LINUX], PYTHONS)
    assert not same([LINUX], [LINUX, WINDOWS], PYTHONS)


@pytest.mark.parametrize(
    ("text", "extra"),
    [
        (None, None),
        (LINUX, None),
        ("extra == 'x'", "x"),
        (f"{LINUX} and extra == 'x'", "x"),
        (f"({LINUX} and extra == 'x') or ({WINDOWS} and extra == 'x')", "x"),
        (f"({LINUX} and extra == 'x') or {WINDOWS}", None),
        ("extra == 'x' or extra == 'y'", None),
        ("extra != 'x'", None),
        ("platform_version == 'extra'", None),
    ],
)
def test_the_extra_of_a_marker_is_the_one_without_which_it_never_holds(text: str | None, extra: str | None) -> None:
    assert extra_of(text) == extra


def test_a_text_that_is_no_marker_is_an_error() -> None:
    with pytest.raises(MarkerError):
        grid(frozenset(("linux",)), PYTHONS)


def test_too_many_values_are_an_error_and_not_a_long_wait() -> None:
    texts = [f"{name} == '{n}'" for name in ("platform_machine", "sys_platform", "os_name") for n in range(99)]
    with pytest.raises(MarkerError, match="markers name too many values to be compared"):
        grid(frozenset(texts), PYTHONS)
