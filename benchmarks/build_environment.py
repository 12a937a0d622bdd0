"""Build what check.py measures: an environment of about 320 real packages, three times, and an envguard to ask.

``clean`` holds exactly its lock; ``drifted`` differs in one package; ``guarded`` has envguard inside, for ``enforce()``;
``tool`` is an environment with envguard alone, installed from this checkout as a user installs it. uv links the files of all
three to its cache, so they cost little more than one. Downloads about 500 MB the first time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DEFAULT = ROOT / "build" / "benchmark"
DRIFT = "six==1.16.0"


def find_uv() -> str:
    """Return the uv beside this interpreter, or the one on the PATH."""
    uv = shutil.which("uv", path=os.path.dirname(sys.executable)) or shutil.which("uv")
    if uv is None:
        sys.exit("error: uv is not here\nhint: make bench")
    return uv


def environment(folder: Path) -> dict[str, str]:
    """Return the environment variables of every process that is measured: nobody's settings, a store of its own."""
    strangers = ("CONDA_PREFIX", "ENVGUARD", "PYTHON", "UV_PROJECT", "UV_PYTHON", "VIRTUAL_ENV")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(strangers)}
    return {**kept, "ENVGUARD_CACHE_DIR": str(folder / "store"), "UV_NO_PROGRESS": "1"}


def build(folder: Path) -> None:
    """Make the three projects and the tool in *folder*; what is there already stays."""
    uv, variables = find_uv(), environment(folder)
    python = ("--no-python-downloads", "--python", sys.executable)

    def run(*command: str | Path, cwd: Path = folder) -> None:
        print("$", *(os.path.relpath(part, folder) if isinstance(part, Path) else part for part in command), flush=True)
        subprocess.run([os.fspath(part) for part in command], cwd=cwd, env=variables, check=True)

    folder.mkdir(parents=True, exist_ok=True)
    tool, envguard = folder / "tool", folder / "tool" / "bin" / "envguard"
    run(uv, "venv", "--quiet", "--clear", "--no-project", *python, tool)
    # Copied, not linked: a link more to the same file elsewhere changes its times, and then kept answers are not trusted any more.
    run(uv, "pip", "install", "--quiet", "--link-mode", "copy", "--python", tool, "--reinstall", f"{ROOT}[conda]")
    for name in ("clean", "drifted", "guarded"):
        project = folder / name
        project.mkdir(exist_ok=True)
        shutil.copy(HERE / "large" / "pyproject.toml", project)
        if name == "clean":
            run(uv, "lock", "--quiet", *python, cwd=project)
        else:
            shutil.copy(folder / "clean" / "uv.lock", project)
        run(uv, "sync", "--quiet", "--locked", *python, cwd=project)
        (project / "envguard.lock").unlink(missing_ok=True)
        if name == "guarded":
            run(uv, "pip", "install", "--quiet", "--python", project / ".venv", "--reinstall-package", "envguard", ROOT)
            run(project / ".venv" / "bin" / "envguard", "init", cwd=project)
        else:
            run(envguard, "init", cwd=project)
    run(uv, "pip", "install", "--quiet", "--python", folder / "drifted" / ".venv", DRIFT)
    # Files that have just been written cannot be told from files that will be: no answer is kept before they have aged.
    time.sleep(3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT)
    build(parser.parse_args().folder.resolve())


if __name__ == "__main__":
    main()
