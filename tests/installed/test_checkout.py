"""The commit of a checkout, read from git's own files as git itself writes them."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from envguard.installed.checkout import checked_out
from envguard.reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "3d79d3ed2b1b9d9d6b1a0f5a6f0a9c5a1e6f5a11"


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(folder: Path) -> Path:
    git(folder, "init", "--initial-branch=topic/one")
    for word in ("one", "two"):
        git(folder, "commit", "--allow-empty", "-m", word)
    return folder


STATES: dict[str, list[list[str]]] = {
    "a branch": [],
    "a branch in packed-refs": [["pack-refs", "--all"]],
    "a commit": [["checkout", "--detach", "HEAD~1"]],
    "a tag": [["tag", "v1"], ["checkout", "v1"]],
    "a branch that moved on after packing": [["pack-refs", "--all"], ["commit", "--allow-empty", "-m", "three"]],
}


@pytest.mark.parametrize("state", STATES)
def test_the_commit_is_the_one_that_git_names(repository: Path, state: str) -> None:
    for arguments in STATES[state]:
        git(repository, *arguments)
    assert checked_out(Reader(), str(repository)) == git(repository, "rev-parse", "HEAD")


def test_a_commit_of_a_repository_with_sha256_is_one_too(folder: Path) -> None:
    git(folder, "init", "--object-format=sha256")
    git(folder, "commit", "--allow-empty", "-m", "one")
    assert checked_out(Reader(), str(folder)) == git(folder, "rev-parse", "HEAD")


ODD = ["", "ref: refs/heads/gone", "ref: refs/../../secret", "ref: HEAD", "not a commit", "ref: refs/\0", "\udcff"]


@pytest.mark.parametrize("head", ODD, ids=range(len(ODD)))
def test_what_does_not_tell_is_unknown(folder: Path, head: str) -> None:
    (folder / ".git").mkdir()
    (folder / "secret").write_text(COMMIT)
    (folder / ".git" / "HEAD").write_bytes(head.encode("utf-8", "surrogateescape"))
    assert checked_out(Reader(), str(folder)) is None


def test_what_is_no_checkout_is_unknown(folder: Path) -> None:
    assert checked_out(Reader(), str(folder)) is None
    (folder / ".git").write_text("gitdir: /somewhere/else\n")
    assert checked_out(Reader(), str(folder)) is None
    os.remove(folder / ".git")
    (folder / ".git" / "HEAD").mkdir(parents=True)
    assert checked_out(Reader(), str(folder)) is None
