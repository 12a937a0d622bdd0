"""Whether a receipt is as it was written, whether its parts agree, and whether what it names is still what it names.

Its digest has no key: it tells what an accident, an editor or half a copy has done to the file, and nothing of somebody who
changes the file and the digest. Whoever needs that signs the Statement (``envguard receipt show --in-toto``) with a tool made for it.
"""

from __future__ import annotations

import enum
import hashlib
import os
from typing import TYPE_CHECKING, Any

from .._native import hexdigest
from ..errors import EnvguardError
from ..values import dataclass
from .canonical import DIGEST, digest_of
from .document import REFUSED
from .read import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..reader import Reader


class State(enum.StrEnum):
    """The answer to one question: it is the same, it differs, or nobody can tell."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One thing that was looked at: its *name*, the answer, and in words what was found."""

    name: str
    state: State
    text: str


def status_of(points: list[Point]) -> int:
    """Return the exit status: 1 where something differs, 3 where something could not be told, else 0."""
    states = {point.state for point in points}
    return 1 if State.DIFFERENT in states else 3 if State.UNKNOWN in states else 0


def judge(reader: Reader, path: str, document: Mapping[str, Any], project: str | None = None) -> list[Point]:
    """Return what is to be said of the receipt *document* that was read from *path*; *project* is where manifests are kept.

    ``read_receipt`` has held it to its schema.
    """
    points = [Point(name="document", state=State.SAME, text="it is as the schema of its version says")]
    points.append(_digest(document))
    points += _parts(document)
    points += _beside(reader, path, document)
    points += _manifests(reader, document, project)
    points += _outputs(document)
    return points


def _digest(document: Mapping[str, Any]) -> Point:
    told = document.get(DIGEST)
    if told is None:
        return Point(name="digest", state=State.UNKNOWN, text="receipts of version 1 have none")
    try:
        found = digest_of(document)
    except ValueError:
        found = "none: it holds text that is none"
    if found == told:
        return Point(name="digest", state=State.SAME, text="the content has the digest that was written with it")
    text = "the file was changed after it was written: its content has another digest"
    return Point(name="digest", state=State.DIFFERENT, text=text)


def _parts(document: Mapping[str, Any]) -> list[Point]:
    if DIGEST not in document:
        return []
    wrong = list(_contradictions(document))
    if not wrong:
        return [Point(name="parts", state=State.SAME, text="they agree with one another")]
    return [Point(name="parts", state=State.DIFFERENT, text=text) for text in wrong]


def _contradictions(document: Mapping[str, Any]) -> Iterator[str]:
    time, verdict, mode = document["time"], document["verdict"], document["mode"]
    if "".join(c for c in time[:19] if c not in "-:") != document["id"][:15]:
        yield f"id says that the run began at another time than time: {document['id']}, {time}"
    end = document["end"]
    for name, later in (("written", document["written"]), ("end.time", end["time"] if end is not None else time)):
        if later < time:
            yield f"{name} is before time: {later}, {time}"
    for name, says in (("end.how", end is not None and end["how"] == REFUSED), ("refusal", "refusal" in document)):
        if says != (verdict == REFUSED):
            yield f"verdict is '{verdict}', and {name} says otherwise"
    if verdict != REFUSED:
        yield from _passed(document, verdict, mode)
    for level, told in document["levels"].items():
        reachable = False if told["blockers"] else None if told["unknowns"] else True
        if told["reachable"] is not reachable:
            yield f"levels.{level}.reachable does not follow from its blockers and unknowns"
    named = {item["subject"] for item in (*document["findings"], *document["waived"])}
    for name, tree in ((document["observed"].get("data") or {}).get("trees") or {}).items():
        if tree["root"] != tree["recorded"] and name not in named:
            yield f"observed.data.trees.{name} is not what was recorded, and no finding says so"


def _passed(document: Mapping[str, Any], verdict: str, mode: str) -> Iterator[str]:
    if (verdict == "not checked") != (not document["observed"]):
        yield f"verdict is '{verdict}', and observed says otherwise"
    if (verdict == "clean") == bool(document["overridden"]):
        yield f"verdict is '{verdict}', and overridden lists {len(document['overridden'])}"
    if mode == "enforce" and verdict != "clean":
        yield f"verdict is '{verdict}', which mode 'enforce' lets nobody pass"


def _beside(reader: Reader, path: str, document: Mapping[str, Any]) -> Iterator[Point]:
    patch = ((document["observed"].get("code") or {}) if isinstance(document["observed"], dict) else {}).get("patch")
    files: Mapping[str, Any] = document.get("files") or {}
    told = patch.get("sha256") if isinstance(patch, dict) else None
    if told is not None and (files.get("patch") or {}).get("sha256", told) != told:
        yield Point(name="patch", state=State.DIFFERENT, text="observed.code.patch and files.patch name two digests")
    for kind, file in files.items():
        where = os.path.join(os.path.dirname(path), file["name"])
        if not reader.is_file(where):
            yield Point(name=kind, state=State.UNKNOWN, text=f"{file['name']} is not beside the receipt")
            continue
        try:
            data = reader.read_bytes(where, limit=MAX_BYTES)
        except EnvguardError as error:
            yield Point(name=kind, state=State.UNKNOWN, text=f"{file['name']} {error.message}")
            continue
        same = hashlib.sha256(data).hexdigest() == file["sha256"]
        text = "is what was written" if same else f"was changed: {len(data)} bytes, {file['bytes']} were written"
        yield Point(name=kind, state=State.SAME if same else State.DIFFERENT, text=f"{file['name']} {text}")


def _manifests(reader: Reader, document: Mapping[str, Any], project: str | None) -> Iterator[Point]:
    data = document["observed"].get("data")
    trees = data.get("trees") if isinstance(data, dict) else None
    for name, tree in (trees if isinstance(trees, dict) else {}).items():
        root = tree.get("root") if isinstance(tree, dict) else None
        if not isinstance(root, str) or not _one_word(name):
            continue
        where = os.path.join(project, ".envguard", "manifests", f"{name}.b3") if project is not None else None
        if where is None or not reader.is_file(where):
            yield Point(name=f"data {name}", state=State.UNKNOWN, text="its manifest is not kept here")
            continue
        try:
            found = f"blake3:{hexdigest(reader.read_bytes(where, limit=4 * 1024**3))}"
        except EnvguardError as error:
            yield Point(name=f"data {name}", state=State.UNKNOWN, text=f"its manifest {error.message}")
            continue
        same = found == root
        text = (
            "the manifest that is kept here is that of the run"
            if same
            else "the manifest that is kept here is of another state"
        )
        yield Point(name=f"data {name}", state=State.SAME if same else State.DIFFERENT, text=text)


def _one_word(name: str) -> bool:
    """Return whether *name* can be the name of a file in a folder, and lead nowhere else."""
    return name.isprintable() and not name.startswith(".") and not any(c in name for c in "/\\")


def _outputs(document: Mapping[str, Any]) -> Iterator[Point]:
    end = document.get("end") or {}
    for output in end.get("outputs", ()):
        path, told = output["path"], output.get("sha256")
        if told is None:
            yield Point(name="output", state=State.UNKNOWN, text=f"{path}: the run could not read it")
            continue
        try:
            with open(path, "rb") as file:
                same = hashlib.file_digest(file, "sha256").hexdigest() == told
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            yield Point(name="output", state=State.UNKNOWN, text=f"{path} cannot be read: {reason}")
            continue
        text = "is what the run made" if same else "is another than the run made"
        yield Point(name="output", state=State.SAME if same else State.DIFFERENT, text=f"{path} {text}")
