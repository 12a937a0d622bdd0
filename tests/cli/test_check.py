from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import resources
from typing import TYPE_CHECKING

import jsonschema
import pytest

from .conftest import Runs

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Cli, Project

PYTHON = ".".join(map(str, sys.version_info[:3]))


@pytest.mark.usefixtures("recorded")
def test_a_clean_project_is_a_few_calm_lines_and_status_0(cli: Cli) -> None:
    result = cli("check")
    assert result.status == 0, result.out
    assert result.err == ""
    head, rest = result.out.split("\n\n", 1)
    assert head == (
        "lock         uv.lock, 2 packages (default groups)\n"
        f"environment  .venv (cpython {PYTHON}, .venv of the project)\n"
        "baseline     envguard.lock, machine default\n"
        "level        host-to-host"
    )
    # Which facts of this machine can be told without running the interpreter is a matter of the machine.
    assert re.fullmatch(
        r"(note         EG306 .*\n( {13}.*\n)*)*\n?"
        r"run-to-run      reachable\nhost-to-host    reachable\ncross-hardware  reachable\n\n"
        r"clean at host-to-host: (nothing differs|\d notes? \(\d could not be told\))\n",
        rest,
    )


def test_another_version_is_status_1_with_place_numbers_and_repair(cli: Cli, recorded: Project) -> None:
    recorded.install("numpy", "2.4.5")
    result = cli("check")
    assert result.status == 1
    assert result.err == ""
    line = recorded.lock.read_text(encoding="utf-8").split("\n").index('version = "2.4.6"') + 1
    assert (
        f"""
uv.lock:{line}: EG203 [version-mismatch] numpy 2.4.5 is installed, the lock pins 2.4.6
  expected     2.4.6
  found        2.4.5 ({recorded.site.relative_to(recorded.folder)}/numpy-2.4.5.dist-info)
  error        can change numbers
"""
        in result.out
    )
    assert "\n  hint: uv sync --locked" in result.out
    assert "\ndrift at host-to-host: " in result.out
    assert "host-to-host    not reachable: " in result.out


def test_a_repaired_environment_is_clean_again(cli: Cli, recorded: Project) -> None:
    recorded.install("numpy", "2.4.5")
    assert cli("check").status == 1
    recorded.install("numpy", "2.4.6")
    assert cli("check").status == 0


@pytest.mark.usefixtures("project")
def test_without_a_record_nothing_can_be_decided(cli: Cli) -> None:
    result = cli("check")
    assert result.status == 3
    assert "[missing-baseline]" in result.out
    assert result.out.endswith("\nundecided at host-to-host: 1 error (1 could not be told)\n")


def test_without_a_lock_nothing_can_be_decided(cli: Cli, recorded: Project) -> None:
    recorded.lock.unlink()
    result = cli("check")
    assert result.status == 3
    assert "[missing-lock]" in result.out


def test_findings_below_the_limit_do_not_fail(cli: Cli, recorded: Project) -> None:
    recorded.install("ipdb", "0.13")
    result = cli("check")
    assert "[unexpected-package] ipdb 0.13 is installed and not in the lock" in " ".join(result.out.split())
    assert result.status == 0
    assert cli("check", "--fail-on", "warning").status == 1


@pytest.mark.parametrize("spelling", ["My__Pkg", "my.-pkg", "MY_PKG"])
def test_a_name_in_the_settings_means_the_package_however_it_is_spelled(
    cli: Cli, recorded: Project, spelling: str
) -> None:
    recorded.install("my_pkg", "1.0")
    assert "[unexpected-package] my-pkg 1.0" in cli("check").out
    table = "[tool.envguard]\n"
    settings = recorded.manifest.read_text(encoding="utf-8").replace(table, f'{table}expected = ["{spelling}"]\n')
    recorded.manifest.write_text(settings, encoding="utf-8")
    assert "my-pkg" not in cli("check").out


def test_what_is_called_numeric_and_is_nowhere_is_told(cli: Cli, recorded: Project) -> None:
    table = "[tool.envguard]\n"
    words = '["numpi", "Matplot_lib", "py[t]est", "our-*"]'
    settings = recorded.manifest.read_text(encoding="utf-8").replace(table, f"{table}numeric = {words}\n")
    recorded.manifest.write_text(settings, encoding="utf-8")
    result = cli("check")
    assert result.status == 0
    for word in ("numpi", "Matplot_lib", "our-*"):
        assert f"EG906 [unmatched-numeric] '{word}' in numeric fits no package of the lock" in result.out
    assert result.out.count("EG906") == 3
    line = settings.splitlines().index(f"numeric = {words}") + 1
    assert f"pyproject.toml:{line}: EG906" in result.out
    recorded.install("our_kernels", "1")
    # One that is only locked, for a group that is not installed, is a package, too.
    recorded.manifest.write_text(settings.replace(words, '["our-*", "MatPlotLib"]'), encoding="utf-8")
    assert "EG906" not in cli("check").out


