from __future__ import annotations

import dataclasses
import io
import os
import re
import shlex
from typing import TYPE_CHECKING

from envguard.model import Impact, Level, Place, Severities, Severity, Subject
from envguard.report import text

if TYPE_CHECKING:
    from envguard.model import Report

    from .conftest import Samples


def render(report: Report, root: str | None, *, color: bool = False) -> str:
    stream = io.StringIO()
    text.write(report, stream, color=color, root=root)
    return stream.getvalue()


def test_a_clean_report_is_a_few_calm_lines(samples: Samples) -> None:
    assert (
        render(samples.report(), samples.root)
        == """\
lock         uv.lock, 306 packages (default groups, extra cpu)
environment  .venv (cpython 3.11.7, the project's .venv)
baseline     envguard.lock, machine laptop
level        host-to-host

run-to-run      reachable
host-to-host    reachable
cross-hardware  reachable

clean at host-to-host: nothing differs
"""
    )


def test_drift_says_what_where_why_and_how_to_mend(samples: Samples) -> None:
    assert (
        render(samples.drift, samples.root)
        == """\
lock         uv.lock, 306 packages (default groups, extra cpu)
environment  .venv (cpython 3.11.7, the project's .venv)
baseline     envguard.lock, machine laptop
level        host-to-host

uv.lock:6: EG203 [version-mismatch] numpy 2.4.5 is installed, the lock pins 2.4.6
  expected     2.4.6
  found        2.4.5 (.venv/lib/python3.11/site-packages/numpy-2.4.5.dist-info)
uv.lock:10: EG203 [version-mismatch] scipy 1.16.3 is installed, the lock pins 1.17.0
  expected     1.17.0
  found        1.16.3 (.venv/lib/python3.11/site-packages/scipy-1.16.3.dist-info)
  error        can change numbers
  why          another version can compute, load or default differently

  hint: uv sync --locked --inexact

EG309 [unreadable-fact] the NVIDIA driver could not be read: permission denied
  error        could not be told
  why          a fact that could not be read never counts as equal

  hint: run it where `/proc/driver/nvidia/version` can be read, or accept it with a waiver that
        gives the reason: `envguard explain unreadable-fact`

envguard.lock: EG304 [cpu-mismatch] the CPU is an AMD EPYC 7763, the machine laptop was recorded
    with an Intel Core i7-1185G7
  expected     Intel Core i7-1185G7
  found        AMD EPYC 7763
  warning      can change numbers
  why          other vector units make libraries take other code paths, which add the same numbers
               in another order

  hint: envguard record --machine NAME

.venv/lib/python3.11/site-packages/ipdb-0.13.13.dist-info: EG202 [unexpected-package] ipdb 0.13.13
    is installed and not in the lock
  waived       the debugger of this machine, imported by nothing
  until        2027-01-31

run-to-run      not reachable: EG304 cpu.model, EG203 scipy, EG203 numpy
host-to-host    not reachable: EG203 scipy, EG203 numpy
cross-hardware  not reachable: EG203 scipy, EG203 numpy

drift at host-to-host: 3 errors, 1 warning, 1 waived (1 could not be told)
"""
    )


def test_only_unknowns_make_a_report_undecided(samples: Samples) -> None:
    lines = render(samples.report(samples.driver), samples.root).splitlines()
    assert lines[-1] == "undecided at host-to-host: 1 error (1 could not be told)"
    assert lines[-4:-2] == [
        "host-to-host    cannot tell: EG309 nvidia.driver",
        "cross-hardware  cannot tell: EG309 nvidia.driver",
    ]


def test_a_level_that_only_a_waiver_makes_reachable_says_so(samples: Samples) -> None:
    waived = dataclasses.replace(samples.waived, finding=samples.version(0, "numpy", "2.4.6", "2.4.5"))
    lines = render(samples.report(waived=(waived,)), samples.root).splitlines()
    assert "host-to-host    reachable; waived: EG203 numpy" in lines
    assert lines[-1] == "clean at host-to-host: 1 waived"


def test_a_waiver_without_an_end_says_so(samples: Samples) -> None:
    waiver = dataclasses.replace(samples.waived.waiver, until=None)
    waived = dataclasses.replace(samples.waived, waiver=waiver)
    assert "  until        no end date\n" in render(samples.report(waived=(waived,)), samples.root)


def test_a_finding_of_no_concern_to_the_level_is_not_shown_but_still_blocks_its_own_level(samples: Samples) -> None:
    shown = render(samples.report(samples.cpu, level=Level.CROSS_HARDWARE), samples.root)
    assert "[cpu-mismatch]" not in shown
    assert "run-to-run      not reachable: EG304 cpu.model\n" in shown
    assert shown.endswith("clean at cross-hardware: nothing differs\n")


def test_what_can_change_numbers_is_read_first(samples: Samples) -> None:
    report = samples.report(
        samples.version(0, "aaa", "1", "2", Impact.BEHAVIOUR), samples.version(0, "zzz", "1", "2", Impact.NUMBERS)
    )
    shown = render(report, samples.root)
    assert shown.index("zzz 2 is installed") < shown.index("aaa 2 is installed")


