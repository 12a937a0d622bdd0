"""Small projects that uv can lock offline: wheels made by hand in a flat index."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV = shutil.which("uv", path=os.path.dirname(sys.executable)) or shutil.which("uv") or "uv"
INDEX = '\n[[tool.uv.index]]\nname = "flat"\nurl = "WHEELS"\nformat = "flat"\ndefault = true\n'


def uv(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run uv in *folder*, without network, downloads of interpreters, or settings of the user."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("UV_")}
    environment.update(UV_OFFLINE="1", UV_PYTHON_DOWNLOADS="never", UV_PYTHON=sys.executable, UV_NO_CONFIG="")
    environment.pop("UV_NO_CONFIG")
    environment |= more
    return subprocess.run([UV, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)


def wheel(folder: Path, name: str, version: str, *requires: str, extras: tuple[str, ...] = ()) -> None:
    """Write a wheel that holds nothing but its metadata."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {text}" for text in requires]
    files = {
        f"{info}/METADATA": "\n".join(lines) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{name}.py": "",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


def wheels(folder: Path) -> None:
    """Fill *folder* with the packages that the projects of the tests ask for."""
    wheel(folder, "alpha", "1.0", "beta>=1")
    wheel(folder, "alpha", "1.5", "beta>=1")
    wheel(folder, "alpha", "2.0", "beta>=1", "gamma ; python_version >= '3.12'")
    wheel(folder, "beta", "1.0", "delta ; extra == 'fast'", "epsilon ; sys_platform == 'win32'", extras=("fast",))
    wheel(folder, "gamma", "1.0")
    wheel(folder, "delta", "1.0")
    wheel(folder, "epsilon", "1.0")
    wheel(folder, "zeta", "1.0", "beta[fast]")
    wheel(folder, "accel", "1.0+cpu")
    wheel(folder, "accel", "1.0+cu130", "gamma")
    wheel(folder, "tool", "1.0")
    wheel(folder, "tool", "2.0")


def project(folder: Path, manifest: str, **more: str) -> Path:
    """Write and lock a project; *more* are further files, ``__`` in their names for ``/`` and ``_toml`` for ``.toml``."""
    wheels(folder / "wheels")
    write(folder, manifest)
    for name, text in more.items():
        path = folder / name.replace("__", "/").replace("_toml", ".toml").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = uv(folder, "lock")
    assert done.returncode == 0, done.stderr
    return folder


def write(folder: Path, manifest: str) -> None:
    """Write the manifest, with the flat index in it."""
    (folder / "pyproject.toml").write_text(manifest + INDEX.replace("WHEELS", "wheels"))
