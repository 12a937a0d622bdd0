"""enforce() in real processes: what a training script sees, and how it ends."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from envguard.errors import DriftError, EnvguardError, RefusedError, UndecidedError
from tests.guarded import REPORT, ROOT, Project, drift

SETTLED = """
import envguard.trace as t
t.LOCAL_SLACK_NS = t.FOREIGN_SLACK_NS = 0  # the files of a test are younger than what can be trusted in earnest
"""


@pytest.fixture
def project(folder: Path) -> Project:
    return Project.recorded(folder)


def test_a_clean_run_goes_on_with_a_receipt(project: Project) -> None:
    done = project.train()
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["verdict"], found["mode"], found["seed"], found["overridden"]) == ("clean", "enforce", 42, [])
    assert found["seeded"]["random"] == "seeded"


def test_drift_ends_a_script_with_the_report_and_without_a_traceback(project: Project) -> None:
    drift(project)
    done = project.train()
    assert (done.returncode, done.stdout) == (1, "")
    assert "EG303 [cpu-mismatch] cpu.vendor is " in done.stderr
    assert done.stderr.splitlines()[-1] == "drift at host-to-host: 1 error"
    assert "Traceback" not in done.stderr


def test_where_nothing_was_recorded_it_refuses_as_undecided(folder: Path) -> None:
    done = Project(folder).train()
    assert done.returncode == 1
    assert "EG902 [missing-baseline] there is no envguard.lock: nothing was ever recorded" in done.stderr
    assert "hint: envguard record" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("undecided at host-to-host: 1 error")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "catch", ["envguard.DriftError", "envguard.RefusedError", "envguard.EnvguardError", "Exception"]
)
def test_whoever_wants_to_go_on_catches_it(project: Project, catch: str) -> None:
    drift(project)
    done = project.train(f"""
        try:
            envguard.enforce()
        except {catch} as error:
            print(type(error).__name__, error.report.verdict)
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "DriftError drift\n", "")


def test_a_child_process_ends_with_the_message_and_status_1_too(project: Project) -> None:
    drift(project)
    done = project.train("""
        import multiprocessing, sys
        def work():
            envguard.enforce()
        if __name__ == "__main__":
            child = multiprocessing.get_context("spawn").Process(target=work)
            child.start()
            child.join()
            sys.exit(10 + child.exitcode)
    """)
    assert done.returncode == 11
    assert "EG303 [cpu-mismatch]" in done.stderr
    assert "Traceback" not in done.stderr


def test_run_as_a_module_it_ends_the_same_way(project: Project) -> None:
    drift(project)
    project.train("envguard.enforce()")
    done = project.python("-m", "train")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_warn_says_it_goes_on_and_writes_it_down(project: Project) -> None:
    drift(project)
    done = project.train(ENVGUARD="warn")
    assert done.returncode == 0
    assert "EG303 [cpu-mismatch]" in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "envguard: ENVGUARD=warn: going on all the same; the receipt of this run says so"
    )
    found = json.loads(done.stdout)
    assert (found["verdict"], found["mode"]) == ("drift", "warn")
    assert found["overridden"][0].startswith("EG303 [cpu-mismatch] cpu.vendor is ")


def test_warn_on_a_clean_run_says_nothing(project: Project) -> None:
    done = project.train(ENVGUARD="warn")
    assert (done.returncode, done.stderr, json.loads(done.stdout)["mode"]) == (0, "", "warn")


def test_off_does_not_look_says_so_and_still_seeds(project: Project) -> None:
    drift(project)
    done = project.train(ENVGUARD="off")
    assert done.returncode == 0
    assert done.stderr == "envguard: ENVGUARD=off: nothing is checked; the receipt of this run says so\n"
    found = json.loads(done.stdout)
    assert (found["verdict"], found["mode"]) == ("not checked", "off")
    assert found["overridden"] == ["everything: nothing was checked"]
    assert found["seeded"]["random"] == "seeded"


def test_another_mode_is_refused(project: Project) -> None:
    done = project.train(ENVGUARD="yes")
    assert done.returncode == 1
    assert done.stderr == "ENVGUARD is 'yes'; it can be enforce, warn, off\n"


def test_a_lock_that_is_no_use_is_one_message(project: Project) -> None:
    (project.folder / "uv.lock").write_text("version = 1\n[[package]\n")
    done = project.train()
    assert done.returncode == 1
    assert done.stderr.startswith(f"{project.folder}/uv.lock:2: is not valid TOML: ")
    assert "Traceback" not in done.stderr


def test_a_setting_that_is_no_use_is_named_with_its_line(project: Project) -> None:
    path = project.folder / "pyproject.toml"
    line = len(path.read_text().splitlines()) + 1
    path.write_text(path.read_text() + 'fail-on = "never"\n')
    done = project.train()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f'{path}:{line}: in \'tool.envguard.fail-on\': expected one of "note", "warning", "error", found "never"\n'
    )


