"""enforce() and recorded canaries, in real processes: run where a library is loaded, compared where it is imported later."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.guarded import Project
from tests.test_guard import SETTLED

GROUPS = """
import json, sys
def groups():
    told = run.receipt.observed["canaries"]["groups"]
    return {name: [len(group["same"]), group["other"], group["not-run"]] for name, group in told.items()}
"""
IDLE = [0, [], "it is not imported"]


@pytest.fixture
def project(folder: Path) -> Project:
    """A project of which the canaries of NumPy are recorded, by the interpreter of the tests."""
    made = Project(folder)
    code = "import sys; from envguard.cli import main; sys.exit(main(['record', '--canaries', '--python', sys.executable]))"
    done = made.python("-c", code)
    assert done.returncode == 0, done.stderr
    assert " of NumPy on the CPU" in done.stdout
    return made


def forge(project: Project, key: str = "numpy.cpu.exp.float32", value: str = "blake2b:00") -> None:
    """Make the record one of another computation."""
    path = project.folder / "envguard.lock"
    document = json.loads(path.read_text())
    assert key in document["machines"]["default"]["canaries"]["digests"]
    document["machines"]["default"]["canaries"]["digests"][key] = value
    path.write_text(json.dumps(document))


def count(project: Project) -> int:
    document = json.loads((project.folder / "envguard.lock").read_text())
    digests = document["machines"]["default"]["canaries"]["digests"]
    return sum(key.startswith("numpy.cpu.") for key in digests)


def test_what_is_loaded_already_is_compared_at_once(project: Project) -> None:
    done = project.train(
        "import numpy\nrun = envguard.enforce(seed=42)" + GROUPS + "print(json.dumps(groups()['numpy.cpu']))"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [count(project), [], None]


def test_what_is_imported_later_is_compared_when_it_is_imported(project: Project) -> None:
    code = "run = envguard.enforce(seed=42)" + GROUPS
    code += "before = groups()['numpy.cpu']\nimport numpy\nprint(json.dumps([before, groups()['numpy.cpu']]))"
    done = project.train(code)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [IDLE, [count(project), [], None]]


def test_a_difference_in_what_is_loaded_is_refused_with_the_report(project: Project) -> None:
    forge(project)
    done = project.train("import numpy\nenvguard.enforce(seed=42)\nprint('training')")
    assert (done.returncode, done.stdout) == (1, "")
    told = " ".join(done.stderr.split())
    assert "EG313 [canary-mismatch] NumPy on the CPU computes other bits than were recorded: exp (float32); " in told
    assert "expected exp.float32 blake2b:00 " in told
    assert done.stderr.splitlines()[-1] == "drift at host-to-host: 1 error"
    assert "Traceback" not in done.stderr


def test_a_difference_in_what_is_imported_later_is_refused_at_the_import(project: Project) -> None:
    forge(project)
    code = "run = envguard.enforce(seed=42)\nprint('enforced')\nimport numpy\nprint('training')"
    done = project.train(code)
    assert (done.returncode, done.stdout) == (1, "enforced\n")
    assert "EG313 [canary-mismatch] NumPy on the CPU computes other bits" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    # The run began clean, and its receipt says how it ended.
    (path,) = (project.folder / ".envguard/runs").glob("*.json")
    document = json.loads(path.read_text())
    ((event, *_),) = [document["events"]]
    assert (event["kind"], event["error"], event["importing"]) == ("refused", "DriftError", "numpy")


def test_an_import_that_may_fail_does_not_swallow_the_refusal(project: Project) -> None:
    forge(project)
    code = """
    envguard.enforce(seed=42)
    try:
        import numpy
    except ImportError:
        numpy = None
    print('training')
    """
    done = project.train(code)
    assert (done.returncode, done.stdout) == (1, "")


def test_warn_says_it_goes_on_and_writes_it_down(project: Project) -> None:
    forge(project)
    code = "run = envguard.enforce(seed=42)" + GROUPS
    code += (
        "import numpy\nprint(json.dumps([run.receipt.verdict, groups()['numpy.cpu'][1], list(run.receipt.overridden)]))"
    )
    done = project.train(code, ENVGUARD="warn")
    assert done.returncode == 0
    assert "EG313 [canary-mismatch]" in done.stderr
    verdict, other, overridden = json.loads(done.stdout)
    assert (verdict, other) == ("drift", ["exp.float32"])
    assert overridden[0].startswith("EG313 [canary-mismatch] NumPy on the CPU computes other bits")


def test_a_waiver_accepts_it_at_the_import_too(project: Project) -> None:
    forge(project)
    manifest = project.folder / "pyproject.toml"
    waiver = '\n[[tool.envguard.waivers]]\nrule = "EG313"\nsubject = "canary.numpy.cpu: exp"\nreason = "known"\n'
    manifest.write_text(manifest.read_text() + waiver)
    code = "run = envguard.enforce(seed=42)" + GROUPS
    code += "import numpy\nprint(json.dumps([groups()['numpy.cpu'][1], list(run.receipt.waived)]))"
    done = project.train(code)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [["exp.float32"], ["EG313 canary.numpy.cpu: exp: known"]]


def test_at_a_loose_level_it_is_only_noted(project: Project) -> None:
    forge(project)
    code = "run = envguard.enforce(seed=42, level='cross-hardware')" + GROUPS
    code += "import numpy\nprint(run.receipt.verdict, groups()['numpy.cpu'][1])"
    done = project.train(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "clean ['exp.float32']\n", "")


def test_an_unknown_is_undecided_and_never_a_pass(project: Project) -> None:
    forge(project, value="unknown: no memory")
    done = project.train("import numpy\nenvguard.enforce(seed=42)")
    assert done.returncode == 1
    assert (
        "EG314 [unknown-canary] NumPy on the CPU cannot be compared in exp (float32): not known when it was recorded"
        in (" ".join(done.stderr.split()))
    )
    assert done.stderr.splitlines()[-1].startswith("undecided at host-to-host: 1 error")


def test_an_unknown_of_what_is_imported_later_is_not_the_same_because_it_is_unknown_again(project: Project) -> None:
    """The record says what failed when it was made; the same failure here is no agreement."""
    forge(project, "numpy.cpu.linalg.float32", "unknown: MemoryError: no more")
    code = """
