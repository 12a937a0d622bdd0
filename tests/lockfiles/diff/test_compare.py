"""What differs between two locks, told from their values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.lockfiles import read_lock
from envguard.lockfiles.diff.compare import compare
from envguard.lockfiles.diff.model import Aspect, Detail, Kind, LockDiff
from envguard.lockfiles.diff.ways import Ways
from envguard.lockfiles.model import Artifact, CondaBuild, Edge, Lock, LockedPackage, Source, SourceKind, When
from envguard.reader import Reader
from tests.lockfiles.uv.test_select import LARGE
from tests.rules.evidence import INDEX, conda_locked, lock, locked

CORPORA = Path(__file__).parents[2] / "corpora"
ROOT = Source(kind=SourceKind.EDITABLE, location=".")


def kinds(diff: LockDiff) -> dict[str, str]:
    return {change.name: str(change.kind) for change in diff.packages}


def details(old: LockedPackage, new: LockedPackage) -> tuple[Detail, ...]:
    (change,) = compare(lock([old]), lock([new])).packages
    return change.details


def file(name: str, digest: str | None) -> Artifact:
    return Artifact(filename=name, wheel=True, hash=digest)


def test_packages_come_go_and_change_their_version() -> None:
    before = [
        locked("a"),
        locked("b", "1.0"),
        locked("c", "2.0"),
        locked("d", "1.0+cu128"),
        locked("e", None),
        locked("f", "x"),
    ]
    after = [
        locked("b", "1.1"),
        locked("c", "1.9"),
        locked("d", "1.0+cu130"),
        locked("e", "1.0"),
        locked("f", "y"),
        locked("g"),
    ]
    diff = compare(lock(before), lock(after))
    assert kinds(diff) == {
        "a": "removed",
        "b": "upgraded",
        "c": "downgraded",
        "d": "rebuilt",
        "e": "changed",
        "f": "changed",
        "g": "added",
    }


def test_a_version_that_is_spelled_anew_is_the_same() -> None:
    assert not compare(lock([locked("a", "1.0")]), lock([locked("a", "1.0.0")]))


def test_a_lock_that_is_not_there_has_no_packages() -> None:
    assert kinds(compare(None, lock([locked("a")]))) == {"a": "added"}
    assert kinds(compare(lock([locked("a")]), None)) == {"a": "removed"}


def test_the_same_file_with_another_hash_was_published_again() -> None:
    old, new = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
    before = locked("a", artifacts=(file("a-1.0-py3-none-any.whl", old),))
    after = locked("a", artifacts=(file("a-1.0-py3-none-any.whl", new), file("a-1.0-cp311-none-any.whl", old)))
    name = "a-1.0-py3-none-any.whl"
    assert details(before, after) == (Detail(aspect=Aspect.REPUBLISHED, old=f"{name} {old}", new=f"{name} {new}"),)


def test_another_file_of_the_same_version_is_no_news() -> None:
    before = locked("a", artifacts=(file("one.whl", "sha256:1"),))
    assert not compare(
        lock([before]), lock([replace(before, artifacts=(file("one.whl", "sha256:1"), file("two.whl", "sha256:2")))])
    )
    assert not compare(lock([before]), lock([replace(before, artifacts=(file("two.whl", "sha256:2"),))]))


def test_hashes_without_names_must_have_one_in_common() -> None:
    before = locked("a", artifacts=(file("", "sha256:1"), file("", "sha256:2")))
    assert not compare(lock([before]), lock([replace(before, artifacts=(file("", "sha256:2"),))]))
    (detail,) = details(before, replace(before, artifacts=(file("", "sha256:3"),)))
    assert detail.aspect is Aspect.REPUBLISHED


@pytest.mark.parametrize("name", ["one.whl", ""])
def test_hashes_of_two_kinds_are_not_called_the_same(name: str) -> None:
    before = locked("a", artifacts=(file(name, "sha256:1"),))
    after = replace(before, artifacts=(file(name, "sha512:1"),))
    old, new = (f"{name} {digest}".strip() for digest in ("sha256:1", "sha512:1"))
    assert details(before, after) == (Detail(aspect=Aspect.REHASHED, old=old, new=new),)


def test_a_hash_that_one_of_another_kind_took_the_place_of_is_told() -> None:
    before = locked("a", artifacts=(file("", "sha256:1"), file("", "sha256:2")))
    after = replace(before, artifacts=(file("", "sha256:1"), file("", "sha512:3")))
    assert details(before, after) == (Detail(aspect=Aspect.REHASHED, old="sha256:2", new="sha512:3"),)


@pytest.mark.parametrize("version", ["1.1", "0.9", "1.0+cpu"])
def test_a_file_under_another_version_is_told(version: str) -> None:
    files = (file("", "sha256:1"), file("", "sha256:2"))
    before = locked("a", "1.0", artifacts=files)
    (detail,) = details(before, locked("a", version, artifacts=(*files[1:], file("", "sha256:3"))))
    assert detail == Detail(aspect=Aspect.RELABELLED, old="1.0 with sha256:2", new=f"{version} with sha256:2")
    assert details(before, locked("a", version, artifacts=(file("", "sha256:3"),))) == ()
    # The same version, spelled in another way.
    assert not compare(lock([before]), lock([locked("a", "1.0.0", artifacts=files)]))


def test_files_on_another_host_are_another_source_where_no_index_is_named() -> None:
    def package(host: str, index: str = "") -> LockedPackage:
        wheel = replace(file("a-1.0-py3-none-any.whl", "sha256:1"), location=f"https://{host}/a-1.0-py3-none-any.whl")
        return locked("a", artifacts=(wheel,), source=Source(kind=SourceKind.REGISTRY, location=index))

    found = details(package("me:secret@files.index.example"), package("evil.example:8080"))
    assert found == (
        Detail(aspect=Aspect.SOURCE, old="files on files.index.example", new="files on evil.example:8080"),
    )
    index = "https://index.example/simple"
    assert not compare(lock([package("a.example", index)]), lock([package("b.example", index)]))


def test_a_hash_of_another_kind_beside_it_hides_no_other_one() -> None:
    before = locked("a", artifacts=(file("", "sha256:1"),))
    assert not compare(lock([before]), lock([replace(before, artifacts=(file("", "sha256:1"), file("", "sha512:2")))]))
    after = replace(before, artifacts=(file("", "sha256:2"), file("", "sha512:2")))
    assert details(before, after) == (Detail(aspect=Aspect.REPUBLISHED, old="sha256:1", new="sha256:2"),)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_hashes_that_are_gone_are_told(version: str) -> None:
    before = locked("a", artifacts=(file("one.whl", "sha256:1"),))
    found = details(before, locked("a", version, artifacts=(file("one.whl", None),)))
    assert [detail.aspect for detail in found] == [Aspect.HASHES_LOST]


def test_another_source_is_told_in_words() -> None:
    git = Source(kind=SourceKind.GIT, location="https://git.example/a", commit="0123456789abcdef", subdirectory="py")
    (detail,) = details(locked("a"), locked("a", source=git))
    assert detail == Detail(
        aspect=Aspect.SOURCE,
        old="index https://index.example/simple",
        new="git https://git.example/a at 0123456789ab, folder py",
    )


def test_an_index_that_a_lock_leaves_to_the_settings_is_no_other_index() -> None:
    unnamed = Source(kind=SourceKind.REGISTRY, location="")
    slash = Source(kind=SourceKind.REGISTRY, location=f"{INDEX.location}/")
    for other in (unnamed, slash):
        assert not compare(lock([locked("a")]), lock([locked("a", source=other)]))


def test_forks_of_one_name_are_matched_by_what_they_are_for() -> None:
    def forks(cpu: str, cuda: str) -> Lock:
        linux, rest = ("sys_platform == 'linux'",), ("sys_platform != 'linux'",)
        return lock([locked("torch", cpu, markers=rest), locked("torch", cuda, markers=linux)])

    diff = compare(forks("2.0", "2.0+cu128"), forks("2.1", "2.1+cu128"))
    assert [(change.old and change.old.version, change.new and change.new.version) for change in diff.packages] == [
        ("2.0", "2.1"),
        ("2.0+cu128", "2.1+cu128"),
    ]
    diff = compare(forks("2.0", "2.0+cu128"), lock([locked("torch", "2.0+cu128")]))
    assert [(str(change.kind), change.detail(Aspect.MARKERS)) for change in diff.packages] == [
        ("same version", Detail(aspect=Aspect.MARKERS, old="Linux", new="everywhere", direction="widened")),
        ("removed", None),
    ]


def app(**more: Any) -> LockedPackage:
    return locked("app", "0.1", source=ROOT, **more)


def test_groups_and_extras_that_ask_for_it_are_told() -> None:
    before = lock([app(dependencies=(Edge(name="a"),)), locked("a")])
    after = lock([app(extras={"fast": (Edge(name="a"),)}, groups={"dev": (Edge(name="a"),)}), locked("a")])
    (change,) = compare(before, after).packages
    assert change.details == (Detail(aspect=Aspect.GROUPS, old="dependencies", new="extra fast, group dev"),)


def test_groups_of_a_filtering_format_are_told() -> None:
    before = replace(lock([locked("a", when=(When(group="main"),))]), groups=("main", "dev"))
    after = replace(lock([locked("a", when=(When(group="dev"),))]), groups=("main", "dev"))
    (change,) = compare(before, after).packages
    assert change.details == (Detail(aspect=Aspect.GROUPS, old="dependencies", new="group dev"),)


def test_markers_that_came_are_told() -> None:
    before = lock([app(dependencies=(Edge(name="a"),)), locked("a")])
    after = lock([app(dependencies=(Edge(name="a", marker="sys_platform == 'linux'"),)), locked("a")])
    (change,) = compare(before, after).packages
    assert change.details == (Detail(aspect=Aspect.MARKERS, old="everywhere", new="Linux", direction="narrowed"),)


def test_what_others_need_is_told_where_it_is_needed_always_or_not_any_more() -> None:
    def needed(**more: Any) -> Lock:
        return lock([app(**more), locked("a", dependencies=(Edge(name="b"),)), locked("b")])

    before = needed(dependencies=(Edge(name="a"),))
    after = needed(groups={"dev": (Edge(name="a"),)})
    assert [(change.name, change.details) for change in compare(before, after).packages] == [
        (name, (Detail(aspect=Aspect.GROUPS, old="dependencies", new="group dev"),)) for name in ("a", "b")
    ]
    # One group more or less for what only others need is no news about it.
    after = needed(dependencies=(Edge(name="a"),), groups={"dev": (Edge(name="a"),)})
    assert [change.name for change in compare(before, after).packages] == ["a"]


def test_extras_and_groups_that_come_and_go_are_told() -> None:
    before = lock([app(extras={"fast": ()}, groups={"dev": ()})])
    after = lock([app(extras={"fast": (), "slow": ()})])
    assert compare(before, after).environments == {"extras": ("fast", "fast, slow"), "groups": ("dev", None)}


def test_a_build_that_took_the_place_of_another_was_published_again() -> None:
    before = locked("a", artifacts=(file("a-1.0-py3-none-any.whl", "sha256:1"), file("a-1.0.tar.gz", "sha256:0")))
    after = replace(before, artifacts=(file("a-1.0-1-py3-none-any.whl", "sha256:2"), file("a-1.0.tar.gz", "sha256:0")))
    (detail,) = details(before, after)
    assert detail == Detail(
        aspect=Aspect.REPUBLISHED, old="a-1.0-py3-none-any.whl sha256:1", new="a-1.0-1-py3-none-any.whl sha256:2"
    )
    # Beside the other one it is only one more.
    assert not compare(
        lock([before]),
        lock([replace(before, artifacts=(*before.artifacts, file("a-1.0-1-py3-none-any.whl", "sha256:2")))]),
    )


def test_several_files_that_were_published_again_are_counted() -> None:
    names = [f"a-1.0-cp3{minor}-cp3{minor}-linux_x86_64.whl" for minor in (11, 12, 13)]
    before = locked("a", artifacts=tuple(file(name, f"sha256:1{name}") for name in names))
    after = replace(before, artifacts=tuple(file(name, f"sha256:2{name}") for name in names))
    (detail,) = details(before, after)
    assert detail.new == f"{names[0]} sha256:2{names[0]} and 2 more"


def test_hashes_that_are_gone_with_their_files_are_told_where_a_lock_has_hashes_alone() -> None:
    before = replace(lock([locked("a", artifacts=(file("", "sha256:1"),))]), format="pipenv")
    (change,) = compare(before, replace(lock([locked("a", "1.1")]), format="pipenv")).packages
    assert change.detail(Aspect.HASHES_LOST) == Detail(aspect=Aspect.HASHES_LOST, old="1 hash", new="none")
    # uv locks a version that has no files for some platform without any.
    (change,) = compare(replace(before, format="uv"), lock([locked("a", "1.1")])).packages
    assert change.details == ()


def test_the_way_to_what_was_removed_is_that_of_before() -> None:
    before = lock([app(dependencies=(Edge(name="a"),)), locked("a", dependencies=(Edge(name="b"),)), locked("b")])
    diff = compare(before, lock([app(dependencies=(Edge(name="a"),)), locked("a")]))
    assert diff.reasons_before is not None
    assert diff.reasons_before["b"] == ("a", "b")


def test_locks_of_two_formats_are_compared_by_what_both_tell() -> None:
    """A project that moves from poetry to uv: nothing but the format differs."""
    digest = f"sha256:{'a' * 64}"
    wheel = (file("a-1.0-py3-none-any.whl", digest),)
    unnamed = Source(kind=SourceKind.REGISTRY, location="")
    before = replace(
        lock(
            [
                locked(
                    "a", source=unnamed, artifacts=wheel, when=(When(group="main", marker="sys_platform == 'linux'"),)
                ),
                locked("b", source=unnamed, when=(When(group="dev"),)),
                locked("c", source=unnamed, when=(When(group="main", marker='extra == "plot"'),)),
                locked("", None, source=Source(kind=SourceKind.VIRTUAL, location=".")),
            ]
        ),
        format="poetry",
        extras=("plot",),
        groups=("main", "dev"),
    )
    after = lock(
        [
            app(
                dependencies=(Edge(name="a", marker="sys_platform == 'linux'"),),
                groups={"dev": (Edge(name="b"),)},
                extras={"plot": (Edge(name="c"),)},
            ),
            locked("a", artifacts=wheel),
            locked("b"),
            locked("c"),
        ]
    )
    diff = compare(before, after)
    assert diff.packages == ()
    assert diff.environments == {"format": ("poetry", "uv")}
    changed = replace(
        after,
        packages=tuple(
            replace(p, artifacts=(file("a-1.0-py3-none-any.whl", f"sha256:{'b' * 64}"),)) if p.name == "a" else p
            for p in after.packages
        ),
    )
    assert [change.details[0].aspect for change in compare(before, changed).packages] == [Aspect.REPUBLISHED]


def test_of_hashes_without_names_one_in_the_place_of_another_was_published_again() -> None:
    def hashes(*digits: str) -> LockedPackage:
        return locked("a", artifacts=tuple(file("", f"sha256:{digit * 64}") for digit in digits))

    (detail,) = details(hashes("1", "2", "3"), hashes("1", "4", "3"))
    assert detail == Detail(aspect=Aspect.REPUBLISHED, old=f"sha256:{'2' * 64}", new=f"sha256:{'4' * 64}")
    # A file that came to a release, or one that an index does not have any more, is no other file.
    for now in (hashes("1", "2", "3"), hashes("2")):
        assert compare(lock([hashes("1", "2")]), lock([now])).packages == ()


def test_a_prerelease_is_told_where_it_is_new() -> None:
    assert [detail.aspect for detail in details(locked("a", "1.0"), locked("a", "2.0rc1"))] == [Aspect.PRERELEASE]
    assert details(locked("a", "2.0rc1"), locked("a", "2.0rc2")) == ()
    assert details(locked("a", "1.0+cu128"), locked("a", "1.1+cu130")) == ()


def test_the_project_itself_is_no_news() -> None:
    assert not compare(lock([app()]), lock([replace(app(), version="0.2")]))


def test_another_python_is_told() -> None:
    diff = compare(lock([]), replace(lock([]), requires_python=">=3.12"))
    assert diff.environments == {"requires-python": (">=3.11", ">=3.12")}


def test_the_way_to_a_package_begins_at_what_is_required_directly() -> None:
    packages = [
        app(dependencies=(Edge(name="b"),)),
        locked("b", dependencies=(Edge(name="c"),)),
        locked("c", dependencies=(Edge(name="d"), Edge(name="b"))),
        locked("d"),
    ]
    diff = compare(None, lock(packages))
    assert diff.reasons == {"b": ("b",), "c": ("b", "c"), "d": ("b", "c", "d")}


def test_without_a_project_what_nobody_requires_is_required_directly() -> None:
    diff = compare(None, lock([locked("b", dependencies=(Edge(name="c"),)), locked("c")]))
    assert diff.reasons == {"b": ("b",), "c": ("b", "c")}


def test_a_lock_without_dependencies_tells_no_ways() -> None:
    assert compare(None, lock([locked("b"), locked("c")])).reasons is None


@pytest.mark.parametrize("folder", LARGE, ids=lambda folder: folder.name)
def test_a_real_lock_does_not_differ_from_itself(folder: Path) -> None:
    real = read_lock(Reader(), str(folder / "uv.lock"))
    assert not compare(real, real)


VERSIONS = st.sampled_from(["1.0", "1.1", "2.0", "2.0+cu128", "2.0+cu130", "3.0rc1", None, "odd"])
PACKAGES = st.lists(
    st.builds(
        locked,
        st.sampled_from(["a", "b", "c"]),
        VERSIONS,
        artifacts=st.lists(
            st.builds(file, st.sampled_from(["x.whl", "y.whl", ""]), st.sampled_from(["sha256:1", "sha256:2", None])),
            max_size=2,
        ).map(tuple),
        markers=st.sampled_from([(), ("sys_platform == 'linux'",), ("sys_platform != 'linux'",)]),
    ),
    max_size=5,
)
MIRRORED = {
    Kind.ADDED: Kind.REMOVED,
    Kind.REMOVED: Kind.ADDED,
    Kind.UPGRADED: Kind.DOWNGRADED,
    Kind.DOWNGRADED: Kind.UPGRADED,
}


@settings(max_examples=300)
@given(PACKAGES)
def test_nothing_differs_from_itself(packages: list[LockedPackage]) -> None:
    assert not compare(lock(packages), lock(packages))


@settings(max_examples=300)
@given(PACKAGES, PACKAGES)
def test_the_way_back_undoes_the_way_there(before: list[LockedPackage], after: list[LockedPackage]) -> None:
    there, back = compare(lock(before), lock(after)), compare(lock(after), lock(before))
    came = sorted(
        (change.name, str(MIRRORED.get(change.kind, change.kind)))
        for change in there.packages
        if change.kind in MIRRORED
    )
    went = sorted((change.name, str(change.kind)) for change in back.packages if change.kind in MIRRORED)
    assert came == went


def closely(old: Lock, new: Lock) -> LockDiff:
    """Return the differences of two locks, each pair of entries looked at whether it stands where it stood or not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ways, "places_alike", lambda *_: False)
        return compare(old, new)


