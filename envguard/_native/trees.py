"""The tree engine of the C core: one walk over a folder, or the hash of one file. ImportError where there is no core."""

from __future__ import annotations

import os

from . import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Self

    from ..walked import Counters, Problem

if isinstance(_core, ImportError):
    raise _core

_ffi: Any = _core.ffi
_lib: Any = _core.lib
_KINDS = {
    _lib.EG_UNREADABLE: "unreadable",
    _lib.EG_DANGLING: "dangling",
    _lib.EG_LOOP: "loop",
    _lib.EG_SPECIAL: "special",
    _lib.EG_UNSTABLE: "unstable",
    _lib.EG_SILENT: "silent",
}
_RECORD = 80
_PIECE = 1 << 20
_TICK_MS = 100


def processors() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


class NativeWalked:
    """What a walk found: ``envguard.walked.Walked`` over the memory of a run that has ended."""

    __slots__ = (
        "_kept_alive",
        "_run",
        "bytes",
        "cached",
        "files",
        "problem_count",
        "problems",
        "root",
        "sampled",
        "stale",
    )

    def __init__(self, run: Any, kept_alive: object) -> None:
        self._run = run
        self._kept_alive = kept_alive
        result = _ffi.new("struct eg_tree_result *")
        _raise(_lib.eg_tree_result(run, result))
        self.problems = _problems(run, result.problems_listed)
        self.problem_count: int = result.problems
        self.root = None if self.problem_count else bytes(_ffi.buffer(result.root))
        self.files: int = result.files
        self.bytes: int = result.bytes
        self.cached: int = result.cached
        self.sampled: int = result.sampled
        self.stale = bool(result.stale)

    def manifest(self) -> Iterator[builtins.bytes]:
        """Yield the manifest in pieces of whole lines, about a MiB each; it can be read once."""
        return self._pieces(_lib.eg_tree_manifest)

    def records(self) -> Iterator[builtins.bytes]:
        """Yield the records of the stat cache to keep, in pieces; they can be read once."""
        return self._pieces(_lib.eg_tree_records)

    def _pieces(self, read: Callable[[Any, Any, int, Any], int]) -> Iterator[builtins.bytes]:
        written = _ffi.new("size_t *")
        piece = bytearray(_PIECE)
        while True:
            with _ffi.from_buffer("uint8_t[]", piece, require_writable=True) as out:
                status = read(self._run, out, len(piece), written)
            if status == _lib.EG_ROOM:
                piece = bytearray(written[0])
                continue
            _raise(status)
            if not written[0]:
                return
            with memoryview(piece) as view:
                found = bytes(view[: written[0]])
            yield found

    def close(self) -> None:
        """Give back the memory of the run."""
        run, self._run = self._run, None
        if run is not None:
            _lib.eg_tree_free(run)
        self._kept_alive = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def walk(
    root: bytes,
    *,
    ignore: Sequence[bytes] = (),
    jobs: int = 0,
    records: bytes | None = None,
    cutoffs: Mapping[int, int] | None = None,
    cutoff: int = 0,
    sample: float = 0.0,
    seed: int = 0,
    tick: Callable[[Counters], None] | None = None,
) -> NativeWalked:
    """Hash the tree in the folder *root*; *jobs* threads, 0 for as many as there are processors to use.

    *ignore* are patterns that ``envguard.data.ignore`` has checked. *records* are those of the stat cache, sorted; a file is
    kept in it if its stamps are older than the nanosecond *cutoffs* has for its device, or else *cutoff*. A share
    *sample* of the files that it knows is read all the same, chosen by *seed*. *tick* is called about ten times a second
    on this thread; what it raises, and KeyboardInterrupt, ends the run.
    """
    devices = sorted((cutoffs or {}).items())
    options = _ffi.new("struct eg_tree_options *")
    view = _ffi.from_buffer("uint8_t[]", records or b"")
    patterns = [_ffi.new("char[]", pattern) for pattern in ignore]
    keep = (
        view,
        patterns,
        _ffi.new("char[]", root),
        _ffi.new("char *[]", patterns),
        _ffi.new("uint64_t[]", [device for device, _ in devices]),
        _ffi.new("int64_t[]", [limit for _, limit in devices]),
    )
    _, _, options.root, options.ignore, options.devices, options.cutoffs = keep
    options.ignore_count = len(patterns)
    options.device_count = len(devices)
    options.records = view
    options.record_count = len(records or b"") // _RECORD
    options.keep_records = records is not None
    options.cutoff = cutoff
    options.sample = sample
    options.seed = seed & (2**64 - 1)
    return _run(options, jobs, tick, keep)


def hash_file(path: bytes, *, jobs: int = 0, tick: Callable[[Counters], None] | None = None) -> bytes | Problem:
    """Return the hash of the file *path* (32 bytes), several threads sharing a large one; or what keeps it from having one."""
    options = _ffi.new("struct eg_tree_options *")
    name = _ffi.new("char[]", path)
    options.root = name
    options.single = 1
    with _run(options, jobs, tick, name) as walked:
        return walked.root if walked.root is not None else walked.problems[0]


def _run(options: Any, jobs: int, tick: Callable[[Counters], None] | None, kept_alive: object) -> NativeWalked:
    options.jobs = jobs or processors()
    out = _ffi.new("struct eg_tree **")
    _raise(_lib.eg_tree_start(options, out))
    run = out[0]
    try:
        progress = _ffi.new("struct eg_tree_progress *")
        # Short turns: between two of them Python sees Ctrl-C, and the progress is told.
        while _lib.eg_tree_wait(run, _TICK_MS, progress) == _lib.EG_RUNNING:
            if tick is not None:
                tick(_counters(progress))
        if tick is not None:
            tick(_counters(progress))
        return NativeWalked(run, kept_alive)
    except BaseException:
        _lib.eg_tree_free(run)
        raise


def _counters(progress: Any) -> Counters:
    # Late: a clean check asks for neither counters nor problems, and values cost more to import than a walk takes.
    from ..walked import Counters

    return Counters(
        files_found=progress.files_found,
        files_done=progress.files_done,
        bytes_done=progress.bytes_done,
        files_cached=progress.files_cached,
        listed=bool(progress.listed),
    )


def _problems(run: Any, count: int) -> tuple[Problem, ...]:
    if not count:
        return ()
    from ..walked import Problem

    error, path, length = _ffi.new("int *"), _ffi.new("const uint8_t **"), _ffi.new("size_t *")
    found = []
    for index in range(count):
        kind = _lib.eg_tree_problem(run, index, error, path, length)
        found.append(Problem(kind=_KINDS[kind], errno=error[0], path=bytes(_ffi.buffer(path[0], length[0]))))
    return tuple(sorted(found, key=lambda problem: problem.path))


def _raise(status: int) -> None:
    if status == _lib.EG_NO_MEMORY:
        raise MemoryError
    if status == _lib.EG_NO_THREAD:
        raise RuntimeError("no thread could be started")
    if status != _lib.EG_OK:
        raise RuntimeError(f"the C core refused with status {status}")