envguard.enforce(seed=42)
print("enforced")
from envguard.canaries.numpy_families import Numpy
real = Numpy._linalg
def fail(self, kind):
    if kind == "float32":
        raise MemoryError("no more")
    return real(self, kind)
fail.__name__ = "_linalg"
Numpy._linalg = fail
import numpy
print("training")
"""
    done = project.train(code)
    assert (done.returncode, done.stdout) == (1, "enforced\n")
    assert (
        "EG314 [unknown-canary] NumPy on the CPU cannot be compared in linalg (float32): not known when it was recorded"
        in " ".join(done.stderr.split())
    )


def test_whoever_does_not_want_them_leaves_them_out(project: Project) -> None:
    forge(project)
    code = "run = envguard.enforce(seed=42, canaries=False)\nimport numpy\n"
    done = project.train(code + "print(run.receipt.verdict, run.receipt.observed['canaries']['groups'])")
    assert (done.returncode, done.stdout, done.stderr) == (0, "clean {}\n", "")


def test_a_kept_answer_holds_only_while_the_bits_do(project: Project) -> None:
    """The check itself is not made again; what is computed is looked at again in every run."""
    code = SETTLED + GROUPS
    code += """
import numpy
run = envguard.enforce(seed=42)
first = groups()
import importlib
check = importlib.import_module("envguard.check")
def never(*_, **__):
    raise AssertionError("the answer was not kept")
real, check.run_check = check.run_check, never
run = envguard.enforce(seed=42)
assert groups() == first
check.run_check = real
real_exp, numpy.exp = numpy.exp, lambda values: real_exp(values) * 1.5
try:
    envguard.enforce(seed=42)
except envguard.DriftError as error:
    print("computes other bits than were recorded: exp (float32, float64), softmax" in " ".join(str(error).split()))
"""
    done = project.train(code)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_the_generators_of_a_script_are_where_they_would_be_without_canaries(project: Project) -> None:
    code = """
