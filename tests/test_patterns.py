"""Patterns that are compiled when they are first used: equal to those that ``re`` makes at once, and none of them wrong."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys

import pytest

import envguard
from envguard.patterns import late


def test_a_late_pattern_answers_as_a_compiled_one() -> None:
    text = "One-two_ONE.two"
    pattern, compiled = late("(?P<one>one)[-.](two)", re.IGNORECASE), re.compile("(?P<one>one)[-.](two)", re.IGNORECASE)

    for method in ("match", "fullmatch", "search"):
        found, expected = getattr(pattern, method)(text), getattr(compiled, method)(text)
        assert (found and found.groupdict()) == (expected and expected.groupdict())
    assert pattern.findall(text) == compiled.findall(text) != []
    assert [found.span() for found in pattern.finditer(text)] == [found.span() for found in compiled.finditer(text)]
    assert pattern.split(text) == compiled.split(text)
    assert pattern.sub(r"\2", text) == compiled.sub(r"\2", text)
    assert pattern.search(text, 1).span() == compiled.search(text, 1).span()  # type: ignore[union-attr]
    assert pattern.pattern == compiled.pattern
    assert pattern.groups == 2
    assert pattern.flags == compiled.flags
    assert late(rb"\d").search(b"a1").span() == (1, 2)  # type: ignore[union-attr]


def test_a_late_pattern_is_compiled_when_it_is_asked() -> None:
    pattern = late("(")

    with pytest.raises(re.error, match="unterminated subpattern"):
        pattern.match("")


def test_every_late_pattern_of_the_package_compiles() -> None:
    kind: type = type(late("a"))
    found = 0
    for module in pkgutil.walk_packages(envguard.__path__, "envguard."):
        if module.name.endswith("__main__") or ".integrations" in module.name or ".probes" in module.name:
            continue
        try:
            loaded = importlib.import_module(module.name)
        except ImportError:
            continue
        for value in vars(loaded).values():
            for each in value.values() if isinstance(value, dict) else (value,):
                if isinstance(each, kind):
                    assert each.match, module.name  # type: ignore[attr-defined]
                    found += 1

    assert found > 80


def test_importing_what_reads_a_lock_compiles_no_pattern_that_it_may_not_need() -> None:
    program = (
        "import re\n"
        "made = []\n"
        "plain = re.compile\n"
        "re.compile = lambda *given, **more: made.append(given) or plain(*given, **more)\n"
        "import envguard.urls, envguard.pep440, envguard.pep508, envguard.toml_rows, envguard.lockfiles.artifacts\n"
        "import envguard.lockfiles.markers, envguard.lockfiles.files, envguard.report.locate\n"
        "import envguard.lockfiles.pipenv.reader, envguard.lockfiles.manifests.constraints\n"
        "import json; print(json.dumps([each for each in made if 'machine' in str(each) or 'sha256' in str(each)]))\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
