"""Looking at the recorded trees: each is walked once, through the stat cache, and compared by its root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..data.manifest import Manifest
from ..errors import BaselineError, ConfigError, UnreadableError
from ..launch import several_here
from ..values import replace
from . import probe
from .model import TreeState
from .places import FOLDER, locate, manifest_path, variable_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..baseline import Baseline
    from ..data.model import Progress
    from ..reader import Reader

MAX_MANIFEST = 8 * 1024**3


def look_at(
    reader: Reader,
    baseline: Baseline,
    names: Iterable[str] | None = None,
    *,
    sample: float = 0.0,
    full: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[TreeState, ...]:
    """Return the state of the recorded trees *names* (default: all of them), sorted by name.

    Each becomes an input of the reader's trace: a later check may ask again, by walking, whether it is as it was.
    *sample*, *full* and *progress* as for ``probe.identify`` and ``hash_tree``.
    """
    chosen = sorted(baseline.data if names is None else set(names))
    return tuple(_look(reader, baseline, name, sample=sample, full=full, progress=progress) for name in chosen)


def as_known_later(reader: Reader, states: tuple[TreeState, ...], *, sample: float = 0.0) -> tuple[TreeState, ...]:
    """Return *states*, of trees that are as they were recorded, as a later check will tell them.

    A tree of which every file was read is known by the stat cache the next time. An answer that is to be kept must say so, or
    it would not be that of the next time; a second walk, which reads nothing, finds out, and is noted in the reader's trace.
    """
    if several_here() or not reader.trace.settled():
        return states  # of several ranks one walks, and its word is shared once; what is not settled is not kept
    return tuple(_later(reader, state, sample) for state in states)


def _later(reader: Reader, state: TreeState, sample: float) -> TreeState:
    if state.path is None or state.assurance != probe.CONTENT or not state.files:
        return state
    identity = probe.identify(state.path, state.recorded.ignore, sample=sample)
    before, _, _ = reader.trace.values.get(("tree", identity), "").rpartition(":")
    text = probe.retell(identity)
    now, _, assurance = text.rpartition(":")
    if not before or now != before:
        return state
    reader.trace.will_see("tree", identity, text)
    return replace(state, assurance=assurance)


def find(reader: Reader, baseline: Baseline, name: str) -> TreeState:
    """Return where the recorded tree *name* lies, and whether anything is there; nothing of it is read."""
    recorded = baseline.data[name]
    path = locate(reader, baseline.folder, recorded.path)
    if path is None:
        return TreeState(name=name, recorded=recorded, path=None, unset=variable_of(recorded.path))
    return TreeState(name=name, recorded=recorded, path=path, missing=not probe.there(path))


def kept_manifest(reader: Reader, baseline: Baseline, name: str) -> Manifest | str:
    """Return the manifest that was kept of the tree *name*, or why there is none that can be used."""
    path = manifest_path(baseline.folder, name)
    shown = f"{FOLDER}/{name}.b3"
    if not reader.exists(path):
        return f"its manifest is not kept here ({shown})"
    try:
        manifest = Manifest(reader.read_bytes(path, limit=MAX_MANIFEST))
        if f"blake3:{manifest.root}" != baseline.data[name].root:
            return f"the kept manifest ({shown}) is of another state of it"
        return Manifest.from_bytes(manifest.to_bytes(), path=path)
    except UnreadableError as error:
        return f"the kept manifest ({shown}) {error.message}"


def _look(
    reader: Reader,
    baseline: Baseline,
    name: str,
    *,
    sample: float,
    full: bool,
    progress: Callable[[Progress], None] | None,
) -> TreeState:
    state = find(reader, baseline, name)
    if state.path is None:
        return state
    recorded = state.recorded
    if state.missing:
        reader.exists(state.path)
        return state
    identity = probe.identify(state.path, recorded.ignore, sample=sample, full=full)
    try:
        text, tree = probe.tell(identity, progress=progress)
    except ConfigError as error:
        keys = ("data", name, "ignore")
        raise BaselineError(error.message, path=baseline.path, keys=keys, hint=error.hint) from None
    except UnreadableError as error:
        reader.trace.unsettle()
        return replace(state, fault=error.message)
    if not text:
        reader.trace.unsettle()
        if tree is None:
            return replace(state, fault="nobody could say why")
        return replace(state, problems=tree.problems, problem_count=tree.problem_count)
    reader.trace.saw_value("tree", identity, text)
    root, files, size, assurance = text.split(":")
    state = replace(state, root=f"blake3:{root}", files=int(files), bytes=int(size), assurance=assurance)
    return state if state.same else _compared(reader, baseline, state, identity, progress)


def _compared(
    reader: Reader,
    baseline: Baseline,
    state: TreeState,
    identity: str,
    progress: Callable[[Progress], None] | None,
) -> TreeState:
    """Return *state* with the files that differ; a second walk, which the stat cache makes a short one, names them."""
    kept = kept_manifest(reader, baseline, state.name)
    if isinstance(kept, str):
        return replace(state, untold=kept)
    try:
        manifest = probe.walk(identity, manifest=True, progress=progress).manifest
    except UnreadableError:
        manifest = None
    if manifest is None or f"blake3:{manifest.root}" != state.root:
        return replace(state, untold="it changed again while it was compared")
    return replace(state, differences=kept.compare(manifest))
