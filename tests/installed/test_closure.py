"""What a distribution needs, transitively."""

from __future__ import annotations

from envguard.installed import requirement_closure
from envguard.installed.model import Distribution, Inventory, Layer
from envguard.model import Unknown

from .tools import environment

MARKERS = {"python_version": "3.11", "python_full_version": "3.11.7", "sys_platform": "linux"}


def closure(name: str, **requires: list[str]) -> set[str]:
    distributions = tuple(
        Distribution(
            name=package,
            version="1",
            path="",
            layer=Layer.ENVIRONMENT,
            digest=Unknown(reason=""),
            requires=tuple(lines),
        )
        for package, lines in requires.items()
    )
    return set(requirement_closure(Inventory(environment=environment(), distributions=distributions), name, MARKERS))


def test_needs_are_followed_through_cycles() -> None:
    assert closure("a", a=["B.b>=1"], **{"b-b": ["c"]}, c=["a", "d"], e=["f"]) == {"a", "b-b", "c", "d"}


def test_a_need_counts_only_where_its_marker_holds() -> None:
    lines = ["b; sys_platform == 'win32'", "c; python_version >= '3.11'", "d; extra == 'x'"]
    assert closure("a", a=lines) == {"a", "c"}


def test_extras_that_are_asked_for_are_followed_and_others_are_not() -> None:
    assert closure("a", a=["b[One_x]"], b=["c; extra == 'one-x'", "d; extra == 'two'", "e"]) == {"a", "b", "c", "e"}


def test_extras_lead_to_extras() -> None:
    assert closure("a", a=["b[all]"], b=["b[one]; extra == 'all'", "c; extra == 'one'"]) == {"a", "b", "c"}


def test_what_is_not_installed_stands_alone() -> None:
    assert closure("Env_Guard", a=["b"]) == {"env-guard"}


def test_requirements_that_cannot_be_read_name_nothing() -> None:
    assert closure("a", a=["", "b ==", "c; nonsense == 1", "\x00", "d"]) == {"a", "d"}
