"""An answer about recorded data is kept, and walked for all the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from envguard import _native
from envguard.data import quick
from envguard.walked import Problem

from .conftest import Runs
from .trees import said, settle

if TYPE_CHECKING:
    from .conftest import Cli, Project, Result


CORE = ("envguard._native._core", "envguard._native._core.lib", "envguard._native.trees")


class Walks:
    """Counts how often the data was walked, and how often a check was really made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.walks: list[dict[str, Any]] = []
        self._runs = Runs(monkeypatch)
        real_walk = quick.walk

        def walk(path: str, patterns: Any = (), **more: Any) -> Any:
            self.walks.append(more)
            return real_walk(path, patterns, **more)

        monkeypatch.setattr(quick, "walk", walk)
        settle(monkeypatch)

    @property
    def checks(self) -> int:
        return self._runs.count


@pytest.fixture
def walks(added: Path, monkeypatch: pytest.MonkeyPatch) -> Walks:
    """Make answers of young files be kept, and count."""
    return Walks(monkeypatch)


ASKED = pytest.mark.parametrize("question", [("check",), ("data", "verify")], ids=" ".join)


def warm(cli: Cli, *question: str) -> Result:
    """Ask until the answer is one that the stat cache gave, and is kept."""
    for _ in range(3):
        result = cli(*(question or ("check",)))
        assert result.status == 0
    return result


@ASKED
def test_an_answer_is_given_again_and_the_data_walked_all_the_same(
    cli: Cli, walks: Walks, question: tuple[str, ...]
) -> None:
    kept = warm(cli, *question)
    assert "(unchanged files by the stat cache)" in kept.out
    walked, checked = len(walks.walks), walks.checks
    assert cli(*question) == kept
    assert (len(walks.walks), walks.checks) == (walked + 1, checked)


@ASKED
def test_an_answer_that_read_every_file_is_given_again_as_one_of_the_stat_cache(
    cli: Cli, walks: Walks, question: tuple[str, ...]
) -> None:
    shutil.rmtree(Path(os.environ["ENVGUARD_CACHE_DIR"]), ignore_errors=True)
    first = cli(*question)
    assert "(every file was read)" in first.out
    second = cli(*question)
    assert walks.checks == 1
    assert second.out == first.out.replace("(every file was read)", "(unchanged files by the stat cache)")
    assert cli(*question) == second
    assert walks.checks == 1


def test_an_answer_of_verify_does_not_outlive_another_record(cli: Cli, recorded: Project, walks: Walks) -> None:
    warm(cli, "data", "verify")
    baseline = recorded.folder / "envguard.lock"
    text = baseline.read_text(encoding="utf-8")
    baseline.write_text(re.sub(r'("root": "blake3:).{4}', r"\g<1>0000", text), encoding="utf-8")
    checked = walks.checks
    assert cli("data", "verify").status == 1
    assert walks.checks == checked + 1


def test_full_verification_neither_keeps_nor_takes_an_answer(cli: Cli, walks: Walks) -> None:
    for _ in range(2):
        assert "(every file was read)" in cli("data", "verify", "--full").out
    assert walks.checks == 2


@ASKED
@pytest.mark.parametrize("change", ["content", "restored", "added", "removed", "renamed", "gone", "problem"])
def test_no_answer_outlives_a_change_of_the_data(
    cli: Cli, added: Path, walks: Walks, change: str, question: tuple[str, ...]
) -> None:
    warm(cli, *question)
    checked = walks.checks
    path = added / "a"
    before = path.stat()
    match change:
        case "content":
            path.write_bytes(b"other words")
        case "restored":
            path.write_bytes(b"FIRST")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        case "added":
            (added / "empty").touch()
        case "removed":
            path.unlink()
        case "renamed":
            path.rename(added / "z")
        case "gone":
            shutil.rmtree(added)
        case "problem":
            (added / "gone").symlink_to("nowhere")
        case _:
            raise AssertionError(change)
    result = cli(*question)
    assert walks.checks == checked + 1
    assert result.status == (3 if change == "problem" else 1)
    assert "EG50" in result.out


