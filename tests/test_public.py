"""What a user of the package sees, and what importing it costs."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import envguard

ROOT = Path(__file__).resolve().parent.parent


def run(code: str) -> str:
    # -S: what an editable installation adds to the interpreter is no business of the package.
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout


def test_importing_the_package_imports_nothing_but_itself() -> None:
    code = (
        "import sys; old = set(sys.modules); import envguard, json; print(json.dumps(sorted(set(sys.modules) - old)))"
    )
    bare = "import sys; old = set(sys.modules); import json; print(json.dumps(sorted(set(sys.modules) - old)))"
    assert set(json.loads(run(code))) - set(json.loads(run(bare))) <= {"envguard", "__future__"}


def test_every_public_name_is_there() -> None:
    assert dir(envguard) == envguard.__all__
    for name in envguard.__all__:
        assert getattr(envguard, name) is not None
    assert not hasattr(envguard, "nothing_of_that_name")


def test_check_is_the_function_before_and_after_its_module_is_imported() -> None:
    asked = "print(callable(envguard.check))"
    for code in (
        "import envguard",
        "import envguard, envguard.check",
        "import envguard; from envguard.check import run_check",
    ):
        done = subprocess.run([sys.executable, "-c", f"{code}; {asked}"], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "True", code


def test_the_version_is_the_one_of_the_package() -> None:
    manifest = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert envguard.__version__ == manifest["project"]["version"]
