"""EG2, first half: which packages are here, in which versions, and whether the lock speaks about this environment at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lockfiles.model import RefusalKind, Refused, Selected
from ..model import Impact, Place, Severities, Severity
from . import repair, virtual
from .conda import against_lock, whole
from .impact import impact_of
from .places import place_of
from .registry import Need, Rule, rule
from .versions import allows, same, same_but_local

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..installed.model import Distribution
    from ..lockfiles.model import LockedPackage
    from ..model import Finding
    from .evidence import Evidence

_MISSING_IS = "code that imports it fails, or quietly takes another way"
_NAMED = 3
_VERSION_IS = "another version can compute, load or default differently"


@rule("EG201", "missing-package", "a locked package is not installed", since="0.1", need=Need.ENVIRONMENT)
def missing_package(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for every package that the lock selects for this environment.

    ## What it sees

    A package that follows from the lock, the chosen extras and groups and this environment's markers, and that no metadata
    folder on the path of the environment names. For a package of conda it is a record in `conda-meta` that is looked for;
    where the environment is none of conda, one finding says so.

    ## Why it matters

    Code that imports it fails; optional dependencies are worse: without them libraries take another way and say nothing.

    ## How to mend

    Run the command that the finding prints.
    """
    installed = evidence.installed
    for name, package in evidence.wanted.items():
        if name not in installed:
            version = f" {package.version}" if package.version else ""
            yield self.finding(
                name,
                f"{name}{version} is in the lock and not installed",
                impact=impact_of(name, evidence.config.numeric),
                why=_MISSING_IS,
                expected=package.version or "installed",
                found="not installed",
                place=place_of(evidence, package, "version" if package.version else "name"),
                hint=repair.sync(evidence),
            )
    yield from against_lock.missing(self, evidence)


