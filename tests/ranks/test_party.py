"""Whether there is anybody to agree with: decided without importing anything."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from envguard.errors import RefusedError
from envguard.launch import LAUNCHERS, Job
from envguard.ranks.party import MARK, leave_mark, party
from tests.guarded import ROOT


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", MARK, *(name for names in LAUNCHERS for name in names[1:])):
        monkeypatch.delenv(name, raising=False)
    # Whatever a test leaves is taken away with it.
    monkeypatch.setenv(MARK, "")


def test_who_is_alone_has_no_party_and_who_is_not_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert party(None, None, None) is None
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    found = party(None, 5.0, None)
    assert found is not None
    assert found.job is not None
    assert (found.job.rank, found.job.size, found.timeout, found.fault) == (1, 2, 5.0, None)
    assert party("off", None, None) is None


def test_what_contradicts_itself_is_kept_until_the_check_has_said_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    found = party(None, None, None)
    assert found is not None
    assert found.job is None
    assert "RANK is not set and WORLD_SIZE is 2" in str(found.fault)
    assert party("off", None, None) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("yes", None, None), "ranks is 'yes'; it can be require, off"),
        ((None, 0.0, None), "ranks_timeout is 0.0; it is a number of seconds above 0"),
        ((None, float("inf"), None), "ranks_timeout is inf; it is a number of seconds above 0"),
        ((None, float("nan"), None), "ranks_timeout is nan; it is a number of seconds above 0"),
    ],
)
def test_an_argument_that_means_nothing_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(RefusedError) as caught:
        party(*arguments)
    assert str(caught.value) == message


def test_a_function_that_gathers_is_a_party_whatever_the_launcher_says() -> None:
    found = party(None, None, lambda data: [data])
    assert found is not None
    assert found.job is None


def test_the_children_of_a_rank_that_agreed_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("MASTER_PORT", "29500")
    leave_mark(Job(launcher="torchrun", rank=1, size=2))
    assert party(None, None, None) is not None, "the process itself may be asked again"
    pid, _, rest = os.environ[MARK].partition(" ")
    monkeypatch.setenv(MARK, f"{int(pid) + 1} {rest}")
    assert party(None, None, None) is None
    # A child that is started as a rank of another job is one.
    monkeypatch.setenv("MASTER_PORT", "29501")
    assert party(None, None, None) is not None
    monkeypatch.setenv("MASTER_PORT", "29500")
    monkeypatch.setenv("RANK", "0")
    assert party(None, None, None) is not None


def test_finding_out_imports_nothing() -> None:
    code = (
        "import os, sys, envguard.errors; old = set(sys.modules); from envguard.ranks.party import party; "
        "party(None, None, None); print(*sorted(set(sys.modules) - old))"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["envguard.launch", "envguard.ranks", "envguard.ranks.party"]