def test_exit_zero_reports_and_does_not_fail(cli: Cli, recorded: Project) -> None:
    recorded.install("numpy", "2.4.5")
    result = cli("check", "--exit-zero")
    assert result.status == 0
    assert "[version-mismatch]" in result.out
    recorded.lock.write_text("", encoding="utf-8")
    assert cli("check", "--exit-zero").status == 2


def test_json_fits_its_schema(cli: Cli, recorded: Project) -> None:
    schema = json.loads((resources.files("envguard.report") / "schema" / "report-v1.json").read_text(encoding="utf-8"))
    clean = json.loads(cli("check", "--format", "json").out)
    jsonschema.validate(clean, schema)
    assert clean["verdict"] == "clean"
    recorded.install("numpy", "2.4.5")
    drift = json.loads(cli("check", "--format", "json").out)
    jsonschema.validate(drift, schema)
    assert [finding["code"] for finding in drift["findings"]][:1] == ["EG203"]


def test_annotations_are_relative_to_the_workspace(
    cli: Cli, recorded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded.install("numpy", "2.4.5")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(recorded.folder.parent))
    result = cli("check", "--format", "github")
    assert result.status == 1
    assert result.out.startswith("::error title=envguard::drift at host-to-host: ")
    assert "\n::error file=app/uv.lock,line=" in result.out


def test_a_report_file_is_written_whole_and_standard_output_stays_empty(cli: Cli, recorded: Project) -> None:
    shown = cli("check").out
    result = cli("check", "--output", "report.txt")
    assert (result.status, result.out) == (0, "")
    assert re.fullmatch(r"clean at host-to-host: .* \(the report is in report.txt\)\n", result.err)
    assert (recorded.folder / "report.txt").read_text(encoding="utf-8") == shown


def test_no_report_file_appears_where_the_question_could_not_be_asked(cli: Cli, recorded: Project) -> None:
    recorded.lock.write_text("version = 99\n", encoding="utf-8")
    assert cli("check", "--output", "report.txt").status == 2
    assert not (recorded.folder / "report.txt").exists()


@pytest.mark.usefixtures("recorded")
def test_a_report_file_that_cannot_be_written_is_status_2(cli: Cli) -> None:
    result = cli("check", "--output", "no/such/report.txt")
    assert result.status == 2
    assert result.err.startswith("error: no/such/report.txt: cannot be written: ")


