"""Versions and match specs, held against rattler: every one in real locks, and random ones."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from envguard.conda.archives import parse_archive
from envguard.conda.specs import build_matches, parse_spec, satisfies
from envguard.conda.versions import VersionError, parse
from tests.lockfiles.programs import ask
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

CORPORA = ROOT / "tests" / "corpora"
LOCKS = [*sorted(CORPORA.glob("pixi-*/pixi.lock")), *sorted(CORPORA.glob("conda-lock-*/**/conda-lock.yml"))]
ODD = [
    "0",
    "1.10",
    "2.0a1",
    "2.0.dev0",
    "1.0.post1",
    "1.1.1w",
    "3.0_1",
    "2024b",
    "9e",
    "1!2.0",
    "1.2+cu126",
    "1.2+cpu.1",
    "r5",
]
OPERATORS = ["", "=", "==", "!=", ">=", "<=", ">", "<", "~="]


def documents() -> list[Any]:
    return [yaml.load(path.read_text(), yaml.CSafeLoader) for path in LOCKS]


def entries() -> Iterator[dict[str, Any]]:
    for document in documents():
        yield from document.get("packages", document.get("package", []))


def asked() -> set[str]:
    found: set[str] = set()
    for entry in entries():
        found.update(entry.get("depends") or ())
        found.update(entry.get("constrains") or ())
        if entry.get("manager") == "conda":
            found.update(f"{name} {spec}".strip() for name, spec in entry["dependencies"].items())
    return found


def packages() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for entry in entries():
        archive = parse_archive(entry.get("conda") or entry.get("url") or "")
        if archive is not None:
            found.setdefault(archive.name, []).append((archive.version, archive.build))
    return found


def test_the_order_of_versions_is_rattler_s(conda_tools: Path) -> None:
    versions = sorted({version for several in packages().values() for version, _ in several})
    assert len(versions) > 800
    random.seed(20261125)
    pairs = [*itertools.product(ODD, ODD), *random.sample(list(itertools.product(versions, versions)), 8000)]
    answers = ask(conda_tools, "conda/ask_rattler.py", [["order", *pair] for pair in pairs])
    for (one, other), answer in zip(pairs, answers, strict=True):
        assert [parse(one) < parse(other), parse(one) == parse(other)] == answer, (one, other)


def test_every_match_spec_in_real_locks_takes_what_it_takes_for_rattler(conda_tools: Path) -> None:
    known = packages()
    random.seed(20261125)
    others = [package for several in known.values() for package in several]
    cases = []
    for text in sorted(asked()):
        spec = parse_spec(text)
        assert spec is not None
        cases += [(text, *package) for package in (*known.get(spec.name, ())[:4], *random.sample(others, 2))]
    assert len(cases) > 3000
    answers = ask(conda_tools, "conda/ask_rattler.py", [["spec", *case] for case in cases])
    open_ones = 0
    for (text, version, build), answer in zip(cases, answers, strict=True):
        spec = parse_spec(text)
        assert spec is not None
        assert spec.name == answer[0], text
        found = [satisfies(version, spec.version), build_matches(build, spec.build)]
        ours = False if False in found else None if None in found else True
        open_ones += ours is None
        assert ours in (None, answer[1]), (text, version, build)
    assert open_ones < len(cases) / 100, "what real locks ask for is decided"


def test_random_ranges_take_what_they_take_for_rattler(conda_tools: Path) -> None:
    random.seed(20261126)
    cases = []
    for _ in range(6000):
        clauses = [
            random.choice(OPERATORS) + random.choice(ODD) + random.choice([""] * 6 + [".*", "*"])
            for _ in range(random.choice((1, 1, 2, 3)))
        ]
        cases.append((clauses[0] + "".join(random.choice(",|") + clause for clause in clauses[1:]), random.choice(ODD)))
    answers = ask(conda_tools, "conda/ask_rattler.py", [["spec", f"x {wanted}", here, "0"] for wanted, here in cases])
    decided = 0
    for (wanted, here), answer in zip(cases, answers, strict=True):
        spec = parse_spec(f"x {wanted}")
        if isinstance(answer, dict) or spec is None:
            continue  # rattler takes it for no match spec
        ours = satisfies(here, spec.version)
        decided += ours is not None
        assert ours in (None, answer[1]), (wanted, here)
    assert decided > 4000


def test_what_rattler_takes_for_no_version_we_do_not_either(conda_tools: Path) -> None:
    texts = ["", "1..2", "1.0+", "x!1", "1.0/2", "1!2!3", "1+a+b"]
    answers = ask(conda_tools, "conda/ask_rattler.py", [["order", text, "1"] for text in texts])
    for text, answer in zip(texts, answers, strict=True):
        assert isinstance(answer, dict), text
        with pytest.raises(VersionError):
            parse(text)
