from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING

from envguard.model import Place
from envguard.report import github

if TYPE_CHECKING:
    from envguard.model import Report

    from .conftest import Samples


def render(report: Report, root: str | None) -> str:
    stream = io.StringIO()
    github.write(report, stream, root=root)
    return stream.getvalue()


def test_a_clean_report_is_one_notice(samples: Samples) -> None:
    assert render(samples.report(), samples.root) == (
        "::notice title=envguard::clean at host-to-host: nothing differs\n"
    )


def test_the_counts_come_first_then_the_gravest_findings(samples: Samples) -> None:
    assert render(samples.drift, samples.root) == (
        "::error title=envguard::drift at host-to-host: 3 errors, 1 warning, 1 waived (1 could not be told)\n"
        "::error file=uv.lock,line=6,title=EG203 version-mismatch::numpy 2.4.5 is installed, the lock pins 2.4.6"
        "%0Aexpected: 2.4.6%0Afound: 2.4.5 (.venv/lib/python3.11/site-packages/numpy-2.4.5.dist-info)"
        "%0Acan change numbers%0Awhy: another version can compute, load or default differently"
        "%0Ahint: uv sync --locked --inexact\n"
        "::error file=uv.lock,line=10,title=EG203 version-mismatch::scipy 1.16.3 is installed, the lock pins 1.17.0"
        "%0Aexpected: 1.17.0%0Afound: 1.16.3 (.venv/lib/python3.11/site-packages/scipy-1.16.3.dist-info)"
        "%0Acan change numbers%0Awhy: another version can compute, load or default differently"
        "%0Ahint: uv sync --locked --inexact\n"
        "::error title=EG309 unreadable-fact::the NVIDIA driver could not be read: permission denied"
        "%0Anobody can tell whether it changes numbers%0Awhy: a fact that could not be read never counts as equal"
        "%0Ahint: run it where `/proc/driver/nvidia/version` can be read, or accept it with a waiver that gives the "
        "reason: `envguard explain unreadable-fact`\n"
        "::warning file=envguard.lock,line=1,title=EG304 cpu-mismatch::the CPU is an AMD EPYC 7763, the machine laptop "
        "was recorded with an Intel Core i7-1185G7%0Aexpected: Intel Core i7-1185G7%0Afound: AMD EPYC 7763"
        "%0Acan change numbers%0Awhy: other vector units make libraries take other code paths, which add the same "
        "numbers in another order%0Ahint: envguard record --machine NAME\n"
        "::notice title=EG202 unexpected-package%2C waived::ipdb 0.13.13 is installed and not in the lock"
        "%0Awaived: the debugger of this machine, imported by nothing, until 2027-01-31\n"
    )


def test_what_is_said_beside_the_findings_is_a_notice(samples: Samples) -> None:
    report = dataclasses.replace(samples.report(), notes={"data": "2 trees recorded,\n::error::not verified"})
    assert render(report, samples.root).splitlines()[1:] == [
        "::notice title=envguard%2C data::2 trees recorded,%0A::error::not verified"
    ]


def test_nothing_in_a_finding_ends_its_command_or_starts_another(samples: Samples) -> None:
    finding = dataclasses.replace(
        samples.cpu,
        message="100% sure\r\n::error::forged",
        expected="a\n::stop-commands::x",
        place=Place(path=f"{samples.root}/a,b:c%.lock"),
    )
    lines = render(samples.report(finding), samples.root).splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("::warning file=a%2Cb%3Ac%25.lock,line=1,title=EG304 cpu-mismatch::100%25 sure\\r")
    assert "%0Aexpected: a ::stop-commands::x%0A" in lines[1]


def test_an_undecided_report_is_an_error_for_the_job(samples: Samples) -> None:
    assert render(samples.report(samples.driver), samples.root).startswith("::error title=envguard::undecided at ")
