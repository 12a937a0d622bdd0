"""Real installers: what they install is what they wrote down, and what goes wrong with them is named."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.files.look import look_at
from envguard.installed import find_environment, scan
from envguard.reader import Reader
from tests.installed.test_installers import FILES, pip
from tests.installed.tools import UV, bare, run, uv, venv, wheel

if TYPE_CHECKING:
    from envguard.files.model import InstalledFiles

__all__ = ["pip"]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Return variables with a cache of its own: nothing that is edited here may reach anybody else's environment."""
    return bare(tmp_path / "home", UV_CACHE_DIR=str(tmp_path / "cache"))


def looked(folder: Path) -> InstalledFiles:
    reader = Reader({})
    return look_at(reader, scan(reader, find_environment(reader, str(folder), str(folder))))


def site(folder: Path) -> Path:
    (found,) = folder.glob("lib/python*/site-packages")
    return found


def clean(folder: Path) -> InstalledFiles:
    found = looked(folder)
    assert (found.packages, found.shared, found.strays, found.outdated) == ((), (), (), 0)
    return found


def by_uv(folder: Path, home: dict[str, str], *arguments: str | Path) -> Path:
    venv(sys.executable, folder, "uv")
    uv("pip", "install", "-q", "--python", folder, "--no-deps", "--link-mode=hardlink", *arguments, env=home)
    return folder


@pytest.mark.parametrize("mode", ["hardlink", "copy", "symlink"])
@pytest.mark.parametrize("compiled", [False, True])
def test_uv(tmp_path: Path, home: dict[str, str], mode: str, compiled: bool) -> None:
    folder = venv(sys.executable, tmp_path / "env", "uv")
    more = ["--compile-bytecode"] if compiled else []
    built = wheel(tmp_path, files=FILES)
    uv("pip", "install", "-q", "--python", folder, f"--link-mode={mode}", *more, built, env=home)
    assert clean(folder).count == 1
    assert list(site(folder).rglob("*.pyc")) or not compiled


@pytest.mark.parametrize("compiled", [False, True])
def test_pip(tmp_path: Path, pip: Path, compiled: bool) -> None:
    python = venv(sys.executable, tmp_path / "env") / "bin" / "python"
    more = [] if compiled else ["--no-compile"]
    run(pip, "-m", "pip", "--python", python, "install", "-q", "--no-index", *more, wheel(tmp_path, files=FILES))
    clean(tmp_path / "env")
    (site(tmp_path / "env") / "tiny_pure.py").write_bytes(b"2\n")
    (package,) = looked(tmp_path / "env").packages
    assert [os.path.basename(change.path) for change in package.changed] == ["tiny_pure.py"]
    assert not package.cached


def test_a_virtual_environment_of_every_kind_is_clean(tmp_path: Path) -> None:
    for kind in ("venv", "virtualenv", "uv"):
        clean(venv(sys.executable, tmp_path / kind, kind))


def test_the_pip_that_an_environment_is_made_with_is_as_it_was_packed(pip: Path) -> None:
    assert clean(pip.parent.parent).count >= 1


def test_an_edit_through_a_hard_link_reaches_whoever_is_linked_later(tmp_path: Path, home: dict[str, str]) -> None:
    built = wheel(tmp_path, files=FILES)
    first = by_uv(tmp_path / "first", home, built)
    clean(first)
    edited = site(first) / "tiny" / "__init__.py"
    with open(edited, "ab") as file:
        file.write(b"value = 2\n")
    future = time.time() + 5
    os.utime(edited, (future, future))
    (package,) = looked(first).packages
    assert package.cached
    assert [change.cause for change in package.changed] == ["edited after the installation"]
    os.utime(edited, (1_600_000_000, 1_600_000_000))
    second = by_uv(tmp_path / "second", home, built)
    (package,) = looked(second).packages
    assert [change.cause for change in package.changed] == ["linked to an installer's cache where it was edited"]
    # What the hint of the finding says.
    uv("cache", "clean", "-q", "tiny", env=home)
    uv("pip", "install", "-q", "--python", second, "--reinstall", built, env=home)
    clean(second)


