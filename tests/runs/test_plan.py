"""What has to be restored: commands that a shell takes and git obeys, and none from what nobody should run."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.runs.plan import Step, plan
from tests.receipts.specimens import ANSWER, SECTIONS

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "ab" * 20


def receipt(**observed: Any) -> dict[str, Any]:
    process = {"argv": ["train.py"], "command": ["/app/.venv/bin/python", "train.py", "--lr", "1e-3"], "folder": "/app"}
    return {
        **ANSWER,
        **SECTIONS,
        "observed": {**ANSWER["observed"], **observed},
        "process": {**process, "python": "/app/.venv/bin/python", "pid": 1, "environment": {}},
        "files": {},
    }


def told(document: dict[str, Any], path: str = "/app/r.json") -> dict[str, Step]:
    return {step.title: step for step in plan(document, path)}


def test_a_whole_plan_in_its_order() -> None:
    code = {
        "commit": COMMIT,
        "remote": "https://git.example/team/train.git",
        "pushed": False,
        "clean": False,
        "project": "packages/app",
        "submodules": {"lib": {}},
        "patch": {"sha256": "0" * 64, "left-out": {"big.bin": "it is too large"}},
    }
    document = receipt(code=code)
    document["files"] = {"patch": {"name": "r.patch", "bytes": 1, "sha256": "0" * 64}}
    assert plan(document, "/app/runs/r.json") == [
        Step(
            title="code",
            commands=(
                "git clone -- https://git.example/team/train.git train",
                "cd train",
                f"git checkout --detach {COMMIT}",
                "git submodule update --init --recursive",
            ),
            notes=("the commit was not pushed when the run began: the remote may not have it",),
        ),
        Step(
            title="uncommitted changes",
            commands=("git apply --binary -- /app/runs/r.patch",),
            notes=("not in the patch: big.bin (it is too large)",),
        ),
        Step(title="folder of the project", commands=("cd -- packages/app",)),
        Step(title="interpreter", commands=("uv python install 3.11.7",), notes=("null 3.11.7",)),
        Step(
            title="packages",
            commands=("uv sync --locked --extra cu130",),
            notes=("uv.lock is the one whose digest is blake3:" + "1c" * 32,),
        ),
        Step(
            title="data",
            commands=("envguard data verify raw",),
            notes=("raw: data/raw with the root blake3:" + "5d" * 32,),
        ),
        Step(title="machine"),
        Step(title="variables", commands=("export MKL_CBWR=AVX2",)),
        Step(
            title="run",
            commands=("envguard run --seed 42 --level host-to-host -- python train.py --lr 1e-3",),
            notes=("in the environment that was installed",),
        ),
    ]


def test_what_cannot_be_restored_is_said() -> None:
    found = told(receipt(code={"commit": COMMIT, "clean": False}, lock=None, facts={}, data=None))
    assert found["code"].notes == ("the receipt names no remote to clone from: begin in a clone that has the commit",)
    assert found["uncommitted changes"] == Step(
        title="uncommitted changes",
        notes=(
            'there were some, and no patch was kept (code = "diff" in the settings keeps one): they cannot be restored',
        ),
    )
    assert found["packages"].commands == ()
    assert told(receipt(code=None))["code"].notes == ("the receipt names no commit: restore the code by hand",)


def test_what_was_left_out_of_a_command_is_to_be_filled_in() -> None:
    document = receipt()
    document["process"]["command"] = ["python", "train.py", "--token", "[redacted]"]
    document["process"]["folder"] = "/elsewhere"
    step = told(document)["run"]
    assert step.commands[0].endswith("-- python train.py --token '[redacted]'")
    assert "[redacted] stands for what must be filled in" in step.notes
    assert "it was started in /elsewhere" in step.notes


@pytest.mark.parametrize(
    "remote",
    [
        "ext::sh -c touch% /tmp/pwned",
        "--upload-pack=touch /tmp/pwned",
        "fd::17",
        "-x",
        "https://a b",
        "",
        None,
        5,
        "x:y\nz",
    ],
)
def test_no_remote_that_git_would_run_is_named(remote: Any) -> None:
    found = told(receipt(code={"commit": COMMIT, "remote": remote}))["code"]
    assert found.commands == (f"git checkout --detach {COMMIT}",)


@pytest.mark.parametrize(
    "remote",
    [
        "https://h.example/a.git",
        "ssh://git@h.example:22/a",
        "git@h.example:team/a.git",
        "/srv/git/a.git",
        "file:///srv/a",
    ],
)
def test_remotes_that_are_only_fetched_from_are(remote: str) -> None:
    found = told(receipt(code={"commit": COMMIT, "remote": remote}))["code"]
    assert found.commands[0] == f"git clone -- {shlex.quote(remote)} a"


@pytest.mark.parametrize("commit", ["HEAD; rm -rf ~", "--force", "main", "AB" * 20, None, 7])
def test_what_is_no_commit_is_not_checked_out(commit: Any) -> None:
    assert told(receipt(code={"commit": commit}))["code"].commands == ()


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
TEXT = st.text(max_size=12) | st.sampled_from(
    ["$(touch pwned)", "`id`", "; rm -rf ~", "a\nb", "\x1b[2J", "-rf", "--", "'"]
)


@settings(deadline=None)
@given(TEXT, TEXT, JSON, JSON)
def test_whatever_a_receipt_says_is_words_of_one_command(text: str, other: str, code: Any, data: Any) -> None:
    document = receipt(
        code={"commit": COMMIT, "remote": text, "project": other, "submodules": code, "patch": data, "pushed": text},
        lock={"path": f"{text}uv.lock", "digest": other},
        selection={"extras": [text], "groups": [other], "packages": [text], "default-groups": True},
        data={"verified": True, "left-out": other, "trees": {text: data, other: {"named": text, "root": other}}},
        facts={"interpreter.version": text, "cpu.model": other, f"variable.{text}": other, "variable.X": text},
    )
    document["process"].update(command=[text, other], folder=text)
    commands = [command for step in plan(document, f"/runs/{text}.json") for command in step.commands]
    words = [shlex.split(command) for command in commands]
    assert {first for first, *_ in words} <= {"git", "cd", "uv", "envguard", "export"}
    assert all(command.isprintable() for command in commands)
    # What a shell makes of each: the words that we meant, and nothing that it would do.
    script = "\n".join(f"printf '%s\\0' {command}" for command in commands)
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode() == "".join(f"{word}\0" for line in words for word in line)


def test_git_restores_a_dirty_state_by_it(folder: Path) -> None:
    """The plan in earnest: a repository with changes, captured as envguard captures them, restored from its commands."""
    home = folder / "home"
    work = folder / "origin"
    work.mkdir()
    home.mkdir()

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=work, capture_output=True, text=True, check=True)
        return done.stdout

    git("init", "--quiet", "--initial-branch=main")
    (work / "app").mkdir()
    (work / "app/train.py").write_text("lr = 1\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    commit = git("rev-parse", "HEAD").strip()
    (work / "app/train.py").write_text("lr = 2\n")
    (work / "app/weights.bin").write_bytes(bytes(range(256)))
    git("add", "--intent-to-add", ".")
    patch = subprocess.run(
        ["git", "diff", "--binary", "--full-index", "HEAD"], cwd=work, capture_output=True, check=True
    ).stdout
    (folder / "r.patch").write_bytes(patch)
    git("commit", "--quiet", "--all", "--message", "later")
    document = receipt(code={"commit": commit, "remote": str(work), "clean": False, "project": "app"}, data=None)
    document["files"] = {"patch": {"name": "r.patch", "bytes": len(patch), "sha256": "0" * 64}}
    steps = [
        step
        for step in plan(document, str(folder / "r.json"))
        if step.title in ("code", "uncommitted changes", "folder of the project")
    ]
    script = "\n".join(["set -e", *(command for step in steps for command in step.commands), "pwd"])
    done = subprocess.run(
        ["sh", "-c", script], cwd=home, capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout.splitlines()[-1] == str(home / "origin/app")
    assert (home / "origin/app/train.py").read_text() == "lr = 2\n"
    assert (home / "origin/app/weights.bin").read_bytes() == bytes(range(256))
