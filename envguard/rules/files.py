"""EG4: the files of installed packages, against what their installers wrote down."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from typing import TYPE_CHECKING

from ..amounts import plural
from ..files.model import Weight
from ..installed.model import Layer
from ..model import Impact, Place, Severities, Severity
from ..trees.words import listed
from . import repair
from .impact import impact_of
from .registry import Need, Rule, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..files.model import Change, InstalledFiles, PackageFiles, Unlisted
    from ..model import Finding
    from .evidence import Evidence

_NAMED = 3
_RUNS = "code that differs can behave differently, and no version number shows it"
_BY_WEIGHT = {
    Weight.ACTIVE: Severities(run_to_run=Severity.ERROR, host_to_host=Severity.ERROR, cross_hardware=Severity.WARNING),
    Weight.CODE: Severities.same(Severity.WARNING),
    Weight.DATA: Severities.same(Severity.NOTE),
}


def _files(evidence: Evidence) -> InstalledFiles:
    if evidence.files is None:
        raise LookupError("nobody looked at the files")
    return evidence.files


def _shown(item: PackageFiles, path: str) -> str:
    """Return *path* from the folder that the package *item* lies in, where it is below it; of one of conda, from its environment."""
    folder = os.path.dirname(item.path)
    return path.removeprefix(os.path.join(folder if item.source == "RECORD" else os.path.dirname(folder), ""))


def _names(item: PackageFiles, found: Sequence[Change | Unlisted]) -> str:
    return listed([_shown(item, one.path) for one in found[:_NAMED]], _NAMED, len(found))


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _again(evidence: Evidence, item: PackageFiles) -> str:
    """Return the command that installs the package *item* once more, from elsewhere than a cache that was changed with it."""
    name, prefix = item.name, evidence.environment.prefix
    if item.source != "RECORD":
        package = evidence.conda.get(name)
        command = (
            repair.reinstall_conda(evidence, package)
            if package is not None
            else shlex.join(["conda", "install", "--prefix", prefix, "--force-reinstall", name])
        )
        # Both link from their caches, and neither looks again at what it has unpacked there.
        clean = "pixi clean cache --conda" if command.startswith("pixi ") else "conda clean --force-pkgs-dirs"
        return f"{clean} --yes && {command}" if item.cached else command
    if name in evidence.wanted:
        command = repair.sync(evidence, name)
    else:
        distribution = evidence.installed.get(name)
        version = distribution.version if distribution is not None else None
        wanted = f"{name}=={version}" if version is not None else name
        command = shlex.join(["uv", "pip", "install", "--python", prefix, "--no-deps", "--reinstall", wanted])
    return f"uv cache clean {shlex.quote(name)} && {command}" if item.cached else command


@rule(
    "EG401",
    "modified-file",
    "a file of an installed package is not what its installer wrote",
    since="0.1",
    need=Need.FILES,
)
def modified_file(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the content of every installed file with the digest that its installer wrote down.

    ## What it sees

    Another SHA-256 than RECORD, or conda's record (`paths_data` in `conda-meta`), has for the file, and what became of
    it as far as its times, size and links tell: edited after the installation, cut short, changed in the cache that uv
    links files from. A script whose digest pip took before it rewrote the first line is recognised, and so is
    bytecode that the interpreter made anew. This is asked with `envguard check --files`, or always with
    `files = true` in `[tool.envguard]`.

    ## Why it matters

    Somebody who edits an installed file, to debug or to patch it, runs other code than everybody who installs the
    same lock.

    ## How to mend

    Run the command that the finding prints. Where uv, conda or pixi linked the file from its cache, the cache has to be
    cleaned first, and other environments have the edit as well. Some packages come with a wrong RECORD:
    `envguard record --files` accepts what differs now, until it differs in another way.
    """
    for item in _files(evidence).packages:
        if not item.changed or item.accepted:
            continue
        first, count = item.changed[0], len(item.changed)
        yield self.finding(
            item.name,
            f"{plural(count, 'file')} of {item.name} {_are(count)} not what its installer wrote: {_names(item, item.changed)}",
            impact=impact_of(item.name, evidence.config.numeric),
            why=_RUNS,
            expected=first.expected,
            found=_causes(item),
            place=Place(path=first.path),
            hint=_again(evidence, item),
        )


def _causes(item: PackageFiles) -> str:
    """Return what is there now of the first changed file of *item*, and what became of all of them."""
    first = item.changed[0]
    if len(item.changed) == 1:
        parts = [", ".join(filter(None, (first.cause, first.when)))]
    else:
        causes = Counter(change.cause for change in item.changed)
        parts = [f"{count:,} {cause}" for cause, count in causes.most_common() if cause is not None]
    if item.unfinished:
        parts.append("the installation did not come to its end")
    if item.cached:
        parts.append("hard-linked, so the cache of the installer and other environments may have the change too")
    return "; ".join(filter(None, (first.found, *parts)))


