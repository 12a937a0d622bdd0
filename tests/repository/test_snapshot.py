"""What a reader sees of a revision and of the index, whatever the working tree holds."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from envguard.errors import RepositoryError, UnreadableError
from envguard.reader import Reader
from envguard.repository.git import Git
from envguard.repository.listings import Listed, Tree, committed
from envguard.repository.snapshot import index_reader, revision_reader

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.repository.snapshot import SnapshotReader

    from .conftest import Repository


@pytest.fixture
def filled(repository: Repository) -> Repository:
    """A repository with one commit, something staged, and a working tree that is neither."""
    repository.write("uv.lock", "committed\n")
    repository.write("packages/a/pyproject.toml", "a = 1\n")
    repository.write("packages/b/pyproject.toml", "b = 1\n")
    repository.commit()
    repository.write("uv.lock", "staged\n")
    repository.write("new.toml", "new = 1\n")
    repository.git("rm", "-q", "--cached", "packages/b/pyproject.toml")
    repository.write("uv.lock", "working\n", add=False)
    return repository


def text(reader: Reader, path: Path) -> str:
    return reader.read_text(str(path))


def test_each_reader_sees_its_own_state(filled: Repository) -> None:
    lock = filled.folder / "uv.lock"
    assert text(Reader(), lock) == "working\n"
    assert text(index_reader(str(filled.folder)), lock) == "staged\n"
    assert text(revision_reader(str(filled.folder), "HEAD"), lock) == "committed\n"


def test_what_is_there_is_told_by_the_snapshot_alone(filled: Repository) -> None:
    index, head = index_reader(str(filled.folder)), revision_reader(str(filled.folder), "HEAD")
    new, gone, folder = (str(filled.folder / name) for name in ("new.toml", "packages/b/pyproject.toml", "packages/b"))
    assert (index.is_file(new), head.is_file(new)) == (True, False)
    assert (index.exists(gone), head.exists(gone)) == (False, True)
    assert (index.is_dir(folder), head.is_dir(folder)) == (False, True)
    assert index.list_dir(str(filled.folder / "packages")) == ["a"]
    assert head.list_dir(str(filled.folder / "packages")) == ["a", "b"]
    assert index.list_dir(str(filled.folder)) == ["new.toml", "packages", "uv.lock"]
    filled.write("untracked", "x", add=False)
    assert not index.exists(str(filled.folder / "untracked"))


def test_a_sub_folder_of_the_repository_will_do(filled: Repository) -> None:
    reader = index_reader(str(filled.folder / "packages" / "a"))
    assert text(reader, filled.folder / "uv.lock") == "staged\n"
    assert reader.root == str(filled.folder)


def test_where_the_repository_begins_is_there_in_every_snapshot(filled: Repository) -> None:
    index = index_reader(str(filled.folder))
    assert index.exists(str(filled.folder / ".git"))
    assert not index.exists(str(filled.folder / "packages" / ".git"))
    assert index.list_dir(str(filled.folder)) == ["new.toml", "packages", "uv.lock"]


def test_what_lies_outside_is_not_there(filled: Repository, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret", encoding="utf-8")
    reader = index_reader(str(filled.folder))
    for path in (tmp_path / "outside", filled.folder / ".." / "outside", tmp_path):
        assert not reader.exists(str(path))
    with pytest.raises(UnreadableError) as caught:
        reader.read_bytes(str(tmp_path / "outside"))
    assert str(caught.value) == f"{tmp_path}/outside: cannot be read: no such file in the index"


def test_links_are_followed_inside_and_lead_nowhere_outside(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret", encoding="utf-8")
    repository.write("real/uv.lock", "locked\n")
    for name, target in {
        "uv.lock": "real/uv.lock",
        "folder": "real",
        "deep/link": "../folder/uv.lock",
        "out": "../outside",
        "absolute": str(tmp_path / "outside"),
        "loop": "loop",
    }.items():
        (repository.folder / name).parent.mkdir(exist_ok=True)
        (repository.folder / name).symlink_to(target)
        repository.git("add", "--", name)
    reader = index_reader(str(repository.folder))
    for name in ("uv.lock", "folder/uv.lock", "deep/link"):
        assert text(reader, repository.folder / name) == "locked\n"
        assert reader.real_path(str(repository.folder / name)) == str(repository.folder / "real/uv.lock")
    for name in ("out", "absolute", "loop", "folder/missing"):
        assert not reader.exists(str(repository.folder / name))
    assert reader.is_dir(str(repository.folder / "folder"))


def test_a_way_to_the_work_tree_may_go_over_links(filled: Repository, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(filled.folder)
    reader = index_reader(str(tmp_path / "alias"))
    assert text(reader, tmp_path / "alias" / "uv.lock") == "staged\n"


def test_the_index_that_git_names_is_the_one_that_counts(filled: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    # As in "git commit -a": what will be committed stands in another index.
    other = filled.folder / ".git" / "next-index"
    shutil.copy(filled.folder / ".git" / "index", other)
    filled.git("add", "-u", GIT_INDEX_FILE=str(other))
    monkeypatch.chdir(filled.folder)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index")
    for folder in (filled.folder, filled.folder / "packages" / "a"):
        assert text(index_reader(str(folder)), filled.folder / "uv.lock") == "working\n"


def test_a_linked_worktree_has_an_index_of_its_own(filled: Repository, tmp_path: Path) -> None:
    linked = tmp_path.resolve() / "linked"
    filled.git("worktree", "add", "-q", str(linked))
    assert text(index_reader(str(linked)), linked / "uv.lock") == "committed\n"
    assert text(index_reader(str(filled.folder)), filled.folder / "uv.lock") == "staged\n"


def test_a_repository_without_a_commit_has_an_index_and_no_head(repository: Repository) -> None:
    repository.write("uv.lock", "first\n")
    assert text(index_reader(str(repository.folder)), repository.folder / "uv.lock") == "first\n"
    with pytest.raises(RepositoryError) as caught:
        revision_reader(str(repository.folder), "HEAD").exists(str(repository.folder / "uv.lock"))
    assert str(caught.value) == f"{repository.folder}: there is no revision 'HEAD'\nhint: git log"


def test_what_a_merge_left_open_is_named(filled: Repository) -> None:
    filled.commit("staged")
    filled.git("checkout", "-q", "-f", "-b", "other", "HEAD~1")
    filled.write("uv.lock", "theirs\n")
    filled.commit("theirs")
    filled.git("checkout", "-q", "main")
    filled.git("merge", "other", check=False)
    reader = index_reader(str(filled.folder))
    with pytest.raises(UnreadableError) as caught:
        text(reader, filled.folder / "uv.lock")
    assert str(caught.value) == (
        f"{filled.folder}/uv.lock: is not merged yet\nhint: resolve the conflict, then: git add"
    )
    assert reader.identity(str(filled.folder / "uv.lock")) is None


@pytest.mark.parametrize("name", ["a\nb", "ä", "two  spaces", '"quoted"', "a\\b"])
def test_any_name_will_do(repository: Repository, name: str) -> None:
    repository.write(name, "here")
    repository.commit()
    for reader in (index_reader(str(repository.folder)), revision_reader(str(repository.folder), "HEAD")):
        assert text(reader, repository.folder / name) == "here"


def test_a_name_that_is_not_utf8_will_do(repository: Repository) -> None:
    name = os.fsdecode(b"\xff.lock")
    (repository.folder / name).write_text("here", encoding="utf-8")
    repository.git("add", "-A")
    assert index_reader(str(repository.folder)).read_bytes(str(repository.folder / name)) == b"here"


def test_nothing_of_a_repository_is_executed(filled: Repository) -> None:
    trap = filled.folder / "trap"
    script = filled.write("evil.sh", f"#!/bin/sh\ntouch {trap}\ncat\n", add=False)
    script.chmod(0o755)
    filled.write(".gitattributes", "*.lock filter=evil diff=evil\n")
    for key in ("core.fsmonitor", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv", "core.pager"):
        filled.git("config", key, str(script))
    for reader in (index_reader(str(filled.folder)), revision_reader(str(filled.folder), "HEAD")):
        reader.read_bytes(str(filled.folder / "uv.lock"))
    assert not trap.exists()


def test_a_pointer_of_lfs_is_not_taken_for_the_file(repository: Repository) -> None:
    repository.write("uv.lock", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n")
    with pytest.raises(UnreadableError) as caught:
        text(index_reader(str(repository.folder)), repository.folder / "uv.lock")
    assert caught.value.message == "is a pointer of Git LFS in the repository, not the file itself"


def test_a_file_that_is_too_large_is_not_read(filled: Repository) -> None:
    with pytest.raises(UnreadableError) as caught:
        index_reader(str(filled.folder)).read_bytes(str(filled.folder / "uv.lock"), limit=3)
    assert caught.value.message == "is too large: 7 bytes, at most 3 are read"


def test_what_is_read_twice_is_asked_of_git_once(filled: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ask = Git._ask

    def counted(self: Git, what: str, name: str) -> list[bytes]:
        asked.append(what)
        return ask(self, what, name)

    monkeypatch.setattr(Git, "_ask", counted)
    index = index_reader(str(filled.folder))
    head, lock = index.revision("HEAD"), str(filled.folder / "uv.lock")
    for _ in range(2):
        assert (index.read_bytes(lock), head.read_bytes(lock)) == (b"staged\n", b"committed\n")
    assert asked.count("info") == 2
    with pytest.raises(UnreadableError, match="is too large: 7 bytes, at most 3 are read"):
        index.read_bytes(lock, limit=3)
    for number in range(20):
        filled.write(f"more/{number}", str(number))
    more = index_reader(str(filled.folder))
    assert [more.read_bytes(str(filled.folder / "more" / str(number))) for number in range(20)] == [
        str(number).encode() for number in range(20)
    ]
    assert len(more._git._read) <= 16


def test_what_is_asked_for_ahead_is_what_is_read_whatever_is_asked_between(filled: Repository) -> None:
    filled.write("large.lock", "x" * 300_000)
    index = index_reader(str(filled.folder))
    head, lock, large = index.revision("HEAD"), str(filled.folder / "uv.lock"), str(filled.folder / "large.lock")
    assert index.expect(large)
    # One is got ready at a time.
    assert not index.expect(lock)
    assert head.read_bytes(lock) == b"committed\n"
    assert index.read_bytes(large) == b"x" * 300_000
    assert index.expect(lock)
    assert head.list_dir(str(filled.folder / "packages")) == ["a", "b"]
    assert index.read_bytes(lock) == b"staged\n"
    assert not index.expect(lock)
    assert not index.expect(str(filled.folder / "none"))
    assert not Reader().expect(lock)
    assert index.expect(str(filled.folder / "new.toml"))
    index.close()
    assert index.read_bytes(str(filled.folder / "new.toml")) == b"new = 1\n"


def test_what_is_asked_for_ahead_and_is_gone_is_said_when_it_is_read(filled: Repository) -> None:
    index = index_reader(str(filled.folder))
    lock = str(filled.folder / "uv.lock")
    named = index.identity(lock)
    assert named is not None
    shutil.rmtree(filled.folder / ".git" / "objects" / named[:2])
    assert not index.expect(lock)
    with pytest.raises(RepositoryError, match="does not have the object"):
        index.read_bytes(lock)


def test_no_answer_is_kept_of_what_a_snapshot_said(filled: Repository) -> None:
    for reader in (index_reader(str(filled.folder)), revision_reader(str(filled.folder), "HEAD")):
        assert not reader.trace.settled()


@pytest.mark.parametrize("revision", ["nowhere", "HEAD~7", "-q", "--help", "", "HEAD:uv.lock", "a b", "HEAD\0"])
def test_what_is_no_revision_is_one_error(filled: Repository, revision: str) -> None:
    with pytest.raises(RepositoryError) as caught:
        revision_reader(str(filled.folder), revision).exists(str(filled.folder / "uv.lock"))
    assert "revision" in caught.value.message


def test_a_folder_without_a_repository_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError) as caught:
        index_reader(str(tmp_path))
    assert str(caught.value) == f"{tmp_path}: git rev-parse failed: this is no git repository"


def test_a_commit_is_read_folder_by_folder_as_git_lists_it(repository: Repository) -> None:
    repository.write("uv.lock", "a\n")
    repository.write("packages/a/pyproject.toml", "a = 1\n")
    repository.write("packages/b c/\u00fcber.toml", "b = 1\n")
    repository.write("run.sh", "")
    (repository.folder / "run.sh").chmod(0o755)
    (repository.folder / "packages" / "link").symlink_to("../uv.lock")
    repository.commit()
    git = Git(str(repository.folder))
    # A name that asks for more than a commit is left to git.
    tree, listed = committed(git, "HEAD"), committed(git, "@")
    assert isinstance(tree, Tree)
    assert isinstance(listed, Listed)
    paths = repository.git("ls-tree", "-r", "-t", "-z", "--name-only", "HEAD").split("\0")
    for path in (*paths, "", "nowhere", "uv.lock/nothing", "packages/nothing/deep", "packages/link/x"):
        assert (tree.entry(path), tree.is_folder(path)) == (listed.entry(path), listed.is_folder(path)), path
        assert not tree.is_folder(path) or tree.names(path) == listed.names(path)
    assert tree.names("") == ["packages", "run.sh", "uv.lock"]
    git.close()


def test_the_top_is_asked_of_git_where_anything_else_could_be_it(
    filled: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top, asked = str(filled.folder), []
    run = Git.run

    def noting(self: Git, *arguments: str, **more: Any) -> bytes:
        asked.append(arguments[0])
        return run(self, *arguments, **more)

    monkeypatch.setattr(Git, "run", noting)

    def root(folder: str) -> tuple[str, list[str]]:
        asked.clear()
        reader = index_reader(folder)
        assert text(reader, filled.folder / "new.toml") == "new = 1\n"
        return reader.root, list(asked)

    assert root(top) == (top, ["ls-files"])
    assert root(os.path.join(top, "packages")) == (top, ["rev-parse", "ls-files"])
    # What looks like a repository and is none.
    (filled.folder / "packages" / ".git").mkdir()
    assert root(os.path.join(top, "packages")) == (top, ["rev-parse", "ls-files"])
    monkeypatch.setenv("GIT_DIR", os.path.join(top, ".git"))
    monkeypatch.chdir(top)
    assert root(top) == (top, ["rev-parse", "ls-files"])
    monkeypatch.delenv("GIT_DIR")
    # A work tree elsewhere, and one that is linked.
    linked = tmp_path / "linked"
    filled.git("worktree", "add", "-q", "-b", "side", str(linked))
    assert index_reader(str(linked)).root == str(linked.resolve())
    filled.git("config", "core.worktree", str(filled.folder.parent))
    (filled.folder / "inside").mkdir()
    assert index_reader(top).root == str(filled.folder.parent)


def test_without_git_it_is_said(filled: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RepositoryError) as caught:
        index_reader(str(filled.folder))
    assert str(caught.value) == (
        f"{filled.folder}: git is not installed, or not on the PATH\nhint: install git, or put it on the PATH"
    )


def test_an_object_that_is_gone_is_one_error(filled: Repository) -> None:
    reader: SnapshotReader = index_reader(str(filled.folder))
    blob = filled.git("rev-parse", ":uv.lock").strip()
    (filled.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(RepositoryError) as caught:
        text(reader, filled.folder / "uv.lock")
    assert caught.value.message == f"the repository does not have the object {blob}, which it names"