@settings(max_examples=300)
@given(PACKAGES, PACKAGES)
def test_what_stands_where_it_stood_needs_no_closer_look(
    before: list[LockedPackage], after: list[LockedPackage]
) -> None:
    for old, new in ((before, after), (before, [*before, *after]), ([*after, *before], before)):
        assert compare(lock(old), lock(new)) == closely(lock(old), lock(new))


@pytest.mark.parametrize(
    "path",
    [
        "uv-large/uv.lock",
        "poetry-large/poetry.lock",
        "pdm-small/pdm.lock",
        "pixi-small/pixi.lock",
        "pylock-pdm/pylock.toml",
    ],
)
def test_what_stands_where_it_stood_in_a_real_lock_needs_no_closer_look(path: str) -> None:
    old = read_lock(Reader(), str(CORPORA / path))
    # Without some packages, others are asked for by nobody, or in fewer environments.
    for start in (3, 7):
        new = replace(old, packages=tuple(p for n, p in enumerate(old.packages) if n % 40 != start))
        for pair in ((old, new), (new, old)):
            assert compare(*pair) == closely(*pair)
            assert compare(*pair)


def conda(name: str, version: str, build: str = "h1_0", *, subdir: str = "linux-64", **more: Any) -> LockedPackage:
    when = (When(platform=subdir),)
    return conda_locked(name, version, build, **{"conda": CondaBuild(build=build, subdir=subdir), "when": when, **more})


