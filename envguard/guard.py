"""``enforce()``: check first, then fix seeds and switches, and hand back the receipt; or refuse to go on.

This is the one module of the library that writes to a stream: what the emergency exits let pass is said on stderr,
because a warning can be filtered and a log can be unconfigured, and then nobody would know.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Literal

from . import answers
from .determinism import start
from .determinism.seeds import DERIVED, Seeding, check_seed, fresh_root
from .determinism.streams import SCHEME
from .determinism.switches import Switches
from .errors import DriftError, EnvguardError, RefusedError, UndecidedError
from .launch import Job, Place
from .probes import PROBES
from .ranks.party import party
from .receipts.ledger import Ledger
from .repository import later
from .run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from .model import Level, Report
    from .ranks.party import Party

MODE_VARIABLE = "ENVGUARD"
_MODES = ("enforce", "warn", "off")
_NOT_CHECKED = "not checked"
_SHARD = "shard"


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
    that reads it, and is slow. *leave* names switches, as the receipt does, that are not set. *reexec* is ``auto`` to have the
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
    exit status 1. ``ENVGUARD=warn`` says on stderr what is wrong and goes on, ``ENVGUARD=off`` does not look; the receipt
    says so in both cases.
    """
    check_seed(seed, seeds)
    if reexec not in ("never", "auto"):
        raise ValueError(f"reexec is 'never' or 'auto', not {reexec!r}")
    seed = start.agreed_seed(seed)
    level = start.agreed(str(level) if level is not None else None, start.LEVEL_VARIABLE, "level")
    machine = start.agreed(machine, start.MACHINE_VARIABLE, "machine")
    mode = os.environ.get(MODE_VARIABLE) or "enforce"
    if mode not in _MODES:
        raise RefusedError(f"{MODE_VARIABLE} is '{mode}'; it can be {', '.join(_MODES)}")
    wanted, folder = level or "", _start(project)
    refuse = _Refusals(mode)
    switches = Switches(audit=audit, leave=start.left_out(leave), refuse=refuse, seed=seed, level=wanted)
    if mode == "off":
        _say(f"envguard: {MODE_VARIABLE}=off: nothing is checked; the receipt of this run says so")
        ranks = "off"
    if data not in (True, False, None, _SHARD):
        raise RefusedError(f"data is {data!r}; it can be True, False or '{_SHARD}'")
    strict, others = mode == "enforce", party(ranks, ranks_timeout, gather)
    shard = data == _SHARD and others is not None
    whole = False if shard else None if data is None else bool(data)

    def check() -> dict[str, Any]:
        return _checked(folder, wanted, machine, whole, files, canaries, strict=strict)

    try:
        _start_right(switches, folder, reexec if strict else "never")
        checked = mode != "off"
        answer = check() if checked else _unchecked(wanted)
        answer["overridden"] = refuse.passed = [*refuse.passed, *answer["overridden"]]
        installed = _installed(answer)
        switches.set(installed, level=answer["level"])
    except RefusedError as error:
        if others is None:
            raise
        from .agreed import refused

        raise refused(others, error, folder) from error
    root, settled = seed if seed is not None else fresh_root(seeds), None
    if others is not None:
        root, settled = _agreed(others, answer, seed, root, seeds, switches, strict=strict, shard=shard)
        if shard and settled is None:
            # There is nobody to share with after all.
            whole = True
            answer = check()
    seeding = Seeding(root, seeds)
    seeding.seed(installed)
    if canaries is not False and answer["observed"].get("canaries"):
        from .determinism.canaries import watch

        watch(answer, check)
    job = Job(launcher=settled["launcher"], rank=settled["rank"], size=settled["size"]) if settled is not None else None
    where = Place(job, apart=settled is None)
    ledger = Ledger(answer=answer, mode=mode, start=folder, say=_say, where=where)
    run = Run(seeding=seeding, switches=switches, ledger=ledger, place=where)
    ledger.tells("ranks", lambda: settled)
    later.keep(ledger)
    ledger.open()
    return run


