"""Where a work tree stands, in every kind of clone and in the middle of things."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from envguard.errors import RepositoryError
from envguard.model import CodePolicy
from envguard.reader import Reader
from envguard.repository.document import document, summary
from envguard.repository.heads import head
from envguard.repository.look import NO_REPOSITORY, look_at
from envguard.repository.places import find_root, places
from envguard.repository.sealed import settings_of

from .conftest import Repository, another

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.repository.model import Code, Head


def seen(repository: Repository, reader: Reader | None = None) -> Head:
    where = places(str(repository.folder))
    return head(reader or Reader(), where, settings_of(where))


def code_of(repository: Repository, policy: CodePolicy | None = None, **more: Any) -> Code:
    code = look_at(Reader(), str(repository.folder), policy=policy, running=False, limit=10**6, **more)
    assert code is not None
    return code


def clone(source: Repository, folder: Path, *options: str) -> Repository:
    source.git("config", "uploadpack.allowFilter", "true")
    source.git("clone", "-q", *options, f"file://{source.folder}", str(folder))
    return Repository(folder.resolve())


def commit_of(repository: Repository) -> str:
    return repository.git("rev-parse", "HEAD").strip()


def test_a_branch_that_nobody_else_has(committed: Repository) -> None:
    found = seen(committed)
    assert (found.commit, found.branch) == (commit_of(committed), "main")
    assert (found.pushed, found.kept, found.remote, found.operation) == (False, True, None, None)
    assert [found.shallow, found.partial, found.linked, found.sparse] == [False] * 4


def test_what_a_remote_has_is_pushed_whatever_the_branch(committed: Repository, tmp_path: Path) -> None:
    other = clone(committed, tmp_path / "clone")
    assert seen(other).pushed
    other.git("checkout", "-q", "-b", "mine/deep")
    assert (seen(other).branch, seen(other).pushed) == ("mine/deep", True)
    other.commit()
    assert (seen(other).pushed, seen(other).kept) == (False, True)


def test_detached(committed: Repository, tmp_path: Path) -> None:
    other = clone(committed, tmp_path / "clone")
    other.git("checkout", "-q", "--detach")
    assert (seen(other).branch, seen(other).pushed, seen(other).kept) == (None, True, True)
    other.commit()
    assert (seen(other).pushed, seen(other).kept) == (False, False)
    other.git("tag", "v1")
    assert seen(other).kept


def test_a_shallow_clone_cannot_tell_what_was_pushed(committed: Repository, tmp_path: Path) -> None:
    committed.commit()
    other = clone(committed, tmp_path / "clone", "--depth=1")
    assert (seen(other).shallow, seen(other).pushed) == (True, True)
    other.commit()
    assert (seen(other).pushed, seen(other).kept) == (None, True)
    assert code_of(other, CodePolicy.CLEAN).worktree is not None
    assert code_of(other).unread is None


def test_a_partial_clone_fetches_nothing(committed: Repository, tmp_path: Path) -> None:
    committed.write("data.txt", "1\n")
    committed.commit()
    committed.write("data.txt", "2\n")
    committed.commit()
    other = clone(committed, tmp_path / "clone", "--filter=blob:none")
    assert seen(other).partial
    before = other.git("count-objects", "-v")
    assert code_of(other, CodePolicy.DIFF).unread is None
    other.write("data.txt", "3\n", add=False)
    assert code_of(other, CodePolicy.DIFF).unread is None
    other.git("reset", "-q", "--soft", "HEAD~")
    code = code_of(other, CodePolicy.DIFF)
    # The old content is not here, and a fetch would ask a network: it is unknown.
    assert code.worktree is not None
    assert code.worktree.staged.first == ("data.txt",)
    assert code.patch is None
    assert code.unread is not None
    assert "the repository does not have the object" in code.unread
    assert other.git("count-objects", "-v").splitlines()[2:4] == before.splitlines()[2:4]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("MERGE_HEAD", "merge"),
        ("rebase-merge", "rebase"),
        ("rebase-apply", "rebase"),
        ("CHERRY_PICK_HEAD", "cherry-pick"),
        ("REVERT_HEAD", "revert"),
        ("BISECT_LOG", "bisect"),
    ],
)
def test_what_was_begun_and_not_ended(committed: Repository, name: str, word: str) -> None:
    committed.write(f".git/{name}", "x", add=False)
    assert seen(committed).operation == word


def test_a_linked_and_a_sparse_work_tree(committed: Repository, tmp_path: Path) -> None:
    committed.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = Repository((tmp_path / "side").resolve())
    assert (seen(side).linked, seen(side).branch) == (True, "side")
    committed.git("sparse-checkout", "set", "lib")
    assert seen(committed).sparse


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://ada:secret@index.example/demo.git", "https://index.example/demo.git"),
        ("https://token@index.example/demo.git", "https://index.example/demo.git"),
        ("git@index.example:ada/demo.git", "git@index.example:ada/demo.git"),
        ("../demo.git", "../demo.git"),
    ],
)
def test_the_remote_is_told_without_credentials(committed: Repository, url: str, told: str) -> None:
    committed.git("remote", "add", "origin", url)
    assert seen(committed).remote == told
    text = json.dumps(document(code_of(committed), str(committed.folder)))
    assert "secret" not in text
    committed.git("config", "remote.upstream.url", "https://index.example/up.git")
    committed.git("config", "branch.main.remote", "upstream")
    assert seen(committed).remote == "https://index.example/up.git"


def test_before_the_first_commit_and_a_damaged_repository(repository: Repository) -> None:
    assert (seen(repository).commit, seen(repository).branch) == (None, "main")
    assert summary(code_of(repository)) == "no commit yet (main), nothing uncommitted"
    repository.write(".git/refs/heads/main", "1" * 40 + "\n", add=False)
    with pytest.raises(RepositoryError):
        seen(repository)
    repository.write(".git/HEAD", "1" * 40 + "\n", add=False)
    with pytest.raises(RepositoryError, match="HEAD leads to a commit that is not there"):
        seen(repository)
    repository.write(".git/HEAD", "", add=False)
    code = code_of(repository)
    assert code.unread is not None


CHANGES = {
    "a commit": lambda r: r.commit(),
    "another branch": lambda r: r.git("checkout", "-q", "-b", "other"),
    "packed references": lambda r: r.git("pack-refs", "--all"),
    "a fetched branch": lambda r: r.git("update-ref", "refs/remotes/origin/deep/er", "HEAD"),
    "a deeper branch": lambda r: r.git("update-ref", "refs/heads/a/b/c", "HEAD"),
    "a remote": lambda r: r.git("remote", "add", "origin", "../x"),
    "a merge": lambda r: r.write(".git/MERGE_HEAD", "x", add=False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_moves_head_or_what_is_told_of_it_is_in_the_trace(committed: Repository, change: str) -> None:
    from envguard.trace import holds

    reader = Reader()
    seen(committed, reader)
    assert holds(reader.trace.files, reader.trace.values, {})
    CHANGES[change](committed)
    assert not holds(reader.trace.files, reader.trace.values, {})


def test_no_repository_and_one_around_the_project(committed: Repository, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    code = look_at(Reader(), str(outside), policy=CodePolicy.CLEAN, running=False, limit=1)
    assert code is not None
    assert (code.root, code.unread) == (None, NO_REPOSITORY)
    assert code.hint == 'git init; or, if the code is not to be looked at: code = "off" in the settings'
    assert find_root(Reader(), str(committed.folder / "lib")) == str(committed.folder)
    found = look_at(Reader(), str(committed.folder / "lib"), policy=None, running=False, limit=1)
    assert found is not None
    assert document(found, str(committed.folder / "lib"))["project"] == "lib"
    assert look_at(Reader(), str(outside), policy=CodePolicy.OFF, running=True, limit=1) is None


def test_a_bare_repository_is_found_and_told(committed: Repository, tmp_path: Path) -> None:
    committed.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    code = look_at(Reader(), str(tmp_path / "bare.git"), policy=CodePolicy.CLEAN, running=False, limit=1)
    assert code is not None
    assert code.unread == "the repository is bare: it has no work tree, so nobody can say what lies beside it"


def test_a_hook_sees_the_index_that_git_made_for_it(committed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """``git commit --all`` in a real hook: what it will commit is staged there, and nowhere else."""
    committed.write("train.py", "2\n", add=False)
    seen_by_hook = committed.folder.parent / "seen"
    hook = committed.folder / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f'#!/bin/sh\necho "$GIT_INDEX_FILE" > {seen_by_hook}\ncp "$GIT_INDEX_FILE" .git/kept.lock\nexit 1\n'
    )
    hook.chmod(0o755)
    committed.git("commit", "-q", "--all", "-m", "x", check=False)
    assert seen_by_hook.read_text().strip().endswith(".lock")
    monkeypatch.chdir(committed.folder)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/kept.lock")
    worktree = code_of(committed).worktree
    assert worktree is not None
    assert (worktree.staged.first, worktree.unstaged.first) == (("train.py",), ())
    running = look_at(Reader(), str(committed.folder), policy=None, running=True, limit=1)
    assert running is not None
    assert running.worktree is not None
    assert running.worktree.unstaged.first == ("train.py",), "a run is none of git's hooks"
    monkeypatch.setenv("GIT_INDEX_FILE", str(another(committed.folder.parent / "x").folder / ".git/index"))
    worktree = code_of(committed).worktree
    assert worktree is not None
    assert worktree.unstaged.first == ("train.py",), "an index of another repository is not this one's"


def test_the_document_names_no_folder_of_this_machine(committed: Repository) -> None:
    committed.write("train.py", "2\n", add=False)
    for policy in (None, CodePolicy.CLEAN, CodePolicy.DIFF):
        told = document(code_of(committed, policy), str(committed.folder))
        assert str(committed.folder) not in json.dumps(told)
        assert told["changes"]["changed"] == {"count": 1, "first": ["train.py"]}
    assert summary(code_of(committed)) == f"commit {commit_of(committed)[:12]} (main), 1 changed (train.py)"
    assert os.path.isdir(committed.folder)


def test_the_repository_of_a_home_folder_is_not_that_of_the_projects_in_it(
    committed: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = committed.folder / "project"
    project.mkdir()
    assert find_root(Reader(), str(project)) == str(committed.folder)
    monkeypatch.setenv("HOME", str(committed.folder))
    assert find_root(Reader(), str(project)) is None
    assert find_root(Reader(), str(committed.folder)) == str(committed.folder)
