"""Where packages are installed, compared by environments and not by the texts of markers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from envguard.lockfiles.diff.compare import compare
from envguard.lockfiles.diff.model import Aspect
from envguard.lockfiles.diff.places import Places, Space
from envguard.lockfiles.model import ConflictItem, Edge, Lock, LockedPackage, Source, SourceKind, When
from tests.rules.evidence import lock, locked

ROOT = Source(kind=SourceKind.EDITABLE, location=".")


def needing(*edges: Edge, a: tuple[Edge, ...] = (), **more: object) -> Lock:
    """Return the lock of a project with *edges*, of which ``a`` has dependencies of its own."""
    app = LockedPackage(index=0, name="app", version="1", source=ROOT, dependencies=edges)
    return replace(lock([app, locked("a", dependencies=a), locked("b")]), **more)  # type: ignore[arg-type]


def moved(before: Lock, after: Lock) -> dict[str, tuple[str | None, str | None, str | None]]:
    found = {}
    for change in compare(before, after).packages:
        detail = change.detail(Aspect.MARKERS)
        if detail is not None:
            found[change.name] = (detail.old, detail.new, detail.direction)
    return found


LINUX = "sys_platform == 'linux'"


def test_a_marker_that_the_way_implies_may_be_left_out() -> None:
    # uv of revision 3 leaves out what uv of revision 2 wrote.
    before = needing(Edge(name="a", marker=LINUX), a=(Edge(name="b", marker=LINUX),))
    assert moved(before, needing(Edge(name="a", marker=LINUX), a=(Edge(name="b"),))) == {}


def test_a_marker_on_the_way_counts() -> None:
    before = needing(Edge(name="a"), a=(Edge(name="b"),))
    after = needing(Edge(name="a", marker=LINUX), a=(Edge(name="b"),))
    assert moved(before, after) == dict.fromkeys(("a", "b"), ("everywhere", "Linux", "narrowed"))


def test_a_marker_that_is_spelled_anew_is_the_same() -> None:
    before = needing(Edge(name="a", marker="python_version < '3.12'"))
    after = needing(Edge(name="a", marker="python_full_version < '3.12' or os_name == 'java'"))
    assert moved(before, after) == {}


@pytest.mark.parametrize(
    ("marker", "name"),
    [
        ("sys_platform == 'win32'", "Windows"),
        ("sys_platform != 'win32'", "Linux, macOS"),
        ("sys_platform == 'linux' and platform_machine == 'x86_64'", "Linux x86_64"),
        ("platform_machine == 'arm64'", "macOS arm64"),
        ("platform_machine == 's390x'", "Linux s390x"),
        ("python_version >= '3.13'", "everywhere with Python 3.13 and later"),
        ("python_version < '3.13'", "everywhere with Python before 3.13"),
        ("python_version == '3.13'", "everywhere with Python 3.13"),
        ("python_version >= '3.12' and python_version < '3.14'", "everywhere with Python 3.12 to 3.13"),
        ("python_version == '3.11' or python_version == '3.13'", "everywhere with Python 3.11, 3.13"),
        ("sys_platform == 'linux' and python_version >= '3.13'", "Linux with Python 3.13 and later"),
        (
            "sys_platform == 'linux' or (sys_platform == 'darwin' and python_version >= '3.13')",
            "Linux; macOS with Python 3.13 and later",
        ),
        ("sys_platform == 'never'", "nowhere"),
        ("python_version >= '3'", "everywhere"),
    ],
)
def test_environments_have_names(marker: str, name: str) -> None:
    whole = needing(Edge(name="a", marker=marker))
    places = Places((whole,))
    space = Space(whole, places)
    assert places.name(space.where(space.any((marker,)))) == name


def test_only_what_both_locks_are_for_is_compared() -> None:
    before = needing(Edge(name="a", marker=LINUX))
    after = needing(Edge(name="a"), supported=(LINUX,))
    assert moved(before, after) == {}
    before = needing(Edge(name="a", marker="python_version >= '3.12'"), requires_python=">=3.10")
    after = needing(Edge(name="a"), requires_python=">=3.12")
    assert moved(before, after) == {}


CONFLICT = ((ConflictItem(package="app", extra="cpu"), ConflictItem(package="app", extra="cuda")),)
BOTH = "extra == 'extra-3-app-cpu' and extra == 'extra-3-app-cuda'"


def test_what_would_hold_for_a_forbidden_choice_holds_nowhere() -> None:
    # uv writes whatever is short about choices that nobody can make.
    before = needing(Edge(name="a", marker=f"{LINUX} or ({BOTH})"), conflicts=CONFLICT)
    assert moved(before, needing(Edge(name="a", marker=LINUX), conflicts=CONFLICT)) == {}
    alone = "extra == 'extra-3-app-cuda' and sys_platform == 'win32'"
    after = needing(Edge(name="a", marker=f"{LINUX} or ({alone})"), conflicts=CONFLICT)
    assert moved(before, after) == {"a": ("Linux", "Linux, Windows", "widened")}


def test_two_choices_that_go_together_may_be_asked_for() -> None:
    conflicts = (*CONFLICT, (ConflictItem(package="app", group="old"), ConflictItem(package="app", group="new")))
    marker = "extra == 'extra-3-app-cpu' and extra == 'group-3-app-new' and sys_platform == 'darwin'"
    whole = needing(Edge(name="a", marker=marker), conflicts=conflicts)
    assert moved(needing(Edge(name="a"), conflicts=conflicts), whole) == {"a": ("everywhere", "macOS", "narrowed")}


def test_a_filtering_format_tells_where_itself() -> None:
    def filtering(*whens: When) -> Lock:
        return replace(lock([locked("a", when=whens)]), format="pdm")

    before = filtering(When(marker="sys_platform == 'linux'"), When(marker="sys_platform == 'darwin'"))
    after = filtering(When(requires_python=">=3.13"))
    assert moved(before, after) == {"a": ("Linux, macOS", "everywhere with Python 3.13 and later", None)}
    before, after = (
        filtering(When(platform="linux-64"), When(platform="osx-arm64")),
        filtering(When(platform="linux-64")),
    )
    assert moved(before, after) == {"a": ("Linux x86_64, macOS arm64", "Linux x86_64", "narrowed")}


def test_a_marker_that_is_none_is_left_to_others() -> None:
    assert moved(needing(Edge(name="a", marker="nonsense")), needing(Edge(name="a"))) == {}


def test_an_extra_of_a_package_leads_on_where_it_is_asked_for() -> None:
    def with_extra(*extras: str) -> Lock:
        app = LockedPackage(
            index=0, name="app", version="1", source=ROOT, dependencies=(Edge(name="a", extras=extras),)
        )
        return lock([app, locked("a", extras={"fast": (Edge(name="b"),)}), locked("b")])

    assert moved(with_extra(), with_extra("fast")) == {"b": ("nowhere", "everywhere", "widened")}