class _Refusals:
    """What is called with what stands in the way: it raises, or in the other modes says and keeps what was let *passed*."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.passed: list[str] = []

    def __call__(self, text: str) -> None:
        if self.mode == "enforce":
            raise RefusedError(text)
        if self.mode == "warn":
            _say(
                f"envguard: {text}\nenvguard: {MODE_VARIABLE}=warn: going on all the same; the receipt of this run says so"
            )
        self.passed.append(text)


def _start_right(switches: Switches, folder: str, reexec: str) -> None:
    """Refuse, or with *reexec* mend by starting again, what only the start of this process could have set."""
    late = switches.look()
    if late or reexec == "auto":
        level = switches.level or _level_of(folder)
        bitwise = level != "cross-hardware"
        if reexec == "auto":
            switches.start_again(late, bitwise=bitwise)
        if bitwise:
            switches.refuse_late(late)


def _level_of(folder: str) -> str:
    """Return the level of the settings; the usual one where they cannot be read, which the check then says."""
    from .config import load_config
    from .observe import find_project
    from .reader import Reader

    try:
        reader = Reader()
        return str(load_config(reader, find_project(reader, folder)).level)
    except EnvguardError:
        return ""


def _checked(
    start: str,
    level: str,
    machine: str | None,
    data: bool | None,
    files: bool | None,
    canaries: bool | None,
    *,
    strict: bool,
) -> dict[str, Any]:
    asked = (machine or "", str(data), str(files), str(canaries))
    key = ("enforce", __file__, start, level, *asked, sys.executable, *sys.path)
    recalled = answers.recall(key, PROBES, {"tree": _tree, "files": _files, "code": _code})
    if recalled is not None:
        return {**json.loads(recalled), "recalled": True}
    from .check import parse_level, run_check
    from .model import Verdict
    from .observe import Request, find_project
    from .reader import Reader

    reader = Reader()
    try:
        project = find_project(reader, start)
        request = Request(
            running=True, level=parse_level(level or None), machine=machine, data=data, files=files, canaries=canaries
        )
        outcome = run_check(reader, project, request)
    except EnvguardError as error:
        if strict:
            raise RefusedError(str(error)) from error
        _say(
            f"envguard: {error}\nenvguard: {MODE_VARIABLE}=warn: going on all the same; the receipt of this run says so"
        )
        return {**_unchecked(level), "overridden": [str(error)]}
    report = outcome.report
    if report.verdict is not Verdict.CLEAN:
        text = _text(report, project)
        if strict:
            raise (DriftError if report.verdict is Verdict.DRIFT else UndecidedError)(text, report)
        _say(f"{text}\nenvguard: {MODE_VARIABLE}=warn: going on all the same; the receipt of this run says so")
    from .receipts.judged import judged

    answer = judged(report, outcome.facts, receipts=outcome.receipts)
    if report.verdict is Verdict.CLEAN:
        later = outcome.later or outcome
        answers.remember(key, outcome.trace, json.dumps(judged(report, later.facts, receipts=later.receipts)))
    return answer


def _agreed(
    others: Party,
    answer: dict[str, Any],
    seed: int | None,
    fresh: int,
    seeds: str,
    switches: Switches,
    *,
    strict: bool,
    shard: bool,
) -> tuple[int, dict[str, Any] | None]:
    """Return the root of all streams that the ranks of this job settle on, and what a receipt says of it.

    *fresh* is the root that this one would take.
    """
    from .agreed import settle

    settled = settle(
        others,
        answer,
        strict=strict,
        seed=seed,
        scheme=f"{SCHEME} {seeds}",
        # Asked when torch is loaded, over which the ranks may talk: it is then that most switches are set.
        switches=lambda: {name: switch.found for name, switch in switches.state.items()},
        fresh=fresh,
        shard=shard,
    )
    if settled is None:
        return fresh, None
    answer["overridden"] += settled.overridden
    if settled.text:
        _say(f"{settled.text}\nenvguard: {MODE_VARIABLE}=warn: going on all the same; the receipt of this run says so")
    drawn = settled.agreement.root
    return fresh if seed is not None or drawn is None else drawn, settled.facts()


def _tree(identity: str) -> str:
    from .trees.probe import retell

    return retell(identity)


def _files(folder: str) -> str:
    from .files.probe import retell

    return retell(folder)


def _code(identity: str) -> str:
    from .repository.probe import retell

    return retell(identity)


def _unchecked(level: str) -> dict[str, Any]:
    return {
        "verdict": _NOT_CHECKED,
        "level": level or "host-to-host",
        "levels": {},
        "findings": [],
        "observed": {},
        "waived": [],
        "overridden": ["everything: nothing was checked"],
    }


def _installed(answer: dict[str, Any]) -> frozenset[str]:
    packages = answer["observed"].get("packages")
    if packages is not None:
        return frozenset(packages)
    from .determinism.seeds import findable

    return findable()


def _start(project: str | os.PathLike[str] | None) -> str:
    """Return the folder whose project is meant."""
    if project is not None:
        return os.path.abspath(os.fspath(project))
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.dirname(os.path.abspath(script)) if script else os.getcwd()


def _text(report: Report, project: str) -> str:
    import io

    from .report import text

    stream = io.StringIO()
    text.write(report, stream, color=False, root=project)
    return stream.getvalue().rstrip("\n")


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
