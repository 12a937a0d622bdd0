"""``envguard.lock``: what somebody recorded and committed; read, changed and written as JSON made to be read in a diff.

Schema ``envguard.lock`` version 1: ``machines`` maps a name to the *facts* of the machine that are compared, in *audit*
those that are only kept for people, the *packages* with what their installers recorded, those of *conda*, where there are
any, as ``version=build`` with the digest of the archive, in *files*, where there are any, the packages
whose files are not as their installers wrote them, with a digest of what differs, in *canaries*, where there are any, the
digests of its numeric canaries with the conditions they hold under, the *lock* they came from and the
*selection* that was installed; ``data``, where there is any, maps a name to a tree of data: its *path*, its *root*, *files*,
*bytes* and *ignore* patterns. Facts and packages are one line each.
Sections that this version does not know are kept as they are, and told by a check (EG312); what stands inside of a section that it does
know, and is not known, is an error.
"""

from __future__ import annotations

import json
import os
import re

from .atomic import write_atomic
from .canaries.model import Canaries
from .errors import BaselineError
from .getters import Object
from .json_text import parse_json
from .model import Fact, Selection, fact_of, fact_text
from .values import dataclass, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from .reader import Reader

FILE = "envguard.lock"
SCHEMA = "envguard.lock"
VERSION = 1
MAX_BYTES = 64 * 1024 * 1024
_ROOT = re.compile(r"blake3:[0-9a-f]{64}")
_NAME_LENGTH = 100
_MACHINE_KEYS = ("audit", "canaries", "conda", "facts", "files", "packages", "lock", "selection")
_TREE_KEYS = ("path", "root", "files", "bytes", "ignore")
_SELECTION_KEYS = ("packages", "extras", "groups", "default-groups")
_REPAIR = f"restore {FILE} from version control, or move it away and run 'envguard record'"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPackage:
    """An installed package as it was recorded: its version and the digest of what its installer recorded."""

    version: str
    digest: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One recorded machine; its *selection* is kept because an environment does not remember it.

    *facts* are compared, those in *audit* never. *conda* are the packages that conda installed, *packages* the others. *files*
    maps packages whose files are accepted although they are not what their installers wrote to a digest of the differences.
    *canaries* are what its numeric canaries said, None where they were not recorded.
    *rest* holds the keys that this version does not know.
    """

    facts: Mapping[str, Fact]
    packages: Mapping[str, RecordedPackage]
    lock_path: str
    lock_digest: str
    selection: Selection
    audit: Mapping[str, Fact] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    conda: Mapping[str, RecordedPackage] = field(default_factory=dict)
    canaries: Canaries | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTree:
    """A tree of data as it was recorded.

    *path* is relative to the project with ``/`` between its parts, or absolute, or begins with an environment variable
    (``$NAME/…``); *root* is the digest of the tree's manifest (``blake3:hex``). *rest* holds keys that are not known here.
    """

    path: str
    root: str
    files: int
    bytes: int
    ignore: tuple[str, ...] = ()
    rest: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The whole of ``envguard.lock``; *path* is absolute, *digest* (``blake3:hex``) that of its bytes.

    Where somebody else's record takes its place, *project* is the folder that the paths of its trees start from (default: the
    one of *path*), *own* is false, and *path* can be ``revision:path``; *without_data* says why it tells nothing of data.
    """

    path: str
    digest: str
    machines: Mapping[str, Machine]
    data: Mapping[str, RecordedTree] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)
    project: str = ""
    own: bool = True
    without_data: str | None = None

    @property
    def folder(self) -> str:
        """The folder that relative paths in it start from."""
        return self.project or os.path.dirname(self.path)

    def unread(self, machine: str) -> tuple[str, ...]:
        """Return the routes to all that this version does not know and so does not compare: of *machine*, the trees, the whole."""
        of_machine = self.machines[machine].rest if machine in self.machines else ()
        return (
            *sorted(self.rest),
            *(f"machines.{machine}.{key}" for key in sorted(of_machine)),
            *(f"data.{name}.{key}" for name, tree in sorted(self.data.items()) for key in sorted(tree.rest)),
        )

    def with_machine(self, name: str, machine: Machine) -> Baseline:
        """Return a copy in which *name* is *machine*."""
        return replace(self, machines={**self.machines, name: machine})

    def with_tree(self, name: str, tree: RecordedTree | None) -> Baseline:
        """Return a copy in which the tree *name* is *tree*, or in which there is none of that name."""
        others = {key: value for key, value in self.data.items() if key != name}
        return replace(self, data=others if tree is None else {**others, name: tree})