@rule("EG202", "unexpected-package", "an installed package is not in the lock", since="0.1", need=Need.ENVIRONMENT)
def unexpected_package(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for packages that the lock does not ask for.

    ## What it sees

    An installed package that does not follow from the lock for this environment and the chosen extras and groups. envguard
    with what it needs, pip, setuptools and wheel are expected, and so is what `expected` in `[tool.envguard]` names. The
    setting `unexpected` says whether it is an `error`, a `warning` (the default), a `note`, or `allow`ed. Where the lock is
    one of conda's tools, the records in `conda-meta` are looked at, too; what came with one of them is judged with it.

    ## Why it matters

    Libraries look for optional packages and behave differently where they find one; nobody else who installs from the lock
    has it.

    ## How to mend

    Uninstall it, add it to the project with `uv add`, or choose the extra or group that it belongs to.
    """
    severity = evidence.config.unexpected
    if severity is None or evidence.lock is None or not isinstance(evidence.selected, Selected):
        return
    locked = {package.name for view in evidence.views for package in view.lock.packages if package.conda is None}
    wanted = evidence.wanted
    installed = evidence.installed
    with_conda = whole.python_names(evidence) if evidence.locks_conda else frozenset()
    for name, distribution in installed.items():
        if name in wanted or name in evidence.own or name in with_conda:
            continue
        where = "in the lock, but not selected here" if name in locked else "not in the lock"
        yield self.finding(
            name,
            f"{name} {distribution.version or '(no version)'} is installed and {where}",
            impact=impact_of(name, evidence.config.numeric),
            why="libraries that find an optional package behave differently; nobody who installs from the lock has it",
            expected="not installed",
            found=distribution.version or distribution.path,
            place=Place(path=distribution.path),
            hint=repair.uninstall(evidence, name),
            severities=Severities.same(severity),
        )
    yield from against_lock.unexpected(self, evidence, Severities.same(severity))


def _versions(evidence: Evidence) -> Iterator[tuple[LockedPackage, Distribution, str, str]]:
    installed = evidence.installed
    for name, package in evidence.wanted.items():
        distribution = installed.get(name)
        if distribution is None or package.version is None or distribution.version is None:
            continue
        if not same(package.version, distribution.version):
            yield package, distribution, package.version, distribution.version


@rule(
    "EG203",
    "version-mismatch",
    "an installed package has another version than the lock",
    since="0.1",
    need=Need.ENVIRONMENT,
)
def version_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the version of every installed package with the one that the lock pins.

    ## What it sees

    Versions that are not equal as PEP 440 versions. `1.0` and `1.0.0` are equal; the local part (`+cu130`) has a rule of
    its own, `local-version-mismatch`. Where a requirements file has a range in the place of a version, one that is
    not in it. Versions of conda's packages are compared as they are written.

    ## Why it matters

    Another version can compute, load or default differently. For packages of the numeric stack the finding says so; for the
    others nobody promises that it does not.

    ## How to mend

    Run the command that the finding prints. If the installed version is the wanted one, change the manifest, lock,
    and record again.
    """
    for package, distribution, locked, found in _versions(evidence):
        if not same_but_local(locked, found):
            yield self.finding(
                package.name,
                f"{package.name} {found} is installed, the lock pins {locked}",
                impact=impact_of(package.name, evidence.config.numeric),
                why=_VERSION_IS,
                expected=locked,
                found=f"{found} ({distribution.path})",
                place=place_of(evidence, package, "version"),
                hint=repair.sync(evidence),
            )
    installed = evidence.installed
    for name, package in evidence.wanted.items():
        version = installed[name].version if name in installed else None
        if package.specifier and version is not None and not allows(package.specifier, version):
            yield self.finding(
                name,
                f"{name} {version} is installed, the lock asks for {package.specifier}",
                impact=impact_of(name, evidence.config.numeric),
                why=_VERSION_IS,
                expected=package.specifier,
                found=f"{version} ({installed[name].path})",
                place=place_of(evidence, package, "version"),
                hint=repair.sync(evidence),
            )
    yield from against_lock.other_version(self, evidence)


@rule(
    "EG204",
    "local-version-mismatch",
    "an installed package is another build of the locked version",
    since="0.1",
    need=Need.ENVIRONMENT,
)
def local_version_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares what tells the builds of one version apart: the local part after the `+`, and the build of conda's packages.

    ## What it sees

    `2.13.0+cpu` installed where `2.13.0+cu130` or `2.13.0` is locked, and the reverse. A package of conda with another
    build (`cuda126_py312_0` for `cpu_py312_0`), or one for another platform.

    ## Why it matters

    The local part names the build: for PyTorch the CUDA version or the absence of one. Specifiers such as `==2.13.0` accept
    every build, so tools that compare with specifiers do not see the difference. A build of conda stands for the
    dependencies, the compiler and the BLAS that it was made with.

    ## How to mend

    Run the command that the finding prints; check that the index or channel for the wanted build is configured.
    """
    for package, distribution, locked, found in _versions(evidence):
        if same_but_local(locked, found):
            yield self.finding(
                package.name,
                f"{package.name} {found} is installed, the lock pins {locked}: another build of the same version",
                impact=impact_of(package.name, evidence.config.numeric),
                why="the part after '+' names the build, for PyTorch its CUDA version",
                expected=locked,
                found=f"{found} ({distribution.path})",
                place=place_of(evidence, package, "version"),
                hint=repair.sync(evidence, package.name),
            )
    yield from against_lock.other_build(self, evidence)


@rule(
    "EG208",
    "python-out-of-range",
    "the interpreter is outside the lock's requires-python",
    since="0.1",
    need=Need.ENVIRONMENT,
)
def python_out_of_range(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the environment's Python version with `requires-python` of the lock and of the chosen groups.

    ## What it sees

    An interpreter for which the lock was not resolved. Nothing else of EG2 can be told then: the markers in a lock are
    only right inside the range that it was made for.

    ## Why it matters

    The packages that would be chosen for this Python were never resolved, let alone tested.

    ## How to mend

    Make the environment with a Python in the range; with uv: `uv sync --locked --python X.Y`.
    """
    uv = evidence.lock is not None and evidence.lock.format == "uv"
    hint = "uv sync --locked --python X.Y, with a version in the range"
    other = "make the environment with a Python in the range"
    yield from _refused(self, evidence, RefusalKind.REQUIRES_PYTHON, hint if uv else other)


@rule(
    "EG209", "unsupported-environment", "the lock does not cover this environment", since="0.1", need=Need.ENVIRONMENT
)
def unsupported_environment(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Evaluates the environments that a lock says it covers.

    ## What it sees

    None of the environments holds here that the lock says it is made for: `resolution-markers` and `supported-markers` of
    `uv.lock`, targets, platforms, another environment of pixi.

    And what packages of conda ask of the machine (`__cuda >=12.8`, `__glibc >=2.28`) where it is something else: the CUDA
    that the driver offers, the C library, kernel, system, and the level of the processor. A variable `CONDA_OVERRIDE_CUDA`
    and its like count. With conda-lock that is a warning, since it installs such packages anywhere; what nobody can tell is
    one, too.

    ## Why it matters

    The lock says nothing about this platform. What is installed here was resolved by somebody else, or never.

    ## How to mend

    Add the platform to the manifest (`tool.uv.environments` for uv) and lock again, or use a machine that has what is asked
    for.
    """
    uv = evidence.lock is not None and evidence.lock.format == "uv"
    place = "tool.uv.environments" if uv else "the platforms of the manifest"
    hint = f"add this platform to {place}, then: {evidence.lock_command}"
    yield from _refused(self, evidence, RefusalKind.ENVIRONMENT, hint)
    for item in virtual.asked(evidence.wanted_conda, evidence.facts, evidence.overrides):
        if item.met is not True:
            yield _asked_of_the_machine(self, evidence, item)


def _asked_of_the_machine(self: Rule, evidence: Evidence, item: virtual.Asked) -> Finding:
    names = [package.name for package in item.packages]
    who = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    needs = f"{who} {'needs' if len(names) == 1 else 'need'} {item.spec.text}"
    unknown = item.met is None
    enforced = evidence.lock is not None and evidence.lock.format == "pixi" and not unknown
    return self.finding(
        item.spec.name,
        f"{needs}, and whether this machine has that could not be told: {item.reason}"
        if unknown
        else f"{needs}, and this machine has {item.found}",
        impact=Impact.UNKNOWN,
        why="these packages were chosen for a machine that has it; elsewhere they fail, or take another way",
        expected=item.spec.text,
        found=item.found,
        place=place_of(evidence, item.packages[0], "depends"),
        hint=f"use a machine that has it, or lock for this one: {evidence.lock_command}",
        severities=self.severities if enforced else Severities.same(Severity.WARNING),
        unknown=unknown,
    )


def _refused(self: Rule, evidence: Evidence, kind: RefusalKind, hint: str) -> Iterator[Finding]:
    for view in evidence.views:
        refused = view.selected
        if not isinstance(refused, Refused) or refused.kind is not kind:
            continue
        yield self.finding(
            view.name,
            refused.message,
            impact=Impact.UNKNOWN,
            why="the lock was not resolved for this environment, so it cannot say what should be here",
            expected=refused.expected,
            found=refused.found,
            place=Place(path=view.lock.path, keys=refused.keys),
            hint=refused.hint or hint,
        )
