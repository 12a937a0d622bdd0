"""enforce() in a repository: it refuses code that no commit holds, and says which."""

from __future__ import annotations

import importlib.util
import json
import os
import py_compile
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.guarded import MANIFEST, Project
from tests.repository.conftest import Repository

if TYPE_CHECKING:
    from pathlib import Path

SETTLED = """
import envguard.trace as t
t.LOCAL_SLACK_NS = t.FOREIGN_SLACK_NS = 0  # the files of a test are younger than what can be trusted in earnest
"""
TRAIN = """\
import envguard
import json
import sys
import helper
{settled}
run = envguard.enforce(seed=42)
modules = [name for name in ("envguard.check", "envguard.child", "subprocess") if name in sys.modules]
print(json.dumps([run.receipt.observed["code"], run.receipt.verdict, modules]))
"""


class Versioned(Project):
    """A guarded project in a repository of its own; what *policy* its settings choose, if any."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.repository = Repository(folder)
        self.repository.git("init", "-q", "-b", "main")
        (folder / "helper.py").write_text("VALUE = 1\n")
        (folder / "train.py").write_text(TRAIN.format(settled=""))
        self.record()
        self.commit()

    def commit(self) -> None:
        self.repository.git("add", "-A")
        self.repository.commit()

    def choose(self, policy: str) -> None:
        (self.folder / "pyproject.toml").write_text(f'{MANIFEST}code = "{policy}"\n')
        self.commit()

    def run(self, **environ: str) -> subprocess.CompletedProcess[str]:
        return self.python("train.py", PYTHONDONTWRITEBYTECODE="1", **environ)

    def code(self, **environ: str) -> dict[str, object]:
        done = self.run(**environ)
        assert done.returncode == 0, done.stderr
        found: dict[str, object] = json.loads(done.stdout)[0]
        return found


@pytest.fixture
def project(folder: Path) -> Versioned:
    return Versioned(folder)


def told(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    return " ".join(done.stderr.split())


def test_what_is_committed_may_run_and_the_receipt_names_it(project: Versioned) -> None:
    code = project.code()
    commit = project.repository.git("rev-parse", "HEAD").strip()
    assert code["commit"] == commit
    assert code["tree"] == project.repository.git("rev-parse", "HEAD^{tree}").strip()
    assert (code["policy"], code["branch"], code["clean"]) == ("committed-imports", "main", True)
    assert code["imports"] == {
        "main": "script",
        "files": 2,
        "committed": 2,
        "others": {},
        "commits": {".": commit},
    }


def test_a_changed_module_is_refused_and_a_changed_note_is_not(project: Versioned) -> None:
    (project.folder / "notes.txt").write_text("x")
    code = project.code()
    assert code["clean"] is False
    assert code["changes"] == {"untracked": {"count": 1, "first": ["notes.txt"]}}
    (project.folder / "helper.py").write_text("VALUE = 2\n")
    commit = project.repository.git("rev-parse", "HEAD").strip()
    text = told(project.run())
    assert (
        f"EG602 [changed-import] helper.py is not what its commit holds expected its content in commit {commit} "
        "found loaded as helper error can change numbers "
        "why the commit in the receipt would name other code than the one that gave the result "
        f'hint: git -C {project.folder} commit helper.py; or code = "diff" in the settings keeps such changes with the receipt'
    ) in text
    done = project.run(ENVGUARD="warn")
    assert done.returncode == 0
    assert json.loads(done.stdout)[0]["imports"]["others"] == {"helper.py": "changed"}


def test_bytecode_in_the_place_of_a_committed_module_is_refused_also_where_a_clean_answer_was_kept(
    project: Versioned,
) -> None:
    (project.folder / ".git/info/exclude").write_text("__pycache__/\n")
    (project.folder / "train.py").write_text(TRAIN.format(settled=SETTLED))
    project.commit()
    for _ in range(2):
        assert project.run().returncode == 0
    other = project.folder / "__pycache__/other-source"
    other.parent.mkdir(exist_ok=True)
    other.write_text("VALUE = 2\n")
    made = importlib.util.cache_from_source(str(project.folder / "helper.py"))
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(other), cfile=made, dfile="helper.py", invalidation_mode=mode)
    text = told(project.run())
    assert "EG602 [changed-import] helper.py is not what ran: the bytecode in its place is not made from it" in text
    assert f"hint: rm {made}" in text
    os.unlink(made)
    assert project.run().returncode == 0


@pytest.mark.parametrize(
    "flags", [("--assume-unchanged",), ("--skip-worktree",), ("--assume-unchanged", "--skip-worktree")]
)
def test_what_git_looks_away_from_is_refused_and_the_hint_mends_it(project: Versioned, flags: tuple[str, ...]) -> None:
    for flag in flags:
        project.repository.git("update-index", flag, "helper.py")
    (project.folder / "helper.py").write_text("VALUE = 2\n")
    done = project.run()
    hints = [line.strip().removeprefix("hint: ") for line in done.stderr.splitlines() if "hint: " in line]
    assert len(hints) == 2
    (commit,) = (hint.partition("; or ")[0] for hint in hints if "commit" in hint)
    who = {f"GIT_{who}_{what}": "ada" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    mended = subprocess.run(
        ["sh", "-c", f"{commit} -m mended"], env={**os.environ, **who}, capture_output=True, text=True, check=False
    )
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert project.run().returncode == 0


def test_an_untracked_script_is_refused(project: Versioned) -> None:
    """What Sacred's ``--enforce_clean`` lets pass."""
    (project.folder / "train.py").rename(project.folder / "other.py")
    project.commit()
    (project.folder / "train.py").write_text((project.folder / "other.py").read_text())
    text = told(project.run())
    assert "EG603 [untracked-import] train.py is in no commit" in text
    assert f"hint: git -C {project.folder} add train.py, then git -C {project.folder} commit" in text