def empty_baseline(project: str) -> Baseline:
    """Return the baseline of a *project* that has none yet."""
    return Baseline(path=os.path.join(project, FILE), digest="", machines={})


def read_baseline(reader: Reader, project: str) -> Baseline | None:
    """Return the baseline of the folder *project*, None where there is none.

    Raises BaselineError, with the line or the key path, where the file is no baseline of a version that is known here.
    """
    path = os.path.join(project, FILE)
    return read_baseline_file(reader, path) if reader.exists(path) else None


def read_baseline_file(reader: Reader, path: str) -> Baseline:
    """Return the baseline at *path*, whatever the file is called; the errors are those of ``read_baseline``."""
    from ._native import hexdigest

    text = reader.read_text(path, limit=MAX_BYTES)
    try:
        document = parse_json(text, path, BaselineError, hint=_REPAIR)
    except BaselineError as error:
        if error.line is None or "<<<<<<<" not in text:
            raise
        raise BaselineError("has an unfinished merge in it", path=path, line=error.line, hint=_REPAIR) from None
    root = _Object(path, (), document)
    schema = root.child("schema")
    schema.refuse_unknown(("name", "version"))
    name, version = schema.required("name"), schema.needed("version", int)
    if name != SCHEMA:
        raise schema.error("name", f'expected "{SCHEMA}", found "{name}"')
    if version != VERSION:
        hint = "update envguard" if version > VERSION else _REPAIR
        raise BaselineError(
            f"schema version {version} is not known here, only {VERSION}",
            path=path,
            keys=("schema", "version"),
            hint=hint,
        )
    machines = root.child("machines")
    data = root.child("data") if "data" in root.value else None
    return Baseline(
        path=path,
        digest=f"blake3:{hexdigest(text.encode())}",
        machines={name: _read_machine(machines.child(name)) for name in machines.value},
        data={name: _read_tree(data, name) for name in data.value} if data is not None else {},
        rest={key: value for key, value in root.value.items() if key not in ("schema", "machines", "data")},
    )


def write_baseline(baseline: Baseline) -> bool:
    """Write *baseline* to its path, atomically; return False where its bytes already stand there.

    Raises WriteError where it cannot be written; the old file is then untouched.
    """
    data = render_baseline(baseline)
    try:
        with open(baseline.path, "rb") as file:
            if file.read() == data:
                return False
    except OSError:
        pass
    write_atomic(baseline.path, data)
    return True


def render_baseline(baseline: Baseline) -> bytes:
    """Return the bytes of *baseline*: JSON with sorted keys, indented by two, in ASCII."""
    document = {
        **baseline.rest,
        "schema": {"name": SCHEMA, "version": VERSION},
        "machines": {name: _machine_document(machine) for name, machine in baseline.machines.items()},
    }
    if baseline.data:
        document["data"] = {name: _tree_document(tree) for name, tree in baseline.data.items()}
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode("ascii")


def fault_of_name(name: str) -> str | None:
    """Return why a tree cannot be called *name*, None where it can: its manifest is a file of that name."""
    if not name.strip():
        return "a name cannot be empty"
    if name != name.strip() or not name.isprintable():
        return "a name holds no control characters, and no spaces around it"
    if "/" in name or "\\" in name:
        return "a name is one word, not a path"
    if name.startswith((".", "-")):
        return f"a name cannot begin with '{name[0]}'"
    if len(name.encode()) > _NAME_LENGTH:
        return f"a name has at most {_NAME_LENGTH} bytes"
    return None


def _machine_document(machine: Machine) -> dict[str, Any]:
    audit = {key: fact_text(value) for key, value in machine.audit.items()}
    return {
        **machine.rest,
        **({"audit": audit} if audit else {}),
        **({"files": dict(machine.files)} if machine.files else {}),
        **({"conda": _package_lines(machine.conda)} if machine.conda else {}),
        **({"canaries": _canaries_document(machine.canaries)} if machine.canaries is not None else {}),
        "facts": {key: fact_text(value) for key, value in machine.facts.items()},
        "lock": {"digest": machine.lock_digest, "path": machine.lock_path},
        "packages": _package_lines(machine.packages),
        "selection": machine.selection.document(),
    }


def _package_lines(packages: Mapping[str, RecordedPackage]) -> dict[str, str]:
    return {name: f"{item.version} {fact_text(item.digest)}" for name, item in packages.items()}