def test_a_lock_that_is_no_use_can_be_overridden_and_is_written_down(project: Project) -> None:
    (project.folder / "uv.lock").write_text("")
    done = project.train(ENVGUARD="warn")
    assert done.returncode == 0
    assert f"envguard: {project.folder}/uv.lock: is empty" in done.stderr
    assert json.loads(done.stdout)["overridden"][0].startswith(f"{project.folder}/uv.lock: is empty")


def test_the_project_is_where_the_script_is(project: Project) -> None:
    project.train()
    elsewhere = project.folder.parent / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, str(project.folder / "train.py")],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_second_clean_run_is_answered_from_the_store(project: Project) -> None:
    runs = [project.train(SETTLED + "run = envguard.enforce(seed=42)" + REPORT) for _ in range(4)]
    assert [done.stderr for done in runs] == [""] * 4
    found = [json.loads(done.stdout) for done in runs]
    assert "envguard.check" in found[0]["modules"]
    heavy = {"packaging", "click", "tomli", "envguard.check", "envguard.rules", "envguard.model"}
    # Installed files may be hard links into a cache; another test that links them once more makes one answer be derived anew.
    recalled = [item for item in found[1:] if not heavy & set(item["modules"])]
    assert recalled
    assert {item["verdict"] for item in recalled} == {"clean"}


def test_a_clean_run_pays_for_no_import_that_it_does_not_need(project: Project) -> None:
    code = """
        import atexit, json, sys
        before = set(sys.modules)
        costly = ("typing", "secrets", "tempfile", "envguard.check", "envguard.repository.imports")
        # Registered first, so called last: when the receipt is written for the last time.
        atexit.register(lambda: print(json.dumps([name for name in costly if name in sys.modules and name not in before])))
        import envguard
        envguard.enforce(seed=42)
    """
    found = [json.loads(project.train(SETTLED + textwrap.dedent(code)).stdout) for _ in range(4)]
    assert "envguard.check" in found[0]
    recalled = [names for names in found[1:] if "envguard.check" not in names]
    assert recalled
    assert recalled == [[]] * len(recalled)


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml", "envguard.lock"])
def test_no_answer_outlives_a_change_of_what_it_came_from(project: Project, name: str) -> None:
    code = SETTLED + "run = envguard.enforce(seed=42)" + REPORT
    project.train(code)
    path = project.folder / name
    path.write_text(path.read_text() + "\n")
    assert "envguard.check" in json.loads(project.train(code).stdout)["modules"]


def test_no_answer_outlives_a_package_that_comes_or_goes(project: Project) -> None:
    packages = project.folder / "packages"
    packages.mkdir()
    code = SETTLED + "run = envguard.enforce(seed=42)" + REPORT
    environ = {"PYTHONPATH": f"{ROOT}{os.pathsep}{packages}"}
    project.train(code, **environ)
    metadata = packages / "stray-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: stray\nVersion: 1.0\n")
    assert "envguard.check" in json.loads(project.train(code, **environ).stdout)["modules"]


DATA = """
import json
print(json.dumps(run.receipt.observed["data"]))
"""


@pytest.fixture
def data(project: Project) -> Path:
    """A tree of data that the project has recorded."""
    folder = project.folder / "data"
    folder.mkdir()
    (folder / "a").write_text("first")
    (folder / "b").write_text("second")
    done = project.python("-m", "envguard", "data", "add", "data")
    assert done.returncode == 0, done.stderr
    return folder


def test_a_receipt_names_the_trees_and_how_they_were_verified(project: Project, data: Path, tmp_path: Path) -> None:
    code = SETTLED + "run = envguard.enforce(seed=42)" + DATA
    # What recording the tree has kept of it would be trusted by a first run that comes late enough.
    cache = str(tmp_path / "fresh")
    first, second, third = (json.loads(project.train(code, ENVGUARD_CACHE_DIR=cache).stdout) for _ in range(3))
    root = json.loads((project.folder / "envguard.lock").read_text())["data"]["data"]["root"]
    tree = {"path": str(data), "named": "data", "ignore": [], "root": root, "recorded": root, "files": 2, "bytes": 11}
    expected: dict[str, Any] = {"verified": True, "left-out": None, "trees": {"data": {**tree, "assurance": "content"}}}
    assert first == expected
    expected["trees"]["data"]["assurance"] = "stat-cache"
    assert second == third == expected


def test_changed_data_is_refused_and_can_be_left_out(project: Project, data: Path) -> None:
    code = SETTLED + "run = envguard.enforce(seed=42)" + DATA
    for _ in range(3):
        assert project.train(code).returncode == 0
    (data / "a").write_text("FIRST")
    done = project.train(code)
    assert (done.returncode, done.stdout) == (1, "")
    assert "EG501 [data-changed] data is not the data that was recorded: 1 changed (a)" in " ".join(done.stderr.split())
    done = project.train("run = envguard.enforce(seed=42, data=False)" + DATA)
    assert json.loads(done.stdout) == {"verified": False, "left-out": "left out, as was asked for", "trees": {}}


