"""The commands that install what was selected, each tool's own, with options that the tools themselves know."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from envguard.runs.install import Wanted, install_command
from tests.lockfiles.programs import environment_with

if TYPE_CHECKING:
    from pathlib import Path

ALL = Wanted(packages=("app",), extras=("cu130",), groups=("dev", "test"), default_groups=False)


@pytest.mark.parametrize(
    ("lock", "wanted", "command"),
    [
        ("uv.lock", Wanted(), "uv sync --locked"),
        (
            "sub/uv.lock",
            ALL,
            "uv sync --locked --package app --extra cu130 --no-default-groups --group dev --group test",
        ),
        ("uv.lock", Wanted(packages=("*",)), "uv sync --locked --all-packages"),
        ("poetry.lock", Wanted(), "poetry sync"),
        ("poetry.lock", Wanted(groups=("dev",)), "poetry sync --with dev"),
        ("poetry.lock", ALL, "poetry sync --extras cu130 --only main,dev,test"),
        ("pdm.lock", ALL, "pdm sync --clean --group cu130 --group dev --group test --prod"),
        ("Pipfile.lock", Wanted(groups=("develop",)), "pipenv sync --dev"),
        ("Pipfile.lock", Wanted(groups=("docs",)), "pipenv sync --categories 'packages docs'"),
        ("pixi.lock", Wanted(groups=("cuda",)), "pixi install --locked --environment cuda"),
        ("conda-lock.yml", Wanted(default_groups=False), "conda-lock install --no-dev conda-lock.yml"),
        ("pylock.gpu.toml", Wanted(extras=("a",)), "uv pip install -r pylock.gpu.toml --extra a"),
        ("requirements.txt", Wanted(), "uv pip install -r requirements.txt"),
        ("uv.lock", Wanted(extras=("a; rm -rf ~",)), "uv sync --locked --extra 'a; rm -rf ~'"),
    ],
)
def test_each_tool_has_its_own(lock: str, wanted: Wanted, command: str) -> None:
    assert install_command(lock, wanted) == command


def test_a_lock_of_another_name_has_none() -> None:
    assert install_command("environment.lock", Wanted()) is None


def test_uv_takes_what_it_is_given(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.11"\n'
        "[project.optional-dependencies]\ncu130 = []\n"
        "[dependency-groups]\ndev = []\ntest = []\n[tool.uv]\npackage = false\n"
    )
    command = shlex.split(install_command("uv.lock", ALL) or "")
    uv = [str(sys.prefix + "/bin/uv")]
    subprocess.run([*uv, "lock", "--offline", "--quiet", "--python", sys.executable], cwd=folder, check=True)
    done = subprocess.run(
        [*uv, *command[1:], "--offline", "--dry-run", "--python", sys.executable],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize(
    ("tool", "requirement", "lock", "wanted"),
    [
        ("poetry", "poetry==2.5.1", "poetry.lock", ALL),
        ("poetry", "poetry==2.5.1", "poetry.lock", Wanted(groups=("dev",))),
        ("pdm", "pdm==2.29.3", "pdm.lock", ALL),
        ("pipenv", "pipenv==2026.10.3", "Pipfile.lock", Wanted(groups=("docs",))),
    ],
)
def test_the_other_tools_know_the_options(
    tmp_path: Path, tool: str, requirement: str, lock: str, wanted: Wanted
) -> None:
    programs = environment_with(tmp_path / tool, requirement)
    words = shlex.split(install_command(lock, wanted) or "")
    done = subprocess.run([programs / tool, words[1], "--help"], capture_output=True, text=True, check=True)
    options = [word for word in words if word.startswith("--")]
    assert options
    assert [option for option in options if option not in done.stdout] == []
