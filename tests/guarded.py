"""A project whose training is guarded, as a folder that real processes run in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
"""

MANIFEST = """\
[project]
name = "app"
version = "0.1.0"
requires-python = ">=3.11"

[tool.envguard]
unexpected = "allow"
"""

REPORT = """
import json, sys
print(json.dumps({"verdict": run.receipt.verdict, "mode": run.receipt.mode, "seed": run.seed,
                  "overridden": list(run.receipt.overridden), "seeded": dict(run.receipt.seeded),
                  "modules": sorted(n for n in sys.modules if n.split(".")[0] in ("envguard", "packaging", "click", "tomli"))}))
"""


class Project:
    """A project that locks nothing, with a training script, and the interpreter of the tests as its environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "uv.lock").write_text(LOCK)
        (folder / "pyproject.toml").write_text(MANIFEST)

    @classmethod
    def recorded(cls, folder: Path) -> Project:
        """Return such a project whose environment was recorded."""
        made = cls(folder)
        made.record()
        return made

    def record(self) -> None:
        code = "import sys; from envguard.cli import main; sys.exit(main(['record', '--python', sys.executable]))"
        done = self.python("-c", code)
        assert done.returncode == 0, done.stderr

    def train(
        self, code: str = "run = envguard.enforce(seed=42)" + REPORT, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        (self.folder / "train.py").write_text("import envguard\n" + textwrap.dedent(code))
        return self.python("train.py", **environ)

    def fit(self, *arguments: str) -> dict[str, Any]:
        """Run ``fit.py``, and return the JSON of its last line."""
        done = self.python("fit.py", *arguments)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def python(self, *arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )


def drift(project: Project) -> None:
    """Make the record one of another processor."""
    path = project.folder / "envguard.lock"
    document = json.loads(path.read_text())
    document["machines"]["default"]["facts"]["cpu.vendor"] = "Zilog"
    path.write_text(json.dumps(document))
