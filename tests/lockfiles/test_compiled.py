"""A lock that is read from what was kept is the lock that its reader reads, whatever happens to either."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard import answers, results, trace
from envguard.columns import Lines, pack, unpack
from envguard.errors import LockfileError
from envguard.lockfiles import compiled, judge_lock, read_lock
from envguard.lockfiles.compiled import SHAPES
from envguard.lockfiles.formats import format_of
from envguard.lockfiles.model import (
    Artifact,
    Commands,
    CondaBuild,
    ConflictItem,
    Edge,
    FreshnessVerdict,
    Inconsistency,
    Lock,
    LockedPackage,
    Parts,
    Reason,
    Source,
    SourceKind,
    When,
)
from envguard.reader import Reader
from envguard.repository.git import Git
from envguard.repository.snapshot import index_reader, revision_reader

if TYPE_CHECKING:
    from collections.abc import Callable

CORPORA = Path(__file__).resolve().parents[1] / "corpora"
LOCKS = sorted(path for path in CORPORA.rglob("*.*") if format_of(path.name) is not None)


@pytest.fixture(autouse=True)
def _young(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make what is worked out by young code be kept; test_results.py is about that."""
    monkeypatch.setattr(trace.Trace, "settled", lambda _: True)
    monkeypatch.setattr(answers, "_CODE", ("envguard",))


