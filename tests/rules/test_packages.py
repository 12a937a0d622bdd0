"""EG2, first half."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from envguard.config import Config
from envguard.lockfiles.model import Commands, RefusalKind, Refused, Selected
from envguard.model import Impact, Place, Selection, Severity
from tests.rules.evidence import PREFIX, PROJECT, SITE, dist, environment, evidence, findings, locked, one

if TYPE_CHECKING:
    from envguard.rules.evidence import Evidence

UV_LOCK = f"{PROJECT}/uv.lock"


def test_what_is_installed_as_locked_is_no_finding() -> None:
    seen = evidence(
        [locked("numpy", "2.4.6"), locked("click", "8.5")], [dist("numpy", "2.4.6"), dist("click", "8.5.0")]
    )
    for name in ("missing-package", "unexpected-package", "version-mismatch", "local-version-mismatch"):
        assert findings(name, seen) == []


def test_a_version_mismatch_says_everything_that_mends_it() -> None:
    finding = one("version-mismatch", evidence([locked("click"), locked("numpy", "2.4.6")], [dist("numpy", "2.4.5")]))
    assert finding.code == "EG203"
    assert finding.subject == "numpy"
    assert finding.message == "numpy 2.4.5 is installed, the lock pins 2.4.6"
    assert finding.expected == "2.4.6"
    assert finding.found == f"2.4.5 ({SITE}/numpy-2.4.5.dist-info)"
    assert finding.impact is Impact.NUMBERS
    assert finding.place == Place(path=UV_LOCK, keys=("package", 1, "version"))
    assert finding.hint == "uv sync --locked --inexact"


def test_a_package_that_computes_nothing_says_what_is_known_of_it() -> None:
    finding = one("version-mismatch", evidence([locked("click", "8.5")], [dist("click", "8.4")]))
    assert finding.impact is Impact.BEHAVIOUR


def test_a_project_names_its_own_numeric_packages() -> None:
    config = Config(numeric=("our-*",))
    finding = one("version-mismatch", evidence([locked("our-kernels", "2")], [dist("our-kernels", "1")], config=config))
    assert finding.impact is Impact.NUMBERS


@pytest.mark.parametrize(
    ("pinned", "here"), [("2.13.0+cu130", "2.13.0+cpu"), ("2.13.0", "2.13.0+cpu"), ("2.13.0+cu130", "2.13.0")]
)
def test_another_build_of_the_same_version_has_a_rule_of_its_own(pinned: str, here: str) -> None:
    seen = evidence([locked("torch", pinned)], [dist("torch", here)])
    assert findings("version-mismatch", seen) == []
    finding = one("local-version-mismatch", seen)
    assert finding.message == f"torch {here} is installed, the lock pins {pinned}: another build of the same version"
    assert finding.hint == "uv sync --locked --inexact --reinstall-package torch"


@pytest.mark.parametrize(
    ("pinned", "here"), [("2.13.0+cu130", "2.13.1+cpu"), ("1.0", "1.0.post1"), ("1.0", "nonsense")]
)
def test_anything_else_that_differs_is_another_version(pinned: str, here: str) -> None:
    seen = evidence([locked("torch", pinned)], [dist("torch", here)])
    assert findings("local-version-mismatch", seen) == []
    assert one("version-mismatch", seen).subject == "torch"


def test_a_missing_package_is_named_with_its_version() -> None:
    finding = one("missing-package", evidence([locked("scipy", "1.16")], []))
    assert finding.message == "scipy 1.16 is in the lock and not installed"
    assert (finding.expected, finding.found) == ("1.16", "not installed")
    assert finding.place == Place(path=UV_LOCK, keys=("package", 0, "version"))


def test_a_project_without_a_static_version_is_only_looked_for() -> None:
    seen = evidence([locked("demo", None)], [dist("demo", "0.1.dev3")])
    assert findings("version-mismatch", seen) == []
    assert one("missing-package", without_packages(seen)).expected == "installed"


def without_packages(seen: Evidence) -> Evidence:
    assert seen.inventory is not None
    return replace(seen, inventory=replace(seen.inventory, distributions=()))


def test_an_unexpected_package_is_a_warning_and_says_how_to_remove_it() -> None:
    finding = one("unexpected-package", evidence([locked("numpy")], [dist("numpy"), dist("pip"), dist("ipdb", "0.13")]))
    assert finding.message == "ipdb 0.13 is installed and not in the lock"
    assert finding.severities.host_to_host is Severity.WARNING
    assert finding.hint == f"uv pip uninstall --python {PREFIX} ipdb"


def test_an_unexpected_package_that_only_another_selection_wants_says_so() -> None:
    seen = evidence([locked("numpy"), locked("pytest", "9")], [dist("numpy"), dist("pytest", "9")])
    assert seen.lock is not None
    chosen = Selected(packages=seen.lock.packages[:1], groups=())
    finding = one("unexpected-package", replace(seen, selected=chosen))
    assert finding.message == "pytest 9 is installed and in the lock, but not selected here"


@pytest.mark.parametrize(("setting", "expected"), [(Severity.ERROR, [Severity.ERROR]), (None, [])])
def test_a_setting_says_how_grave_an_unexpected_package_is(setting: Severity | None, expected: list[Severity]) -> None:
    seen = evidence([], [dist("ipdb")], config=Config(unexpected=setting))
    assert [finding.severities.run_to_run for finding in findings("unexpected-package", seen)] == expected


@pytest.mark.parametrize(
    ("kind", "name"),
    [(RefusalKind.REQUIRES_PYTHON, "python-out-of-range"), (RefusalKind.ENVIRONMENT, "unsupported-environment")],
)
def test_where_the_lock_gives_no_answer_that_is_the_finding(kind: RefusalKind, name: str) -> None:
    refused = Refused(kind=kind, message="no answer", keys=("requires-python",), expected=">=3.12", found="3.11.7")
    seen = evidence([locked("numpy")], [dist("ipdb")], selected=refused)
    finding = one(name, seen)
    assert (finding.message, finding.expected, finding.found) == ("no answer", ">=3.12", "3.11.7")
    assert finding.place == Place(path=UV_LOCK, keys=("requires-python",))
    for other in ("missing-package", "unexpected-package", "version-mismatch"):
        assert findings(other, seen) == []


@pytest.mark.parametrize(("version", "fits"), [("1.20.1", True), ("1.19", False), ("2.0+cpu", True), ("odd", False)])
def test_where_a_range_stands_in_the_place_of_a_version_it_is_that_which_counts(version: str, *, fits: bool) -> None:
    seen = evidence([locked("numpy", None, specifier=">=1.20", line=3)], [dist("numpy", version)])
    found = findings("version-mismatch", seen)
    assert [finding.message for finding in found] == (
        [] if fits else [f"numpy {version} is installed, the lock asks for >=1.20"]
    )
    assert all(finding.place == Place(path=UV_LOCK, line=3) for finding in found)


def test_repairs_name_the_environment_and_the_selection() -> None:
    seen = evidence([locked("numpy", "2")], [dist("numpy", "1")])
    selection = Selection(packages=("*",), extras=("cu130",), groups=("dev",), default_groups=False)
    chosen = "--all-packages --extra cu130 --no-default-groups --group dev"
    assert one("version-mismatch", replace(seen, selection=selection)).hint == f"uv sync --locked --inexact {chosen}"

    def elsewhere(chosen_by: str) -> str | None:
        where = environment(chosen_by, "/opt/my env")
        assert seen.inventory is not None
        inventory = replace(seen.inventory, environment=where)
        return one("version-mismatch", replace(seen, inventory=inventory)).hint

    assert elsewhere("VIRTUAL_ENV") == "uv sync --active --locked --inexact"
    assert elsewhere("--python") == "UV_PROJECT_ENVIRONMENT='/opt/my env' uv sync --locked --inexact"


INSTALLS = [
    ("uv pip install -r x", Selection(), "uv pip install --python {prefix} -r pylock.toml"),
    (
        "uv pip install -r x",
        Selection(extras=("a b",), groups=("docs",)),
        "uv pip install --python {prefix} -r pylock.toml --extra 'a b' --group docs --group test",
    ),
    (
        "uv pip install -r x",
        Selection(groups=("docs",), default_groups=False),
        "uv pip install --python {prefix} -r pylock.toml --group docs",
    ),
    ("python -m pip install -r x", Selection(), "{python} -m pip install -r pylock.toml"),
    (
        "python -m pip install -r x",
        Selection(extras=("a", "b")),
        "{python} -m pip install -r 'pylock.toml[a,b]'",
    ),
    # pip cannot choose a group out of a file.
    (
        "python -m pip install -r x",
        Selection(groups=("docs",), default_groups=False),
        "uv pip install --python {prefix} -r pylock.toml --group docs",
    ),
    ("pdm sync", Selection(groups=("docs",)), "pdm sync --group docs"),
]


@pytest.mark.parametrize(("install", "selection", "hint"), INSTALLS)
def test_what_is_installed_from_a_file_is_repaired_from_it(install: str, selection: Selection, hint: str) -> None:
    seen = evidence([locked("numpy", "2")], [dist("numpy", "1")], selection=selection, lock_name="pylock.toml")
    assert seen.lock is not None
    commands = Commands(lock="make it anew", install=install)
    lock = replace(seen.lock, format="pylock", commands=commands, groups=("docs", "test"), default_groups=("test",))
    python = seen.environment.executable
    wanted = hint.format(prefix=PREFIX, python=python)
    assert one("version-mismatch", replace(seen, lock=lock)).hint == wanted


@pytest.mark.parametrize(
    ("groups", "command"),
    [
        ((), "pipenv sync"),
        (("develop",), "pipenv sync --dev"),
        (("develop", "my-docs"), "pipenv sync --categories 'packages develop my_docs'"),
    ],
)
def test_pipenv_is_told_the_categories_as_its_lock_spells_them(groups: tuple[str, ...], command: str) -> None:
    seen = evidence([locked("numpy", "2")], [dist("numpy", "1")], selection=Selection(groups=groups))
    assert seen.lock is not None
    commands = Commands(lock="pipenv lock", install="pipenv sync")
    lock = replace(seen.lock, format="pipenv", groups=("default", "develop", "my_docs"), commands=commands)
    assert one("version-mismatch", replace(seen, lock=lock)).hint == command
