"""Variables that change numbers: an allow-list, three witnesses, no secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from envguard.facts import VARIABLE, table
from envguard.machine.variables import variables
from envguard.model import Fact
from envguard.probes import PROBES
from envguard.probes.variables import PREFIXES
from envguard.reader import Reader
from envguard.redact import looks_secret
from tests.machine.told import Told, reason


def told(*, live: bool = True, **snapshots: Any) -> dict[str, Fact]:
    return {key.removeprefix(VARIABLE): fact for key, fact in variables(Told(**snapshots), live=live).items()}


def test_the_allow_list_decides_what_is_looked_at() -> None:
    everything = {
        "MKL_CBWR": "AVX2",
        "HOME": "/home/ada",
        "TORCH_LOGS": "+dynamo",
        "MY_TOKEN": "x",
        "NCCL_IB_HCA": "mlx5",
    }
    assert told(now=everything) == {"MKL_CBWR": "AVX2", "NCCL_IB_HCA": "mlx5"}


def test_every_listed_variable_is_watched_by_the_probe_and_every_prefix_is_needed() -> None:
    listed = [
        key.removeprefix(VARIABLE)
        for key in (*table().exact, *(prefix for prefix, _ in table().prefixes))
        if key.startswith(VARIABLE)
    ]
    assert len(listed) > 100
    assert [name for name in listed if not name.startswith(PREFIXES)] == []
    assert [prefix for prefix in PREFIXES if not any(name.startswith(prefix) for name in listed)] == []


def test_witnesses_that_agree_are_one_value() -> None:
    assert told(now={"OMP_SCHEDULE": "static"}) == {"OMP_SCHEDULE": "static"}
    assert told(now={"OMP_SCHEDULE": ""}) == {"OMP_SCHEDULE": "''"}


def test_witnesses_that_do_not_agree_are_all_told() -> None:
    late = told(started={}, now={"MKL_CBWR": "AVX2"})
    assert late == {"MKL_CBWR": "not set for the start of the process, AVX2 for os.environ, AVX2 for C"}
    gone = told(started={"MKL_CBWR": "AVX2"}, now={})
    assert gone == {"MKL_CBWR": "AVX2 for the start of the process, not set for os.environ, not set for C"}
    in_c = told(now={}, in_c={"NCCL_ALGO": "^NVLS"})
    assert in_c == {"NCCL_ALGO": "not set for the start of the process, not set for os.environ, ^NVLS for C"}


def test_a_start_that_is_not_told_is_no_witness() -> None:
    reader = Told(now={"MKL_CBWR": "AVX2"}, told_start=False)
    assert variables(reader, live=True) == {"variable.MKL_CBWR": "AVX2"}


def test_a_system_whose_c_cannot_be_asked_has_two_witnesses() -> None:
    assert told(now={"MKL_CBWR": "AVX2"}, told_c=False) == {"MKL_CBWR": "AVX2"}
    late = told(started={}, now={"MKL_CBWR": "AVX2"}, told_c=False)
    assert late == {"MKL_CBWR": "not set for the start of the process, AVX2 for os.environ"}


def test_outside_a_run_c_is_not_asked() -> None:
    assert told(live=False, now={}, in_c={"NCCL_ALGO": "^NVLS"}) == {}


TOKEN = "hf" + "_" + "aBcDeFgHiJkLmNoPqRsTuV"


@pytest.mark.parametrize(
    "value",
    [
        TOKEN,
        "gh" + "p_" + "0123456789abcdefghij0123456789abcdef",
        "https://ada:secret@cache.example/x",
        "--token=" + "a1" * 32,
        "eyJ" + "hbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30",
    ],
)
def test_what_looks_like_a_secret_is_neither_kept_nor_compared(value: str) -> None:
    fact = told(now={"XLA_FLAGS": value})["XLA_FLAGS"]
    assert reason(fact) == "its value looks like a secret, so it is neither kept nor compared"
    assert value not in repr(fact)
    late = told(started={}, now={"XLA_FLAGS": value})["XLA_FLAGS"]
    assert value not in repr(late)


@pytest.mark.parametrize("name", ["TORCHINDUCTOR_REMOTE_TOKEN", "TRITON_API_KEY", "NCCL_AUTH", "XLA_PASSWORD"])
def test_names_of_secrets_are_known(name: str) -> None:
    assert looks_secret(name, "1")


@pytest.mark.parametrize(
    "value",
    [
        "",
        ":4096:8",
        "AVX2,STRICT",
        "Ring",
        "^NVLS",
        "--xla_gpu_deterministic_ops=true --xla_gpu_autotune_level=0",
        "expandable_segments:True,max_split_size_mb:512",
        "/home/ada/.cache/torch/inductor_cache_of_a_user_with_a_long_name_2026",
        "glibc.cpu.hwcaps=-AVX512F,-AVX2_Usable",
        "allreduce:tree;broadcast:ring",
        "0,1,2,3,4,5,6,7",
        "GPU-8c6a1f2e-7d3b-4e5f-9a10-2b3c4d5e6f70",
        "1",
    ],
)
def test_values_that_libraries_take_are_no_secrets(value: str) -> None:
    assert not looks_secret("XLA_FLAGS", value)


def run(code: str, **variables_: str) -> object:
    known = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env={**variables_, **known}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


SHOW = """
import json
from envguard.machine.variables import variables
from envguard.reader import Reader
print(json.dumps({key: str(fact) for key, fact in variables(Reader(), live=True).items()}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how a process was started")
def test_a_real_process_is_seen_by_all_three() -> None:
    assert run(SHOW, MKL_CBWR="AVX2") == {"variable.MKL_CBWR": "AVX2"}
    late = "import os; os.environ['MKL_CBWR'] = 'AVX2'\n"
    assert run(late + SHOW) == {
        "variable.MKL_CBWR": "not set for the start of the process, AVX2 for os.environ, AVX2 for C"
    }
    in_c = "import ctypes; ctypes.CDLL(None).setenv(b'NCCL_ALGO', b'^NVLS', 1)\n"
    assert run(in_c + SHOW) == {
        "variable.NCCL_ALGO": "not set for the start of the process, not set for os.environ, ^NVLS for C"
    }


RENAMED = """
import ctypes, json
title = TITLE
block = ctypes.c_char_p.in_dll  # the start of the block lies where the first variable does
libc = ctypes.CDLL(None)
environ = ctypes.POINTER(ctypes.c_void_p).in_dll(libc, "environ")
ctypes.memset(environ[0], 0, 300)
ctypes.memmove(environ[0], title, len(title))
from envguard.probes.variables import snapshots
print(json.dumps(snapshots()[0]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how a process was started")
@pytest.mark.parametrize("title", [b"training", b"training: lr=0.1"])
def test_a_start_that_was_written_over_is_not_believed(title: bytes) -> None:
    """As setproctitle does; the first variable takes what is written, whatever else this process has."""
    assert run(RENAMED.replace("TITLE", repr(title)), AAA="1" * 300, MKL_CBWR="AVX2") is None


def test_a_variable_that_is_set_later_ends_the_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    from envguard.trace import holds

    reader = Reader()
    variables(reader, live=True)
    assert holds(reader.trace.files, reader.trace.values, PROBES)
    monkeypatch.setenv("NCCL_PROTO", "LL")
    assert not holds(reader.trace.files, reader.trace.values, PROBES)
    monkeypatch.delenv("NCCL_PROTO")
    assert holds(reader.trace.files, reader.trace.values, PROBES)
    monkeypatch.setenv("OTHER", "1")
    assert holds(reader.trace.files, reader.trace.values, PROBES)


def test_a_variable_that_only_c_has_ends_the_trace() -> None:
    code = """
import ctypes, json
from envguard.machine.variables import variables
from envguard.probes import PROBES
from envguard.reader import Reader
from envguard.trace import holds
reader = Reader()
variables(reader, live=True)
before = holds(reader.trace.files, reader.trace.values, PROBES)
ctypes.CDLL(None).setenv(b"NCCL_ALGO", b"Ring", 1)
print(json.dumps([before, holds(reader.trace.files, reader.trace.values, PROBES)]))
"""
    assert run(code) == [True, False]


def test_nothing_that_is_kept_shows_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", TOKEN)
    reader = Reader()
    variables(reader, live=True)
    assert TOKEN not in repr(reader.trace.values)
