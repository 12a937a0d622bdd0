"""Nothing that a repository holds is run, whatever is asked of it: each trap writes a file when it springs."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.errors import EnvguardError
from envguard.model import CodePolicy
from envguard.reader import Reader
from envguard.repository.look import look_at
from envguard.repository.patch import capture
from envguard.repository.snapshot import index_reader, revision_reader

from .conftest import another

if TYPE_CHECKING:
    from .conftest import Repository

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "core.sshCommand",
    "core.gitProxy",
    "core.askPass",
    "core.alternateRefsCommand",
    "diff.external",
    "diff.trap.command",
    "diff.trap.textconv",
    "filter.trap.clean",
    "filter.trap.smudge",
    "filter.trap.process",
    "filter.lfs.clean",
    "filter.lfs.process",
    "merge.trap.driver",
    "gpg.program",
    "gpg.ssh.program",
    "pager.status",
    "pager.diff",
    "interactive.diffFilter",
    "sequence.editor",
    "trailer.trap.command",
    "uploadpack.packObjectsHook",
    "remote.origin.uploadpack",
)
COMMANDS = ("alias.status", "alias.ls-files", "alias.rev-parse", "credential.helper")


@pytest.fixture
def trapped(committed: Repository, tmp_path: Path) -> Repository:
    """A repository in which every setting, hook and attribute that can name a program names one that writes a file."""
    trap = tmp_path / "trap"
    trap.write_text(f'#!/bin/sh\necho "$0 $@" >> {tmp_path}/sprung\ncat 2>/dev/null\nexit 0\n')
    trap.chmod(0o755)
    committed.write(".gitattributes", "*.py filter=trap diff=trap merge=trap\n*.bin filter=lfs\n")
    committed.write("model.bin", "1")
    committed.commit()
    hooks = committed.folder / ".git/hooks"
    for name in ("post-index-change", "pre-commit", "post-checkout", "fsmonitor-watchman", "reference-transaction"):
        (hooks / name).unlink(missing_ok=True)
        (hooks / name).symlink_to(trap)
    for key in SETTINGS:
        committed.git("config", key, str(trap))
    for key in COMMANDS:
        committed.git("config", key, f"!{trap}")
    committed.git("config", "remote.origin.url", f"ext::{trap} %S")
    committed.git("config", "remote.origin.promisor", "true")
    committed.git("config", "extensions.partialClone", "origin")
    committed.git("config", "core.repositoryFormatVersion", "1")
    committed.git("config", "protocol.allow", "always")
    committed.git("config", "protocol.ext.allow", "always")
    committed.git("config", "filter.trap.required", "true")
    committed.git("config", "log.showSignature", "true")
    committed.git("config", "core.hooksPath", str(hooks))
    for name in ("train.py", "lib/__init__.py", "model.bin"):
        (committed.folder / name).write_bytes(b"changed\n")
    committed.write("new.py", "1", add=False)
    (tmp_path / "sprung").unlink(missing_ok=True)
    return committed


def sprung(repository: Repository) -> str:
    path = repository.folder.parent / "sprung"
    return path.read_text() if path.exists() else ""


def lose_an_object(repository: Repository) -> None:
    """Remove what git would fetch in a partial clone, with the help of a program that the repository names."""
    blob = repository.git("rev-parse", "HEAD:.gitignore").strip()
    (repository.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()


def test_the_traps_spring_where_git_is_run_as_it_is(trapped: Repository) -> None:
    trapped.git("status", check=False)
    assert sprung(trapped)


@pytest.mark.parametrize("policy", [CodePolicy.CLEAN, CodePolicy.DIFF, CodePolicy.COMMITTED_IMPORTS])
def test_no_trap_springs_where_the_code_is_looked_at(trapped: Repository, policy: CodePolicy) -> None:
    code = look_at(Reader(), str(trapped.folder), policy=policy, running=True, limit=10**6)
    assert code is not None
    assert code.unread is None
    assert code.worktree is not None
    # Filters are not run: of changed files nobody can tell what git would make of them.
    assert code.worktree.untold.first == ("lib/__init__.py", "train.py")
    assert code.worktree.unstaged.first == ("model.bin",)
    assert not sprung(trapped)


def test_no_trap_springs_where_a_patch_is_made(trapped: Repository) -> None:
    patch = capture(str(trapped.folder))
    assert {item.path for item in patch.left_out} == {"lib/__init__.py", "train.py", "model.bin", "new.py"}
    assert not sprung(trapped)


def test_no_trap_springs_where_an_object_is_missing(trapped: Repository) -> None:
    lose_an_object(trapped)
    folder = str(trapped.folder)
    for reader in (index_reader(folder), revision_reader(folder, "HEAD")):
        with pytest.raises(EnvguardError):
            reader.read_bytes(str(trapped.folder / ".gitignore"))
    (trapped.folder / ".gitignore").unlink()
    for policy in (CodePolicy.CLEAN, CodePolicy.DIFF):
        look_at(Reader(), str(trapped.folder), policy=policy, running=False, limit=10**6)
    assert not sprung(trapped)


def test_no_trap_springs_in_a_submodule(committed: Repository, trapped: Repository, tmp_path: Path) -> None:
    outer = another(tmp_path / "outer")
    outer.write("a.py", "1")
    outer.git("clone", "-q", "--no-checkout", str(trapped.folder), "inner", check=False)
    shutil_copy(trapped.folder, outer.folder / "inner")
    outer.git("-c", "core.fsmonitor=false", "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},inner")
    outer.commit()
    (tmp_path / "sprung").unlink(missing_ok=True)
    code = look_at(Reader(), str(outer.folder), policy=CodePolicy.CLEAN, running=False, limit=10**6)
    assert code is not None
    assert code.worktree is not None
    (module,) = code.worktree.submodules
    assert (module.unread, module.changes > 0) == (None, True)
    assert not sprung(trapped)


def shutil_copy(source: Path, target: Path) -> None:
    import shutil

    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)


def test_what_the_environment_says_of_git_is_not_what_the_code_is_judged_by(
    committed: Repository, tmp_path: Path
) -> None:
    """As in ``git -c core.fsmonitor=trap rebase --exec``, which hands its settings on."""
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    code = """
        from envguard.repository import probe
        print(probe.tell(probe.identify(FOLDER, None)))
    """
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor'='{trap}'",
        "GIT_EXTERNAL_DIFF": str(trap),
        "GIT_PAGER": str(trap),
        "GIT_DIR": str(tmp_path / "nowhere"),
    }
    done = subprocess.run(
        [sys.executable, "-c", f"FOLDER = {str(committed.folder)!r}\n{textwrap.dedent(code)}"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert '"unstaged": [0]' in done.stdout, done.stderr
    assert not (tmp_path / "sprung").exists()


def test_nothing_is_left_behind(committed: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    committed.write("new.py", "1", add=False)
    capture(str(committed.folder))
    assert list(folder.iterdir()) == []


def test_no_place_for_temporary_files_is_told(committed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(committed.folder / "nowhere"))
    code = look_at(Reader(), str(committed.folder), policy=CodePolicy.CLEAN, running=False, limit=10**6)
    assert code is not None
    assert code.unread == "git's index cannot be copied to look at: no such file or directory"
