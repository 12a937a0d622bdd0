"""``enforce()``: check first, then fix seeds and switches, and hand back the receipt; or refuse to go on."""

from __future__ import annotations

import os

from ..determinism import start
from ..determinism.seeds import DERIVED, Seeding, check_seed
from ..errors import RefusedError
from ..ranks.party import party
from ..receipts.ledger import Ledger
from ..repository import later
from ..run import Run
from .attempt import SHARD, Attempt
from .said import MODE_VARIABLE, MODES, say, say_off, say_unknown_code
from .started import started_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Literal

    from ..model import Level


def enforce(
    seed: int | None = None,
    *,
    seeds: Literal["derived", "classic"] = DERIVED,
    level: Level | str | None = None,
    project: str | os.PathLike[str] | None = None,
    machine: str | None = None,
    data: bool | Literal["shard"] | None = None,
    files: bool | None = None,
    audit: bool = False,
    leave: Collection[str] = (),
    reexec: Literal["never", "auto"] = "never",
    ranks: str | None = None,
    ranks_timeout: float | None = None,
    gather: Callable[[bytes], Sequence[bytes]] | None = None,
    canaries: bool | None = None,
) -> Run:
    """Refuse to go on unless this is the environment that was locked and recorded; then seed and set the switches.

    *seed* is the root of every stream (0 <= seed < 2**256), None takes the one that ``envguard run`` was given, else draws a
    fresh one of 128 bits; *seeds* says what the libraries' own generators get: each a stream of its own (``derived``), or the
    seed itself (``classic``, 0 <= seed < 2**32), as the ``set_seed`` of transformers does, for comparisons with old runs;
    *level* overrides the settings' and is, as *machine*, that of ``envguard run`` where it is left out;
    *project* is a folder of the project (default: where the main script is); *machine* names the recorded machine; *data*
    says whether the recorded trees of data are verified (default: at the levels of the settings, which are all), *files*
    whether those of the installed packages are (default: as the settings say, which is no). Of several ranks on one host one
    walks them, and the others take its word. *audit* has torch fill memory that nobody has written with NaN, which finds code
    that reads it, and is slow. *leave* names switches, as the receipt does, that are not set; a name that is none is refused. *reexec* is ``auto`` to have the
    script started again from its first line, in the same process, where something could only be set before it started. *canaries*
    says whether recorded numeric canaries are run, those of NumPy and PyTorch when they are imported, those on the GPU where CUDA
    is initialised already (default: where some are recorded).

    *data* may be ``shard``: then all ranks of a job together verify the recorded trees, which lie on storage that all of them see;
    each reads a share of the files, and all of it.

    Where this process is one of several ranks (torchrun, srun, mpirun, an initialised group), all of them go on or none does:
    they compare what they see over torch.distributed's store or MPI, before any collective. *ranks* is ``require`` or ``off``
    (default: as the settings say, which is ``require``), *ranks_timeout* how many seconds a rank is waited for (default: as the
    settings say, which is 300). *gather* is for other ways to start: a function that takes this rank's bytes and returns those of
    every rank, in their order, which every rank calls alike; it is called up to three times.

    Raises DriftError where something differs, UndecidedError where nothing was recorded or something could not be told,
    RefusedError where an input cannot be used or a switch is too late. All of them end a script with their message and
    exit status 1, and leave a receipt of the refusal where receipts are kept (``error.receipt``). ``ENVGUARD=warn`` says on stderr
    what is wrong and goes on, ``ENVGUARD=off`` does not look; the receipt says so in both cases.
    """
    check_seed(seed, seeds)
    if reexec not in ("never", "auto"):
        raise ValueError(f"reexec is 'never' or 'auto', not {reexec!r}")
    seed = start.agreed_seed(seed)
    level = start.agreed(str(level) if level is not None else None, start.LEVEL_VARIABLE, "level")
    machine = start.agreed(machine, start.MACHINE_VARIABLE, "machine")
    mode = os.environ.get(MODE_VARIABLE) or "enforce"
    if mode not in MODES:
        raise RefusedError(f"{MODE_VARIABLE} is '{mode}'; it can be {', '.join(MODES)}")
    if mode == "off":
        say_off()
        ranks = "off"
    if data not in (True, False, None, SHARD):
        raise RefusedError(f"data is {data!r}; it can be True, False or '{SHARD}'")
    for name, value in (("files", files), ("audit", audit), ("canaries", canaries)):
        if value not in (True, False, None):
            raise RefusedError(f"{name} is {value!r}; it can be True or False")
    left = start.left_out(leave)
    attempt = Attempt(
        seed=seed,
        seeds=seeds,
        level=level or "",
        folder=started_in(project),
        mode=mode,
        others=party(ranks, ranks_timeout, gather),
        machine=machine,
        data=data,
        files=files,
        canaries=canaries,
        audit=audit,
        leave=left,
    )
    try:
        attempt.ready(reexec)
        answer = attempt.settle()
    except RefusedError as error:
        from .refused import keep

        keep(error, attempt)
        raise
    seeding = Seeding(attempt.root, seeds)
    seeding.seed(attempt.packages)
    where = attempt.place()
    ledger = Ledger(answer=answer, mode=mode, start=attempt.folder, say=say, where=where, began=attempt.began)
    if canaries is not False and answer["observed"].get("canaries"):
        from ..determinism.canaries import watch

        watch(answer, attempt.check, ledger.event)
    run = Run(seeding=seeding, switches=attempt.switches, ledger=ledger, place=where)
    ledger.tells("ranks", lambda: attempt.settled)
    later.keep(ledger)
    ledger.open()
    if ledger.rank is None or ledger.rank["rank"] == 0:
        say_unknown_code(answer)
    return run