def test_a_tree_with_problems_is_never_an_answer_to_keep(
    cli: Cli, recorded: Project, added: Path, walks: Walks
) -> None:
    text = recorded.manifest.read_text(encoding="utf-8")
    waiver = '[[tool.envguard.waivers]]\nrule = "data-unreadable"\nsubject = "raw"\nreason = "a trial"\n'
    recorded.manifest.write_text(f"{text}\n{waiver}", encoding="utf-8")
    (added / "gone").symlink_to("nowhere")
    for _ in range(4):
        assert cli("check").status == 0
    assert walks.checks == 4


def test_another_sample_is_drawn_each_time_and_belongs_to_the_question(
    cli: Cli, recorded: Project, walks: Walks
) -> None:
    text = recorded.manifest.read_text(encoding="utf-8")
    recorded.manifest.write_text(f"{text}\n[tool.envguard.data]\nsample = 0.5\n", encoding="utf-8")
    warm(cli)
    cli("check")
    assert {walk["sample"] for walk in walks.walks} == {0.5}


def test_what_a_sample_finds_while_an_answer_is_looked_at_is_not_lost(
    cli: Cli, added: Path, walks: Walks, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm(cli)
    counted = quick.walk

    def walk(*arguments: Any, **more: Any) -> Any:
        monkeypatch.setattr(quick, "walk", counted)
        problem = Problem(path=b"a", kind="silent", errno=0)
        found = SimpleNamespace(root=None, problems=(problem,), problem_count=1, files=2, bytes=11)
        return nullcontext(found)

    monkeypatch.setattr(quick, "walk", walk)
    result = cli("check")
    assert result.status == 1
    assert "EG504 [data-silent-change] raw changed without a trace: a" in said(result)


def test_without_the_cache_every_file_is_read(cli: Cli, walks: Walks) -> None:
    warm(cli)
    result = cli("check", "--no-cache")
    assert "(every file was read)" in result.out
    assert walks.walks[-1]["cache"] is False


@ASKED
def test_a_remembered_answer_with_data_imports_what_a_walk_needs(
    cli: Cli, recorded: Project, added: Path, question: tuple[str, ...]
) -> None:
    trust = "import envguard.trace as t; t.LOCAL_SLACK_NS = t.FOREIGN_SLACK_NS = 0"
    ask = f"import sys; before = set(sys.modules); from envguard.cli import main; status = main({list(question)})"
    tell = "print(status, *sorted(set(sys.modules) - before), file=sys.stderr)"
    environ = {**cli.environ, "ENVGUARD_CACHE_DIR": f"{recorded.folder}-cache"}

    def process(*code: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "; ".join(code)]
        return subprocess.run(command, cwd=recorded.folder, env=environ, capture_output=True, text=True, check=True)

    for _ in range(2):
        first = process(trust, ask)
    second = process(ask, tell)
    assert second.stdout == first.stdout
    assert "(unchanged files by the stat cache)" in second.stdout
    ours = [name for name in second.stderr.split() if re.match(r"envguard\.|0$", name)]
    if isinstance(_native._core, ImportError):
        return  # the walk in Python imports what it needs
    assert ours == [
        "0",
        "envguard._native",
        *CORE,
        "envguard.amounts",
        "envguard.answers",
        "envguard.cache",
        "envguard.cli",
        "envguard.cli.answered",
        "envguard.cli.color",
        "envguard.cli.progress",
        "envguard.cli.streams",
        "envguard.data",
        "envguard.data.quick",
        "envguard.data.records",
        "envguard.data.stat_cache",
        "envguard.errors",
        "envguard.launch",
        "envguard.probes",
        "envguard.probes.kernel",
        "envguard.probes.variables",
        "envguard.trace",
        "envguard.trees",
        "envguard.trees.probe",
        "envguard.trees.ranks",
    ]
    heavy = {"dataclasses", "inspect", "typing", "click", "packaging", "numpy", "importlib.metadata", "json", "tomli"}
    assert not heavy & set(second.stderr.split())
