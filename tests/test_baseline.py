"""envguard.lock is written to be read in a diff, read strictly, and replaced whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.atomic import write_atomic
from envguard.baseline import (
    Baseline,
    Machine,
    RecordedPackage,
    RecordedTree,
    empty_baseline,
    fault_of_name,
    read_baseline,
    render_baseline,
    write_baseline,
)
from envguard.canaries.model import Canaries
from envguard.errors import BaselineError, WriteError
from envguard.model import Selection, Unknown
from envguard.reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = Machine(
    facts={"cpu.model": "Xeon", "platform.libc": Unknown(reason="not glibc")},
    packages={
        "numpy": RecordedPackage(version="2.4.6", digest="blake3:00ff"),
        "mine": RecordedPackage(version="0.1.0", digest=Unknown(reason="editable")),
    },
    lock_path="uv.lock",
    lock_digest="blake3:abcd",
    selection=Selection(extras=("cu130",), groups=("dev",)),
)

TEXT = """\
{
  "machines": {
    "laptop": {
      "facts": {
        "cpu.model": "Xeon",
        "platform.libc": "unknown: not glibc"
      },
      "lock": {
        "digest": "blake3:abcd",
        "path": "uv.lock"
      },
      "packages": {
        "mine": "0.1.0 unknown: editable",
        "numpy": "2.4.6 blake3:00ff"
      },
      "selection": {
        "default-groups": true,
        "extras": [
          "cu130"
        ],
        "groups": [
          "dev"
        ],
        "packages": []
      }
    }
  },
  "schema": {
    "name": "envguard.lock",
    "version": 1
  }
}
"""


ROOT = "blake3:" + "af" * 32
TREE = RecordedTree(path="data/raw", root=ROOT, files=2, bytes=17, ignore=("*.tmp", "/logs/"))
TREE_TEXT = f"""\
{{
  "data": {{
    "raw": {{
      "bytes": 17,
      "files": 2,
      "ignore": [
        "*.tmp",
        "/logs/"
      ],
      "path": "data/raw",
      "root": "{ROOT}"
    }}
  }},
  "machines": {{"""


def read(folder: Path) -> Baseline | None:
    return read_baseline(Reader(), str(folder))


def test_a_baseline_is_json_with_sorted_keys_and_one_fact_a_line(tmp_path: Path) -> None:
    baseline = empty_baseline(str(tmp_path)).with_machine("laptop", MACHINE)
    assert write_baseline(baseline)
    assert (tmp_path / "envguard.lock").read_text() == TEXT


def test_writing_the_same_again_touches_nothing(tmp_path: Path) -> None:
    baseline = empty_baseline(str(tmp_path)).with_machine("laptop", MACHINE)
    write_baseline(baseline)
    before = (tmp_path / "envguard.lock").stat()
    assert not write_baseline(baseline)
    assert (tmp_path / "envguard.lock").stat() == before


def test_what_was_written_is_read_again_and_unknown_stays_unknown(tmp_path: Path) -> None:
    (tmp_path / "envguard.lock").write_text(TEXT)
    baseline = read(tmp_path)
    assert baseline is not None
    machine = baseline.machines["laptop"]
    assert machine.packages["numpy"] == MACHINE.packages["numpy"]
    libc = machine.facts["platform.libc"]
    assert isinstance(libc, Unknown)
    assert libc.reason == "not glibc"
    assert libc != machine.facts["cpu.model"]
    assert render_baseline(baseline) == TEXT.encode()


def test_sections_that_this_version_does_not_know_survive(tmp_path: Path) -> None:
    document = json.loads(TEXT)
    document["oracles"] = {"matmul": {"root": "blake3:11"}}
    document["machines"]["laptop"]["oracles"] = {"matmul": "blake3:22"}
    (tmp_path / "envguard.lock").write_text(json.dumps(document))
    baseline = read(tmp_path)
    assert baseline is not None
    again = json.loads(render_baseline(baseline.with_machine("node", MACHINE)))
    assert again["oracles"] == document["oracles"]
    assert again["machines"]["laptop"] == document["machines"]["laptop"]
    assert set(again["machines"]) == {"laptop", "node"}


def test_packages_of_conda_have_a_section_of_their_own(tmp_path: Path) -> None:
    packages = {
        "numpy": RecordedPackage(version="2.1.0=py312_0", digest=f"sha256:{'0' * 64}"),
        "_openmp_mutex": RecordedPackage(
            version="4.5=2_gnu", digest=Unknown(reason="its record has no hash of its archive")
        ),
    }
    machine = replace(MACHINE, conda=packages)
    write_baseline(empty_baseline(str(tmp_path)).with_machine("laptop", machine))
    text = (tmp_path / "envguard.lock").read_text()
    assert (
        '      "conda": {\n'
        '        "_openmp_mutex": "4.5=2_gnu unknown: its record has no hash of its archive",\n'
        f'        "numpy": "2.1.0=py312_0 sha256:{"0" * 64}"\n'
        "      },\n"
    ) in text
    again = read(tmp_path)
    assert again is not None
    assert again.machines["laptop"].conda["numpy"] == packages["numpy"]
    assert str(again.machines["laptop"].conda["_openmp_mutex"].version) == "4.5=2_gnu"
    assert render_baseline(again) == text.encode()
    # Without any there is no such section, as before there was conda.
    assert '"conda"' not in TEXT


def test_a_tree_is_a_few_lines_and_is_read_again(tmp_path: Path) -> None:
    baseline = empty_baseline(str(tmp_path)).with_machine("laptop", MACHINE).with_tree("raw", TREE)
    write_baseline(baseline)
    text = (tmp_path / "envguard.lock").read_text()
    assert text == TREE_TEXT + TEXT.removeprefix('{\n  "machines": {')
    again = read(tmp_path)
    assert again is not None
    assert again.data == {"raw": TREE}
    assert render_baseline(again.with_tree("raw", None)) == TEXT.encode()


def test_what_a_later_version_says_of_a_tree_survives(tmp_path: Path) -> None:
    document = json.loads(TEXT)
    tree = {"bytes": 17, "files": 2, "ignore": [], "path": "data/raw", "root": ROOT, "store": "dvc"}
    document["data"] = {"raw": tree}
    (tmp_path / "envguard.lock").write_text(json.dumps(document))
    baseline = read(tmp_path)
    assert baseline is not None
    assert json.loads(render_baseline(baseline.with_tree("other", TREE)))["data"]["raw"] == tree


@pytest.mark.parametrize("path", ["data/\N{GREEK SMALL LETTER ALPHA}", "/mnt/\udcff", "../x", "$DATA_ROOT/x", "a\nb"])
def test_any_path_survives(tmp_path: Path, path: str) -> None:
    tree = RecordedTree(path=path, root=ROOT, files=0, bytes=0)
    write_baseline(empty_baseline(str(tmp_path)).with_tree("raw", tree))
    again = read(tmp_path)
    assert again is not None
    assert again.data["raw"] == tree


NAMES = {
    "": "a name cannot be empty",
    "  ": "a name cannot be empty",
    " a": "a name holds no control characters, and no spaces around it",
    "a\nb": "a name holds no control characters, and no spaces around it",
    "a\x1b[31m": "a name holds no control characters, and no spaces around it",
    "a\udcff": "a name holds no control characters, and no spaces around it",
    "a/b": "a name is one word, not a path",
    "../a": "a name is one word, not a path",
    "a\\b": "a name is one word, not a path",
    ".": "a name cannot begin with '.'",
    "..": "a name cannot begin with '.'",
    ".hidden": "a name cannot begin with '.'",
    "--all": "a name cannot begin with '-'",
    "a" * 101: "a name has at most 100 bytes",
    "\N{GREEK SMALL LETTER ALPHA}" * 51: "a name has at most 100 bytes",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_could_be_no_file_is_refused(tmp_path: Path, name: str) -> None:
    assert fault_of_name(name) == NAMES[name]
    document = json.loads(TEXT)
    document["data"] = {name: {"bytes": 0, "files": 0, "ignore": [], "path": "x", "root": ROOT}}
    (tmp_path / "envguard.lock").write_text(json.dumps(document))
    with pytest.raises(BaselineError) as caught:
        read(tmp_path)
    assert caught.value.message == NAMES[name]
    assert caught.value.keys == ("data", name)


@pytest.mark.parametrize("name", ["a", "train-2026.07", "a b", "\N{GREEK SMALL LETTER ALPHA}", "a" * 100, "a..b"])
def test_other_names_are_fine(name: str) -> None:
    assert fault_of_name(name) is None


def test_there_may_be_none(tmp_path: Path) -> None:
    assert read(tmp_path) is None


def broken(change: str, to: str) -> str:
    assert change in TEXT
    return TEXT.replace(change, to)


HINT = "\nhint: restore envguard.lock from version control, or move it away and run 'envguard record'"


def with_data(change: str = "", to: str = "") -> str:
    text = TREE_TEXT + TEXT.removeprefix('{\n  "machines": {')
    assert change in text
    return text.replace(change, to)


BROKEN = {
    "data": (with_data('"data": {', '"data": [], "data!": {'), ": in 'data': expected an object, found a list" + HINT),
    "tree": (
        with_data('"raw": {', '"raw": "x", "raw!": {'),
        ": in 'data.raw': expected an object, found a string" + HINT,
    ),
    "tree without files": (with_data('"files": 2,', ""), ": in 'data.raw': the key 'files' is missing" + HINT),
    "tree without ignore": (with_data('"ignore"', '"ignores"'), ": in 'data.raw': the key 'ignore' is missing" + HINT),
    "files": (
        with_data('"files": 2', '"files": true'),
        ": in 'data.raw.files': expected a number, found true or false" + HINT,
    ),
    "fewer than none": (
        with_data('"bytes": 17', '"bytes": -1'),
        ": in 'data.raw.bytes': expected a number that is not negative" + HINT,
    ),
    "NUL": (
        with_data('"*.tmp"', r'"a\u0000b"'),
        ": in 'data.raw.ignore': expected patterns without NUL bytes" + HINT,
    ),
    "nowhere": (with_data('"data/raw"', '""'), ": in 'data.raw.path': expected the path of a folder" + HINT),
    "short root": (
        with_data(ROOT, ROOT[:-1]),
        ": in 'data.raw.root': expected \"blake3:\" and 64 hexadecimal digits" + HINT,
    ),
    "loud root": (
        with_data("afaf", "AFAF"),
        ": in 'data.raw.root': expected \"blake3:\" and 64 hexadecimal digits" + HINT,
    ),
    "conda": (
        broken('"facts": {', '"conda": {"numpy": "2.1.0=py312_0"}, "facts": {'),
        ": in 'machines.laptop.conda.numpy': expected a version and a digest with a space between" + HINT,
    ),
    "empty": ("", ":1: is not valid JSON: expecting value"),
    "truncated": (TEXT[:200], ":10: is not valid JSON: expecting value" + HINT),
    "merge": ("<<<<<<< HEAD\n" + TEXT, ":1: has an unfinished merge in it" + HINT),
    "list": ("[]", ": expected an object, found a list" + HINT),
    "deep": ("[" * 200_000, ": is not valid JSON: nested too deeply" + HINT),
    "a key twice": (
        broken('"schema": {', '"schema": {}, "schema": {'),
        ": in 'schema': the key is there twice, and nobody can tell which one counts" + HINT,
    ),
    "no schema": (broken('"schema"', '"scheme"'), ": the key 'schema' is missing" + HINT),
    "other schema": (
        broken('"name": "envguard.lock"', '"name": "package-lock"'),
        ': in \'schema.name\': expected "envguard.lock", found "package-lock"' + HINT,
    ),
    "newer": (
        broken('"version": 1', '"version": 2'),
        ": in 'schema.version': schema version 2 is not known here, only 1\nhint: update envguard",
    ),
    "true is no version": (
        broken('"version": 1', '"version": true'),
        ": in 'schema.version': expected a number, found true or false" + HINT,
    ),
    "fact": (
        broken('"Xeon"', "7"),
        ": in 'machines.laptop.facts.cpu.model': expected a string, found a number" + HINT,
    ),
    "package": (
        broken('"2.4.6 blake3:00ff"', '"2.4.6"'),
        ": in 'machines.laptop.packages.numpy': expected a version and a digest with a space between" + HINT,
    ),
    "lock": (broken('"digest": "blake3:abcd",', ""), ": in 'machines.laptop.lock': the key 'digest' is missing" + HINT),
    "lock-key": (
        broken('"digest"', '"digests"'),
        (
            ": in 'machines.laptop.lock.digests': this key is not known; known are path, digest\n"
            "hint: update envguard, where a newer one wrote it; else restore envguard.lock from version control"
        ),
    ),
    "selection-key": (
        broken('"extras"', '"extra"'),
        ": in 'machines.laptop.selection.extra': this key is not known; known are packages, extras, groups, default-groups\n",
    ),
    "schema-key": (
        broken('"version": 1', '"version": 1, "flavour": 2'),
        ": in 'schema.flavour': this key is not known; known are name, version\n",
    ),
    "selection": (
        broken('"packages": []', '"packages": [null]'),
        ": in 'machines.laptop.selection.packages[0]': expected a string, found null" + HINT,
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_baseline_that_is_no_use_is_one_clear_error(tmp_path: Path, case: str) -> None:
    text, message = BROKEN[case]
    path = tmp_path / "envguard.lock"
    path.write_text(text)
    with pytest.raises(BaselineError) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(f"{path}{message}")
    assert path.read_text() == text


def test_facts_for_people_stand_apart_from_those_that_are_compared(tmp_path: Path) -> None:
    told = replace(MACHINE, audit={"platform.timezone": "Europe/Berlin", "nvidia.uuid": Unknown(reason="no driver")})
    write_baseline(empty_baseline(str(tmp_path)).with_machine("laptop", told))
    document = json.loads((tmp_path / "envguard.lock").read_bytes())["machines"]["laptop"]
    assert document["audit"] == {"nvidia.uuid": "unknown: no driver", "platform.timezone": "Europe/Berlin"}
    assert "platform.timezone" not in document["facts"]
    again = read(tmp_path)
    assert again is not None
    assert again.machines["laptop"].audit["platform.timezone"] == "Europe/Berlin"
    assert write_baseline(again) is False


@settings(max_examples=200, deadline=None)
@given(
    facts=st.dictionaries(st.text(max_size=20), st.text(max_size=40)),
    versions=st.dictionaries(st.text(max_size=20), st.text(st.characters(exclude_characters=" "), min_size=1)),
)
def test_any_facts_and_versions_survive(
    tmp_path_factory: pytest.TempPathFactory, facts: dict[str, str], versions: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("baseline")
    machine = Machine(
        facts=facts,
        packages={name: RecordedPackage(version=v, digest="blake3:0") for name, v in versions.items()},
        lock_path="uv.lock",
        lock_digest="",
        selection=Selection(),
    )
    baseline = empty_baseline(str(folder)).with_machine("m", machine)
    write_baseline(baseline)
    again = read(folder)
    assert again is not None
    assert render_baseline(again) == render_baseline(baseline)


class TestAtomicWrites:
    def test_the_content_is_replaced_and_the_mode_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        path.write_text("old")
        path.chmod(0o640)
        write_atomic(str(path), b"new")
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real").write_text("old")
        (tmp_path / "link").symlink_to("real")
        write_atomic(str(tmp_path / "link"), b"new")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").read_bytes() == b"new"

    @pytest.mark.parametrize("step", ["replace", "fsync"])
    def test_a_failure_leaves_the_old_content_and_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        path = tmp_path / "a"
        path.write_text("old")
        monkeypatch.setattr(os, step, full)
        with pytest.raises(WriteError) as caught:
            write_atomic(str(path), b"new")
        assert str(caught.value) == f"{path}: cannot be written: no space left on device"
        assert path.read_text() == "old"
        assert [entry.name for entry in tmp_path.iterdir()] == ["a"]

    def test_a_missing_folder_is_one_clear_error(self, tmp_path: Path) -> None:
        with pytest.raises(WriteError, match="cannot be written: no such file or directory"):
            write_atomic(str(tmp_path / "gone" / "a"), b"new")

    def test_a_write_protected_file_is_not_replaced(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "a"
        path.write_text("old")
        # The superuser may write anything, so the answer of the system is what is replaced here.
        monkeypatch.setattr(os, "access", lambda *_: False)
        with pytest.raises(WriteError) as caught:
            write_atomic(str(path), b"new")
        assert str(caught.value) == f"{path}: cannot be written: it is write-protected"
        assert path.read_text() == "old"

    @pytest.mark.slow
    def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        old, new = b"o" * 3_000_000, b"n" * 3_000_000
        path.write_bytes(old)
        program = textwrap.dedent(f"""
            import itertools
            from envguard.atomic import write_atomic
            print("ready", flush=True)
            for turn in itertools.count():
                write_atomic({str(path)!r}, (b"n", b"o")[turn % 2] * 3_000_000)
        """)
        for turn in range(12):
            with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
                assert process.stdout is not None
                process.stdout.readline()
                time.sleep(0.003 * turn)
                process.send_signal(signal.SIGKILL)
            assert path.read_bytes() in (old, new)


CANARIES = Canaries(
    scheme="envguard.canaries.v2",
    conditions={"torch.version": "2.13.0", "torch.threads": "2"},
    digests={
        "torch.cpu.exp.float32": "blake2b:00",
        "torch.cpu.norm.float32": Unknown(reason="no memory"),
        "numpy": "none",
    },
)


def test_canaries_are_kept_with_their_conditions_and_unknowns_stay_unknown(tmp_path: Path) -> None:
    baseline = replace(empty_baseline(str(tmp_path)), machines={"laptop": replace(MACHINE, canaries=CANARIES)})
    write_baseline(baseline)
    lines = (tmp_path / "envguard.lock").read_text().splitlines()
    assert '          "torch.cpu.norm.float32": "unknown: no memory"' in lines
    assert '          "torch.threads": "2",' in lines
    again = read(tmp_path)
    assert again is not None
    kept = again.machines["laptop"].canaries
    assert kept is not None
    assert (kept.scheme, kept.conditions) == (CANARIES.scheme, CANARIES.conditions)
    assert kept.digests["torch.cpu.exp.float32"] == "blake2b:00"
    assert isinstance(kept.digests["torch.cpu.norm.float32"], Unknown)
    assert render_baseline(again) == render_baseline(baseline)


@pytest.mark.parametrize(
    ("canaries", "message"),
    [
        (3, "in 'machines.laptop.canaries': expected an object, found a number"),
        ({}, "in 'machines.laptop.canaries': the key 'conditions' is missing"),
        ({"conditions": {}, "digests": {}}, "in 'machines.laptop.canaries': the key 'scheme' is missing"),
        (
            {"conditions": {}, "digests": {"torch.cpu.exp.float32": 3}, "scheme": "v1"},
            "in 'machines.laptop.canaries.digests.torch.cpu.exp.float32': expected a string, found a number",
        ),
    ],
)
def test_canaries_that_are_none_are_an_error_with_its_place(tmp_path: Path, canaries: object, message: str) -> None:
    document = json.loads(TEXT)
    document["machines"]["laptop"]["canaries"] = canaries
    (tmp_path / "envguard.lock").write_text(json.dumps(document))
    with pytest.raises(BaselineError) as caught:
        read(tmp_path)
    assert message in str(caught.value)
