"""The hooks that judge what is staged, run by pre-commit and by prek in real commits of scratch repositories."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .cli.conftest import MANIFEST, lock_text
from .test_hooks import IDENTITY, ROOT, hook

TOOLS = Path(sys.executable).parent
HOOKS = ("envguard-lock", "envguard-lock-diff", "envguard-baseline")
STALE = MANIFEST.replace("numpy>=2", "numpy>=2.1")
pytestmark = pytest.mark.slow


class Scratch:
    """A repository with one project in it and the hooks installed by *tool*; the first commit is still to be made."""

    def __init__(self, folder: Path, tool: str, home: Path) -> None:
        self.folder = folder
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self.environ |= {**IDENTITY, "NO_COLOR": "1", "PRE_COMMIT_HOME": str(home), "PREK_HOME": str(home)}
        # Nothing may be fetched when a hook runs.
        self.environ |= {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1", "no_proxy": "", "https_proxy": "http://127.0.0.1:9"}
        self.environ["PYTHONPATH"] = str(ROOT)
        self.run("git", "init", "-q", "-b", "main")
        self.write(".pre-commit-config.yaml", self.configuration())
        self.project()
        self.run(str(TOOLS / tool), "install")

    @staticmethod
    def configuration() -> str:
        """Return a configuration with the hooks of the manifest, run by this interpreter instead of one of their own."""
        lines = ["repos:", "- repo: local", "  hooks:"]
        for name in HOOKS:
            values = hook(name)
            entry = values["entry"].replace("envguard ", f"{sys.executable} -m envguard ", 1)
            lines += [f"  - id: {name}", f"    name: {name}", f"    entry: {entry}", "    language: system"]
            lines += [f"    files: {values['files']}", "    require_serial: true", "    verbose: true"]
            lines += ["    always_run: true"] if values.get("always_run") else []
        return "\n".join(lines) + "\n"

    def run(self, *command: str, given: str = "", status: int | None = 0, cwd: Path | None = None) -> str:
        done = subprocess.run(
            list(command),
            cwd=cwd or self.folder,
            env=self.environ,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert status is None or done.returncode == status, said
        return said

    def git(self, *arguments: str, status: int | None = 0, given: str = "") -> str:
        return self.run("git", *arguments, status=status, given=given)

    def write(self, name: str, text: str, *, add: bool = True) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if add:
            self.git("add", "--", name)

    def project(self, inside: str = "", *, manifest: str = MANIFEST, lock: str = "") -> None:
        self.write(f"{inside}pyproject.toml", manifest)
        self.write(f"{inside}uv.lock", lock or lock_text())

    def commit(self, *arguments: str, status: int = 0, given: str = "") -> str:
        before = self.git("rev-list", "--count", "--all").strip()
        said = self.git("commit", "-q", "-m", "more", *arguments, status=status, given=given)
        after = self.git("rev-list", "--count", "--all").strip()
        assert (before == after) is (status != 0), said
        return said


@pytest.fixture(params=["pre-commit", "prek"])
def scratch(request: pytest.FixtureRequest, tmp_path: Path) -> Scratch:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return Scratch(folder, request.param, tmp_path / "home")


def republished(text: str) -> str:
    """Return a lock in which one file of numpy has another hash."""
    start = text.index("sha256:", text.index("numpy-2.4.6-py3")) + len("sha256:")
    return text[:start] + "0" * 64 + text[start + 64 :]


def test_the_first_commit_is_judged(scratch: Scratch) -> None:
    scratch.write("pyproject.toml", STALE)
    said = scratch.commit(status=1)
    assert "EG101 [stale-lock]" in said
    scratch.write("pyproject.toml", MANIFEST)
    said = " ".join(scratch.commit().split())
    assert "lock uv.lock clean: nothing differs" in said


def test_what_is_staged_counts_and_not_the_working_tree(scratch: Scratch) -> None:
    scratch.commit()
    scratch.write("pyproject.toml", STALE)
    scratch.write("pyproject.toml", MANIFEST, add=False)
    assert "EG101 [stale-lock]" in scratch.commit(status=1)
    scratch.git("reset", "-q")
    scratch.write("pyproject.toml", f"{MANIFEST}# fine\n")
    scratch.write("pyproject.toml", "[project\n", add=False)
    scratch.write("uv.lock", "broken", add=False)
    scratch.commit()
    assert scratch.git("show", "HEAD:pyproject.toml").endswith("# fine\n")


def test_commit_a_and_commit_p_are_judged_by_their_own_index(scratch: Scratch) -> None:
    scratch.commit()
    scratch.write("pyproject.toml", STALE, add=False)
    assert "EG101 [stale-lock]" in scratch.commit("-a", status=1)
    assert "EG101 [stale-lock]" in scratch.commit("-p", status=1, given="y\n")
    scratch.write("pyproject.toml", f"{MANIFEST}# fine\n", add=False)
    scratch.commit("-p", given="y\n")
    assert scratch.git("show", "HEAD:pyproject.toml").endswith("# fine\n")


def test_a_republished_file_is_not_committed(scratch: Scratch) -> None:
    scratch.commit()
    scratch.write("uv.lock", republished(lock_text()))
    said = scratch.commit(status=1)
    assert "EG110 [republished-artifact]" in said
    assert "numbers can change" in said


def test_a_project_in_a_sub_folder_is_judged_by_its_own_files(scratch: Scratch) -> None:
    scratch.commit()
    scratch.project("services/train/", manifest=STALE)
    said = scratch.commit(status=1)
    assert "services/train/pyproject.toml:5: EG101 [stale-lock]" in said
    scratch.project("services/train/")
    scratch.commit()


def test_a_commit_from_a_sub_folder_is_judged(scratch: Scratch) -> None:
    scratch.commit()
    scratch.write("pyproject.toml", STALE)
    (scratch.folder / "deep").mkdir()
    said = scratch.run("git", "commit", "-q", "-m", "more", cwd=scratch.folder / "deep", status=1)
    assert "EG101 [stale-lock]" in said


def test_a_linked_worktree_is_judged_by_its_own_index(scratch: Scratch, tmp_path: Path) -> None:
    scratch.commit()
    linked = tmp_path / "linked"
    scratch.git("worktree", "add", "-q", "-b", "side", str(linked))
    (linked / "pyproject.toml").write_text(STALE, encoding="utf-8")
    assert "EG101 [stale-lock]" in scratch.run("git", "commit", "-q", "-a", "-m", "more", cwd=linked, status=1)
    (linked / "pyproject.toml").write_text(f"{MANIFEST}# fine\n", encoding="utf-8")
    scratch.run("git", "commit", "-q", "-a", "-m", "more", cwd=linked)


def test_a_merge_and_a_rebase_are_judged_by_what_they_make(scratch: Scratch) -> None:
    scratch.commit()
    scratch.git("checkout", "-q", "-b", "side")
    scratch.write("pyproject.toml", f"{MANIFEST}# side\n")
    scratch.commit()
    scratch.git("checkout", "-q", "main")
    scratch.write("pyproject.toml", f"{MANIFEST}# main\n")
    scratch.commit()
    scratch.git("merge", "-q", "side", status=1)
    # Left open, it cannot be committed; resolved to what is stale, the hook refuses.
    scratch.write("pyproject.toml", STALE)
    assert "EG101 [stale-lock]" in scratch.commit("--no-edit", status=1)
    scratch.write("pyproject.toml", f"{MANIFEST}# both\n")
    scratch.commit("--no-edit")
    scratch.git("checkout", "-q", "side")
    scratch.git("rebase", "-q", "main", status=None)
    assert scratch.git("status", "--short") == ""


def test_packages_that_compute_numbers_change_together_with_the_record(scratch: Scratch) -> None:
    machine = {
        "facts": {},
        "lock": {"digest": "blake3:00", "path": "uv.lock"},
        "packages": {},
        "selection": {"default-groups": True, "extras": [], "groups": [], "packages": []},
    }
    record = {"schema": {"name": "envguard.lock", "version": 1}, "machines": {"default": machine}}
    scratch.write("envguard.lock", json.dumps(record))
    said = scratch.commit(status=1)
    assert "EG114 [record-of-another-lock]" in said
    found = re.search(r"expected +(blake3:[0-9a-f]{64})", said)
    assert found is not None, said
    machine["lock"]["digest"] = found[1]  # type: ignore[index]
    scratch.write("envguard.lock", json.dumps(record))
    scratch.commit()

    changed = lock_text().replace("2.4.6", "2.4.5").replace("1" * 64, "5" * 64)
    scratch.write("uv.lock", changed)
    said = scratch.commit(status=1)
    assert "numpy" in said
    assert "EG113 [unrecorded-change]" in said
    found = re.search(r"expected +(blake3:[0-9a-f]{64})", said)
    assert found is not None, said
    machine["lock"]["digest"] = found[1]  # type: ignore[index]
    scratch.write("envguard.lock", json.dumps(record))
    assert "numbers can change" in scratch.commit()

    scratch.write("envguard.lock", "{")
    assert "is not valid JSON" in scratch.commit(status=1)


def test_a_commit_that_only_deletes_a_lock_is_judged_and_told(scratch: Scratch) -> None:
    scratch.project("services/train/")
    scratch.write("other.txt", "")
    scratch.commit()
    scratch.git("rm", "-q", "other.txt")
    said = scratch.commit()
    assert "clean" not in said
    assert "EG" not in said
    scratch.git("rm", "-q", "services/train/uv.lock")
    assert "services/train: EG901 [missing-lock] there is no uv.lock" in scratch.commit(status=1)
    scratch.git("rm", "-q", "-r", "services")
    said = scratch.commit()
    assert "services/train/uv.lock: HEAD" in said
    assert re.search(r"^ *numpy +2\.4\.6 +removed", said, re.MULTILINE)
    scratch.git("rm", "-q", "uv.lock")
    said = scratch.commit(status=1)
    assert "EG901 [missing-lock] there is no uv.lock" in said
    assert re.search(r"^ *numpy +2\.4\.6 +removed", said, re.MULTILINE)
    # Nobody locks any more: what is left asks for nothing.
    scratch.git("rm", "-q", "-r", "pyproject.toml")
    scratch.commit()


def test_a_lock_that_only_the_settings_name_is_judged(scratch: Scratch) -> None:
    top = "# This file was autogenerated by uv via the following command:\n#    uv pip compile deps/gpu.in -o deps/gpu.txt\n"
    pin = "numpy==2.4.6 \\\n    --hash=sha256:{}\n    # via -r deps/gpu.in\n"
    scratch.write("envguard.toml", 'lock = ["uv.lock", "deps/gpu.txt"]\n')
    scratch.write("deps/gpu.in", "numpy\n")
    scratch.write("deps/gpu.txt", top + pin.format("1" * 64))
    scratch.git("commit", "-q", "--no-verify", "-m", "as it came")
    scratch.write("deps/gpu.txt", top + pin.format("2" * 64))
    assert "EG110 [republished-artifact]" in scratch.commit(status=1)


def test_a_commit_that_only_deletes_is_judged_by_the_record(scratch: Scratch) -> None:
    digest = f"blake3:{'0' * 64}"
    machine = {
        "facts": {},
        "lock": {"digest": digest, "path": "uv.lock"},
        "packages": {},
        "selection": {"default-groups": True, "extras": [], "groups": [], "packages": []},
    }
    tree = {"path": "data", "root": digest, "files": 1, "bytes": 1, "ignore": []}
    record = {
        "schema": {"name": "envguard.lock", "version": 1},
        "machines": {"default": machine},
        "data": {"data": tree},
    }
    scratch.write("envguard.lock", json.dumps(record))
    scratch.write(".envguard/manifests/data.b3", "")
    scratch.write("other.txt", "")
    scratch.git("commit", "-q", "--no-verify", "-m", "as it came")
    scratch.git("rm", "-q", "other.txt")
    said = scratch.commit()
    assert "EG1" not in said
    scratch.git("rm", "-q", "uv.lock")
    said = " ".join(scratch.commit(status=1).split())
    assert "machine 'default' was recorded with uv.lock, which is not in the repository" in said
    scratch.git("reset", "-q", "--hard")
    scratch.git("rm", "-q", ".envguard/manifests/data.b3")
    assert "EG115 [missing-manifest]" in scratch.commit(status=1)
    scratch.git("reset", "-q", "--hard")
    scratch.git("rm", "-q", "-r", "uv.lock", "envguard.lock", "pyproject.toml", ".envguard")
    scratch.commit()


def test_a_commit_that_deletes_the_record_of_a_project_that_goes_on_is_refused(scratch: Scratch) -> None:
    record = {"schema": {"name": "envguard.lock", "version": 1}, "machines": {}}
    scratch.project("services/train/", manifest=f"{MANIFEST}\n[tool.envguard]\n")
    for folder in ("", "services/train/"):
        scratch.write(f"{folder}envguard.lock", json.dumps(record))
    scratch.commit()
    scratch.git("rm", "-q", "services/train/envguard.lock")
    said = " ".join(scratch.commit(status=1).split())
    assert "services/train: EG907 [deleted-baseline] this commit deletes envguard.lock, the record" in said
    assert (
        "hint: cd services/train && git restore --staged --worktree envguard.lock; to do without envguard: delete the settings of "
        "envguard in the same commit"
    ) in said
    scratch.write("services/train/pyproject.toml", MANIFEST)
    scratch.commit()
    # Where there are no settings, the hook is left out.
    scratch.git("rm", "-q", "envguard.lock")
    assert "to do without envguard: SKIP=envguard-baseline git commit" in scratch.commit(status=1)
    scratch.environ["SKIP"] = "envguard-baseline"
    scratch.commit()
    del scratch.environ["SKIP"]
    # That it is gone is told once.
    scratch.write("pyproject.toml", f"{MANIFEST}# fine\n")
    assert "EG907" not in scratch.commit()


def test_a_recorded_tree_without_its_manifest_is_told(scratch: Scratch) -> None:
    tree = {"path": "data", "root": f"blake3:{'0' * 64}", "files": 1, "bytes": 1, "ignore": []}
    record = {"schema": {"name": "envguard.lock", "version": 1}, "machines": {}, "data": {"data": tree}}
    scratch.write("envguard.lock", json.dumps(record))
    assert "EG115 [missing-manifest]" in scratch.commit(status=1)
    scratch.write(".envguard/manifests/data.b3", "")
    scratch.commit()


@pytest.mark.network
@pytest.mark.parametrize("tool", ["pre-commit", "prek"])
def test_the_hooks_are_installed_without_a_compiler(tmp_path: Path, tool: str) -> None:
    hooks, scratch, programs = tmp_path / "hooks", tmp_path / "scratch", tmp_path / "bin"
    scratch.mkdir()
    programs.mkdir()
    for name in ("git", "env", "sh", "bash", "dirname", "basename", "sed", "uname"):
        (programs / name).symlink_to(shutil.which(name) or name)
    (programs / "python3").symlink_to(sys.executable)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") and name != "CC"}
    environ |= {**IDENTITY, "NO_COLOR": "1", "PRE_COMMIT_HOME": str(tmp_path / "home"), "PATH": str(programs)}

    def run(*command: str | Path, cwd: Path) -> str:
        done = subprocess.run(
            list(map(str, command)), cwd=cwd, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("git", "clone", "-q", ROOT, hooks, cwd=tmp_path)
    run("git", "init", "-q", cwd=scratch)
    (scratch / "pyproject.toml").write_text(MANIFEST, encoding="utf-8")
    (scratch / "uv.lock").write_text(lock_text(), encoding="utf-8")
    run("git", "add", ".", cwd=scratch)
    said = run(TOOLS / tool, "try-repo", hooks, "envguard-lock", "--all-files", "--verbose", cwd=scratch)
    assert "clean: nothing differs" in said