def test_two_wheels_that_write_one_file(tmp_path: Path, home: dict[str, str]) -> None:
    """As the wheels of one library for two versions of CUDA do."""
    library = "nvidia/nccl/lib/libnccl.so.2"
    for number in ("12", "13"):
        wheel(tmp_path, f"nccl_cu{number}", files={library: number.encode(), f"nvidia/nccl/{number}.h": b""})
    folder = by_uv(tmp_path / "env", home, tmp_path / "nccl_cu12-1.0-py3-none-any.whl")
    uv("pip", "install", "-q", "--python", folder, tmp_path / "nccl_cu13-1.0-py3-none-any.whl", env=home)
    there = (site(folder) / library).read_bytes().decode()
    found = looked(folder)
    (shared,) = found.shared
    assert (shared.names, shared.same, shared.winner) == (("nccl-cu12", "nccl-cu13"), False, f"nccl-cu{there}")
    assert shared.paths == (str(site(folder) / library),)
    assert found.packages == ()
    uv("pip", "uninstall", "-q", "--python", folder, "nccl-cu13", env=home)
    (package,) = looked(folder).packages
    assert (package.name, [os.path.basename(change.path) for change in package.missing]) == (
        "nccl-cu12",
        ["libnccl.so.2"],
    )


def test_an_editable_install_is_named_and_its_own_files_are_compared(tmp_path: Path, home: dict[str, str]) -> None:
    source = tmp_path / "source"
    (source / "tiny").mkdir(parents=True)
    (source / "tiny" / "__init__.py").touch()
    (source / "build_backend.py").write_text(
        "import os, sys, shutil\n"
        "def build_editable(folder, config_settings=None, metadata_directory=None):\n"
        "    name = 'tiny-1.0-py3-none-any.whl'\n"
        "    shutil.copy(os.path.join(os.path.dirname(__file__), name), os.path.join(folder, name))\n"
        "    return name\n"
        "def get_requires_for_build_editable(config_settings=None):\n    return []\n"
    )
    wheel(source, files={"tiny.pth": f"{source}\n".encode()})
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "build_backend"\nbackend-path = ["."]\n'
        '[project]\nname = "tiny"\nversion = "1.0"\n'
    )
    folder = by_uv(tmp_path / "env", home, "--no-build-isolation", "--editable", source)
    assert clean(folder).editable == ("tiny",)
    (source / "tiny" / "__init__.py").write_text("edited")
    clean(folder)
    (site(folder) / "tiny.pth").write_text("/elsewhere\n")
    (package,) = looked(folder).packages
    assert [os.path.basename(change.path) for change in package.changed] == ["tiny.pth"]


MANY = {f"many/d{number % 60}/f{number}.py": b"x = %d\n" % number * 40 for number in range(1500)}


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_an_installation_that_was_killed_never_looks_whole(
    tmp_path: Path, pip: Path, home: dict[str, str], tool: str
) -> None:
    built = wheel(tmp_path, "many", files=MANY)
    empty = venv(sys.executable, tmp_path / "empty")
    folder = tmp_path / "env"
    command: list[str | Path] = [
        pip,
        "-m",
        "pip",
        "--python",
        folder / "bin" / "python",
        "install",
        "-q",
        "--no-index",
        built,
    ]
    if tool == "uv":
        assert UV is not None
        command = [UV, "pip", "install", "-q", "--offline", "--python", folder, "--link-mode=copy", built]
    moments = random.Random(20261124)
    shutil.copytree(empty, folder, symlinks=True)
    begun = time.monotonic()
    subprocess.run(command, env=home, check=True)
    whole = time.monotonic() - begun
    clean(folder)
    seen = set()
    for _ in range(12):
        shutil.rmtree(folder)
        shutil.copytree(empty, folder, symlinks=True)
        process = subprocess.Popen(
            command, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(moments.uniform(0.2, 1.1) * whole)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # pip starts another process for an environment that is not its own
        process.wait()
        there = len(list(site(folder).glob("many/*/*.py")))
        found = looked(folder)
        said = bool(found.packages or found.strays)
        if 0 < there < len(MANY):
            assert said, there
            seen.add("broken")
        if said:
            # Some of it is there: a part of the files, or all of them and no word of it.
            assert any(site(folder).iterdir())
        missing = {package.unfinished for package in found.packages if package.missing}
        assert missing <= {True}
    assert seen, "no installation was caught in the middle"
