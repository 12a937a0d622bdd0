"""What ``enforce()`` hands back: the run that may go on, with its seed, its streams, its switches and its receipt."""

from __future__ import annotations

from .determinism.drawing import Drawing
from .determinism.named import Streams
from .determinism.seal import Seal
from .determinism.streams import SCHEME

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sized
    from typing import Any, SupportsIndex

    from .determinism.changes import Change
    from .determinism.prices import Cost
    from .determinism.relax import NonDeterministic
    from .determinism.resume import Resumed
    from .determinism.samplers import Sampler
    from .determinism.seeds import Seeding
    from .determinism.switches import Switches
    from .launch import Place
    from .receipt import Receipt
    from .receipts.ledger import Ledger


class Run(Drawing):
    """A run that may go on: its *seed*, its *level*, its *streams*, and the receipt.

    A data set may hold it: what of it reaches the workers of a data loader is ``Drawing``, with the same streams.
    """

    def __init__(self, *, seeding: Seeding, switches: Switches, ledger: Ledger, place: Place) -> None:
        super().__init__(Streams(seeding.root))
        self._place = place
        self._seeding = seeding
        self._switches = switches
        self._ledger = ledger
        self._seal = Seal(switches)
        ledger.tells("seed", lambda: str(seeding.root))
        ledger.tells("seeds", lambda: seeding.seeds)
        ledger.tells("scheme", lambda: SCHEME)
        ledger.tells("streams", lambda: [handed.to_dict() for handed in self.streams.handed_out()])
        # A library that is imported later is seeded, and shown as seeded, then.
        ledger.tells("seeded", lambda: seeding.state)
        ledger.tells("switches", lambda: {name: switch.told() for name, switch in switches.state.items()})

    def __reduce__(self) -> tuple[type[Drawing], tuple[Streams]]:
        return Drawing, (self.streams,)

    @property
    def level(self) -> str:
        """The level that was asked for."""
        return str(self._ledger.answer["level"])

    @property
    def receipt(self) -> Receipt:
        """The receipt as it stands now."""
        return self._ledger.receipt()

    def tags(self) -> dict[str, str]:
        """Return the receipt as flat tags for MLflow, W&B, ClearML: ``envguard.verdict``, ``envguard.seed``, ...; text of at most 500 characters."""
        from .receipts.tags import tags

        return tags(self._ledger.document())

    def seal(self, *, canaries: bool = False) -> None:
        """Take generators, switches, variables, threads and libraries as they are now for what ``verify()`` compares with.

        At the first step, say, when trainers have done what they do to them; before that it is what ``enforce()`` left. With
        *canaries* those of the libraries that are loaded are run as well, on the GPU where CUDA is up.
        """
        if canaries:
            from .determinism.bits import look

            self._seal.bits |= look()
        self._seal.take()
        self._ledger.event("seal")

    def verify(self, *, strict: bool = True, canaries: bool = False) -> tuple[Change, ...]:
        """Return what has changed since the last look: generators reseeded, switches flipped, variables overwritten, libraries loaded.

        With *canaries* those of the libraries that are loaded are run again, on the GPU where CUDA is up by now, and compared with
        those of the last such look, else of the start, else with the recorded ones; it costs nothing where nobody asks. Raises
        BrokenSealError where something has certainly changed, unless not *strict*. What was only drawn from is no change.
        """
        from .determinism.changes import broken, compare
        from .determinism.loaders import unseeded

        changes = compare(self._seal)
        moved = bool(changes)
        changes += (*unseeded(self.streams),)
        if canaries:
            from .determinism import bits

            now = bits.look()
            changes += (*bits.compare(self._seal.bits, self._ledger.answer, now),)
            # What was compared keeps what it was compared with; what was not has its first look.
            began, recorded = bits.of_start(self._ledger.answer)
            self._seal.bits = {**now, **recorded, **began, **self._seal.bits}
        self._ledger.event("verify", changes=[change.told for change in changes])
        if strict and any(change.certain for change in changes):
            raise broken(changes)
        if not moved:
            self._seal.drawn()
        return changes

    def nondeterministic(self, reason: str) -> NonDeterministic:
        """Return a block that may be non-deterministic: ``with run.nondeterministic("the library has no other kernel"):``.

        What ``enforce()`` has switched on is off in it, and back as it was behind it; the receipt tells the *reason*. The
        backward pass of what was computed in the block belongs into it.
        """
        from .determinism.relax import NonDeterministic

        return NonDeterministic(self._switches, reason, self._ledger.event)

    def measure(self, step: Callable[[], object], *, rounds: int = 11, warm_up: int = 1) -> Cost:
        """Return what each switch that ``enforce()`` has set costs *step*, a function of no arguments; ``print()`` shows a table.

        It is called ``(switches + 3) * (warm_up + 1)`` times a round, each time with the same random numbers; generators and
        switches are what they were behind it. ValueError for fewer than 3 rounds.
        """
        from .determinism.measure import measure

        return measure(self._switches, step, rounds=rounds, warm_up=warm_up)

    def finish(self, outputs: Iterable[str | os.PathLike[str]] = ()) -> str | None:
        """Write down that the run is over and which files it has made (*outputs*, with their digests); return the receipt's path.

        None where no receipt is written. Without it the receipt says, when the process ends, that it ended.
        """
        return self._ledger.finish(outputs)

    def reseed(self, name: str, *index: SupportsIndex | str, reuse: bool = False) -> None:
        """Seed the libraries' own generators anew, from streams called *name*; StreamError as for ``numpy()``.

        All ranks begin with the same numbers, so that they make the same weights; ``run.reseed("dropout", rank)`` after
        that has each drop other units.
        """
        self.streams.reseed(name, index, reuse=reuse)
        self._seal.drawn()

    def dataloader_kwargs(
        self, name: str, *index: SupportsIndex | str, reuse: bool = False, **options: Any
    ) -> dict[str, Any]:
        """Return the arguments of a ``DataLoader`` that draws from streams of its own: generator and worker_init_fn.

        *options* are further arguments for it, handed through. With ``dataset`` among them the generators that it carries are seeded
        in this process, too, now and at each ``set_epoch``: without workers they are drawn from here. StreamError where options
        would undo it (``in_order=False``) or such a generator cannot be seeded, RanksError where the variables of the launcher
        contradict one another, so that nobody can tell which rank this is.
        """
        from .determinism.workers import loader_arguments

        return loader_arguments(self.streams, name, index, options, rank=self._place.rank_and_size()[0], reuse=reuse)

    def sampler(
        self, data: Sized, name: str = "shuffle", *, shuffle: bool = True, repeat: bool = False, reuse: bool = False
    ) -> Sampler:
        """Return a sampler whose order is derived from seed, *name* and epoch, for any number of workers.

        An epoch that is begun again after it was given to its end, because nobody said that the next one came, is a
        StreamError unless *repeat*. When an epoch begins, the generators that *data* carries are seeded for it in this process.
        """
        return self.streams.sampler(data, name, reuse=reuse, shuffle=shuffle, repeat=repeat)

    def distributed_sampler(
        self,
        data: Sized,
        name: str = "shuffle",
        *,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        drop_last: bool = False,
        repeat: bool = False,
        reuse: bool = False,
    ) -> Sampler:
        """Return a sampler for one of several ranks (default: as torch.distributed or the launcher says).

        All ranks walk one order, which is filled up from its beginning, or with *drop_last* cut, so that each gets equally
        many. Without *num_replicas* and *rank* RanksError where the variables of the launcher contradict one another, and
        where ``ranks = "off"`` leaves it open whether what srun or mpirun has started is one job.
        """
        here, world = self._place.share() if num_replicas is None or rank is None else (rank, num_replicas)
        replicas, mine = world if num_replicas is None else num_replicas, here if rank is None else rank
        options = {"shuffle": shuffle, "replicas": replicas, "rank": mine, "drop_last": drop_last, "repeat": repeat}
        return self.streams.sampler(data, name, reuse=reuse, **options)

    def state_dict(self, *, epoch: int | None = None, position: object = None) -> dict[str, Any]:
        """Return the state of all generators and what it holds for, for a checkpoint, as plain JSON values.

        *epoch* (default: that of ``set_epoch``) and *position* (plain values: batches done, samples used) say where in the
        run this is. Model, optimizer and schedule are the caller's to save. TypeError where *position* is not plain.
        """
        from .determinism.resume import capture

        known = self.streams, self._seeding, self._ledger.answer, self._place
        return capture(*known, epoch=epoch, position=position, switches=self._switches.values())

    def load_state_dict(self, state: Mapping[str, Any], *, strict: bool = True) -> Resumed:
        """Bring all generators into *state*, those too that are handed out later, and return where the run goes on.

        Raises ResumeError where it is no such state, or where the run cannot go on bit for bit: another seed, scheme, world
        size, package, machine, library or tree of data, a switch that is another one now (threads, precision), a device that is
        missing, a generator whose state cannot be read.
        With ``strict=False`` it goes on all the same, and what is returned says why that is not bit for bit.
        """
        from .determinism.resume import restore

        known = self.streams, self._seeding, self._ledger.answer, self._place
        resumed = restore(*known, state, strict=strict, switches=self._switches.values())
        self._seal.drawn()
        return resumed

    def __repr__(self) -> str:
        return f"<envguard.Run {self._ledger.answer['verdict']} at {self.level}, seed {self.seed}>"