def test_data_that_cannot_be_told_is_undecided(project: Project, data: Path) -> None:
    (data / "gone").symlink_to("nowhere")
    done = project.train("""
        try:
            envguard.enforce()
        except envguard.UndecidedError as error:
            print(error.report.verdict)
    """)
    assert done.stdout == "undecided\n"


def test_without_recorded_data_a_receipt_says_that_there_is_none(project: Project) -> None:
    assert project.train("run = envguard.enforce()" + DATA).stdout == "null\n"


FILES = """
import json
print(json.dumps([run.receipt.observed["files"], run.receipt.verdict]))
"""


def package(folder: Path) -> None:
    """Install a package into a folder that is put on the path."""
    from tests.installed.tools import dist_info, row

    (folder / "tiny.py").write_bytes(b"1")
    dist_info(folder, "tiny-1.0", {"RECORD": row("tiny.py", b"1") + "tiny-1.0.dist-info/RECORD,,\n"})


def test_files_are_verified_where_that_is_asked_for_and_the_receipt_says_so(project: Project) -> None:
    packages = project.folder / "packages"
    packages.mkdir()
    package(packages)
    environ = {"PYTHONPATH": f"{ROOT}{os.pathsep}{packages}"}
    assert json.loads(project.train("run = envguard.enforce()" + FILES, **environ).stdout)[0] is None
    code = SETTLED + "run = envguard.enforce(files=True)" + FILES
    for _ in range(3):
        done = project.train(code, **environ)
        assert done.returncode == 0, done.stderr
        found, verdict = json.loads(done.stdout)
        assert (verdict, found["accepted"]) == ("clean", {})
        assert found["packages"] > 10
        assert "envguard" in found["editable"]
    (packages / "tiny.py").write_bytes(b"2")
    done = project.train(code, **environ)
    assert done.returncode == 1
    assert "EG401 [modified-file] 1 file of tiny is not what its installer wrote: tiny.py" in " ".join(
        done.stderr.split()
    )
    assert project.train("run = envguard.enforce(files=False)" + FILES, **environ).returncode == 0


def test_of_four_ranks_one_walks_the_data(project: Project, data: Path) -> None:
    walks = project.folder / "walks"
    code = (
        "from envguard.trees import probe\nimport time\nreal = probe.walk\n"
        "def walk(identity, **more):\n"
        f"    open({str(walks)!r}, 'a').write('walk\\n')\n    time.sleep(1)\n    return real(identity, **more)\n"
        "probe.walk = walk\nrun = envguard.enforce(seed=42)\n" + DATA
    )
    (project.folder / "train.py").write_text("import envguard\n" + code)
    ranks = [
        subprocess.Popen(
            [sys.executable, "train.py"],
            cwd=project.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "LOCAL_WORLD_SIZE": "4", "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(4)
    ]
    done = [(*rank.communicate(), rank.returncode) for rank in ranks]
    assert {(err, status) for _, err, status in done} == {("", 0)}
    assert len({out for out, _, _ in done}) == 1
    assert json.loads(done[0][0])["trees"]["data"]["files"] == 2
    assert walks.read_text() == "walk\n"


@pytest.mark.parametrize("seed", ["True", "-1", "1.5", "2**256"])
def test_what_is_no_seed_is_refused_before_anything_is_done(project: Project, seed: str) -> None:
    done = project.train(f"""
        try:
            envguard.enforce(seed={seed})
        except (TypeError, ValueError) as error:
            print(str(error).startswith("a seed is "))
    """)
    assert done.stdout == "True\n"


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("files='no'", "files is 'no'; it can be True or False"),
        ("audit='off'", "audit is 'off'; it can be True or False"),
        ("canaries='off'", "canaries is 'off'; it can be True or False"),
        ("data='off'", "data is 'off'; it can be True, False or 'shard'"),
        ("ranks='no'", "ranks is 'no'; it can be require, off"),
        ("ranks_timeout='5'", "ranks_timeout is '5'; it is a number of seconds above 0"),
        ("ranks_timeout=0", "ranks_timeout is 0; it is a number of seconds above 0"),
        ("level='bitwise'", "there is no level 'bitwise'"),
    ],
)
def test_a_word_that_an_argument_does_not_know_is_refused_and_never_taken_for_yes(
    project: Project, argument: str, message: str
) -> None:
    done = project.train(f"envguard.enforce(seed=42, {argument})")
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr.splitlines()[0]
    assert "Traceback" not in done.stderr