@pytest.mark.usefixtures("recorded")
def test_the_project_can_be_named_from_elsewhere(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = cli("check", "app")
    assert result.status == 0
    assert result.out.startswith("lock         app/uv.lock, 2 packages")


def test_a_folder_that_is_gone_is_said(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    result = cli("check")
    assert result.status == 2
    assert result.err.startswith("error: the current folder no longer exists\n")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "option", [("--level", "bitwise"), ("--fail-on", "fatal"), ("--format", "xml"), ("--color", "red")]
)
def test_a_word_that_is_no_choice_is_a_usage_error(cli: Cli, option: tuple[str, str]) -> None:
    result = cli("check", *option)
    assert result.status == 2
    assert option[1] in result.err


@pytest.mark.usefixtures("recorded")
def test_the_level_can_be_chosen(cli: Cli) -> None:
    assert "\nclean at run-to-run: " in cli("check", "--level", "run-to-run").out


@pytest.mark.usefixtures("recorded")
def test_the_selection_can_be_chosen(cli: Cli) -> None:
    result = cli("check", "--extra", "plot")
    assert result.status == 1
    assert "[missing-package] matplotlib 3.10.1 is in the lock and not installed" in result.out
    assert "--extra plot" in result.out


def test_a_name_that_only_the_main_lock_knows_takes_no_other_from_a_further_one(cli: Cli, project: Project) -> None:
    """All names were forgotten where one was unknown: what the extra of the further lock wants was never missed."""
    further = project.folder / "gpu"
    further.mkdir()
    text = project.lock.read_text(encoding="utf-8")
    dev = text.index("[package.dev-dependencies]"), text.index("[package.metadata]")
    text = (text[: dev[0]] + text[dev[1] :]).replace("[package.metadata.requires-dev]\n", "")
    text = text.replace('dev = [{ name = "pytest" }]\n', "").replace('name = "matplotlib"', 'name = "seaborn"')
    (further / "uv.lock").write_text(text.replace("matplotlib-3", "seaborn-3"), encoding="utf-8")
    settings = '[tool.envguard]\nlock = ["uv.lock", "gpu/uv.lock"]\nextras = ["plot"]\ngroups = ["dev"]\n'
    project.manifest.write_text(project.manifest.read_text(encoding="utf-8") + settings, encoding="utf-8")
    project.install("matplotlib", "3.10.1")
    result = cli("check")
    assert "EG201 [missing-package] seaborn" in result.out


@pytest.mark.usefixtures("recorded")
def test_an_extra_that_does_not_exist_is_status_2(cli: Cli) -> None:
    result = cli("check", "--extra", "nope")
    assert result.status == 2
    assert "nope" in result.err


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Make answers of young files be kept, and count the commands."""
    monkeypatch.setattr("envguard.trace.LOCAL_SLACK_NS", 0)
    monkeypatch.setattr("envguard.trace.FOREIGN_SLACK_NS", 0)
    return Runs(monkeypatch)


@pytest.mark.usefixtures("recorded")
def test_the_same_question_is_answered_once(cli: Cli, runs: Runs) -> None:
    first = cli("check")
    second = cli("check")
    assert runs.count == 1
    assert first == second
    assert first.status == 0


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    "arguments",
    [
        ("--level", "run-to-run"),
        ("--format", "json"),
        ("--color", "always"),
        ("--fail-on", "note"),
        ("--no-default-groups",),
    ],
)
def test_another_question_is_not_answered_by_the_first(cli: Cli, runs: Runs, arguments: tuple[str, ...]) -> None:
    cli("check")
    other = cli("check", *arguments)
    assert runs.count == 2
    assert cli("check", "--no-cache", *arguments).out == other.out


@pytest.mark.parametrize(
    "change", ["lock", "manifest", "baseline", "install", "upgrade", "uninstall", "python", "level"]
)
def test_any_change_is_seen(cli: Cli, recorded: Project, runs: Runs, change: str) -> None:
    assert cli("check").status == 0
    assert cli("check").status == 0
    assert runs.count == 1
    match change:
        case "lock":
            text = recorded.lock.read_text(encoding="utf-8")
            recorded.lock.write_text(text.replace('"2.4.6"', '"2.4.7"'), encoding="utf-8")
        case "manifest":
            text = recorded.manifest.read_text(encoding="utf-8")
            recorded.manifest.write_text(text.replace("numpy>=2", "numpy>=3"), encoding="utf-8")
        case "baseline":
            recorded.baseline.unlink()
        case "install":
            recorded.install("torch", "2.13.0")
        case "upgrade":
            recorded.install("numpy", "2.5.0")
        case "uninstall":
            recorded.uninstall("numpy")
        case "python":
            cfg = recorded.folder / ".venv" / "pyvenv.cfg"
            cfg.write_text(cfg.read_text(encoding="utf-8").replace(PYTHON, "3.99.1"), encoding="utf-8")
        case "level":
            text = recorded.manifest.read_text(encoding="utf-8")
            recorded.manifest.write_text(text.replace('"host-to-host"', '"run-to-run"'), encoding="utf-8")
        case _:
            raise AssertionError(change)
    changed = cli("check")
    assert runs.count == 2
    assert changed.out != ""
    assert changed == cli("check", "--no-cache")


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    "arguments", [("--no-cache",), ("--output", "-"), ("--output", "report.txt")], ids=["no-cache", "stdout", "file"]
)
def test_what_must_be_done_again_is_done_again(cli: Cli, runs: Runs, arguments: tuple[str, ...]) -> None:
    cli("check", *arguments)
    cli("check", *arguments)
    assert runs.count == 2


def test_drift_is_looked_at_anew_each_time(cli: Cli, recorded: Project, runs: Runs) -> None:
    recorded.install("numpy", "2.4.5")
    assert cli("check") == cli("check")
    assert runs.count == 2


@pytest.mark.usefixtures("recorded")
def test_an_environment_variable_that_matters_is_seen(
    cli: Cli, runs: Runs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cli("check")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "none"))
    result = cli("check")
    assert runs.count == 2
    assert result.status != 0


@pytest.mark.parametrize(
    "damage",
    [b"", b"\x00" * 40, b"envguard answer 1 00000000\n", "cut", "flip", "folder"],
    ids=["empty", "zeros", "header", "cut", "flip", "folder"],
)
def test_a_corrupt_store_does_no_harm(cli: Cli, recorded: Project, runs: Runs, damage: bytes | str) -> None:
    first = cli("check")
    folder = recorded.folder.parent.with_name(f"{recorded.folder.parent.name}-cache") / "answers"
    kept = list(folder.iterdir())
    assert kept
    for path in kept:
        data = path.read_bytes()
        if damage == "folder":
            path.unlink()
            path.mkdir()
        else:
            cut, flipped = data[: len(data) // 2], data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]
            path.write_bytes({"cut": cut, "flip": flipped}[damage] if isinstance(damage, str) else damage)
    assert cli("check") == first
    assert runs.count == 2


@pytest.mark.usefixtures("recorded")
def test_no_place_for_a_store_does_no_harm(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", os.devnull)
    assert cli("check").status == 0
    assert cli("check").status == 0


def test_a_remembered_answer_costs_next_to_no_imports(cli: Cli, recorded: Project) -> None:
    # The files of a test are younger than what can be trusted in earnest: the first process trusts them anyway.
    trust = "import envguard.trace as t; t.LOCAL_SLACK_NS = t.FOREIGN_SLACK_NS = 0"
    ask = "import sys; before = set(sys.modules); from envguard.cli import main; status = main(['check'])"
    tell = "print(status, *sorted(set(sys.modules) - before), file=sys.stderr)"
    environ = {**cli.environ, "ENVGUARD_CACHE_DIR": f"{recorded.folder}-cache"}

    def process(*code: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "; ".join(code)]
        return subprocess.run(command, cwd=recorded.folder, env=environ, capture_output=True, text=True, check=True)

    first = process(trust, ask)
    second = process(ask, tell)
    assert second.stdout == first.stdout
    # What an editable installation adds to every import of the package is none of the command's doing.
    bare = process("import sys; before = set(sys.modules); import envguard; status = 0", tell)
    hooks = set(bare.stderr.split()[1:]) - {"envguard"}
    assert [name for name in second.stderr.split() if name not in hooks | {"__future__"}] == [
        "0",
        "_blake2",
        "envguard",
        "envguard.answers",
        "envguard.cache",
        "envguard.cli",
        "envguard.cli.answered",
        "envguard.cli.color",
        "envguard.cli.streams",
        "envguard.probes",
        "envguard.probes.kernel",
        "envguard.probes.variables",
        "envguard.trace",
        "gc",
    ]


def test_a_clean_process_says_the_same_as_the_module_called_here(cli: Cli, recorded: Project) -> None:
    shown = cli("check").out
    result = cli.process("check", cwd=recorded.folder)
    assert (result.status, result.out, result.err) == (0, shown, "")


def test_what_the_hooks_judge_is_no_business_of_a_check(cli: Cli, recorded: Project) -> None:
    baseline = recorded.folder / "envguard.lock"
    text = baseline.read_text(encoding="utf-8")
    document = json.loads(text)
    document["machines"]["elsewhere"] = json.loads(json.dumps(document["machines"]["default"]))
    document["machines"]["elsewhere"]["lock"]["digest"] = "blake3:00"
    baseline.write_text(json.dumps(document), encoding="utf-8")
    result = cli("check", "--machine", "default")
    assert result.status == 0
    assert "EG114" not in result.out


def test_what_nobody_could_record_is_named_and_neither_drift_nor_a_pass(cli: Cli, recorded: Project) -> None:
    assert "\ncontent " not in cli("check").out
    (info,) = recorded.site.glob("pytest-*.dist-info")
    (info / "direct_url.json").write_text('{"url": "file:///src", "dir_info": {"editable": true}}', encoding="utf-8")
    numpy = next(recorded.site.glob("numpy-*.dist-info"))
    (numpy / "RECORD").unlink()
    assert cli("record").status == 0
    result = cli("check", "--format", "json")
    told = json.loads(result.out)["notes"]["content"]
    assert told.startswith("not compared of 2 packages, since it could not be recorded: numpy (")
    assert told.endswith("; pytest (it is an editable install: what it runs is its source folder)")
    assert "\ncontent      not compared of 2 packages, since it could not be recorded: numpy (" in cli("check").out
    assert "EG210" not in result.out


def test_a_record_of_a_newer_envguard_cannot_be_decided(cli: Cli, recorded: Project) -> None:
    document = json.loads(recorded.baseline.read_bytes())
    facts = document["machines"]["default"]["facts"]
    facts["observation.edition"], facts["quantum.qubits"] = "999", "5"
    recorded.baseline.write_text(json.dumps(document), encoding="utf-8")
    for level in ("run-to-run", "host-to-host", "cross-hardware"):
        result = cli("check", "--level", level)
        assert result.status == 3
        words = " ".join(result.out.split())
        assert "EG312 [one-sided-fact] quantum.qubits is recorded, and this envguard does not observe it" in words
        assert "hint: update envguard" in result.out


def test_sections_of_a_newer_record_that_nobody_here_reads_are_not_the_same(cli: Cli, recorded: Project) -> None:
    document = json.loads(recorded.baseline.read_bytes())
    document["oracles"] = document["machines"]["default"]["oracles"] = {"matmul": "blake3:22"}
    document["data"] = {
        "raw": {"bytes": 0, "files": 0, "ignore": [], "path": "raw", "root": f"blake3:{'0' * 64}", "store": "dvc"}
    }
    recorded.baseline.write_text(json.dumps(document), encoding="utf-8")
    for level in ("run-to-run", "host-to-host", "cross-hardware"):
        result = cli("check", "--no-data", "--level", level)
        assert result.status == 3
        words = " ".join(result.out.split())
        told = "oracles, machines.default.oracles, data.raw.store are recorded, and this envguard does not read them"
        assert f"EG312 [one-sided-fact] {told} error could not be told" in words
        assert "hint: update envguard" in result.out


def test_a_record_of_an_older_envguard_is_recorded_again(cli: Cli, recorded: Project) -> None:
    document = json.loads(recorded.baseline.read_bytes())
    machine = document["machines"]["default"]
    edition_1 = ("interpreter.", "platform.", "cpu.vendor", "cpu.model", "torch.", "nvidia.gpus", "nvidia.driver")
    machine["facts"] = {key: value for key, value in machine["facts"].items() if key.startswith(edition_1)}
    del machine["audit"]
    recorded.baseline.write_text(json.dumps(document), encoding="utf-8")
    result = cli("check")
    assert result.status == 3
    assert "the envguard that made the record did not observe them" in " ".join(result.out.split())
    assert "hint: envguard record" in result.out
    assert cli("record").status == 0
    assert cli("check").status == 0


def test_a_start_with_other_threads_is_a_machine_of_its_own(cli: Cli, recorded: Project) -> None:
    """torchrun sets OMP_NUM_THREADS for its processes; a plain start and one of its own are both recorded, and told apart."""
    libraries = recorded.site / "numpy.libs"
    libraries.mkdir()
    (libraries / "libgomp-a34b3233.so.1.0.0").write_bytes(b"gomp")
    assert cli.process("record", OMP_NUM_THREADS="3").status == 0
    assert cli.process("check", OMP_NUM_THREADS="3").status == 0
    found = cli.process("check", OMP_NUM_THREADS="5")
    assert found.status == 1
    command = "OMP_NUM_THREADS=5 envguard record --machine NAME"
    assert f"hint: export OMP_NUM_THREADS=3, or record this start as a machine of its own: {command}\n" in found.out
    assert cli.process("record", "--machine", "torchrun", OMP_NUM_THREADS="5").status == 0
    for threads, name in (("3", "default"), ("5", "torchrun")):
        found = cli.process("check", OMP_NUM_THREADS=threads)
        assert found.status == 0
        assert f"machine {name} (the one of 2 that fits)\n" in found.out


def test_what_cannot_be_read_of_torch_is_never_a_pass(
    cli: Cli, recorded: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No version.py, and two of them on the path: each says what it is, and neither is clean."""
    torch = recorded.site / "torch"
    torch.mkdir()
    (torch / "__init__.py").touch()
    (torch / "version.py").write_text("__version__ = '2.13.0'\ncuda = None\nhip = None\ngit_version = 'abc'\n")
    assert cli("record").status == 0
    assert cli("check").status == 0
    (torch / "version.py").unlink()
    found = cli("check")
    assert found.status == 3
    words = "EG306 [unreadable-fact] torch.version cannot be compared: torch is installed, and has no version.py"
    assert words in " ".join(found.out.split())
    (torch / "version.py").write_text("__version__ = '2.13.0'\ncuda = None\nhip = None\ngit_version = 'abc'\n")
    other = tmp_path / "elsewhere" / "torch"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(other.parent))
    found = cli("check")
    assert found.status == 1
    assert "EG309 [shadowed-library] torch is on the path twice" in " ".join(found.out.split())