def test_versions_and_builds_of_conda_are_in_the_order_of_conda() -> None:
    before = [
        conda("a", "1.10"),
        conda("b", "2024b"),
        conda("c", "9e"),
        conda("d", "1.0", "h1_0"),
        conda("e", "1.0"),
        conda("f", "1.0"),
        conda("g", "1.1post1"),
    ]
    after = [
        conda("a", "1.9"),
        conda("b", "2025a"),
        conda("c", "9f"),
        conda("d", "1.0", "h2_1"),
        conda("e", "1.0.0"),
        conda("f", "1@0"),
        conda("g", "1.1"),
    ]
    assert kinds(compare(lock(before), lock(after))) == {
        "a": "downgraded",
        "b": "upgraded",
        "c": "upgraded",
        "d": "rebuilt",
        # For conda it is the same version, spelled as another package.
        "e": "changed",
        "f": "changed",
        "g": "downgraded",
    }


def test_builds_for_each_platform_are_matched_with_one_another() -> None:
    places = ("linux-64", "osx-arm64", "win-64")
    before = [conda("numpy", "2.0", f"h{number}_0", subdir=place) for number, place in enumerate(places)]
    after = [conda("numpy", "2.0", f"h{number}_1", subdir=place) for number, place in enumerate(reversed(places))]
    found = compare(lock(before), lock(after)).packages
    assert sorted((change.old.conda.subdir, change.new.conda.subdir) for change in found if both(change)) == sorted(  # type: ignore[union-attr]
        zip(places, places, strict=True)
    )
    # What is installed in more environments than before is still the same package.
    more = [replace(package, when=(*package.when, When(group="x", platform="linux-64"))) for package in before]
    found = compare(lock(before), lock([replace(package, version="2.1") for package in reversed(more)])).packages
    assert [str(change.kind) for change in found] == ["upgraded"] * 3
    assert all(change.old.conda == change.new.conda for change in found if both(change))  # type: ignore[union-attr]


