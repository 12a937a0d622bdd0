"""What hash_trees.py runs: envguard installed as a user installs it, DVC in an environment of its own, the floor, b3sum."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from build_environment import DEFAULT, HERE, ROOT, environment, find_uv

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = DEFAULT.parent / "benchmark-hash"
DVC = "dvc==3.67.1"


def variables(store: Path) -> dict[str, str]:
    """Return the environment variables of what is measured: nobody's settings, and stores below *store*."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), str(ROOT / ".tools" / "bin")))
    folders = {
        f"DVC_{name}_DIR": str(store / "dvc" / name) for name in ("GLOBAL_CONFIG", "SYSTEM_CONFIG", "SITE_CACHE")
    }
    return {
        **environment(store),
        **folders,
        "DVC_NO_ANALYTICS": "1",
        "LC_ALL": "C",
        "PATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run *command* to its end and return what it printed; its errors are shown, and end everything."""
    done = subprocess.run(
        [os.fspath(part) for part in command], cwd=cwd, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"error: {' '.join(map(str, command))} ended with {done.returncode}")
    return done.stdout


def virtual_environment(name: str, *requirements: str | Path) -> Path:
    """Return the folder ``bin`` of an environment in which *requirements* are installed; this checkout always anew."""
    uv, folder = find_uv(), FOLDER / name
    python = folder / "bin" / "python"
    if not python.exists():
        run(uv, "venv", "--quiet", "--no-project", "--no-python-downloads", "--python", sys.executable, folder)
    reinstall = ("--reinstall-package", "envguard") if ROOT in requirements else ()
    run(uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *reinstall, *requirements)
    return folder / "bin"


def envguard() -> Path:
    """Return the folder that holds envguard's command and interpreter, built with its C core."""
    os.environ["ENVGUARD_REQUIRE_CORE"] = "1"
    return virtual_environment("tool", ROOT)


def dvc() -> Path:
    """Return DVC's command."""
    return virtual_environment("dvc", DVC) / "dvc"


def floor() -> Path:
    """Return the program that does all that hashing needs but the hash."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    run(os.environ.get("CC", "cc"), "-O2", "-pthread", HERE / "floor.c", "-o", FOLDER / "floor")
    return FOLDER / "floor"


def core() -> list[Path]:
    """Return the sources of the C core, without what makes a module for Python of it."""
    return [
        path
        for path in sorted((ROOT / "csrc").rglob("*.c"))
        if "tests" not in path.parts and not path.name.endswith(".csrc.c")
    ]


def reading() -> Path:
    """Return the program that gets a large file into a hash in several ways."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    flags = ("-O3", "-pthread", f"-I{ROOT / 'csrc'}")
    run(os.environ.get("CC", "cc"), *flags, HERE / "reading.c", *core(), "-o", FOLDER / "reading")
    return FOLDER / "reading"


def b3sum() -> str:
    """Return what b3sum calls itself; ends everything where there is none."""
    path = shutil.which("b3sum", path=variables(FOLDER)["PATH"])
    if path is None:
        sys.exit("error: b3sum is not here\nhint: make bench-hash")
    return run(path, "--version").strip()


def drop_caches(tree: Path) -> str:
    """Put the files of *tree* out of the page cache, and return how that was done."""
    os.sync()
    try:
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as switch:
            switch.write("3\n")
    except OSError:
        for folder, _, names in os.walk(tree):
            for name in names:
                fd = os.open(f"{folder}/{name}", os.O_RDONLY)
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(fd)
        return "the files put out of the page cache by posix_fadvise before each run; folders and inodes stayed in it"
    return "page cache, folders and inodes dropped through /proc/sys/vm/drop_caches before each run"
