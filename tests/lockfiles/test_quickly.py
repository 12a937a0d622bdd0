"""What is asked of thousands of files or requirements at once is answered as of each by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard import pep440
from envguard.errors import LockfileError
from envguard.getters import Table
from envguard.lockfiles import artifacts, asked, consistency, read_lock
from envguard.lockfiles.edges import named
from envguard.lockfiles.manifests import constraints
from envguard.lockfiles.manifests.requirements import edge_from_pep508, from_pep508
from envguard.lockfiles.model import Artifact, Edge, Lock, LockedPackage
from envguard.lockfiles.parts import all_edges, placed_edges
from envguard.reader import Reader
from envguard.values import replace

CORPORA = Path(__file__).parent.parent / "corpora"
HASHES = st.sampled_from(
    [
        "sha256:" + "a" * 64,
        "sha256:" + "b" * 64,
        "sha256:" + "0123456789abcdef" * 4,
        "sha256:" + "A" * 64,
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "a" * 62 + " b",
        "sha256:" + "a" * 63 + "\n",
        "sha256:" + "\u0661" * 64,
        "sha256:" + "g" * 64,
        "SHA256:" + "a" * 64,
        "sha512:" + "a" * 128,
        "md5:" + "a" * 32,
        "",
        "\nsha256:" + "a" * 63,
        None,
    ]
)
NAMES = st.sampled_from(
    ["six-1.0-py3-none-any.whl", "six-1.0.tar.gz", "idna-1.0-py3-none-any.whl", "six-2.0.tar.gz", ""]
)
FILES = st.builds(
    Artifact, filename=NAMES, wheel=st.booleans(), location=st.just("https://files.example/a"), hash=HASHES
)


@pytest.fixture(scope="module")
def lock() -> Lock:
    return read_lock(Reader(), str(CORPORA / "uv-large" / "uv.lock"), anew=True)


def of(lock: Lock, *packages: LockedPackage) -> Lock:
    return replace(lock, packages=packages)


@settings(max_examples=400, deadline=None)
@given(files=st.lists(st.lists(FILES, max_size=4), min_size=1, max_size=3))
def test_files_looked_at_at_once_are_judged_as_each_by_itself(lock: Lock, files: list[list[Artifact]]) -> None:
    first = next(package for package in lock.packages if package.artifacts)
    packages = [replace(first, name="six", version="1.0", index=i, artifacts=tuple(own)) for i, own in enumerate(files)]
    judged = list(artifacts.artifact_inconsistencies(of(lock, *packages)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(artifacts, "_are_told_apart", lambda _: False)
        assert list(artifacts.artifact_inconsistencies(of(lock, *packages))) == judged


def test_the_files_of_a_lock_need_no_second_look(lock: Lock) -> None:
    assert artifacts._are_told_apart([file for package in lock.packages for file in package.artifacts])


VERSIONS = st.sampled_from(
    [
        "1",
        "1.0",
        "01.2",
        "2021.09.1",
        "2.0a0",
        "2.0a.0",
        "1.0rc1",
        "1!2.0",
        "1.0.post1",
        "1.0.dev2",
        "1.*",
        "1.2.3.4.*",
        "1.0+cu1",
    ]
)
CLAUSES = st.builds(
    "".join, st.tuples(st.sampled_from(["==", ">=", "<=", "<", ">", "!=", "~=", "===", "^", "~", ""]), VERSIONS)
)
RANGES = st.builds(str.join, st.sampled_from([",", ", ", " ", "||", " | "]), st.lists(CLAUSES, max_size=3))


@settings(max_examples=600, deadline=None)
@given(RANGES)
def test_a_range_that_is_spelled_as_usual_is_what_the_grammar_makes_of_it(text: str) -> None:
    ranges = constraints.alternatives(text)
    assert constraints.specifier(text) == (ranges[0] if ranges is not None and len(ranges) == 1 else None)


def test_usual_ranges_are_known_as_such() -> None:
    assert all(map(pep440.is_spelled, ("", ">=1.0", "<2,>=1.37.4", "~=1.2", "!=1.5,>=1", "==2.0a0")))
    assert not any(
        map(pep440.is_spelled, (">=2021.09.1", "<2.0a.0", ">= 1", ">=1, <2", "==1.*", "^1", "1.0", "x", ","))
    )


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["six", "Six_Y", "a.b[c,D_e]", "a[x]", "-", ""]),
    RANGES | st.sampled_from([" @ https://example.com/a.whl", " @ git+https://example.com/a"]),
    st.sampled_from(["", "; python_version < '3.9'", '; extra == "x"', "; nonsense"]),
)
def test_a_requirement_is_the_dependency_that_its_manifest_has(name: str, rest: str, marker: str) -> None:
    table, keys = Table("pdm.lock", (), {}), ("package", 0, "dependencies", 0)

    def outcome(make: object) -> object:
        try:
            return make(table, name + rest + marker, keys)  # type: ignore[operator]
        except LockfileError as error:
            return error.message, error.keys

    whole = outcome(from_pep508)
    assert outcome(edge_from_pep508) == (whole if isinstance(whole, tuple) else whole.edge())  # type: ignore[attr-defined]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_edges_looked_at_at_once_are_judged_as_each_by_itself(lock: Lock, data: st.DataObject) -> None:
    first = next(package for package in lock.packages if package.artifacts)
    edges = st.lists(
        st.builds(
            Edge,
            name=st.sampled_from("abz"),
            version=st.sampled_from([None, "1.0", "2.0"]),
            source=st.sampled_from([None, first.source]),
            specifier=st.sampled_from([None, "", ">=1", "<1", "nonsense"]),
        ),
        max_size=3,
    ).map(tuple)
    packages = [
        replace(
            first,
            index=index,
            name=name,
            version=data.draw(st.sampled_from(["1.0", "2.0", None])),
            dependencies=data.draw(edges),
            extras={"x": data.draw(edges)},
            groups={"g": data.draw(edges)},
        )
        for index, name in enumerate(data.draw(st.lists(st.sampled_from("ab"), min_size=1, max_size=3)))
    ]
    known = named(packages)
    for package in packages:
        placed = list(placed_edges(package))
        assert [edge for _, edge in placed] == list(all_edges(package))
        one_by_one = [item for keys, edge in placed for item in consistency._edge(package, keys, edge, known)]
        assert list(consistency._edges(package, known)) == one_by_one
    whole = of(replace(lock, overrides=()), *packages)
    told = list(asked.contradictions(whole, known, ()))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asked, "_is_met", lambda *_: False)
        assert list(asked.contradictions(whole, known, ())) == told
