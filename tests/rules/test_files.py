"""EG4: what is said of files that are not as their installers wrote them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from envguard.files.model import Change, InstalledFiles, PackageFiles, Shared, Unlisted, Weight
from envguard.installed.model import Inventory, Layer, SiteFolder
from envguard.model import Impact, Level, Place, Severity
from envguard.rules import registry
from envguard.rules.evidence import Evidence
from envguard.rules.registry import Need
from tests.rules.evidence import PREFIX, SITE, dist, environment, evidence, findings, locked, one

RULES = [rule.name for rule in registry.all_rules() if rule.need is Need.FILES]
E3, W3, N3 = [Severity.ERROR] * 3, [Severity.WARNING] * 3, [Severity.NOTE] * 3


def package(name: str = "numpy", **values: Any) -> PackageFiles:
    path = f"{SITE}/{name}-1.0.dist-info"
    return PackageFiles(**{"name": name, "path": path, "layer": Layer.ENVIRONMENT, "files": 12, **values})


def seen(*packages: PackageFiles, wanted: tuple[str, ...] = ("numpy", "attrs"), **values: Any) -> Evidence:
    where = dataclasses.replace(environment(), folders=(SiteFolder(path=SITE, layer=Layer.ENVIRONMENT),))
    installed = tuple(dist(name) for name in ("numpy", "attrs", "outside"))
    return evidence(
        [locked(name) for name in wanted],
        inventory=Inventory(environment=where, distributions=installed),
        files=InstalledFiles(packages=packages, count=3, files=40, bytes=1, **values),
    )


def change(
    name: str, cause: str = "edited after the installation", when: str | None = "2026-11-23 10:11 UTC"
) -> Change:
    return Change(
        path=f"{SITE}/{name}", expected="sha256=old (10 bytes)", found="sha256=new (12 bytes)", cause=cause, when=when
    )


def severities(finding: Any) -> list[Severity | None]:
    return [finding.severities.at(level) for level in Level]


def test_files_that_are_as_they_were_written_have_no_finding() -> None:
    assert [finding for rule in RULES for finding in findings(rule, seen())] == []


def test_rules_about_files_are_asked_only_where_somebody_looked() -> None:
    assert {rule.code for rule in registry.all_rules() if rule.need is Need.FILES} == {f"EG40{n}" for n in range(1, 7)}
    with pytest.raises(LookupError):
        findings("modified-file", evidence())


def test_an_edited_file_names_itself_its_digests_and_what_became_of_it() -> None:
    finding = one("modified-file", seen(package(changed=(change("numpy/core.py"),))))
    assert finding.subject == "numpy"
    assert finding.message == "1 file of numpy is not what its installer wrote: numpy/core.py"
    assert finding.expected == "sha256=old (10 bytes)"
    assert finding.found == "sha256=new (12 bytes); edited after the installation, 2026-11-23 10:11 UTC"
    assert finding.why == "code that differs can behave differently, and no version number shows it"
    assert finding.hint == "uv sync --locked --inexact --reinstall-package numpy"
    assert finding.place == Place(path=f"{SITE}/numpy/core.py")
    assert (finding.impact, finding.unknown, severities(finding)) == (Impact.NUMBERS, False, E3)


def test_many_edited_files_are_one_finding_with_totals() -> None:
    edited = [change(f"attr/{n}.py") for n in range(1200)]
    cut = change("attr/x", "cut short: the installation broke off, or the disk was full", None)
    changes = (*edited, cut, Change(path=f"{PREFIX}/bin/x", expected="a", found="a link to nothing"))
    finding = one("modified-file", seen(package("attrs", changed=changes, unfinished=True)))
    assert (
        finding.message
        == "1,202 files of attrs are not what its installer wrote: attr/0.py, attr/1.py, attr/2.py and 1,199 more"
    )
    assert finding.found == (
        "sha256=new (12 bytes); 1,200 edited after the installation; "
        "1 cut short: the installation broke off, or the disk was full; the installation did not come to its end"
    )
    assert finding.impact is Impact.BEHAVIOUR


def test_where_the_cache_has_the_edit_too_it_is_cleaned_first() -> None:
    finding = one("modified-file", seen(package(changed=(change("numpy/core.py"),), cached=True)))
    assert finding.found is not None
    assert finding.found.endswith(
        "; hard-linked, so the cache of the installer and other environments may have the change too"
    )
    assert finding.hint == "uv cache clean numpy && uv sync --locked --inexact --reinstall-package numpy"


def test_a_package_outside_of_the_lock_is_installed_by_itself() -> None:
    finding = one("modified-file", seen(package("outside", changed=(change("x"),)), wanted=()))
    assert finding.hint == f"uv pip install --python {PREFIX} --no-deps --reinstall outside==1.0"
    conda = package(changed=(change("numpy/core.py"),), source="conda-meta")
    hint = one("modified-file", seen(conda)).hint
    assert hint == f"conda install --prefix {PREFIX} --force-reinstall numpy"
    linked = package(changed=(change("numpy/core.py"),), source="conda-meta", cached=True)
    hint = one("modified-file", seen(linked)).hint
    assert hint == (f"conda clean --force-pkgs-dirs --yes && conda install --prefix {PREFIX} --force-reinstall numpy")


def test_files_that_are_gone_are_counted() -> None:
    missing = tuple(Change(path=f"{SITE}/numpy/{name}", expected="sha256=x (1 bytes)") for name in "abcd")
    finding = one("missing-file", seen(package(missing=missing)))
    assert finding.message == "4 files of numpy are gone: numpy/a, numpy/b, numpy/c and 1 more"
    assert (finding.expected, finding.found) == ("12 files, as RECORD names them", "8 of them")
    assert finding.place == Place(path=f"{SITE}/numpy/a")
    broken = one("missing-file", seen(package(missing=missing, unfinished=True)))
    assert broken.found == "8 of them: the installation did not come to its end"
    assert severities(broken) == E3


@pytest.mark.parametrize(
    ("weight", "why", "grave", "impact"),
    [
        (Weight.ACTIVE, "found before numpy/core.py", [*E3[:2], Severity.WARNING], Impact.NUMBERS),
        (Weight.CODE, "", W3, Impact.NUMBERS),
        (Weight.DATA, "", N3, Impact.UNKNOWN),
    ],
)
def test_files_of_no_installer_weigh_what_they_can_do(
    weight: Weight, why: str, grave: list[Severity], impact: Impact
) -> None:
    found = (
        Unlisted(path=f"{SITE}/numpy/core.so", weight=weight, why=why),
        Unlisted(path=f"{SITE}/numpy/x.txt", weight=Weight.DATA),
    )
    finding = one("unlisted-file", seen(package(unlisted=found)))
    told = f" ({why})" if why else ""
    assert finding.message == f"2 files among those of numpy are of no installer: numpy/core.so, numpy/x.txt{told}"
    assert finding.hint == "look at it, and delete it if nothing needs it"
    assert (severities(finding), finding.impact) == (grave, impact)


def test_what_belongs_to_no_package_is_told_by_its_entry() -> None:
    strays = (
        Unlisted(path=f"{SITE}/evil.pth", weight=Weight.ACTIVE, why="read at every start of the interpreter"),
        Unlisted(path=f"{SITE}/mine/__init__.py", weight=Weight.CODE),
        Unlisted(path=f"{SITE}/mine/deep/x.py", weight=Weight.CODE),
        Unlisted(path=f"{SITE}/other/x.py", weight=Weight.CODE, why="unless to attrs, of which no files are told"),
    )
    found = findings("unlisted-file", seen(strays=strays))
    assert [(finding.subject, finding.message) for finding in found] == [
        ("evil.pth", "evil.pth belongs to no package (read at every start of the interpreter)"),
        ("mine", "mine/ with 2 files belongs to no package"),
        ("other", "other/ with 1 file belongs to no package (unless to attrs, of which no files are told)"),
    ]
    assert [severities(finding)[0] for finding in found] == [Severity.ERROR, Severity.WARNING, Severity.WARNING]


def test_bytecode_that_runs_unasked_is_an_error_and_outdated_one_a_note() -> None:
    found = findings("stale-bytecode", seen(package(bytecode=(f"{SITE}/numpy/__pycache__/a.pyc",)), outdated=2310))
    assert [finding.message for finding in found] == [
        "1 file of bytecode of numpy is not made from the source that it stands for: numpy/__pycache__/a.pyc",
        "2,310 files of bytecode are older than the source: Python makes such files anew",
    ]
    assert severities(found[0]) == E3
    assert severities(found[1]) == [Severity.NOTE, None, None]
    assert found[1].impact is Impact.NONE


def test_packages_that_wrote_one_file_differently() -> None:
    shared = Shared(names=("numpy", "attrs"), paths=(f"{SITE}/both.so", f"{PREFIX}/bin/x"), same=False, winner="attrs")
    finding = one("shared-file", seen(shared=(shared,)))
    assert finding.subject == "numpy, attrs"
    assert finding.message == f"numpy, attrs have both written 2 files, that of attrs is there: both.so, {PREFIX}/bin/x"
    assert finding.hint == (
        "keep only one of them in the lock, then: "
        "uv sync --locked --inexact --reinstall-package numpy --reinstall-package attrs"
    )
    assert (severities(finding), finding.impact) == (E3, Impact.NUMBERS)
    nobody = dataclasses.replace(shared, names=("a 1.0", "a 2.0", "b"), winner=None)
    assert one("shared-file", seen(shared=(nobody,))).message.startswith(
        "a 1.0, a 2.0, b have all written 2 files, and none of theirs is there: "
    )


def test_packages_that_wrote_the_same_are_noted() -> None:
    finding = one("shared-file", seen(shared=(Shared(names=("a", "b"), paths=(f"{SITE}/s",), same=True),)))
    assert finding.message == "a, b have both written 1 file, the same: s"
    assert (severities(finding), finding.impact, finding.hint) == (N3, Impact.NONE, None)
    assert finding.why == "whoever is uninstalled takes the files from the others"


def test_what_cannot_be_verified_is_unknown() -> None:
    finding = one("unverifiable-files", seen(package(untold=("it has no RECORD", "2 files without a hash: a, b"))))
    assert finding.message == (
        "the files of numpy cannot all be verified: it has no RECORD; 2 files without a hash: a, b"
    )
    assert (finding.unknown, finding.impact, severities(finding)) == (True, Impact.UNKNOWN, E3)
    inherited = one("unverifiable-files", seen(package(untold=("it has no RECORD",), layer=Layer.INHERITED)))
    assert severities(inherited) == W3


def test_an_editable_package_without_a_record_is_only_named() -> None:
    assert findings("unverifiable-files", seen(package(untold=("it has no RECORD",)), editable=("numpy",))) == []


def test_what_was_recorded_as_it_is_has_no_finding() -> None:
    accepted = package(
        changed=(change("numpy/core.py"),),
        missing=(change("numpy/x.py"),),
        unlisted=(Unlisted(path=f"{SITE}/numpy/y.py", weight=Weight.ACTIVE),),
        accepted=True,
    )
    assert [finding for rule in RULES for finding in findings(rule, seen(accepted))] == []
    # But bytecode that runs in the place of its source is no difference that anybody can have meant.
    assert findings("stale-bytecode", seen(dataclasses.replace(accepted, bytecode=("x.pyc",)))) != []
