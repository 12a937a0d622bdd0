from __future__ import annotations

import base64
import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard import cli as command_line
from envguard.cli import commands, main

from .trees import fill

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
# What a person's shell may hold and a test must not depend on.
STRANGERS = (
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "CONDA_PREFIX",
    "ENVGUARD_COLOR",
    "ENVGUARD_TRACEBACK",
    "FORCE_COLOR",
    "GITHUB_WORKSPACE",
    "NO_COLOR",
    "TERM",
    "VIRTUAL_ENV",
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command left behind."""

    status: int
    out: str
    err: str


class Cli:
    """Runs envguard in this process (``cli(...)``) or in one of its own (``cli.process(...)``)."""

    def __init__(self, capsys: pytest.CaptureFixture[str], environ: dict[str, str]) -> None:
        self.capsys = capsys
        self.environ = environ

    def __call__(self, *arguments: str) -> Result:
        self.capsys.readouterr()
        status = main(arguments)
        captured = self.capsys.readouterr()
        return Result(status=status, out=captured.out, err=captured.err)

    def process(self, *arguments: str, cwd: Path | None = None, **environ: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "envguard", *arguments],
            cwd=cwd,
            env={**self.environ, **environ},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return Result(status=done.returncode, out=done.stdout, err=done.stderr)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line, with a cache of its own and none of the shell's settings."""
    for name in STRANGERS:
        monkeypatch.delenv(name, raising=False)
    cache = tmp_path.with_name(f"{tmp_path.name}-cache")
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(cache))
    path = os.environ.get("PYTHONPATH", "")
    return Cli(capsys, {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{path}" if path else str(ROOT)})


class Runs:
    """Counts how often a command was really run, with click or without: its answer was not kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0

        def counted(real: Callable[..., int]) -> Callable[..., int]:
            def run(*arguments: object) -> int:
                self.count += 1
                return real(*arguments)

            return run

        monkeypatch.setattr(commands, "run", counted(commands.run))
        monkeypatch.setattr(command_line, "_plainly", counted(command_line._plainly))


MANIFEST = """\
[project]
name = "app"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["numpy>=2"]

[project.optional-dependencies]
plot = ["matplotlib"]

[dependency-groups]
dev = ["pytest"]

[[tool.uv.index]]
url = "https://index.example/simple"
default = true
"""
LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "numpy" },
]

[package.optional-dependencies]
plot = [
    { name = "matplotlib" },
]

[package.dev-dependencies]
dev = [
    { name = "pytest" },
]

[package.metadata]
requires-dist = [
    { name = "matplotlib", marker = "extra == 'plot'" },
    { name = "numpy", specifier = ">=2" },
]
provides-extras = ["plot"]

[package.metadata.requires-dev]
dev = [{ name = "pytest" }]
"""
ENTRY = """
[[package]]
name = "{name}"
version = "{version}"
source = {{ registry = "https://index.example/simple" }}
{more}wheels = [
    {{ url = "https://files.index.example/{name}-{version}-py3-none-any.whl", hash = "sha256:{digest}", size = 100 }},
]
"""
LOCKED = (("matplotlib", "3.10.1"), ("numpy", "2.4.6"), ("pytest", "9.2.0"))


def lock_text() -> str:
    """Return a lock that uv itself calls fresh for MANIFEST."""
    text = LOCK
    for number, (name, version) in enumerate(LOCKED):
        more = 'dependencies = [\n    { name = "numpy" },\n]\n' if name == "matplotlib" else ""
        text += ENTRY.format(name=name, version=version, more=more, digest=str(number) * 64)
    return text


class Project:
    """A project with a lock and a virtual environment that holds what the lock asks for by default."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = folder / "pyproject.toml"
        self.lock = folder / "uv.lock"
        self.baseline = folder / "envguard.lock"
        major, minor, micro = sys.version_info[:3]
        self.site = folder / ".venv" / "lib" / f"python{major}.{minor}" / "site-packages"
        self.site.mkdir(parents=True)
        (folder / ".venv" / "bin").mkdir()
        (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
        (folder / ".venv" / "pyvenv.cfg").write_text(
            f"home = {Path(sys.executable).resolve().parent}\nimplementation = CPython\n"
            f"version_info = {major}.{minor}.{micro}\ninclude-system-site-packages = false\n",
            encoding="utf-8",
        )
        self.manifest.write_text(MANIFEST, encoding="utf-8")
        self.lock.write_text(lock_text(), encoding="utf-8")
        self.install("numpy", "2.4.6")
        self.install("pytest", "9.2.0")

    def install(self, name: str, version: str, content: str = "") -> None:
        """Put a package into the environment as an installer does, in place of another version of it."""
        self.uninstall(name)
        info = self.site / f"{name}-{version}.dist-info"
        info.mkdir()
        files = {
            f"{name}.py": f"__version__ = '{version}'\n{content}",
            f"{info.name}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info.name}/INSTALLER": "uv",
        }
        record = ""
        for path, text in files.items():
            (self.site / path).write_bytes(text.encode())
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(text.encode())}\n"
        (info / "RECORD").write_text(f"{record}{info.name}/RECORD,,\n", encoding="utf-8")

    def uninstall(self, name: str) -> None:
        """Take a package out of the environment."""
        for info in self.site.glob(f"{name}-*.dist-info"):
            shutil.rmtree(info)
        (self.site / f"{name}.py").unlink(missing_ok=True)

    def state(self) -> dict[str, bytes]:
        """Return the bytes of every file beside the environment."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project that nobody has recorded yet; the current folder is in it."""
    folder = tmp_path / "app"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Project(folder)


@pytest.fixture
def recorded(project: Project, cli: Cli) -> Project:
    """A project that was set up and recorded; nothing differs."""
    result = cli("init")
    assert result.status == 0, result.err
    return project


@pytest.fixture
def raw(recorded: Project) -> Path:
    """Data in a recorded project."""
    return fill(recorded.folder / "data" / "raw")


@pytest.fixture
def added(cli: Cli, raw: Path) -> Path:
    """Data that is recorded."""
    assert cli("data", "add", "data/raw").status == 0
    return raw
