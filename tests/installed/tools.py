"""What the tests of this room are made of: wheels, metadata folders, interpreters and environments."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import packaging
import pytest

import envguard.installed
from envguard.installed import scan
from envguard.installed.model import Environment, Layer, SiteFolder
from envguard.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from envguard.installed.model import Inventory

MINORS = ("3.11", "3.12", "3.13", "3.14")
UV = shutil.which("uv", path=os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", ""))))


def run(*command: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run *command* and return what it prints; its own words are in the failure."""
    done = subprocess.run(
        [os.fspath(part) for part in command], env=env, cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def uv(*arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run uv without a network and without fetching interpreters."""
    assert UV is not None, "uv is one of the development dependencies"
    return run(UV, *arguments, "--offline", "--no-python-downloads", env=env, cwd=cwd)


def bare(home: Path, **more: str) -> dict[str, str]:
    """Return environment variables in which no environment is active and the home folder is *home*."""
    return {"HOME": str(home), "PATH": os.environ.get("PATH", os.defpath)} | more


@functools.cache
def interpreters() -> tuple[str, ...]:
    """Return the real executables of the installations of CPython that can be found: the running one and those on PATH."""
    found = {os.path.realpath(sys.executable): None}
    names = [(f"python{minor}", minor, None) for minor in MINORS] + [("python3", "", os.defpath)]
    for name, minor, where in names:
        path = shutil.which(name, path=where)
        if path is None:
            continue
        # pyenv puts one script for all its versions on PATH, which starts the one that this variable names.
        env = {**os.environ, "PYENV_VERSION": minor}
        done = subprocess.run(
            [path, "-c", "import sys; print(sys._base_executable)"],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0 and done.stdout.strip():
            found[os.path.realpath(done.stdout.strip())] = None
    return tuple(found)


EVERY_PYTHON = pytest.mark.parametrize("python", interpreters(), ids=lambda path: path.replace(os.sep, "-")[-30:])
ORACLE = """
import json, os, sys
folders = [os.path.realpath(p) for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages")]
sys.path.append(sys.argv[1])
from packaging.markers import default_environment
print(json.dumps({
    "version": sys.version.split()[0].rstrip("+"), "line": sys.version.replace(chr(10), " "), "prefix": sys.prefix,
    "base_prefix": os.path.realpath(sys.base_prefix), "name": sys.implementation.name,
    "folders": list(dict.fromkeys(folders)), "markers": default_environment(),
}))
"""


def library(folder: Path) -> Path:
    """Return a folder that makes packaging and envguard importable, and nothing else."""
    folder.mkdir(exist_ok=True)
    for package in (Path(packaging.__file__).parent, Path(envguard.installed.__file__).parents[1]):
        link = folder / package.name
        if not link.exists():
            link.symlink_to(package)
    return folder


def ask(python: str | Path, code: str, *arguments: str | Path, env: Mapping[str, str]) -> Any:
    """Run *code* in the interpreter *python* and return the JSON that it prints."""
    return json.loads(run(python, "-c", code, *arguments, env=env))


def row(path: str, content: bytes) -> str:
    """Return the row of RECORD for a file."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    quoted = f'"{path}"' if "," in path else path
    return f"{quoted},sha256={digest},{len(content)}\n"


def wheel(
    folder: Path,
    name: str = "tiny",
    version: str = "1.0",
    *,
    files: Mapping[str, bytes] | None = None,
    metadata: str = "",
    tag: str = "py3-none-any",
) -> Path:
    """Build a wheel; *files* are its payload, *metadata* more lines of METADATA. ``{info}`` in a path is its dist-info."""
    info = f"{name}-{version}.dist-info"
    content = {path.format(info=info): data for path, data in (files or {f"{name}.py": b"value = 1\n"}).items()}
    content[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}".encode()
    content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()
    rows = "".join(row(path, data) for path, data in content.items()) + f"{info}/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for entry, data in {**content, f"{info}/RECORD": rows.encode()}.items():
            archive.writestr(zipfile.ZipInfo(entry), data)
    return path


def dist_info(site: Path, stem: str, files: Mapping[str, bytes | str] | None = None, **defaults: str) -> Path:
    """Make the metadata folder *stem*``.dist-info`` with METADATA, RECORD and INSTALLER; *files* replaces and adds."""
    name, _, version = stem.rpartition("-")
    folder = site / f"{stem}.dist-info"
    folder.mkdir(parents=True)
    content: dict[str, bytes | str] = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nWords.\n",
        "RECORD": f"{name}.py,sha256=abc,3\n{folder.name}/METADATA,sha256=def,4\n{folder.name}/RECORD,,\n",
        "INSTALLER": defaults.get("installer", "uv"),
    }
    content.update(files or {})
    for entry, data in content.items():
        (folder / entry).write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


def environment(*folders: Path | tuple[Path, Layer]) -> Environment:
    """Return an environment made of nothing but *folders*."""
    layered = [folder if isinstance(folder, tuple) else (folder, Layer.ENVIRONMENT) for folder in folders]
    return Environment(
        prefix="/none",
        base_prefix="/none",
        executable=None,
        chosen_by="a test",
        running=False,
        implementation="cpython",
        version="3.11.7",
        build="",
        markers={},
        folders=tuple(SiteFolder(path=str(path), layer=layer) for path, layer in layered),
    )


def scanned(*folders: Path | tuple[Path, Layer]) -> Inventory:
    """Return what a scan of *folders* finds."""
    return scan(Reader({}), environment(*folders))


def venv(python: str, folder: Path, kind: str = "venv", *more: str, env: Mapping[str, str] | None = None) -> Path:
    """Make an empty virtual environment with the tool *kind* and return its folder."""
    commands: dict[str, Sequence[str | Path]] = {
        "venv": (python, "-m", "venv", "--without-pip", *more, folder),
        "virtualenv": (sys.executable, "-m", "virtualenv", "-q", "--no-seed", "--python", python, *more, folder),
    }
    if kind == "uv":
        uv("venv", "-q", "--python", python, *more, folder, env=env)
    else:
        run(*commands[kind], env=env)
    return folder


def installation(prefix: Path, version: str = "3.11.9", *, tag: str | None = None, header: bool = True) -> Path:
    """Make what looks like an installation of Python to somebody who does not run it; return its interpreter."""
    tag = tag or "python" + ".".join(version.split(".")[:2])
    for folder in (f"lib/{tag}/site-packages", f"include/{tag}", "bin"):
        (prefix / folder).mkdir(parents=True)
    (prefix / f"lib/{tag}/os.py").touch()
    if header:
        (prefix / f"include/{tag}/patchlevel.h").write_text(f'#define PY_VERSION              "{version}"\n')
    executable = prefix / "bin" / tag
    executable.write_bytes(b"\x7fELF")
    (prefix / "bin" / "python").symlink_to(executable.name)
    return executable


def virtual(folder: Path, base: Path, version: str = "3.11.9", *, tag: str | None = None) -> Path:
    """Make what looks like a virtual environment of the interpreter *base*; return its folder."""
    tag = tag or "python" + ".".join(version.split(".")[:2])
    (folder / f"lib/{tag}/site-packages").mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(base)
    (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\nversion_info = {version}\n")
    return folder