def both(change: Any) -> bool:
    assert change.old is not None
    assert change.new is not None
    return True


def test_a_build_that_was_published_again_is_told() -> None:
    old = conda("numpy", "2.0")
    found = details(old, conda("numpy", "2.0", digest=f"sha256:{'0' * 64}"))
    assert [detail.aspect for detail in found] == [Aspect.REPUBLISHED]
    # The older kind of archive of a build is another file.
    (file,) = old.artifacts
    other = replace(file, filename="numpy-2.0-h1_0.tar.bz2", hash=f"sha256:{'0' * 64}")
    assert not compare(lock([old]), lock([replace(old, artifacts=(other,))]))


def test_another_file_of_a_version_that_stands_beside_it_was_published_again() -> None:
    """conda-lock has an entry for each category; those that say the same are one."""
    old = conda("numpy", "2.0")
    new = conda("numpy", "2.0", digest=f"sha256:{'0' * 64}")
    (change,) = compare(lock([old]), lock([old, new])).packages
    assert (change.kind, [detail.aspect for detail in change.details]) == (Kind.SAME, [Aspect.REPUBLISHED])
    # Another build, or another version, came.
    for other in (conda("numpy", "2.0", "h2_0"), conda("numpy", "2.1")):
        (change,) = compare(lock([old]), lock([old, other])).packages
        assert change.kind is Kind.ADDED