def test_many_like_findings_are_all_named_and_only_the_first_in_detail(samples: Samples) -> None:
    findings = [samples.version(0, f"p{number:03}", "1", "2") for number in range(300)]
    lines = render(samples.report(*findings), samples.root).splitlines()
    assert sum("[version-mismatch]" in line for line in lines) == 300
    assert sum(line.startswith("  expected") for line in lines) == 10
    assert sum("hint:" in line for line in lines) == 1
    assert len(lines) < 340
    assert "host-to-host    not reachable: EG203 p000, EG203 p001, EG203 p002 and 297 more" in lines


def test_different_hints_stay_with_their_findings(samples: Samples) -> None:
    other = dataclasses.replace(samples.version(1, "scipy", "1.17.0", "1.16.3"), hint="uv sync --reinstall")
    shown = render(samples.report(samples.version(0, "numpy", "2.4.6", "2.4.5"), other), samples.root)
    assert re.findall(r"hint: .*", shown) == ["hint: uv sync --locked --inexact", "hint: uv sync --reinstall"]


def test_a_command_names_the_folder_of_a_project_that_is_below(samples: Samples) -> None:
    """A hook runs at the top of the repository, whatever its projects are."""
    above, name = os.path.split(samples.root)
    first = samples.version(0, "numpy", "2.4.6", "2.4.5")
    for hint, shown in (
        ("uv lock", f"hint: cd {shlex.quote(name)} && uv lock"),
        ("look at it, and delete it", "hint: look at it, and delete it"),
        ("git -C /elsewhere status", "hint: git -C /elsewhere status"),
    ):
        report = samples.report(dataclasses.replace(first, hint=hint))
        assert f"\n  {shown}\n" in render(report, above)
        assert f"\n  hint: {hint}\n" in render(report, samples.root)


def test_colour_only_underlines(samples: Samples) -> None:
    coloured = render(samples.drift, samples.root, color=True)
    assert "\x1b[1;31mEG203 [version-mismatch]\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(samples.drift, samples.root)


def test_lines_fit_100_columns_unless_a_path_or_a_command_does_not(samples: Samples) -> None:
    finding = dataclasses.replace(
        samples.cpu, why="word " * 100, hint="uv sync " + "--extra x " * 30, message="long " * 80
    )
    for line in render(samples.report(finding, level=Level.RUN_TO_RUN), samples.root).splitlines():
        assert len(line) <= 100 or line.startswith("  hint: uv sync")


def test_hostile_text_cannot_reach_the_terminal(samples: Samples) -> None:
    finding = dataclasses.replace(
        samples.cpu,
        subject="x\x1b[2J",
        message="evil\x1b]0;title\x07\r\nname \udcff\u202e",
        found="a\nb",
        hint="rm\x1b[1m",
        place=Place(path=f"{samples.root}/\x1b[31m.lock", keys=("a",)),
    )
    shown = render(samples.report(finding, level=Level.RUN_TO_RUN), samples.root)
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert r"evil\x1b]0;title\x07\r\nname \udcff\u202e" in shown
    assert r"a\nb" in shown
    shown.encode("utf-8")


def test_paths_stay_absolute_outside_the_root(samples: Samples) -> None:
    shown = render(samples.report(samples.version(0, "numpy", "2.4.6", "2.4.5")), "/somewhere/else")
    assert f"\n{samples.root}/uv.lock:6: EG203" in shown
    assert f"lock {samples.root}/uv.lock, 306 packages" in " ".join(shown.split())


def test_a_check_of_the_files_alone_speaks_of_no_environment_and_no_level(samples: Samples) -> None:
    subject = Subject(project=samples.root, lock=samples.subject.lock)
    report = dataclasses.replace(samples.report(), subject=subject)
    assert render(report, samples.root) == "lock         uv.lock\n\nclean: nothing differs\n"


def test_a_project_without_a_lock_is_named_itself(samples: Samples) -> None:
    report = dataclasses.replace(samples.report(), subject=Subject(project=samples.root))
    assert render(report, samples.root) == "project      .\n\nclean: nothing differs\n"


def test_a_note_is_a_line_and_no_more(samples: Samples) -> None:
    note = dataclasses.replace(samples.cpu, severities=Severities.same(Severity.NOTE), message="the CPU is another one")
    assert render(samples.report(note), samples.root).endswith("""
note         EG304 [cpu-mismatch] the CPU is another one

run-to-run      reachable
host-to-host    reachable
cross-hardware  reachable

clean at host-to-host: 1 note
""")


def test_a_report_that_fails_on_warnings_drifts_with_warnings(samples: Samples) -> None:
    report = dataclasses.replace(samples.report(samples.cpu), fail_on=Severity.WARNING)
    assert render(report, samples.root).endswith("\ndrift at host-to-host: 1 warning\n")