def test_without_a_seed_a_fresh_one_is_drawn_and_recorded(project: Project) -> None:
    code = "run = envguard.enforce()\nprint(run.seed == run.receipt.seed, run.seed)"
    one, other = (project.train(code).stdout.split() for _ in range(2))
    assert one[0] == other[0] == "True"
    assert one[1] != other[1]


def test_refusals_are_errors_of_ours_and_ends_of_a_script() -> None:
    for kind in (RefusedError, DriftError, UndecidedError):
        assert issubclass(kind, EnvguardError)
        assert issubclass(kind, SystemExit)
        assert issubclass(kind, Exception)


def test_a_variable_that_is_set_in_the_script_is_not_what_was_recorded(project: Project) -> None:
    done = project.train("import os\nos.environ['MKL_CBWR'] = 'AVX2'\nrun = envguard.enforce(seed=42)")
    assert (done.returncode, done.stdout) == (1, "")
    told = " ".join(done.stderr.split())
    assert (
        "EG311 [variable-mismatch] variable.MKL_CBWR is not set for the start of the process, AVX2 for os.environ, "
        "AVX2 for C, recorded was not set"
    ) in told
    assert "hint: unset MKL_CBWR, or record with what the run is started with: envguard record" in told


def test_threads_that_the_launcher_takes_away_are_named(project: Project) -> None:
    """As torchrun does, which sets the variable to 1."""
    pytest.importorskip("numpy")
    done = project.train("import numpy\nrun = envguard.enforce(seed=42)", OMP_NUM_THREADS="1")
    if len(os.sched_getaffinity(0)) == 1:
        assert done.returncode == 0
        return
    assert done.returncode == 1
    assert "EG310 [thread-mismatch] threads.openblas is 1, recorded was" in " ".join(done.stderr.split())


def test_what_changes_between_two_runs_of_one_process_is_seen_again(project: Project) -> None:
    """The first answer is kept; the second run of enforce() must not take it."""
    code = """
    import ctypes
    first = envguard.enforce(seed=42).receipt.verdict
    ctypes.CDLL(None).setenv(b"NCCL_PROTO", b"LL", 1)
    try:
        envguard.enforce(seed=42)
    except envguard.DriftError as error:
        print(first, "NCCL_PROTO" in str(error))
    """
    assert project.train(SETTLED + textwrap.dedent(code)).stdout == "clean True\n"


SRUN = {"SLURM_STEP_ID": "0", "SLURM_PROCID": "5", "SLURM_STEP_NUM_TASKS": "8", "SLURM_LOCALID": "1"}


def test_what_srun_started_knows_its_rank_without_a_group(project: Project) -> None:
    """Every rank that took itself for the only one would draw the same samples."""
    done = project.train(
        """
        import json
        run = envguard.enforce(seed=42, ranks="off")
        state = run.state_dict()
        told = [state["rank"], state["world_size"], run.receipt.to_dict()["rank"]]
        try:
            run.distributed_sampler(range(80))
        except envguard.RanksError as error:
            told.append(str(error).splitlines()[-1])
        sampler = run.distributed_sampler(range(80), num_replicas=8, rank=5)
        print(json.dumps([*told, len(sampler)]))
        """,
        **SRUN,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        5,
        8,
        {"launcher": "Slurm", "rank": 5, "size": 8},
        "hint: name them: num_replicas=8, rank=5 for one job, num_replicas=1, rank=0 for a run of its own",
        10,
    ]


def test_a_checkpoint_is_not_lost_because_variables_contradict_one_another(project: Project) -> None:
    done = project.train(
        """
        run = envguard.enforce(seed=42, ranks="off")
        state = run.state_dict()
        print(state["rank"], state["world_size"])
        try:
            run.load_state_dict(state)
        except envguard.ResumeError as error:
            print(error)
        """,
        WORLD_SIZE="8",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "None None\nthe run cannot go on bit for bit from this state\n  the world size was unknown, and is unknown\n"
        "  the rank was unknown, and is unknown\nhint: strict=False goes on all the same, and returns the reasons\n"
    )


def test_what_was_let_pass_is_told_where_there_is_nobody_to_share_the_data_with(project: Project) -> None:
    with open(project.folder / "pyproject.toml", "a", encoding="utf-8") as manifest:
        manifest.write('ranks = "off"\n')
    late = "import os\nos.environ['PYTHONHASHSEED'] = '77'\n"
    code = "import envguard\n" + late + "run = envguard.enforce(seed=42, data='shard')\nprint(run.receipt.overridden)"
    done = project.train(code, ENVGUARD="warn", RANK="0", WORLD_SIZE="2", PYTHONHASHSEED="0")
    assert done.returncode == 0, done.stderr
    told = ast.literal_eval(done.stdout)
    assert [text.partition(" ")[0] for text in told] == ["PYTHONHASHSEED"]