def test_a_file_with_two_hashes_beside_its_version_neither_comes_nor_goes() -> None:
    one, none = locked("b", "1.0", artifacts=(file("x.whl", "sha256:1"),)), locked("b", "1.0", artifacts=())
    both = replace(one, artifacts=(file("x.whl", "sha256:1"), file("x.whl", "sha256:2")))
    there, back = compare(lock([one]), lock([none, both])), compare(lock([none, both]), lock([one]))
    assert {change.kind for change in (*there.packages, *back.packages)} == {Kind.SAME}
    assert Aspect.REPUBLISHED in {detail.aspect for change in there.packages for detail in change.details}


def test_archives_are_compared_by_a_hash_that_both_locks_have() -> None:
    def build(digest: str, md5: str | None) -> LockedPackage:
        package = conda("numpy", "2.0", digest=digest)
        assert package.conda is not None
        return replace(package, conda=replace(package.conda, md5=md5))

    old = build("md5:1", None)
    assert not compare(lock([old]), lock([build("sha256:2", "1")]))
    assert [item.aspect for item in details(old, build("sha256:2", "3"))] == [Aspect.REPUBLISHED]
    assert [item.aspect for item in details(old, build("sha256:2", None))] == [Aspect.REHASHED]
    # The stronger one counts where both have it.
    assert [item.aspect for item in details(build("sha256:1", "1"), build("sha256:2", "1"))] == [Aspect.REPUBLISHED]


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_a_hash_that_holds_and_went_is_told_although_one_that_can_be_forged_stayed(version: str) -> None:
    def build(version: str, digest: str, md5: str) -> LockedPackage:
        package = conda("numpy", version, digest=digest)
        assert package.conda is not None
        return replace(package, conda=replace(package.conda, md5=md5))

    old = build("2.0", "sha256:1", "1")
    (detail,) = [item for item in details(old, build(version, "md5:1", "1")) if item.aspect is Aspect.HASHES_LOST]
    assert (detail.old or "").endswith("sha256:1")
    assert (detail.new or "").endswith("md5:1 alone")
    # One that came, and one that is neither better nor worse, are no loss.
    for md5, sha256 in (("md5:1", "sha256:1"), ("md5:1", "md5:1")):
        packages = compare(lock([build("2.0", md5, "1")]), lock([build(version, sha256, "1")])).packages
        assert all(change.detail(Aspect.HASHES_LOST) is None for change in packages)