def _read_machine(table: _Object) -> Machine:
    facts, packages = table.child("facts"), table.child("packages")
    lock, selection = table.child("lock"), table.child("selection")
    lock.refuse_unknown(("path", "digest"))
    selection.refuse_unknown(_SELECTION_KEYS)
    audit = table.child("audit") if "audit" in table.value else None
    conda = table.child("conda") if "conda" in table.value else None
    return Machine(
        facts={key: fact_of(facts.required(key)) for key in facts.value},
        packages={name: _read_package(packages, name) for name in packages.value},
        lock_path=lock.required("path"),
        lock_digest=lock.required("digest"),
        selection=Selection(
            packages=selection.words("packages"),
            extras=selection.words("extras"),
            groups=selection.words("groups"),
            default_groups=selection.needed("default-groups", bool),
        ),
        audit={key: fact_of(audit.required(key)) for key in audit.value} if audit is not None else {},
        files=_read_files(table.child("files")) if "files" in table.value else {},
        conda={name: _read_package(conda, name) for name in conda.value} if conda is not None else {},
        canaries=_read_canaries(table.child("canaries")) if "canaries" in table.value else None,
        rest={key: value for key, value in table.value.items() if key not in _MACHINE_KEYS},
    )


def _read_files(table: _Object) -> dict[str, str]:
    files = {name: table.required(name) for name in table.value}
    for name, digest in files.items():
        if not _ROOT.fullmatch(digest):
            raise table.error(name, 'expected "blake3:" and 64 hexadecimal digits')
    return files


def _canaries_document(canaries: Canaries) -> dict[str, Any]:
    return {
        "scheme": canaries.scheme,
        "conditions": {key: fact_text(value) for key, value in canaries.conditions.items()},
        "digests": {key: fact_text(value) for key, value in canaries.digests.items()},
    }


def _read_canaries(table: _Object) -> Canaries:
    conditions, digests = table.child("conditions"), table.child("digests")
    table.refuse_unknown(("scheme", "conditions", "digests"))
    return Canaries(
        scheme=table.required("scheme"),
        conditions={key: fact_of(conditions.required(key)) for key in conditions.value},
        digests={key: fact_of(digests.required(key)) for key in digests.value},
    )


def _tree_document(tree: RecordedTree) -> dict[str, Any]:
    return {
        **tree.rest,
        "bytes": tree.bytes,
        "files": tree.files,
        "ignore": list(tree.ignore),
        "path": tree.path,
        "root": tree.root,
    }


def _read_tree(data: _Object, name: str) -> RecordedTree:
    if fault := fault_of_name(name):
        raise data.error(name, fault)
    table = data.child(name)
    path, root = table.required("path"), table.required("root")
    if not path or "\0" in path:
        raise table.error("path", "expected the path of a folder")
    if not _ROOT.fullmatch(root):
        raise table.error("root", 'expected "blake3:" and 64 hexadecimal digits')
    ignore = table.words("ignore")
    if any("\0" in pattern for pattern in ignore):
        raise table.error("ignore", "expected patterns without NUL bytes")
    return RecordedTree(
        path=path,
        root=root,
        files=table.count("files"),
        bytes=table.count("bytes"),
        ignore=ignore,
        rest={key: value for key, value in table.value.items() if key not in _TREE_KEYS},
    )


def _read_package(packages: _Object, name: str) -> RecordedPackage:
    version, _, digest = packages.required(name).partition(" ")
    if not version or not digest:
        raise packages.error(name, "expected a version and a digest with a space between")
    return RecordedPackage(version=version, digest=fact_of(digest))


class _Object(Object):
    """An object of ``envguard.lock``, in which no key may be missing."""

    __slots__ = ()
    raises = BaselineError
    hint = _REPAIR

    def refuse_unknown(self, known: Collection[str]) -> None:
        for key in self.value:
            if key not in known:
                hint = f"update envguard, where a newer one wrote it; else {_REPAIR}"
                message = f"this key is not known; known are {', '.join(known)}"
                raise BaselineError(message, path=self.path, keys=(*self.keys, key), hint=hint)

    def child(self, key: str) -> _Object:
        return _Object(self.path, (*self.keys, key), self.needed(key, dict))

    def words(self, key: str) -> tuple[str, ...]:
        self.needed(key, list)
        return self.texts(key)

    def count(self, key: str) -> int:
        value: int = self.needed(key, int)
        if value < 0:
            raise self.error(key, "expected a number that is not negative")
        return value