class Parses:
    """Counts what was parsed and what was judged, and what was read again from what was kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parsed = self.judged = self.kept = 0
        lock, verdicts, recalled = compiled._lock, compiled.judged_at, compiled._recalled

        def _lock(reader: Reader, whole: Reader, content: Any, parse: Callable[[Reader], Lock]) -> Lock:
            def counted(inner: Reader) -> Lock:
                self.parsed += 1
                return parse(inner)

            return lock(reader, whole, content, counted)

        def judged_at(reader: Reader, path: str, parse: Any, judge: Any) -> Any:
            def counted(inner: Reader, found: Lock) -> Any:
                self.judged += 1
                return judge(inner, found)

            return verdicts(reader, path, parse, counted)

        def _recalled(key: tuple[str, ...], reader: Reader, *types: type) -> Any:
            found = recalled(key, reader, *types)
            self.kept += found is not None
            return found

        monkeypatch.setattr(compiled, "_lock", _lock)
        monkeypatch.setattr(compiled, "judged_at", judged_at)
        monkeypatch.setattr(compiled, "_recalled", _recalled)

    def __call__(self) -> tuple[int, int, int]:
        return self.parsed, self.judged, self.kept


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> Parses:
    return Parses(monkeypatch)


def same(one: Any, other: Any) -> bool:
    return bool(one == other) and repr(one) == repr(other)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_lock_of_the_corpora_is_read_again_as_it_was_parsed(path: Path, parses: Parses) -> None:
    parsed = judge_lock(Reader(), str(path), anew=True)
    assert same(judge_lock(Reader(), str(path)), parsed)
    assert parses() == (1, 1, 0)
    assert same(judge_lock(Reader(), str(path)), parsed)
    assert same(read_lock(Reader(), str(path)), parsed[0])
    assert parses() == (1, 1, 3)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_lock_that_is_read_again_has_the_inputs_of_one_that_is_parsed(path: Path) -> None:
    first, second = Reader(), Reader()
    judge_lock(first, str(path), anew=True)
    judge_lock(Reader(), str(path))
    judge_lock(second, str(path))
    # The code that parsed and judged is an input, too, though it need not be loaded when the result is read.
    code = trace.Trace()
    answers.saw_code(code)
    assert second.trace.files == {**first.trace.files, **code.files}
    assert second.trace.values == first.trace.values


TEXT = st.text(st.characters(exclude_categories=()), max_size=4)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
MAYBE = st.none() | TEXT
KEYS = st.lists(TEXT | st.integers(), max_size=2).map(tuple)
PLAIN = st.dictionaries(
    TEXT,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=2,
)


def few(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, max_size=2).map(tuple)


def named(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(TEXT, few(values), max_size=2)


SOURCES = st.builds(
    Source,
    kind=st.sampled_from(SourceKind),
    location=TEXT,
    commit=MAYBE,
    subdirectory=MAYBE,
    requested=MAYBE,
    editable=st.booleans(),
)
EDGES = st.builds(
    Edge,
    name=TEXT,
    version=MAYBE,
    source=st.none() | SOURCES,
    extras=TEXTS,
    marker=MAYBE,
    specifier=MAYBE,
    match=MAYBE,
)
ARTIFACTS = st.builds(
    Artifact, filename=TEXT, wheel=st.booleans(), location=MAYBE, hash=MAYBE, size=st.none() | st.integers()
)
WHENS = st.builds(When, group=MAYBE, marker=MAYBE, requires_python=MAYBE, platform=MAYBE)
PARTS = st.builds(Parts, **{field.name: MAYBE for field in dataclasses.fields(Parts)})
CONDA = st.builds(
    CondaBuild, build=MAYBE, subdir=MAYBE, number=st.none() | st.integers(), md5=MAYBE, python=st.none() | TEXTS
)
PACKAGES = st.builds(
    LockedPackage,
    index=st.integers(),
    name=TEXT,
    version=MAYBE,
    source=SOURCES,
    markers=TEXTS,
    dependencies=few(EDGES),
    extras=named(EDGES),
    groups=named(EDGES),
    artifacts=few(ARTIFACTS),
    default_groups=st.none() | TEXTS,
    group_requires_python=st.dictionaries(TEXT, TEXT, max_size=2),
    metadata=st.none() | PLAIN,
    when=few(WHENS),
    keys=KEYS,
    line=st.none() | st.integers(),
    path=MAYBE,
    parts=PARTS,
    conda=st.none() | CONDA,
    specifier=MAYBE,
)
MADE = st.builds(
    Lock,
    path=TEXT,
    format=TEXT,
    version=st.integers(),
    revision=st.integers(),
    digest=TEXT,
    requires_python=MAYBE,
    markers=TEXTS,
    supported=TEXTS,
    required=TEXTS,
    conflicts=few(few(st.builds(ConflictItem, package=TEXT, extra=MAYBE, group=MAYBE))),
    members=TEXTS,
    packages=few(PACKAGES),
    commands=st.builds(Commands, lock=TEXT, install=TEXT, check=MAYBE),
    manifest=PLAIN,
    options=PLAIN,
    extras=TEXTS,
    groups=TEXTS,
    default_groups=TEXTS,
    files=TEXTS,
    supported_keys=KEYS,
    requires_keys=KEYS,
    overrides=st.none() | TEXTS,
    restated=TEXTS,
    unlisted=few(PACKAGES),
    whole=st.booleans(),
)
VERDICTS = st.builds(
    FreshnessVerdict,
    reasons=few(
        st.builds(
            Reason,
            subject=TEXT,
            message=TEXT,
            path=TEXT,
            keys=KEYS,
            expected=MAYBE,
            found=MAYBE,
            unknown=st.booleans(),
            line=st.none() | st.integers(),
        )
    ),
)
FINDINGS = st.builds(
    Inconsistency,
    kind=TEXT,
    subject=TEXT,
    message=TEXT,
    keys=KEYS,
    expected=MAYBE,
    found=MAYBE,
    line=st.none() | st.integers(),
    path=MAYBE,
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(MADE, min_size=1, max_size=1) | st.lists(VERDICTS, min_size=1, max_size=2) | st.lists(FINDINGS, min_size=1)
)
def test_any_lock_and_any_verdict_come_back_as_they_were(values: list[Any]) -> None:
    of = type(values[0])
    assert same(unpack(of, json.loads(json.dumps(pack(of, values, SHAPES))), SHAPES), values)
    lines = Lines()
    packed = pack(of, values * 40, SHAPES, lines)
    assert same(unpack(of, json.loads(json.dumps(packed)), SHAPES, lines.text.split("\n")), values * 40)


def test_no_field_of_a_lock_is_left_to_a_test_that_does_not_know_it() -> None:
    """What is added to the model is added to the strategies above, so that the test before this one sees it."""
    known = {
        Lock: MADE,
        LockedPackage: PACKAGES,
        CondaBuild: CONDA,
        Source: SOURCES,
        Edge: EDGES,
        Artifact: ARTIFACTS,
        When: WHENS,
    }
    for of, strategy in known.items():
        given_names = set(strategy.wrapped_strategy.kwargs)  # type: ignore[attr-defined]
        assert given_names == {field.name for field in dataclasses.fields(of)}


POETRY = CORPORA / "poetry-small"


@pytest.fixture
def project(folder: Path) -> Path:
    """A project of poetry, whose lock is read together with its manifest."""
    for name in ("poetry.lock", "pyproject.toml"):
        shutil.copy(POETRY / name, folder)
    judge_lock(Reader(), str(folder / "poetry.lock"))
    return folder


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def agree(path: Path) -> None:
    assert same(judge_lock(Reader(), str(path)), judge_lock(Reader(), str(path), anew=True))
    assert same(read_lock(Reader(), str(path)), read_lock(Reader(), str(path), anew=True))


def test_a_change_of_the_lock_is_seen(project: Path, parses: Parses) -> None:
    changed(project / "poetry.lock", "sha256:", "md5:")
    agree(project / "poetry.lock")
    assert parses.parsed == 1


def test_a_change_of_the_manifest_is_seen(project: Path, parses: Parses) -> None:
    changed(project / "pyproject.toml", "requests", "requests-toolbelt")
    agree(project / "poetry.lock")
    assert parses()[:2] == (1, 1)
    (project / "pyproject.toml").unlink()
    agree(project / "poetry.lock")
    assert parses()[:2] == (2, 2)


def test_what_is_touched_and_equal_is_not_parsed_again(project: Path, parses: Parses) -> None:
    for name in ("poetry.lock", "pyproject.toml"):
        (project / name).write_bytes((project / name).read_bytes())
    agree(project / "poetry.lock")
    assert parses()[:2] == (0, 0)


def test_a_copy_elsewhere_is_parsed_with_its_own_paths(project: Path, parses: Parses) -> None:
    shutil.copytree(project, project / "copy")
    found = read_lock(Reader(), str(project / "copy" / "poetry.lock"))
    assert found.path == str(project / "copy" / "poetry.lock")
    assert parses.parsed == 1


def test_an_error_is_the_error_of_the_reader_each_time(project: Path) -> None:
    (project / "poetry.lock").write_text("[[package", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(LockfileError, match="is not valid TOML"):
            read_lock(Reader(), str(project / "poetry.lock"))
        with pytest.raises(LockfileError, match="is not valid TOML"):
            judge_lock(Reader(), str(project / "poetry.lock"))


def test_a_revision_and_the_index_share_what_is_equal(project: Path, parses: Parses) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=project, check=True)

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    (project / "poetry.lock").write_text("gone", encoding="utf-8")
    for reader in (revision_reader(str(project), "HEAD"), index_reader(str(project))):
        assert read_lock(reader, str(project / "poetry.lock")).format == "poetry"
    assert parses()[0] == 0


def test_what_git_has_is_not_read_where_its_lock_is_known(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=project, check=True)

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    path, asked = str(project / "poetry.lock"), []
    blob = Git.blob

    def counted(self: Git, digest: str, limit: int) -> bytes | int:
        asked.append(digest)
        return blob(self, digest, limit)

    monkeypatch.setattr(Git, "blob", counted)
    lock = index_reader(str(project)).identity(path)
    expected = judge_lock(index_reader(str(project)), path)
    assert asked.count(str(lock)) == 1
    assert same(judge_lock(index_reader(str(project)), path), expected)
    assert same(read_lock(revision_reader(str(project), "HEAD"), path), expected[0])
    assert asked.count(str(lock)) == 1
    # Another lock is another name of git's.
    changed(project / "poetry.lock", "sha256:", "md5:")
    git("add", ".")
    assert judge_lock(index_reader(str(project)), path) != expected
    # Where the lock was lost and its digest was not, it is read and parsed anew.
    real = results.recall_with_text

    def recall(key: tuple[str, ...], reader: Reader) -> tuple[Any, str]:
        return real(key, reader) if key[0] == "content" else (None, "")

    monkeypatch.setattr(results, "recall_with_text", recall)
    assert same(judge_lock(revision_reader(str(project), "HEAD"), path), expected)
    assert asked.count(str(lock)) == 2


def test_a_date_in_a_lock_is_read_and_not_kept(folder: Path, parses: Parses) -> None:
    text = 'version = 1\nrevision = 5\nrequires-python = ">=3.11"\n[options]\nexclude-newer = 2026-01-01\n'
    (folder / "uv.lock").write_text(text, encoding="utf-8")
    agree(folder / "uv.lock")
    agree(folder / "uv.lock")
    assert parses()[:2] == (4, 1)


@pytest.mark.parametrize("damage", ["result", "shape"])
def test_what_was_kept_and_is_damaged_is_parsed_again(
    project: Path, parses: Parses, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    real = results.recall_with_text
    broken = {"result": "what is this", "shape": [[1, [], []]]}[damage]

    def recall(key: tuple[str, ...], reader: Reader) -> tuple[Any, str]:
        found, text = real(key, reader)
        return (found and broken, text)

    monkeypatch.setattr(results, "recall_with_text", recall)
    agree(project / "poetry.lock")
    assert parses()[:2] == (2, 1)


def test_reading_again_imports_neither_a_parser_nor_what_compares(project: Path) -> None:
    code = (
        "import sys; from envguard import answers, trace; trace.Trace.settled = lambda _: True; answers._CODE = ('envguard',)\n"
        "from envguard.lockfiles import judge_lock; from envguard.reader import Reader\n"
        "judge_lock(Reader(), sys.argv[1])\n"
        "print(*sorted(name for name in sys.modules if name.partition('.')[0] in ('envguard', 'packaging', 'tomli', 'tomllib')))"
    )

    def modules() -> set[str]:
        command = [sys.executable, "-c", code, str(project / "poetry.lock")]
        return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

    shutil.rmtree(os.environ["ENVGUARD_CACHE_DIR"])
    first, second = modules(), modules()
    assert {"tomli", "packaging", "envguard.lockfiles.poetry.reader", "envguard.lockfiles.consistency"} <= first
    assert not [name for name in second if not name.startswith("envguard")]
    assert {name for name in second if name.startswith("envguard.lockfiles")} == {
        "envguard.lockfiles",
        "envguard.lockfiles.compiled",
        "envguard.lockfiles.formats",
        "envguard.lockfiles.model",
    }
