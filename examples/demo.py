"""Take a copy of the small project from init to a refused training run and back; fail loudly where a step does not.

It needs uv beside the interpreter that runs it, or on the PATH; ``make demo`` provides it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
OTHER_NUMPY = "numpy==2.3.5"


class Demo:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / ".venv" / ("Scripts" if os.name == "nt" else "bin")
        uv = shutil.which("uv", path=os.path.dirname(sys.executable)) or shutil.which("uv")
        if uv is None:
            sys.exit("error: uv is not here\nhint: make demo")
        self.uv = uv
        ours = ("VIRTUAL_ENV", "CONDA_PREFIX", "ENVGUARD", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT")
        self.environment = {key: value for key, value in os.environ.items() if key not in ours}
        self.environment["PATH"] = os.pathsep.join((str(self.bin), os.path.dirname(uv), os.environ.get("PATH", "")))
        self.environment["UV_NO_PROGRESS"] = "1"

    def run(self, command: str, *, status: int = 0, expect: str = "") -> str:
        """Run *command* as a person would type it, show it, and insist on its exit status and its words."""
        print(f"\n$ {command}", flush=True)
        words = shlex.split(command)
        environment = dict(self.environment)
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            environment[name] = value
        program = shutil.which(words[0], path=environment["PATH"]) or words[0]
        done = subprocess.run(
            [program, *words[1:]], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        print((done.stdout + done.stderr).rstrip(), flush=True)
        if done.returncode != status:
            sys.exit(f"\nthe demo failed: expected exit status {status}, found {done.returncode}")
        if "Traceback" in done.stdout + done.stderr or expect not in done.stdout + done.stderr:
            sys.exit(f"\nthe demo failed: expected {expect or 'no traceback'!r} in the output")
        return done.stdout + done.stderr

    def train_twice(self, script: str) -> None:
        first = self.run(f"python {script}", expect="verdict clean")
        second = self.run(f"python {script}", expect="verdict clean")
        if first != second:
            sys.exit("\nthe demo failed: two guarded runs gave different results")
        print(f"two runs of {script}, one result")

    def data(self) -> None:
        """Record the data, change one digit of it, and put it back."""
        self.run("envguard data add data", expect="recorded tree 'data' in envguard.lock: 1 file")
        self.run("envguard check", expect="1 tree, 1 file")
        points = self.folder / "data" / "points.csv"
        before = points.read_bytes()
        points.write_bytes(before.replace(b"1", b"7", 1))
        print("\none digit of data/points.csv is another now")
        self.run("python train.py", status=1, expect="EG501 [data-changed]")
        self.run("envguard data diff", status=1, expect="changed  points.csv")
        points.write_bytes(before)
        print("\nand is put back")
        self.run("envguard data verify", expect="data: the same, 1 file")
        self.train_twice("train.py")

    def play(self) -> None:
        self.run("uv lock --quiet")
        self.run(f"uv sync --quiet --locked --no-python-downloads --python {shlex.quote(sys.executable)}")
        self.run(f"uv pip install --quiet --python .venv {shlex.quote(str(HERE.parent))}")
        self.run("envguard --version", expect="envguard ")
        self.run("envguard check", status=3, expect="hint: envguard record")
        self.run("python train.py", status=1, expect="hint: envguard record")
        self.run("envguard init", expect="recorded machine 'default' in envguard.lock")
        self.run("envguard record")
        self.run("envguard check", expect="clean at host-to-host")
        self.train_twice("train.py")
        torch = subprocess.run(
            [str(self.bin / "python"), "-c", "import torch"], capture_output=True, check=False, cwd=self.folder
        )
        if torch.returncode == 0:
            self.train_twice("train_torch.py")
        self.data()
        self.run(f"uv pip install --quiet --python .venv {OTHER_NUMPY}")
        report = self.run("envguard check", status=1, expect="EG203 [version-mismatch] numpy 2.3.5 is installed")
        self.run("python train.py", status=1, expect="EG203 [version-mismatch] numpy 2.3.5 is installed")
        hint = next(line.split("hint: ", 1)[1] for line in report.splitlines() if "hint: uv sync" in line)
        self.run(f"{hint} --quiet")
        self.run("envguard check", expect="clean at host-to-host")
        self.train_twice("train.py")
        print("\nthe demo is done: every step did what it should")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="envguard-demo-") as scratch:
        folder = Path(scratch).resolve() / "small-project"
        shutil.copytree(HERE / "small-project", folder)
        Demo(folder).play()


if __name__ == "__main__":
    main()
