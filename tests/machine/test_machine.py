"""What a machine says of itself, and what it cannot say."""

from __future__ import annotations

import ast
import os
import platform
import re
import sys
from pathlib import Path

import pytest

import envguard
from envguard.facts import VARIABLE, table
from envguard.installed import running_environment
from envguard.machine import observe
from envguard.machine.torch_build import torch_build
from envguard.probes import kernel
from envguard.reader import Reader
from tests.machine.told import reason


def test_this_machine_says_what_the_standard_library_says() -> None:
    reader = Reader()
    facts = observe(reader, running_environment(reader)).facts
    assert facts["interpreter.version"] == platform.python_version()
    assert facts["platform.system"] == platform.system()
    assert facts["platform.kernel"] == platform.release()
    assert facts["platform.architecture"] == platform.machine()
    assert facts["platform.libc"] == " ".join(platform.libc_ver())
    assert facts["torch.version"] == "none"
    assert facts["threads.openblas"] == str(len(os.sched_getaffinity(0)))


@pytest.mark.parametrize("live", [False, True])
def test_every_fact_of_the_table_is_observed_on_every_machine_and_no_other(live: bool) -> None:
    """Else a fact that was recorded elsewhere could be missing here in silence."""
    reader = Reader()
    facts = observe(reader, running_environment(reader), live=live).facts
    known = {key for key in table().exact if not key.startswith(VARIABLE) and key != "interpreter.version.minor"}
    assert {key for key in facts if not key.startswith(VARIABLE)} == known | {"observation.edition"}


def test_who_names_a_fact_names_one_of_the_table() -> None:
    """What shows a fact that there is not shows nothing, on every machine, and no test of a machine without it sees that."""
    name = re.compile(r"(?:amd|apple|cpu|intel|interpreter|nvidia|platform)\.[a-z_]+")
    # A switch, and names of PEP 508's markers.
    others = {"cpu.denormals", "platform.machine", "platform.python_implementation", "platform.version"}
    named = {
        node.value: path.name
        for path in Path(envguard.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and name.fullmatch(node.value)
    }
    assert len(named) > len(others)
    assert {
        key: path for key, path in named.items() if key not in {*table().exact, *others, "observation.edition"}
    } == {}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there never is one")
def test_without_proc_and_sys_nothing_is_made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "ROOT", str(tmp_path / "nothing"))
    reader = Reader()
    facts = observe(reader, running_environment(reader)).facts
    untold = "this system does not tell its processor through /proc/cpuinfo"
    assert reason(facts["cpu.model"]) == reason(facts["cpu.vendor"]) == untold
    assert reason(facts["cpu.quota"]) == "this system does not tell its control groups through /proc/self/cgroup"
    assert reason(facts["cpu.caches"]) == "this system does not tell the caches of its processors"
    assert reason(facts["nvidia.gpus"]) == "/proc is not mounted, so nobody can say whether there is a GPU"
    assert facts["platform.architecture"] == platform.machine()


def write_version(folder: Path, text: str) -> list[str]:
    (folder / "torch").mkdir()
    (folder / "torch" / "version.py").write_text(text)
    return [str(folder / "elsewhere"), str(folder)]


def test_the_build_of_torch_is_read_as_text_and_never_run(tmp_path: Path) -> None:
    canary = tmp_path / "ran"
    text = (
        f"open({str(canary)!r}, 'w')\n"
        "from typing import Optional\n"
        "__all__ = ['__version__']\n"
        "__version__ = '2.14.1+cu130'\n"
        "debug = False\n"
        "cuda: Optional[str] = '13.0'\n"
        'git_version = "abc"  # where it came from\n'
        "hip: Optional[str] = None\n"
    )
    assert torch_build(Reader(), write_version(tmp_path, text)) == {
        "torch.version": "2.14.1+cu130",
        "torch.cuda": "13.0",
        "torch.hip": "none",
        "torch.git": "abc",
    }
    assert not canary.exists()


@pytest.mark.parametrize("text", ["", "__version__ = make()\n", "__version__ = '1'\n__version__ = '2'\n", "\0" * 100])
def test_a_build_that_is_not_understood_is_unknown(tmp_path: Path, text: str) -> None:
    facts = torch_build(Reader(), write_version(tmp_path, text))
    assert reason(facts["torch.version"]) == (
        "torch/version.py does not assign __version__ in a way that is known here"
    )


def test_a_torch_without_its_file_is_unknown_and_not_another_one(tmp_path: Path) -> None:
    (tmp_path / "first" / "torch").mkdir(parents=True)
    (tmp_path / "first" / "torch" / "__init__.py").touch()
    (tmp_path / "second").mkdir()
    write_version(tmp_path / "second", "__version__ = '2.14.1'\ncuda = None\n")
    folders = [str(tmp_path / "first"), str(tmp_path / "second")]
    assert {reason(fact) for fact in torch_build(Reader(), folders).values()} == {
        "torch is installed, and has no version.py"
    }
    assert torch_build(Reader(), folders[::-1])["torch.version"] == "2.14.1"


def test_a_build_that_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "torch" / "version.py").mkdir(parents=True)
    facts = torch_build(Reader(), [str(tmp_path)])
    assert reason(facts["torch.cuda"]) == "torch/version.py is not a regular file"


@pytest.mark.torch
def test_the_text_says_what_torch_says() -> None:
    import os

    import torch

    facts = torch_build(Reader(), [os.path.dirname(os.path.dirname(torch.__file__))])
    assert facts == {
        "torch.version": str(torch.__version__),
        "torch.cuda": torch.version.cuda or "none",
        "torch.hip": torch.version.hip or "none",
        "torch.git": torch.version.git_version,
    }
