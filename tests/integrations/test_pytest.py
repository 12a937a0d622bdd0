"""``pytest --envguard`` in real sessions of pytest, with and without pytest-xdist."""

from __future__ import annotations

import json
import re

import pytest

from tests.guarded import Project, drift

TESTS = """
import random

def test_draw(envguard_run):
    with open("drawn.txt", "a") as stream:
        stream.write(f"{envguard_run.seed} {random.random()}\\n")
"""


@pytest.fixture
def project(project: Project) -> Project:
    (project.folder / "test_it.py").write_text(TESTS)
    return project


def session(project: Project, *arguments: str) -> tuple[int, str]:
    done = project.python("-m", "pytest", "-p", "no:cacheprovider", *arguments)
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_guarded_session_tells_what_was_found_and_the_seed_that_repeats_it(project: Project) -> None:
    status, output = session(project, "--envguard")
    assert status == 0, output
    header = re.search(r"^envguard: clean at host-to-host, again with --envguard-seed (\d+)$", output, re.MULTILINE)
    assert header is not None, output
    status, output = session(project, "--envguard", f"--envguard-seed={header[1]}")
    assert status == 0, output
    first, second = (project.folder / "drawn.txt").read_text().splitlines()
    assert first == second
    assert first.startswith(f"{header[1]} ")


def test_a_session_in_another_environment_than_was_recorded_does_not_begin(project: Project) -> None:
    drift(project)
    status, output = session(project, "--envguard")
    assert status == 1
    assert "EG303 [cpu-mismatch] cpu.vendor is " in output
    assert output.splitlines()[-1] == "drift at host-to-host: 1 error"
    assert not (project.folder / "drawn.txt").exists()
    assert session(project, "--envguard", "--envguard-level", "cross-hardware")[0] == 0


def test_workers_are_guarded_and_take_the_seed_of_the_session(project: Project) -> None:
    (project.folder / "test_more.py").write_text(TESTS)
    status, output = session(project, "--envguard", "-n", "2")
    assert status == 0, output
    drawn = (project.folder / "drawn.txt").read_text().splitlines()
    assert len(drawn) == 2
    assert len({line.partition(" ")[0] for line in drawn}) == 1


def test_nothing_is_done_unless_it_is_asked_for(project: Project) -> None:
    drift(project)
    (project.folder / "test_it.py").write_text(
        "import json, sys\n"
        "def test_modules():\n"
        "    ours = sorted(name for name in sys.modules if name.split('.')[0] == 'envguard')\n"
        "    open('modules.json', 'w').write(json.dumps(ours))\n"
    )
    status, output = session(project)
    assert status == 0, output
    assert "envguard:" not in output
    assert json.loads((project.folder / "modules.json").read_text()) == [
        "envguard",
        "envguard.integrations",
        "envguard.integrations.pytest",
    ]


def test_options_without_the_guard_are_a_mistake(project: Project) -> None:
    status, output = session(project, "--envguard-seed", "1")
    assert status == 4
    assert "ERROR: --envguard-seed, --envguard-level and --envguard-machine go with --envguard" in output


def test_a_seed_that_is_none_is_a_mistake(project: Project) -> None:
    status, output = session(project, "--envguard", "--envguard-seed", "-1")
    assert status == 4
    assert "ERROR: --envguard-seed: a seed is at least 0 and below 2**256, not -1" in output


def test_the_fixture_wants_a_guarded_session(project: Project) -> None:
    status, output = session(project)
    assert status == 1
    assert "the fixture 'envguard_run' wants the run of a guarded session" in output
    assert "hint: pytest --envguard" in output
