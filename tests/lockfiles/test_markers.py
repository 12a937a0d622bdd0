"""What our markers do that others do not: several extras at once, and clear errors."""

from __future__ import annotations

import pytest

from envguard.lockfiles.markers import MarkerError, parse

LINUX = {"sys_platform": "linux", "python_full_version": "3.11.7", "python_version": "3.11"}


@pytest.mark.parametrize(
    ("text", "active", "holds"),
    [
        ("extra == 'extra-3-app-cpu'", {"extra-3-app-cpu", "group-3-app-dev"}, True),
        ("extra != 'extra-3-app-cpu'", {"extra-3-app-gpu"}, True),
        ("extra == 'a' and extra == 'b'", {"a", "b"}, True),
        ("extra == 'a' and extra != 'b'", {"a", "b"}, False),
        ("'Some_Extra' == extra", {"some-extra"}, True),
        ("extra == 'a'", set(), False),
    ],
)
def test_an_extra_is_one_of_a_set(text: str, active: set[str], holds: bool) -> None:
    assert parse(text).holds(LINUX, frozenset(active)) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("'Plot_It' in extras", True),
        ("'plot-it' in dependency_groups", False),
        ("'test' in dependency_groups and 'test' not in extras", True),
        ("'more' not in dependency_groups", True),
    ],
)
def test_extras_and_groups_are_sets_of_their_own_in_a_lock_file(text: str, *, holds: bool) -> None:
    assert parse(text).holds(LINUX, frozenset(("plot-it",)), frozenset(("test",))) is holds


@pytest.mark.parametrize("text", ["extras == 'a'", "extras in 'a'", "'a' == dependency_groups"])
def test_of_a_set_nothing_can_be_asked_but_what_is_in_it(text: str) -> None:
    name = "extras" if "extras" in text else "dependency_groups"
    with pytest.raises(MarkerError, match=f"a name is in {name} or not in it, and nothing else can be asked"):
        parse(text).holds(LINUX)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'nothing' is no variable of markers, in ''"),
        ("os_nam == 'posix'", "'os_nam' is no variable of markers, in \"os_nam == 'posix'\""),
        ("os_name 'posix'", "a comparison is missing in marker \"os_name 'posix'\""),
        ("(os_name == 'nt'", "a parenthesis is not closed in marker \"(os_name == 'nt'\""),
        ("os_name == 'nt' os_name", "unexpected 'os_name' in marker \"os_name == 'nt' os_name\""),
        ("'a' == 'b'", "a marker compares a variable with a text, not so in \"'a' == 'b'\""),
        ("os_name == nt;", "unexpected character ';' in marker 'os_name == nt;'"),
    ],
)
def test_what_is_no_marker_says_why(text: str, message: str) -> None:
    with pytest.raises(MarkerError) as caught:
        parse(text)
    assert str(caught.value) == message


def test_a_marker_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(MarkerError, match="a marker is nested too deeply"):
        parse("(" * 100_000 + "os_name == 'nt'")


def test_a_variable_that_the_environment_does_not_have_is_an_error_not_false() -> None:
    with pytest.raises(MarkerError, match="the environment does not say what os_name is"):
        parse("os_name == 'nt'").holds({})
