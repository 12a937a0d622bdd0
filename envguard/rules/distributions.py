"""EG2, second half: where installed packages came from, whether they are whole, and whether they are what was recorded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..installed.model import Distribution, Layer
from ..lockfiles.model import Selected
from ..model import Impact, Place, Severities, Severity, Unknown
from . import repair
from .conda import against_lock, against_record, whole
from .impact import impact_of
from .origins import mismatch
from .places import place_of
from .registry import Need, Rule, rule
from .versions import same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Finding
    from .evidence import Evidence


@rule(
    "EG205",
    "source-mismatch",
    "an installed package came from elsewhere than the lock says",
    since="0.1",
    need=Need.ENVIRONMENT,
)
def source_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the `direct_url.json` that installers leave (PEP 610) with the source in the lock, and what conda wrote down.

    ## What it sees

    Another git commit or repository, another path or URL, an editable where a built copy is locked and the reverse, a local
    file where the lock says an index. For what is installed as a checkout (`-e git+...`) the commit is read from it.

    A package that conda installed where the lock says that it comes from an index. What its `direct_url.json` says is
    ignored, since it names conda's build farm. A package of conda from another channel, or another file of the same version
    and build: SHA-256 decides, else MD5; without a hash that both sides know, the same channel on another server cannot be
    told.

    ## Why it matters

    The same version number from another source is other code.

    ## How to mend

    Run the command that the finding prints.
    """
    installed, brought = evidence.installed, evidence.brought
    for name, package in evidence.wanted.items():
        distribution = installed.get(name)
        if distribution is None or distribution.problems:
            continue
        if distribution.path in brought:
            yield against_lock.instead(self, evidence, package, brought[distribution.path])
            continue
        difference = mismatch(package, distribution, evidence.real_paths, evidence.checkouts)
        if difference is not None:
            yield self.finding(
                name,
                f"{name} was installed from elsewhere than the lock says"
                if not difference.unknown
                else f"whether {name} was installed from the locked commit could not be told",
                impact=impact_of(name, evidence.config.numeric),
                why="the same version from another source is other code",
                expected=difference.expected,
                found=difference.found,
                place=place_of(evidence, package, "source"),
                hint=repair.sync(evidence, name),
                unknown=difference.unknown,
            )
    yield from against_lock.other_file(self, evidence)