def test_a_hash_that_holds_and_went_is_told_where_files_have_no_names() -> None:
    before = locked("a", artifacts=(file("", "sha256:1"), file("", "md5:1")))
    after = locked("a", artifacts=(file("", "md5:1"),))
    assert details(before, after) == (Detail(aspect=Aspect.HASHES_LOST, old="sha256:1", new="md5:1 alone"),)
    assert not compare(lock([after]), lock([before]))


def test_another_channel_is_another_source() -> None:
    old, new = conda("numpy", "2.0"), conda("numpy", "2.0", channel="https://conda.index.example/other")
    (detail,) = details(old, new)
    assert (detail.aspect, detail.old) == (Aspect.SOURCE, "conda https://conda.index.example/conda-forge")


def test_conda_in_the_place_of_an_index_is_told_as_the_source() -> None:
    (change,) = compare(lock([locked("numpy", "2.0")]), lock([conda("numpy", "2.0")])).packages
    assert Aspect.SOURCE in [detail.aspect for detail in change.details]


def test_platforms_that_come_and_go_are_told() -> None:
    before, after = [conda("a", "1")], [conda("a", "1"), conda("a", "1", subdir="osx-arm64")]
    assert compare(lock(before), lock(after)).environments == {"platforms": ("linux-64", "linux-64, osx-arm64")}
    assert compare(lock([locked("a")]), lock([locked("a")])).environments == {}
