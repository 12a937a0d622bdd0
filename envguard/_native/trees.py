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

ffi: Any = _core.ffi
lib: Any = _core.lib
_KINDS = {
    lib.EG_UNREADABLE: "unreadable",
    lib.EG_DANGLING: "dangling",
    lib.EG_LOOP: "loop",
    lib.EG_SPECIAL: "special",
    lib.EG_UNSTABLE: "unstable",
    lib.EG_SILENT: "silent",
    lib.EG_NO_FILE: "folder",
}
RECORD = 80
PIECE = 1 << 20
_TICK_MS = 100


def processors() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


class Ended:
    """A run that has ended, and what every kind of run says; its memory is held until it is closed."""

    __slots__ = ("_kept_alive", "_run", "bytes", "cached", "files", "problem_count", "problems", "result", "stale")

    def __init__(self, run: Any, kept_alive: object) -> None:
        self._run = run
        self._kept_alive = kept_alive
        self.result = ffi.new("struct eg_tree_result *")
        check(lib.eg_tree_result(run, self.result))
        self.problems = _problems(run, self.result.problems_listed)
        self.problem_count: int = self.result.problems
        self.files: int = self.result.files
        self.bytes: int = self.result.bytes
        self.cached: int = self.result.cached
        self.stale = bool(self.result.stale)

    def records(self) -> Iterator[builtins.bytes]:
        """Yield the records of the stat cache to keep, in pieces; they can be read once."""
        return self._pieces(lib.eg_tree_records)

    def _pieces(self, read: Callable[[Any, Any, int, Any], int]) -> Iterator[builtins.bytes]:
        written = ffi.new("size_t *")
        piece = bytearray(PIECE)
        while True:
            with ffi.from_buffer("uint8_t[]", piece, require_writable=True) as out:
                status = read(self._run, out, len(piece), written)
            if status == lib.EG_ROOM:
                piece = bytearray(written[0])
                continue
            check(status)
            if not written[0]:
                return
            with memoryview(piece) as view:
                found = bytes(view[: written[0]])
            yield found

    def close(self) -> None:
        """Give back the memory of the run."""
        run, self._run = self._run, None
        if run is not None:
            lib.eg_tree_free(run)
        self._kept_alive = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class NativeWalked(Ended):
    """What a walk found: ``envguard.walked.Walked`` over the memory of a run."""

    __slots__ = ("root", "sampled")

    def __init__(self, run: Any, kept_alive: object) -> None:
        super().__init__(run, kept_alive)
        self.root = None if self.problem_count else bytes(ffi.buffer(self.result.root))
        self.sampled: int = self.result.sampled

    def manifest(self) -> Iterator[builtins.bytes]:
        """Yield the manifest in pieces of whole lines, about a MiB each; it can be read once."""
        return self._pieces(lib.eg_tree_manifest)


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
    options, keep = options_for(root, records=records, cutoffs=cutoffs, cutoff=cutoff)
    patterns = [ffi.new("char[]", pattern) for pattern in ignore]
    options.ignore = pointers = ffi.new("char *[]", patterns)
    options.ignore_count = len(patterns)
    options.sample = sample
    options.seed = seed & (2**64 - 1)
    return NativeWalked(*finished(options, jobs, tick, (keep, patterns, pointers)))


def options_for(
    root: bytes, *, records: bytes | None, cutoffs: Mapping[int, int] | None, cutoff: int
) -> tuple[Any, tuple[object, ...]]:
    """Return the options of a run over *root*, with what ``walk`` is told of its records, and what they point to."""
    devices = sorted((cutoffs or {}).items())
    options = ffi.new("struct eg_tree_options *")
    view = ffi.from_buffer("uint8_t[]", records or b"")
    keep = (
        view,
        ffi.new("char[]", root),
        ffi.new("uint64_t[]", [device for device, _ in devices]),
        ffi.new("int64_t[]", [limit for _, limit in devices]),
    )
    _, options.root, options.devices, options.cutoffs = keep
    options.device_count = len(devices)
    options.records = view
    options.record_count = len(records or b"") // RECORD
    options.keep_records = records is not None
    options.cutoff = cutoff
    return options, keep


def hash_file(path: bytes, *, jobs: int = 0, tick: Callable[[Counters], None] | None = None) -> bytes | Problem:
    """Return the hash of the file *path* (32 bytes), several threads sharing a large one; or what keeps it from having one."""
    options = ffi.new("struct eg_tree_options *")
    name = ffi.new("char[]", path)
    options.root = name
    options.single = 1
    with NativeWalked(*finished(options, jobs, tick, name)) as walked:
        return walked.root if walked.root is not None else walked.problems[0]


def finished(
    options: Any, jobs: int, tick: Callable[[Counters], None] | None, kept_alive: object
) -> tuple[Any, object]:
    """Return the run with these *options* when it has ended, and what must be kept as long as the run is."""
    options.jobs = jobs or processors()
    out = ffi.new("struct eg_tree **")
    check(lib.eg_tree_start(options, out))
    run = out[0]
    try:
        progress = ffi.new("struct eg_tree_progress *")
        # Short turns: between two of them Python sees Ctrl-C, and the progress is told.
        while lib.eg_tree_wait(run, _TICK_MS, progress) == lib.EG_RUNNING:
            if tick is not None:
                tick(_counters(progress))
        if tick is not None:
            tick(_counters(progress))
    except BaseException:
        lib.eg_tree_free(run)
        raise
    return run, kept_alive


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

    error, path, length = ffi.new("int *"), ffi.new("const uint8_t **"), ffi.new("size_t *")
    found = []
    for index in range(count):
        kind = lib.eg_tree_problem(run, index, error, path, length)
        found.append(Problem(kind=_KINDS[kind], errno=error[0], path=bytes(ffi.buffer(path[0], length[0]))))
    return tuple(sorted(found, key=lambda problem: problem.path))


def check(status: int) -> None:
    """Raise what a *status* of the core that is none of success means."""
    if status == lib.EG_NO_MEMORY:
        raise MemoryError
    if status == lib.EG_NO_THREAD:
        raise RuntimeError("no thread could be started")
    if status != lib.EG_OK:
        raise RuntimeError(f"the C core refused with status {status}")
