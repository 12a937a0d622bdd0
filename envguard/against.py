"""Another record than the project's own, to check against: an ``envguard.lock`` elsewhere, one of a git revision, or a receipt."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .baseline import FILE, MAX_BYTES, Baseline, Machine, RecordedPackage, RecordedTree, read_baseline_file
from .canaries.model import Canaries, gave
from .errors import ConfigError, EnvguardError, ReceiptError, RepositoryError
from .facts import is_audit
from .getters import Object
from .json_text import parse_json
from .model import Selection, Unknown, fact_of
from .receipts.document import NAME as RECEIPT
from .receipts.document import REFUSED
from .receipts.read import read_receipt
from .repository.snapshot import revision_reader
from .values import replace

if TYPE_CHECKING:
    from .reader import Reader

_NO_DIGEST = Unknown(reason="a receipt keeps the versions of packages, and no digests")
_MACHINE = "the run's"


def read_against(reader: Reader, project: str, named: str) -> Baseline:
    """Return the record that *named* means, in the place of that of the folder *project*.

    A file is an ``envguard.lock`` or a receipt; a folder is that of another checkout; what is neither is a revision of the
    repository around *project*, with a path behind a colon if the record lies elsewhere in it (``v1.0:train/envguard.lock``).
    Raises ConfigError where there is nothing of that name, BaselineError, ReceiptError or UnreadableError where it cannot be used.
    """
    path = os.path.abspath(named)
    if reader.is_dir(path) and reader.is_file(os.path.join(path, FILE)):
        path = os.path.join(path, FILE)
    if reader.is_file(path):
        if _is_receipt(reader, path):
            return _of_receipt(reader, path, project)
        return replace(read_baseline_file(reader, path), project=project, own=False)
    if reader.exists(path) and not reader.is_dir(path):
        raise ConfigError("is neither a record nor a folder with one", path=path)
    return _of_revision(reader, project, named, is_folder=reader.is_dir(path))


def _of_revision(reader: Reader, project: str, named: str, *, is_folder: bool) -> Baseline:
    revision, colon, inside = named.partition(":")
    seen = None
    try:
        seen = revision_reader(project, revision)
        seen.exists(seen.root)
    except RepositoryError as error:
        outside = "no git repository" in error.message
        if "no revision" not in error.message and not outside:
            raise
        what = f"the folder '{named}' has no {FILE}" if is_folder else f"there is no file '{named}'"
        other = "this project is in no git repository" if outside else f"there is no revision '{revision}'"
        raise ConfigError(f"{what}, and {other}", hint=None if outside else "git log --oneline") from None
    try:
        # As git has it: from the top of the repository, unless it begins with a dot.
        start = project if not inside or inside.startswith(("./", "../")) else seen.root
        path = os.path.normpath(os.path.join(start, inside or FILE))
        shown = f"{revision}:{os.path.relpath(path, seen.root)}"
        if not seen.is_file(path):
            hint = f"git log --oneline -- {os.path.basename(path)}" if not colon else None
            raise ConfigError(f"there is no {os.path.relpath(path, seen.root)} in revision '{revision}'", hint=hint)
        try:
            baseline = read_baseline_file(seen, path)
        except EnvguardError as error:
            error.path = shown
            raise
    finally:
        seen.close()
    # A revision may mean another commit tomorrow.
    reader.trace.unsettle()
    return replace(baseline, path=shown, project=project, own=False)


def _is_receipt(reader: Reader, path: str) -> bool:
    text = reader.read_text(path, limit=MAX_BYTES)
    if RECEIPT not in text:
        return False
    document = parse_json(text, path, ReceiptError)
    schema = document.get("schema") if isinstance(document, dict) else None
    return isinstance(schema, dict) and schema.get("name") == RECEIPT


class _Part(Object):
    """An object of a receipt."""

    __slots__ = ()
    raises = ReceiptError


def _of_receipt(reader: Reader, path: str, project: str) -> Baseline:
    """Return what a receipt says that its run saw, as a record of one machine."""
    document = read_receipt(reader, path)
    if document["verdict"] == REFUSED:
        # What it saw is what somebody was kept from computing with.
        raise ReceiptError(
            "is of a run that enforce() refused: what it saw is no state to hold another against",
            path=path,
            keys=("verdict",),
            hint="envguard receipt list",
        )
    observed = _Part(path, ("observed",), document["observed"])
    if not observed.value.get("facts"):
        raise ReceiptError(
            "tells nothing of packages and machine: its run was not checked", path=path, keys=("observed",)
        )
    baseline, lock, files, data, selection = (
        observed.table(key) if observed.value.get(key) is not None else _Part(path, ("observed", key), {})
        for key in ("baseline", "lock", "files", "data", "selection")
    )
    name = baseline.text("machine")
    facts = {key: fact_of(observed.table("facts").required(key)) for key in observed.value["facts"]}
    return Baseline(
        path=path,
        digest="",
        machines={
            name or _MACHINE: Machine(
                facts={key: value for key, value in facts.items() if not is_audit(key)},
                audit={key: value for key, value in facts.items() if is_audit(key)},
                packages=_packages(observed.table("packages")),
                conda=_packages(observed.table("conda")),
                lock_path=lock.text("path") or "no lock",
                lock_digest=lock.text("digest") or "no lock",
                selection=Selection(
                    packages=selection.texts("packages"),
                    extras=selection.texts("extras"),
                    groups=selection.texts("groups"),
                    default_groups=selection.get("default-groups", bool) is not False,
                ),
                files=_texts(files.table("accepted")),
                canaries=_canaries(observed),
            )
        },
        data={key: _tree(data.table("trees").table(key)) for key in data.table("trees").value},
        project=project,
        own=False,
        without_data=_without_data(data),
    )


def _canaries(observed: _Part) -> Canaries | None:
    """Return what the canaries gave in the run, not what was recorded before it; None where none were run."""
    if observed.value.get("canaries") is None:
        return None
    told = observed.table("canaries")
    groups = {}
    for name in told.table("groups").value:
        group = told.table("groups").table(name)
        groups[name] = {
            "same": group.texts("same"),
            "other": group.texts("other"),
            "unknown": _texts(group.table("unknown")),
            "not-run": group.text("not-run"),
        }
    digests = gave({"recorded": _texts(told.table("recorded")), "seen": _texts(told.table("seen")), "groups": groups})
    return Canaries(scheme=told.text("scheme") or "", conditions={}, digests=digests) if digests else None


def _packages(part: _Part) -> dict[str, RecordedPackage]:
    return {name: RecordedPackage(version=version, digest=_NO_DIGEST) for name, version in _texts(part).items()}


def _texts(part: _Part) -> dict[str, str]:
    return {key: part.required(key) for key in part.value}


def _tree(part: _Part) -> RecordedTree:
    # What the run saw, not what was recorded: it may have gone on over a difference.
    root = part.text("root") or "unknown: the run could not tell"
    named = part.text("named") or part.text("path") or ""
    return RecordedTree(
        path=named, root=root, files=_count(part, "files"), bytes=_count(part, "bytes"), ignore=part.texts("ignore")
    )


def _count(part: _Part, key: str) -> int:
    value: int | None = part.get(key, int)
    return value or 0


def _without_data(part: _Part) -> str | None:
    if part.get("verified", bool) is not False:
        return None
    return f"the run of the receipt did not look at it ({part.text('left-out') or 'no reason is given'})"