@rule("EG402", "missing-file", "a file of an installed package is gone", since="0.1", need=Need.FILES)
def missing_file(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for every file that an installer wrote down.

    ## What it sees

    A path in RECORD, or in conda's record, at which nothing is. Bytecode may be missing, it is made anew; all else may
    not. Where the installer left no INSTALLER behind, it did not come to its end.

    ## Why it matters

    Code that imports what is gone fails, or quietly takes another way.

    ## How to mend

    Run the command that the finding prints. Where files are taken out on purpose, to make an image small,
    `envguard record --files` accepts it.
    """
    for item in _files(evidence).packages:
        if not item.missing or item.accepted:
            continue
        count = len(item.missing)
        cause = ": the installation did not come to its end" if item.unfinished else ""
        yield self.finding(
            item.name,
            f"{plural(count, 'file')} of {item.name} {_are(count)} gone: {_names(item, item.missing)}",
            impact=impact_of(item.name, evidence.config.numeric),
            why="code that imports what is gone fails, or quietly takes another way",
            expected=f"{plural(item.files, 'file')}, as {item.source} names them",
            found=f"{item.files - count:,} of them{cause}",
            place=Place(path=item.missing[0].path),
            hint=_again(evidence, item),
        )


@rule(
    "EG403",
    "unlisted-file",
    "a file lies among those of installed packages that no installer wrote",
    since="0.1",
    need=Need.FILES,
    severities=_BY_WEIGHT[Weight.ACTIVE],
)
def unlisted_file(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for files in the folders of packages that no installer wrote down.

    ## What it sees

    An error is a file that runs, or is found first, without being asked for: a `.pth` file, `sitecustomize.py`, a
    module that hides one of the package's. Other code is a warning, and all else a note. Bytecode of a source, and
    what makes virtual environments, is expected.

    ## Why it matters

    What lies in a package's folder is imported like the package itself; nobody else who installs the lock has it.

    ## How to mend

    Look at the file, and delete it if nothing needs it. `envguard record --files` accepts what a package keeps in its
    folder.
    """
    files = _files(evidence)
    for item in files.packages:
        if not item.unlisted or item.accepted:
            continue
        count, heaviest = len(item.unlisted), item.unlisted[0]
        yield self.finding(
            item.name,
            f"{plural(count, 'file')} among those of {item.name} {_are(count)} of no installer: "
            f"{_names(item, item.unlisted)}{_why(heaviest)}",
            impact=impact_of(item.name, evidence.config.numeric) if heaviest.weight > Weight.DATA else Impact.UNKNOWN,
            why="it is found like the package itself, and nobody else has it",
            place=Place(path=heaviest.path),
            hint="look at it, and delete it if nothing needs it",
            severities=_BY_WEIGHT[heaviest.weight],
        )
    yield from _strays(self, evidence, files)


def _why(found: Unlisted) -> str:
    return f" ({found.why})" if found.why else ""


def _strays(self: Rule, evidence: Evidence, files: InstalledFiles) -> Iterator[Finding]:
    """Yield what belongs to no package, entry by entry of each folder of packages."""
    folders = [os.path.join(folder.path, "") for folder in evidence.environment.folders]
    entries: dict[tuple[str, str], list[Unlisted]] = {}
    for stray in files.strays:
        folder = next((folder for folder in folders if stray.path.startswith(folder)), "")
        entries.setdefault((folder, stray.path[len(folder) :].partition(os.sep)[0]), []).append(stray)
    for (folder, entry), found in entries.items():
        heaviest = found[0]
        below = len(found) > 1 or heaviest.path != folder + entry
        what = f"{entry}{os.sep} with {plural(len(found), 'file')}" if below else entry
        yield self.finding(
            entry,
            f"{what} belongs to no package{_why(heaviest)}",
            impact=Impact.UNKNOWN,
            why="it is found like a package, and no installer wrote it: it was put there by hand, or an installation broke off",
            place=Place(path=heaviest.path),
            hint="look at it, and delete it if nothing needs it",
            severities=_BY_WEIGHT[heaviest.weight],
        )


@rule(
    "EG404",
    "stale-bytecode",
    "bytecode that runs was not made from its source",
    since="0.1",
    need=Need.FILES,
)
def stale_bytecode(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks whether every `.pyc` file belongs to the source beside it, as the interpreter does.

    ## What it sees

    A file that asks not to be compared with its source (PEP 552, unchecked hash), and whose hash is that of another:
    it runs all the same. Files that the interpreter would find outdated, by the magic number or the time and size of
    the source, are counted in a note: it makes them anew. What it would not find outdated either, a file whose source
    had the same time and size, cannot be told from its head.

    ## Why it matters

    What is read is not what runs.

    ## How to mend

    Delete the file, or install the package again with the command that the finding prints.
    """
    files = _files(evidence)
    for item in files.packages:
        if item.bytecode:
            count = len(item.bytecode)
            shown = listed([_shown(item, path) for path in item.bytecode[:_NAMED]], _NAMED, count)
            yield self.finding(
                item.name,
                f"{plural(count, 'file')} of bytecode of {item.name} {_are(count)} not made from the source that it stands for: {shown}",
                impact=impact_of(item.name, evidence.config.numeric),
                why="it asks not to be compared with its source, so what is read is not what runs",
                place=Place(path=item.bytecode[0]),
                hint=_again(evidence, item),
            )
    if files.outdated:
        yield self.finding(
            "bytecode",
            f"{plural(files.outdated, 'file')} of bytecode {_are(files.outdated)} older than the source: Python makes such files anew",
            impact=Impact.NONE,
            why="it only takes time",
            severities=Severities(run_to_run=Severity.NOTE, host_to_host=None, cross_hardware=None),
        )


@rule("EG405", "shared-file", "two packages have written the same file", since="0.1", need=Need.FILES)
def shared_file(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for paths that two packages or more have in their RECORD, or in their record of conda's.

    ## What it sees

    An error where they differ: the content of one of them is there, or of neither. Where all of them wrote the same,
    that is only noted; uninstalling one takes the file from the others.

    ## Why it matters

    Which content stands depends on the order of installation: `nvidia-nccl-cu12` and `nvidia-nccl-cu13` write one
    library, `opencv-python` and `opencv-python-headless` one package.

    ## How to mend

    Keep only one of the packages in the lock, and install it again.
    """
    for shared in _files(evidence).shared:
        count, names = len(shared.paths), ", ".join(shared.names)
        both = "both" if len(shared.names) == 2 else "all"
        which = (
            "the same"
            if shared.same
            else f"that of {shared.winner} is there"
            if shared.winner
            else "and none of theirs is there"
        )
        impacts = {impact_of(name.partition(" ")[0], evidence.config.numeric) for name in shared.names}
        yield self.finding(
            names,
            f"{names} have {both} written {plural(count, 'file')}, {which}: {listed([_in_folder(evidence, path) for path in shared.paths[:_NAMED]], _NAMED, count)}",
            impact=Impact.NONE if shared.same else Impact.NUMBERS if Impact.NUMBERS in impacts else Impact.BEHAVIOUR,
            why="whoever is uninstalled takes the files from the others"
            if shared.same
            else "which of them stands depends on who was installed last",
            place=Place(path=shared.paths[0]),
            hint=None
            if shared.same
            else f"keep only one of them in the lock, then: {repair.sync(evidence, *dict.fromkeys(name.partition(' ')[0] for name in shared.names))}",
            severities=Severities.same(Severity.NOTE) if shared.same else self.severities,
        )


def _in_folder(evidence: Evidence, path: str) -> str:
    folders = (os.path.join(folder.path, "") for folder in evidence.environment.folders)
    return next((path[len(folder) :] for folder in folders if path.startswith(folder)), path)


@rule(
    "EG406",
    "unverifiable-files",
    "files of an installed package cannot be verified",
    since="0.1",
    need=Need.FILES,
)
def unverifiable_files(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says of which packages nobody can tell whether their files are those that were installed.

    ## What it sees

    A package without a RECORD (or a record of conda's), or with a damaged one; files that it names without a hash,
    with one that can be forged, or outside of the environment, where they are not looked for; files that cannot be
    read. In folders that are inherited from a system, whose packages often have no RECORD, it is a warning.

    ## Why it matters

    Unknown is not equal.

    ## How to mend

    Install the package again, with a current tool, from a wheel.
    """
    files = _files(evidence)
    for item in files.packages:
        if item.untold and item.name not in files.editable:
            yield self.finding(
                item.name,
                f"the files of {item.name} cannot all be verified: {'; '.join(item.untold)}",
                impact=Impact.UNKNOWN,
                why="what cannot be verified cannot be called unchanged",
                place=Place(path=item.path),
                hint=_again(evidence, item),
                unknown=True,
                severities=self.severities if item.layer is Layer.ENVIRONMENT else Severities.same(Severity.WARNING),
            )