def test_clean_asks_it_of_every_file(project: Versioned) -> None:
    project.choose("clean")
    assert project.code()["clean"] is True
    (project.folder / "notes.txt").write_text("x")
    assert "EG601 [uncommitted-changes] 1 file is not followed by git: notes.txt" in told(project.run())


def test_diff_keeps_what_differs_and_refuses_what_it_cannot_keep(project: Versioned) -> None:
    project.choose("diff")
    (project.folder / "helper.py").write_text("VALUE = 2\n")
    (project.folder / "notes.txt").write_text("x")
    patch = project.code()["patch"]
    assert isinstance(patch, dict)
    assert (patch["complete"], patch["left-out"]) == (True, {})
    (project.folder / ".env").write_text("PASSWORD=letmein")
    assert "EG608 [incomplete-patch] .env is left out of the patch: its name is one of files with secrets" in told(
        project.run()
    )


def test_off_does_not_look(project: Versioned) -> None:
    project.choose("off")
    (project.folder / "helper.py").write_text("VALUE = 2\n")
    assert project.code() is None


def test_without_git_a_chosen_policy_is_undecided_and_none_chosen_is_told_in_the_receipt(project: Versioned) -> None:
    programs = project.folder.parent / "programs"
    programs.mkdir()
    done = project.run(PATH=str(programs))
    assert (done.returncode, json.loads(done.stdout)[0]["unknown"]) == (0, "git is not installed, or not on the PATH")
    assert done.stderr == (
        "envguard: the state of the code cannot be told: git is not installed, or not on the PATH; "
        "the receipt of this run names no commit for it\nhint: install git, or put it on the PATH\n"
    )
    project.choose("committed-imports")
    text = told(project.run(PATH=str(programs)))
    assert "EG611 [unknown-code] the state of the code cannot be told: git is not installed, or not on the PATH" in text


@pytest.mark.parametrize("shape", ["bare", "somebody else's", "damaged"])
def test_a_repository_that_git_does_not_read_is_loud_where_nobody_chose_too(
    project: Versioned, tmp_path: Path, shape: str
) -> None:
    if shape == "bare":
        project.repository.git("config", "core.bare", "true")
        said = "the repository is bare: it has no work tree"
    elif shape == "damaged":
        (project.folder / ".git/index").write_bytes(b"junk")
        said = "git ls-files failed: the index: index file smaller than expected"
    else:
        # What GIT_TEST_ASSUME_DIFFERENT_OWNER does is kept from git.
        (tmp_path / "git").write_text(
            "#!/bin/sh\necho \"fatal: detected dubious ownership in repository at '/x'\" >&2\nexit 128\n"
        )
        (tmp_path / "git").chmod(0o755)
        said = "git rev-parse failed: the repository belongs to somebody else, so git does not read it"
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    for _ in range(2):
        done = project.run(PATH=path)
        assert done.returncode == 0
        assert done.stderr.startswith(f"envguard: the state of the code cannot be told: {said}")
        assert "the receipt of this run names no commit for it\nhint: git " in done.stderr
        assert json.loads(done.stdout)[0]["unknown"].startswith(said)


def test_a_second_run_is_answered_without_git_and_no_change_is_missed(project: Versioned) -> None:
    (project.folder / "train.py").write_text(TRAIN.format(settled=SETTLED))
    (project.folder / ".gitignore").write_text("*.log\n")
    project.commit()

    def runs() -> list[list[object]]:
        found = [project.run() for _ in range(4)]
        assert [done.stderr for done in found] == [""] * 4
        return [json.loads(done.stdout) for done in found]

    first = runs()
    # Installed files may be hard links into a cache that another test touches: then one answer is derived anew.
    assert [] in [modules for _, _, modules in first[1:]], "no git, and nothing that starts programs"
    assert all(code == first[0][0] for code, _, _ in first)
    (project.folder / "notes.txt").write_text("x")
    changed = runs()
    assert all(code["changes"] == {"untracked": {"count": 1, "first": ["notes.txt"]}} for code, _, _ in changed)  # type: ignore[index]
    assert [] in [modules for _, _, modules in changed[1:]]
    project.repository.commit("another")
    commit = project.repository.git("rev-parse", "HEAD").strip()
    assert all(code["commit"] == commit for code, _, _ in runs())  # type: ignore[index]
    (project.folder / "helper.py").write_text("VALUE = 2\n")
    assert "EG602" in told(project.run())
    project.repository.git("checkout", "-q", "helper.py")
    assert project.run().returncode == 0


def test_check_without_a_process_says_what_differs_and_fails_for_nothing(project: Versioned) -> None:
    (project.folder / "helper.py").write_text("VALUE = 2\n")
    code = "import sys; from envguard.cli import main; sys.exit(main(['check', '--python', sys.executable]))"
    done = project.python("-c", code)
    assert done.returncode == 0, done.stdout
    assert "1 changed (helper.py)" in done.stdout
    project.choose("clean")
    (project.folder / "helper.py").write_text("VALUE = 3\n")
    done = project.python("-c", code)
    assert done.returncode == 1
    assert "EG601 [uncommitted-changes] 1 file is changed: helper.py" in " ".join(done.stdout.split())
