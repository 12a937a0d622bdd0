from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


class Repository:
    """A repository in a folder, and git in it with nothing of the user's configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str, check: bool = True, given: str = "", **more: str) -> str:
        """Run git and return what it prints."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        for who in ("AUTHOR", "COMMITTER"):
            environ |= {f"GIT_{who}_NAME": "Ada", f"GIT_{who}_EMAIL": "ada@example.org"}
        environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **more}
        command = ["git", "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=environ, input=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def write(self, name: str, text: str, *, add: bool = True) -> Path:
        """Write a file, and stage it."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if add:
            self.git("add", "--", name)
        return path

    def commit(self, message: str = "more") -> None:
        """Commit what is staged."""
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def conflict(self, name: str) -> None:
        """Begin a merge that both branches have changed the file *name* for."""
        self.git("checkout", "-q", "-b", "other")
        self.write(name, "other\n")
        self.commit()
        self.git("checkout", "-q", "main")
        self.write(name, "main\n")
        self.commit()
        self.git("merge", "-q", "other", check=False)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty repository."""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    folder = tmp_path.resolve() / "repo"
    folder.mkdir()
    made = Repository(folder)
    made.git("init", "-q", "-b", "main")
    return made


@pytest.fixture
def committed(repository: Repository) -> Repository:
    """A repository with one commit of two files and a folder."""
    repository.write("train.py", "import lib\n")
    repository.write("lib/__init__.py", "VALUE = 1\n")
    repository.write(".gitignore", "ignored/\n*.log\n")
    repository.commit()
    return repository


def another(folder: Path) -> Repository:
    """Make a second repository in *folder*."""
    folder.mkdir(parents=True)
    made = Repository(folder)
    made.git("init", "-q", "-b", "main")
    return made
