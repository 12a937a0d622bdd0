"""What is said of a work tree, whatever the configuration of its repository makes of it."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from envguard.errors import RepositoryError
from envguard.repository import git, probe
from envguard.repository.model import Paths, Submodule, WorkTree
from envguard.repository.places import places
from envguard.repository.sealed import Sealed
from envguard.repository.worktree import look

from .conftest import Repository, another

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def seen(repository: Repository) -> WorkTree:
    return look(places(str(repository.folder))).worktree


def paths(*names: str) -> Paths:
    return Paths(count=len(names), first=names)


def tree_of(repository: Repository, revision: str = "HEAD") -> str:
    return repository.git("rev-parse", f"{revision}^{{tree}}").strip()


def tree_by_git(repository: Repository) -> str:
    """Return the tree of everything in the work tree, as a commit of it in a copy of the repository has it."""
    copy = repository.folder.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(repository.folder, copy, symlinks=True)
    twin = Repository(copy)
    twin.git("add", "-A")
    return twin.git("write-tree").strip()


def test_a_clean_work_tree_is_the_tree_of_its_commit(committed: Repository) -> None:
    found = seen(committed)
    assert found == WorkTree(tree=tree_of(committed))
    assert found.clean


def test_every_kind_of_change_is_counted_and_named(committed: Repository) -> None:
    committed.write("staged.py", "1")
    committed.write("train.py", "2", add=False)
    committed.write("new/a.py", "3", add=False)
    committed.write("new/b.py", "4", add=False)
    committed.write("ignored/c.py", "5", add=False)
    committed.write("run.log", "6", add=False)
    (committed.folder / "lib/__init__.py").unlink()
    found = seen(committed)
    assert found.staged == paths("staged.py")
    assert found.unstaged == paths("lib/__init__.py", "train.py")
    assert found.untracked == paths("new/a.py", "new/b.py")
    assert (found.changes, found.clean) == (5, False)
    assert found.tree == tree_by_git(committed)


def test_what_interpreter_and_receipts_leave_is_no_change(committed: Repository) -> None:
    for name in ("lib/__pycache__/lib.cpython-311.pyc", ".envguard/runs/1.json"):
        committed.write(name, "x", add=False)
    assert seen(committed).clean
    committed.write("lib/__pycache__/lib.py", "x", add=False)
    assert seen(committed).untracked == paths("lib/__pycache__/lib.py")


def test_receipts_in_a_folder_that_somebody_has_chosen_are_no_change_and_what_lies_beside_them_is(
    committed: Repository,
) -> None:
    for name in (
        "20261126T022610Z-1f2e3d4c.json",
        "20261126T022610Z-1f2e3d4c-rank3.json",
        "20261126T022610Z-1f2e3d4c.patch",
    ):
        committed.write(f"results/{name}", "x", add=False)
    assert seen(committed).clean
    beside = ("20261126T022610Z-1f2e3d4c.py", "20261126T022610Z.json", "x-20261126T022610Z-1f2e3d4c.json")
    for name in beside:
        committed.write(f"results/{name}", "x", add=False)
    assert seen(committed).untracked == paths(*(f"results/{name}" for name in sorted(beside)))


def test_a_receipt_that_somebody_committed_is_a_file_like_any_other(committed: Repository) -> None:
    committed.write("results/20261126T022610Z-1f2e3d4c.json", "x")
    committed.commit()
    committed.write("results/20261126T022610Z-1f2e3d4c.json", "y", add=False)
    assert seen(committed).unstaged == paths("results/20261126T022610Z-1f2e3d4c.json")


def test_a_conflict_is_counted(committed: Repository) -> None:
    committed.conflict("train.py")
    found = seen(committed)
    assert found.conflicted == paths("train.py")
    assert found.tree == tree_by_git(committed)


CONFIGURATIONS = {
    "status.showUntrackedFiles": "no",
    "core.checkStat": "minimal",
    "core.trustctime": "false",
    "core.ignoreStat": "true",
    "status.relativePaths": "true",
    "status.renames": "copies",
    "color.ui": "always",
    "core.quotePath": "true",
    "core.untrackedCache": "true",
    "core.splitIndex": "true",
    "index.version": "4",
    "diff.ignoreSubmodules": "all",
    "core.preloadIndex": "false",
    "advice.statusHints": "true",
    "core.worktree": "",
}


@pytest.mark.parametrize("key", [key for key in CONFIGURATIONS if CONFIGURATIONS[key]])
def test_no_setting_hides_a_change(committed: Repository, key: str) -> None:
    committed.git("config", key, CONFIGURATIONS[key])
    committed.git("status")
    committed.write("train.py", "import bil\n", add=False)
    committed.write("new file.py", "1", add=False)
    (committed.folder / "lib/__init__.py").rename(committed.folder / "lib/moved.py")
    found = seen(committed)
    assert found.unstaged == paths("lib/__init__.py", "train.py")
    assert found.untracked == paths("lib/moved.py", "new file.py")
    assert found.tree == tree_by_git(committed)


def test_an_edit_of_the_same_size_with_its_time_put_back_is_seen(committed: Repository) -> None:
    committed.git("config", "core.trustctime", "false")
    committed.git("config", "core.checkStat", "minimal")
    script = committed.folder / "train.py"
    before = script.stat()
    os.utime(script, ns=(before.st_mtime_ns - 10**10, before.st_mtime_ns - 10**10))
    committed.git("status")
    before = script.stat()
    script.write_text("import bil\n")
    os.utime(script, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert committed.git("status", "--porcelain") == "", "the settings hide it from git itself"
    assert seen(committed).unstaged == paths("train.py")


def test_the_copy_of_the_index_is_as_old_as_the_index(committed: Repository) -> None:
    """By this time git tells which files may have changed in the tick in which they were added."""
    index = committed.folder / ".git/index"
    os.utime(index, ns=(1_700_000_000_123_456_789,) * 2)
    with Sealed(places(str(committed.folder))) as sealed:
        assert os.stat(sealed.inside("index")).st_mtime_ns == 1_700_000_000_123_456_789


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_flag_hides_no_change(committed: Repository, flag: str) -> None:
    committed.git("update-index", flag, "train.py", "lib/__init__.py")
    committed.write("train.py", "hidden\n", add=False)
    assert committed.git("status", "--porcelain") == ""
    found = seen(committed)
    assert found.hidden == paths("lib/__init__.py", "train.py")
    assert found.unstaged == found.hidden_changes == paths("train.py")
    assert not found.clean
    committed.write("train.py", "import lib\n", add=False)
    again = seen(committed)
    assert (again.clean, again.hidden_changes) == (True, Paths())


def test_a_file_that_is_gone_is_hidden_by_neither_flag_but_in_a_sparse_checkout(committed: Repository) -> None:
    committed.git("update-index", "--assume-unchanged", "train.py")
    (committed.folder / "train.py").unlink()
    assert seen(committed).unstaged == paths("train.py")
    committed.write("train.py", "import lib\n", add=False)
    committed.git("update-index", "--no-assume-unchanged", "train.py")
    committed.git("sparse-checkout", "set", "--no-cone", "/train.py", "/.gitignore")
    assert not (committed.folder / "lib").exists()
    found = seen(committed)
    assert (found.clean, found.tree) == (True, tree_of(committed))


def test_line_endings_that_git_converts_are_no_change(committed: Repository) -> None:
    committed.git("config", "core.autocrlf", "true")
    committed.write("train.py", "import lib\r\n", add=False)
    assert seen(committed).clean
    committed.git("config", "core.autocrlf", "false")
    assert not seen(committed).clean


def test_names_of_all_kinds(committed: Repository) -> None:
    names = ["a b.py", 'quo"te.py', "line\nbreak.py", "tab\t.py", "-dash.py", ":(top)magic.py", "*.py", "ü.py"]
    for name in names:
        committed.write(name, "x", add=False)
    with open(os.fsencode(committed.folder) + b"/\xff.py", "wb") as file:
        file.write(b"x")
    found = seen(committed)
    assert sorted(found.untracked.first) == sorted([*names, os.fsdecode(b"\xff.py")])
    assert json.loads(json.dumps(found.document())) == found.document()
    assert WorkTree.of(json.loads(json.dumps(found.document()))) == found


def test_a_file_becomes_a_folder_a_link_or_executable(committed: Repository) -> None:
    (committed.folder / "train.py").unlink()
    committed.write("train.py/inner.py", "x", add=False)
    (committed.folder / "lib/__init__.py").unlink()
    (committed.folder / "lib/__init__.py").symlink_to("../.gitignore")
    (committed.folder / ".gitignore").chmod(0o755)
    found = seen(committed)
    assert found.unstaged == paths(".gitignore", "lib/__init__.py", "train.py")
    assert found.untracked == paths("train.py/inner.py")
    assert found.tree == tree_by_git(committed)


def test_an_intent_to_add_is_a_change(committed: Repository) -> None:
    committed.write("later.py", "x", add=False)
    committed.git("add", "-N", "later.py")
    found = seen(committed)
    assert found.unstaged == paths("later.py")
    assert found.tree == tree_by_git(committed)


def test_before_the_first_commit_everything_is_new(repository: Repository) -> None:
    assert seen(repository) == WorkTree(tree=EMPTY_TREE)
    repository.write("a.py", "1")
    repository.write("b.py", "2", add=False)
    found = seen(repository)
    assert (found.staged, found.untracked) == (paths("a.py"), paths("b.py"))
    assert found.tree == tree_by_git(repository)


def test_another_object_format(tmp_path: Path, repository: Repository) -> None:
    made = Repository(tmp_path / "other")
    made.folder.mkdir()
    made.git("init", "-q", "-b", "main", "--object-format=sha256")
    made.write("a.py", "1")
    made.commit()
    assert seen(made) == WorkTree(tree=tree_of(made))
    made.write("a.py", "2", add=False)
    assert seen(made).tree == tree_by_git(made)


def test_a_linked_work_tree_stands_for_itself(committed: Repository, tmp_path: Path) -> None:
    committed.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = Repository((tmp_path / "side").resolve())
    side.write("train.py", "side\n", add=False)
    where = places(str(side.folder))
    assert where.linked
    assert (where.root, where.common_dir) == (str(side.folder), str(committed.folder / ".git"))
    assert seen(side).unstaged == paths("train.py")
    assert seen(committed).clean


def test_data_beside_the_code_has_no_tree(committed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envguard.repository.worktree.TREE_BYTES", 1000)
    committed.write("small.py", "x" * 400, add=False)
    committed.write("large.bin", "x" * 700, add=False)
    found = seen(committed)
    assert found.tree is None
    assert found.no_tree == "large.bin: it has 700 bytes, and no more than 1,000 are taken in all"
    assert found.untracked.count == 2


def test_a_repository_inside_that_is_no_submodule(committed: Repository) -> None:
    inner = another(committed.folder / "inner")
    inner.write("a.py", "1")
    inner.commit()
    found = seen(committed)
    assert found.untracked == paths("inner/")
    assert (found.tree, found.no_tree) == (None, "inner/: it is another repository")


@pytest.fixture
def module(committed: Repository, tmp_path: Path) -> Repository:
    """A submodule of *committed*, that git is told to ignore."""
    source = another(tmp_path / "source")
    source.write("code.py", "1\n")
    source.commit()
    committed.git("submodule", "--quiet", "add", str(source.folder), "vendor/module")
    committed.git("config", "-f", ".gitmodules", "submodule.vendor/module.ignore", "all")
    committed.git("config", "submodule.vendor/module.ignore", "all")
    committed.git("add", "-A")
    committed.commit()
    return Repository(committed.folder / "vendor/module")


def commit_of(repository: Repository) -> str:
    return repository.git("rev-parse", "HEAD").strip()


def test_submodules_are_looked_into_whatever_is_to_be_ignored(committed: Repository, module: Repository) -> None:
    first = commit_of(module)
    assert seen(committed).submodules == (Submodule(path="vendor/module", recorded=first, checked_out=first),)
    assert seen(committed).clean
    module.write("code.py", "2\n", add=False)
    assert committed.git("status", "--porcelain") == ""
    (found,) = seen(committed).submodules
    assert (found.checked_out, found.changes) == (first, 1)
    assert not seen(committed).clean
    module.git("add", "-A")
    module.commit()
    assert committed.git("status", "--porcelain") == ""
    (found,) = seen(committed).submodules
    assert (found.recorded, found.checked_out, found.changes) == (first, commit_of(module), 0)
    assert not seen(committed).clean
    committed.git("config", "submodule.vendor/module.ignore", "none")
    committed.git("add", "vendor/module")
    (found,) = seen(committed).submodules
    assert found.recorded == first, "what is staged only is not recorded"


def test_a_submodule_that_is_not_checked_out_is_no_change(committed: Repository, module: Repository) -> None:
    first = commit_of(module)
    committed.git("submodule", "--quiet", "deinit", "-f", "vendor/module")
    found = seen(committed)
    assert found.submodules == (Submodule(path="vendor/module", recorded=first),)
    assert found.clean


def test_submodules_of_submodules_and_what_cannot_be_read(
    committed: Repository, module: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = another(tmp_path / "deep")
    deep.write("deep.py", "1\n")
    deep.commit()
    module.git("submodule", "--quiet", "add", str(deep.folder), "deep")
    module.commit()
    committed.git("add", "-A")
    committed.git("commit", "-q", "-m", "more", "--", "vendor/module", check=False)
    (module.folder / "deep/deep.py").write_text("2\n")
    (found,) = seen(committed).submodules
    assert found.changes == 1
    (module.folder / ".git").write_text("gitdir: /nowhere\n")
    (found,) = seen(committed).submodules
    assert found.unread is not None
    assert not seen(committed).clean


def test_the_index_of_a_hook(committed: Repository) -> None:
    """``git commit --all`` shows its hooks another index."""
    committed.write("train.py", "2\n", add=False)
    other = committed.folder / ".git/next-index-1.lock"
    shutil.copy2(committed.folder / ".git/index", other)
    committed.git("add", "train.py", GIT_INDEX_FILE=str(other))
    found = look(places(str(committed.folder)), index=str(other)).worktree
    assert (found.staged, found.unstaged) == (paths("train.py"), Paths())
    assert seen(committed).unstaged == paths("train.py")


def test_the_repository_of_a_git_that_started_this_process_is_not_meant(
    committed: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = another(tmp_path / "other")
    for name, value in (("GIT_DIR", ".git"), ("GIT_INDEX_FILE", ".git/index"), ("GIT_WORK_TREE", ".")):
        monkeypatch.setenv(name, str(other.folder / value))
    assert seen(committed) == WorkTree(tree=seen(committed).tree)
    assert places(str(committed.folder)).root == str(committed.folder)


def everything_in(folder: Path) -> dict[str, tuple[int, int, int]]:
    return {
        os.path.join(at, name): (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        for at, folders, files in os.walk(folder)
        for name in (*folders, *files)
        for stat in [os.lstat(os.path.join(at, name))]
        # Git renews the time of an object that it would write again.
        if "/objects/" not in os.path.join(at, name)
    }


def test_nothing_is_written_into_the_repository(committed: Repository) -> None:
    committed.git("config", "core.splitIndex", "true")
    committed.git("update-index", "--split-index")
    committed.git("update-index", "--assume-unchanged", "lib/__init__.py")
    committed.write("train.py", "2\n", add=False)
    committed.write("new.py", "3\n", add=False)
    before = everything_in(committed.folder)
    assert seen(committed).changes == 2
    assert everything_in(committed.folder) == before


def test_a_filter_is_not_run_and_of_its_files_nobody_can_tell(committed: Repository) -> None:
    committed.write(".gitattributes", "*.ipynb filter=strip\n")
    committed.write("a.ipynb", "{}\n")
    committed.commit()
    marker = committed.folder.parent / "ran"
    committed.git("config", "filter.strip.clean", f"touch {marker}; cat")
    assert seen(committed).clean
    os.utime(committed.folder / "a.ipynb", (1, 1))
    assert seen(committed).clean, "the content is the commit's as it is"
    committed.write("a.ipynb", "{1}\n", add=False)
    found = seen(committed)
    assert (found.untold, found.unstaged, found.clean) == (paths("a.ipynb"), Paths(), False)
    assert found.no_tree == "a.ipynb: it goes through the filter 'strip', which is not run"
    assert not marker.exists()


def test_files_of_git_lfs_are_told_by_their_digest(committed: Repository) -> None:
    digest = "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"  # of "foo\n"
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 4\n"
    committed.write("model.bin", pointer)
    committed.write("empty.bin", "")
    committed.commit()
    committed.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    committed.commit()
    marker = committed.folder.parent / "ran"
    committed.git("config", "filter.lfs.process", f"touch {marker}")
    committed.write("model.bin", "foo\n", add=False)
    os.utime(committed.folder / "empty.bin", (1, 1))
    assert seen(committed).clean
    committed.write("model.bin", "bar\n", add=False)
    assert seen(committed).unstaged == paths("model.bin")
    assert seen(committed).tree is not None
    assert not marker.exists()


@pytest.mark.parametrize("patch", ["", "2.30.1"], ids=["no git", "an old git"])
def test_a_git_that_cannot_answer(committed: Repository, monkeypatch: pytest.MonkeyPatch, patch: str) -> None:
    programs = committed.folder.parent / "programs"
    programs.mkdir()
    if patch:
        # An old one takes a word that it does not know for a revision, and repeats it.
        script = programs / "git"
        script.write_text(
            f'#!/bin/sh\ncase "$*" in *version) echo "git version {patch}";; *) echo --path-format=absolute;; esac\n'
        )
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(RepositoryError) as caught:
        places(str(committed.folder))
    expected = {
        "": "git is not installed, or not on the PATH",
        "2.30.1": "git 2.30.1 is too old, at least 2.31 is needed",
    }
    assert caught.value.message == expected[patch]


def test_a_git_that_does_not_answer(committed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = committed.folder.parent / "programs"
    programs.mkdir()
    (programs / "git").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(git, "SECONDS", 0.2)
    with pytest.raises(RepositoryError, match=r"git did not answer within 0\.2 seconds"):
        places(str(committed.folder))


def test_a_bare_repository_and_one_of_somebody_else(committed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "_KEPT", (*git._KEPT, "GIT_TEST"))
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(RepositoryError) as caught:
        places(str(committed.folder))
    assert "the repository belongs to somebody else, so git does not read it" in caught.value.message
    assert caught.value.hint == f"git config --global --add safe.directory {committed.folder}"
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(committed.folder))
    assert places(str(committed.folder)).root == str(committed.folder), "what a person allows for one run is allowed"
    monkeypatch.delenv("GIT_TEST_ASSUME_DIFFERENT_OWNER")
    committed.git("config", "core.bare", "true")
    with pytest.raises(RepositoryError) as caught:
        places(str(committed.folder))
    assert caught.value.message == (
        "the repository is bare: it has no work tree, so nobody can say what lies beside it"
    )


def test_a_work_tree_elsewhere_is_not_taken_for_this_one(committed: Repository, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    committed.git("config", "core.worktree", str(elsewhere))
    with pytest.raises(RepositoryError, match="the work tree of the repository is elsewhere"):
        places(str(committed.folder))


def settle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envguard.trace.LOCAL_SLACK_NS", 0)
    monkeypatch.setattr("envguard.trace.FOREIGN_SLACK_NS", 0)


def test_what_was_said_is_kept_and_no_git_started(committed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch)
    committed.write("new.py", "1", add=False)
    committed.write("ignored/a", "1", add=False)
    identity = probe.identify(str(committed.folder), None)
    told = probe.tell(identity)
    assert WorkTree.of(json.loads(told)) == seen(committed)
    monkeypatch.setenv("PATH", "")
    assert probe.retell(identity) == told
    committed.write("ignored/b", "1", add=False)
    assert probe.retell(identity) == told, "what git ignores is not waited for"


CHANGES: dict[str, Callable[[Repository], object]] = {
    "a file in a new folder": lambda r: r.write("new/file.py", "1", add=False),
    "a file in a folder of the index": lambda r: r.write("lib/file.py", "1", add=False),
    "a file in an empty folder": lambda r: r.write("empty/file.py", "1", add=False),
    "an edit": lambda r: r.write("train.py", "import bil\n", add=False),
    "an edit of an untracked file": lambda r: r.write("untracked.py", "2", add=False),
    "a removed file": lambda r: (r.folder / "train.py").unlink(),
    "a commit": lambda r: r.git("commit", "-q", "--allow-empty", "-m", "x"),
    "a flag": lambda r: r.git("update-index", "--assume-unchanged", "train.py"),
    "another pattern": lambda r: r.write(".git/info/exclude", "untracked.py\n", add=False),
    "a file out of the index": lambda r: r.git("rm", "-q", "--cached", "train.py"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_change_is_answered_from_what_is_kept(
    committed: Repository, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    settle(monkeypatch)
    (committed.folder / "empty").mkdir()
    committed.write("untracked.py", "1", add=False)
    identity = probe.identify(str(committed.folder), None)
    probe.tell(identity)
    CHANGES[change](committed)
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", "")
    assert probe.retell(identity) == ""
    monkeypatch.setenv("PATH", path)
    assert WorkTree.of(json.loads(probe.retell(identity))) == seen(committed)


def test_what_is_too_young_is_not_kept(committed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = probe.identify(str(committed.folder), None)
    probe.tell(identity)
    monkeypatch.setenv("PATH", "")
    assert probe.retell(identity) == ""


def test_thousands_of_files_have_no_tree(committed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envguard.repository.contents.FILES", 3)
    for number in range(5):
        committed.write(f"env/{number}.py", "x", add=False)
    found = seen(committed)
    assert (found.untracked.count, found.tree) == (5, None)
    assert found.no_tree == "env/3.py: there are more than 3 files"


def test_without_the_times_of_the_index_every_file_is_compared(
    committed: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git does not promise the form in which it tells them."""
    monkeypatch.setattr("envguard.repository.status._ENTRY", re.compile(b"another form"))
    assert seen(committed).clean
    committed.write("train.py", "import bil\n", add=False)
    assert seen(committed).unstaged == paths("train.py")