@rule("EG206", "duplicate-distribution", "a package is installed twice", since="0.1", need=Need.ENVIRONMENT)
def duplicate_distribution(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for several metadata folders of one package.

    ## What it sees

    Two `*.dist-info` (or legacy) entries of one name. In one environment that is an error. Where one is inherited (system
    packages, the user's site, `PYTHONPATH`) the first on the path shadows the other, and it is a note.

    Two records of one package in `conda-meta`. And a package that conda installed and another installer has written over:
    its metadata folder is gone and there is another, or its RECORD is not the one that conda put there.

    ## Why it matters

    The files of both lie over one another, so nobody can say which version runs.

    ## How to mend

    Run the command that the finding prints; if both remain, uninstall the package until it is gone, then sync.
    """
    by_name: dict[str, list[Distribution]] = {}
    for distribution in evidence.inventory.distributions if evidence.inventory is not None else ():
        by_name.setdefault(distribution.name, []).append(distribution)
    for name, distributions in by_name.items():
        if len(distributions) < 2:
            continue
        layers = Counter(distribution.layer for distribution in distributions)
        own = any(count > 1 for layer, count in layers.items() if layer is not Layer.PYTHONPATH)
        yield self.finding(
            name,
            f"{name} is installed {len(distributions)} times"
            + ("" if own else f"; the one in {distributions[0].layer} shadows the others"),
            impact=impact_of(name, evidence.config.numeric) if own else Impact.UNKNOWN,
            why="files of both versions may lie over one another"
            if own
            else "the first on the path is the one that runs",
            expected="one metadata folder",
            found=", ".join(distribution.path for distribution in distributions),
            place=Place(path=distributions[-1].path),
            hint=repair.sync(evidence, name),
            severities=self.severities if own else Severities.same(Severity.NOTE),
        )
    yield from whole.by_two(self, evidence)


@rule(
    "EG207",
    "broken-distribution",
    "the metadata of an installed package is damaged",
    since="0.1",
    need=Need.ENVIRONMENT,
)
def broken_distribution(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks at whether the metadata of what is installed is whole.

    ## What it sees

    An empty metadata folder, one without METADATA, one whose name and content give two versions, a dangling link, a file
    that cannot be read, what an interrupted pip leaves behind (`~name`). A record in `conda-meta` that cannot be read, or
    whose Python package is gone.

    ## Why it matters

    Tools disagree about what is installed then, and the files beside it may be half there.

    ## How to mend

    Reinstall the package with the command that the finding prints, or delete the leftover that it names.
    """
    inventory = evidence.inventory
    if inventory is None:
        return
    for distribution in inventory.distributions:
        for problem in distribution.problems:
            yield self.finding(
                distribution.name,
                f"the metadata of {distribution.name} is damaged: {problem}",
                impact=impact_of(distribution.name, evidence.config.numeric),
                why="tools disagree about what is installed, and its files may be half there",
                place=Place(path=distribution.path),
                hint=repair.sync(evidence, distribution.name),
            )
    for path, problem in inventory.strays:
        yield self.finding(
            path.rsplit("/", 1)[-1],
            f"this looks like an installed package and is none: {problem}",
            impact=Impact.UNKNOWN,
            why="an installation or removal was interrupted here",
            place=Place(path=path),
            hint="look at it, and delete it if nothing needs it",
            severities=Severities.same(Severity.WARNING),
        )
    yield from whole.broken(self, evidence)


@rule(
    "EG210",
    "content-mismatch",
    "a package of the recorded version has other content than was recorded",
    since="0.1",
    need=Need.BASELINE,
    severities=Severities(run_to_run=Severity.ERROR, host_to_host=Severity.ERROR, cross_hardware=Severity.NOTE),
)
def content_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares what the installer recorded of a package's files with what it recorded when the baseline was made.

    ## What it sees

    The same version with another digest over the installer's list of files and hashes (RECORD): a wheel that was
    built or published again, a wheel for another platform, a local build. It reads the list, not the files. Of a
    package of conda it is the hash of its archive, for the same version and build; where the record has one kind of
    hash and the installed package another, that is unknown. So it is where a digest was recorded and the installed
    package has none any more: its list is gone, or it is an editable install now. Where none could be recorded (an
    editable install, an installer that writes no list) there is nothing to compare with: the report names these
    packages in its line `content`. What an editable package runs is judged as code (EG602 to EG605).

    ## Why it matters

    A version number does not name bytes. uv and pip keep no hash of an installed wheel, so nothing else sees this.

    ## How to mend

    If the new content is wanted, run `envguard record`; else reinstall the package from where the recorded one came.
    """
    machine = evidence.machine
    if machine is None or evidence.baseline is None:
        return
    installed = evidence.installed
    for name, distribution in installed.items():
        recorded = machine.packages.get(name)
        if recorded is None or distribution.version is None or not same(recorded.version, distribution.version):
            continue
        old, new = recorded.digest, distribution.digest
        if isinstance(old, Unknown) or old == new:
            # What nobody could record is nothing to compare with.
            continue
        what, unknown = f"{name} {distribution.version}", isinstance(new, Unknown)
        yield self.finding(
            name,
            f"whether {what} has the content that was recorded could not be told"
            if unknown
            else f"{what} has other content than the {recorded.version} that was recorded",
            impact=impact_of(name, evidence.config.numeric),
            why="a version that was built or published again would look the same"
            if unknown
            else "the version was built or published again, or it is the build for another platform",
            expected=old,
            found=new.reason if isinstance(new, Unknown) else new,
            place=Place(path=evidence.baseline.path, keys=("machines", evidence.machine_name or "", "packages", name)),
            hint=repair.sync(evidence, name),
            unknown=unknown,
        )
    yield from against_record.other_content(self, evidence)


@rule(
    "EG211", "unlocked-change", "a package outside the lock is not what was recorded", since="0.1", need=Need.BASELINE
)
def unlocked_change(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares packages that the lock does not know with the record.

    ## What it sees

    A package outside the lock (installed by hand, inherited from the system) that was recorded in another version, or that
    was recorded and is gone. Where no lock speaks of conda, every package that conda installed is one, with version and
    build, and so is one that came since.

    ## Why it matters

    The lock cannot say what it should be; the record can. A CPU build of torch beside the lock is the usual case.

    ## How to mend

    Install the recorded version, or run `envguard record` if the change is wanted.
    """
    machine = evidence.machine
    if machine is None or evidence.baseline is None or evidence.lock is None:
        return
    if not isinstance(evidence.selected, Selected) or machine.lock_digest != evidence.lock_digest:
        return
    installed, wanted = evidence.installed, evidence.wanted
    with_conda = whole.python_names(evidence)
    for name, recorded in machine.packages.items():
        if name in wanted or name in evidence.own or name in with_conda:
            continue
        distribution = installed.get(name)
        found = (distribution.version or "no version") if distribution is not None else None
        if found is not None and same(recorded.version, found):
            continue
        yield self.finding(
            name,
            f"{name} {recorded.version} was recorded" + (f", {found} is installed" if found else " and is gone"),
            impact=impact_of(name, evidence.config.numeric),
            why="the lock does not know this package, so the record is the only word on it",
            expected=recorded.version,
            found=found or "not installed",
            place=Place(path=evidence.baseline.path, keys=("machines", evidence.machine_name or "", "packages", name)),
            hint=f"uv pip install --python {evidence.environment.prefix} {name}=={recorded.version}",
        )
    yield from against_record.unlocked(self, evidence)