import random
import numpy
run = envguard.enforce(seed=42, canaries={canaries})
print(random.random(), numpy.random.random())
"""
    with_them, without = (project.train(code.format(canaries=word)) for word in ("None", "False"))
    assert with_them.returncode == without.returncode == 0
    assert with_them.stdout == without.stdout


def test_where_none_are_recorded_nothing_of_them_is_loaded(folder: Path) -> None:
    project = Project.recorded(folder)
    code = (
        SETTLED
        + "import numpy, sys\nenvguard.enforce(seed=42)\nfor name in [n for n in sys.modules if n.startswith('envguard')]: del sys.modules[name]\n"
    )
    code += "import envguard\n" + SETTLED + "run = envguard.enforce(seed=42)\n"
    code += "print(run.receipt.observed['canaries'], [name for name in sys.modules if 'canaries' in name])"
    done = project.train(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "None []\n", "")


AGAIN = """
import envguard, numpy
run = envguard.enforce(seed=42)
def said(**asked):
    return [change.told for change in run.verify(strict=False, **asked)]
real = numpy.exp
def elsewhere(*arguments, **more):
    return real(*arguments, **more) * 1.0000001
"""
BROKEN = """
print(said(canaries=True))
numpy.exp = elsewhere
print(said())
try:
    run.verify(canaries=True)
except envguard.BrokenSealError as error:
    print(error)
"""


def test_verify_runs_them_again_where_it_is_asked(project: Project) -> None:
    done = project.train(AGAIN + BROKEN)
    assert done.returncode == 0, done.stderr
    first, unasked, *broken = done.stdout.splitlines()
    assert (first, unasked) == ("[]", "[]")
    assert broken[0].startswith("NumPy on the CPU computes other bits than before: exp (")
    assert broken[1].startswith("  why: what computes here is not what computed before: other threads, ")
    assert broken[2].startswith("hint: find who does it, or call run.seal() after it")


def test_without_a_record_the_first_look_is_what_the_next_is_compared_with(folder: Path) -> None:
    made = Project.recorded(folder)
    code = (
        AGAIN
        + "print(said(canaries=True))\nprint(said(canaries=True))\nnumpy.exp = elsewhere\nprint(said(canaries=True))\n"
    )
    code += "run.seal(canaries=True)\nprint(said(canaries=True))\n"
    done = made.train(code)
    assert done.returncode == 0, done.stderr
    first, second, third, sealed = done.stdout.splitlines()
    assert "the canaries of NumPy on the CPU were run for the first time: " in first
    assert (second, sealed) == ("[]", "[]")
    assert "NumPy on the CPU computes other bits than before: exp (" in third


def test_a_receipt_is_a_record_of_what_they_gave_in_the_run(project: Project) -> None:
    """check --against RECEIPT --canaries compares with the bits of the run, not with those that were recorded before it."""
    real = json.loads((project.folder / "envguard.lock").read_text())["machines"]["default"]["canaries"]["digests"]
    forge(project)
    done = project.train("import numpy\nrun = envguard.enforce(seed=42)\nprint(run.receipt.path)", ENVGUARD="warn")
    path = done.stdout.strip()
    document = json.loads(Path(path).read_text())
    assert document["observed"]["canaries"]["seen"] == {"numpy.cpu.exp.float32": real["numpy.cpu.exp.float32"]}
    done = project.python("-m", "envguard", "check", "--against", path, "--canaries", "--no-data")
    assert "EG313" not in done.stdout, done.stdout
    assert f"canaries     {count(project)} of {count(project)} gave the recorded bits" in done.stdout
    shown = project.python("-m", "envguard", "receipt", "show", path).stdout
    assert (
        f"canaries      NumPy on the CPU: {count(project) - 1} gave the recorded bits, 1 gave other bits: exp (float32)\n"
        in shown
    )
    document["observed"]["canaries"]["seen"]["numpy.cpu.exp.float32"] = "blake2b:0e"
    Path(path).write_text(json.dumps(document))
    done = project.python("-m", "envguard", "check", "--against", path, "--canaries", "--no-data")
    assert done.returncode == 1
    assert (
        "EG313 [canary-mismatch] NumPy on the CPU computes other bits than were recorded: exp (float32); "
        in " ".join(done.stdout.split())
    )
