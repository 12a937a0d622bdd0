"""The hooks that this repository offers, run by pre-commit itself in a scratch repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.cli.deleting import concerns
from envguard.lockfiles.formats import FORMATS

from .cli.conftest import MANIFEST, lock_text

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
IDENTITY = {
    "GIT_AUTHOR_NAME": "nobody",
    "GIT_AUTHOR_EMAIL": "nobody@host.example",
    "GIT_COMMITTER_NAME": "nobody",
    "GIT_COMMITTER_EMAIL": "nobody@host.example",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def run(
    *command: str | Path, cwd: Path, environ: Mapping[str, str] | None = None, status: int | None = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("GIT_")}, **IDENTITY, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert status is None or done.returncode == status, done.stdout + done.stderr
    return done


def pre_commit(*arguments: str | Path, cwd: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "pre_commit", *arguments, cwd=cwd, environ=environ, status=None)


def hook(name: str) -> dict[str, str]:
    """Return the plain values of a hook of the manifest; enough of YAML for a file that pre-commit validates below."""
    text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    block = next(part for part in text.split("\n- id: ") if part.startswith(name))
    return dict(re.findall(r"^  (\w+): ([^#\n]*[^#\s])", block, re.MULTILINE))


def test_pre_commit_accepts_the_manifest() -> None:
    done = run(sys.executable, "-m", "pre_commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml", cwd=ROOT)
    assert "warning" not in (done.stdout + done.stderr).lower()


# Files, and whether the lock hook is for them.
PATHS = [
    ("uv.lock", True),
    ("pyproject.toml", True),
    ("uv.toml", True),
    ("a/envguard.toml", True),
    ("services/train/uv.lock", True),
    ("services/train/pyproject.toml", True),
    ("train.py.lock", True),
    ("poetry.lock", True),
    ("a/pdm.lock", True),
    ("Pipfile", True),
    ("Pipfile.lock", True),
    ("pylock.toml", True),
    ("pylock.gpu.toml", True),
    ("requirements.txt", True),
    ("requirements/dev.txt", True),
    ("requirements/docs/notes.txt", False),
    ("requirements-dev.lock", True),
    ("a/requirements-dev.in", True),
    ("pixi.lock", True),
    ("pixi.toml", True),
    ("conda-lock.yml", True),
    ("gpu.conda-lock.yaml", True),
    ("conda-lock-gpu.yml", True),
    ("conda-locks.yml", False),
    ("mojoproject.toml", True),
    ("environment.yaml", True),
    ("environment-dev.yml", True),
    ("a/dev-environment.yml", True),
    ("environments.md", False),
    ("recipe/meta.yaml", True),
    ("meta.yml", False),
    ("not-uv.lock", False),
    ("pylock.a.b.toml", False),
    ("mypixi.lock", False),
    ("uv.lock.bak", False),
    ("docs/pyproject.toml/readme.md", False),
    ("uvxlock", False),
]


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_the_hook_runs_for_locks_and_manifests_of_any_folder(path: str, expected: bool) -> None:
    assert (re.search(hook("envguard-lock")["files"], path) is not None) is expected


@pytest.mark.parametrize("name", ["envguard-lock", "envguard-lock-diff", "envguard-baseline"])
def test_what_a_commit_deletes_counts_where_a_change_of_it_would(name: str) -> None:
    words = hook(name)["entry"].split()
    assert words[:2] == ["envguard", "staged"]
    assert words[3:] == ["--deleted"]
    assert hook(name)["always_run"] == "true"
    more = ["envguard.lock", "a/.envguard/manifests/raw.b3", "a/manifests/raw.b3", "readme.md", "a/envguard.lock.txt"]
    # PEP 751 allows one word between the dots, and whoever asks for a lock by a name of several gets it.
    paths = [path for path, _ in PATHS if path != "pylock.a.b.toml"] + more
    assert [path for path in paths if concerns(words[2], path)] == [
        path for path in paths if re.search(hook(name)["files"], path)
    ]


@pytest.mark.parametrize("name", ["envguard-lock", "envguard-lock-diff", "envguard-baseline"])
def test_every_hook_for_locks_runs_for_every_format(name: str) -> None:
    locks = [pattern.replace("*", "gpu") for form in FORMATS for pattern in form.files]
    assert [lock for lock in locks if not re.search(hook(name)["files"], f"a/{lock}")] == []


def test_the_lock_hook_runs_for_the_manifests_of_every_format() -> None:
    names = [name for form in FORMATS for name in form.manifests]
    assert [name for name in names if not re.search(hook("envguard-lock")["files"], f"a/{name}")] == []


def test_the_environment_hook_runs_where_the_files_under_an_environment_moved() -> None:
    assert hook("envguard-check")["language"] == "unsupported"
    assert hook("envguard-check")["stages"] == "[post-checkout, post-merge, post-rewrite]"
    assert hook("envguard-check")["minimum_pre_commit_version"] == "4.4.0"


def repository(folder: Path) -> None:
    """Make *folder* a repository with everything in it committed."""
    run("git", "init", "-q", cwd=folder)
    run("git", "add", ".", cwd=folder)
    run("git", "commit", "-q", "-m", "Start", cwd=folder)


def project(folder: Path, manifest: str = MANIFEST) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(manifest, encoding="utf-8")
    (folder / "uv.lock").write_text(lock_text(), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.network
def test_the_lock_hook_works_for_real(tmp_path: Path) -> None:
    hooks, scratch = tmp_path / "hooks", tmp_path / "scratch"
    run("git", "clone", "-q", ROOT, hooks, cwd=tmp_path)
    project(scratch)
    project(scratch / "services" / "train")
    repository(scratch)
    environ = {"PRE_COMMIT_HOME": str(tmp_path / "pre-commit"), "NO_COLOR": "1"}

    def try_hook() -> subprocess.CompletedProcess[str]:
        return pre_commit("try-repo", hooks, "envguard-lock", "--all-files", "--verbose", cwd=scratch, environ=environ)

    done = try_hook()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lock         services/train/uv.lock\n\nclean: nothing differs\n" in done.stdout
    assert "lock         uv.lock\n\nclean: nothing differs\n" in done.stdout

    project(scratch / "services" / "train", MANIFEST.replace("numpy>=2", "numpy>=2.1"))
    run("git", "add", ".", cwd=scratch)
    done = try_hook()
    assert done.returncode == 1
    assert "- exit code: 1" in done.stdout
    assert "services/train/pyproject.toml:5: EG101 [stale-lock] " in done.stdout
    assert "hint: cd services/train && uv lock" in done.stdout
    assert "lock         uv.lock\n\nclean: nothing differs\n" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for the installed command is a shell script")
def test_the_environment_hook_asks_the_envguard_on_the_path(tmp_path: Path) -> None:
    hooks, scratch, programs = tmp_path / "hooks", tmp_path / "scratch", tmp_path / "bin"
    run("git", "clone", "-q", ROOT, hooks, cwd=tmp_path)
    project(scratch)
    repository(scratch)
    programs.mkdir()
    command = programs / "envguard"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m envguard "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    environ = {
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "ENVGUARD_CACHE_DIR": str(tmp_path / "cache"),
        "NO_COLOR": "1",
    }
    stage = ("--hook-stage", "post-checkout", "--from-ref", "HEAD", "--to-ref", "HEAD", "--checkout-type", "1")
    done = pre_commit("try-repo", hooks, "envguard-check", *stage, cwd=scratch, environ=environ)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "EG902 [missing-baseline] " in done.stdout
    assert "hint: envguard record" in done.stdout
