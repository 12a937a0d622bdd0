"""One round of talks: every rank sends a message, and all get the same answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import RanksError
from .messages import decode, encode
from .words import named, ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    # From the messages that came, by rank, and the seconds that were waited for them, to the answer.
    Reduce = Callable[[Mapping[int, dict[str, Any]], float], dict[str, Any]]

# How long the others are waited for once one rank refuses: they are on their way, and nobody shall wait for a time-out.
GRACE = 10.0
# Rank 0 may have begun to wait later than the others, and needs a moment to answer.
_SLACK = 5.0
_SHORTEST, _LONGEST = 0.001, 0.02
BROKEN = "broken"


class Mailbox(Protocol):
    """What carries messages between rank 0 and the others. *faults* are what makes them no messages of one job."""

    faults: list[str]

    def send(self, talk: str, data: bytes) -> None:
        """Send *data* to rank 0, as this rank's message in the round *talk*."""
        ...

    def received(self, talk: str) -> dict[int, bytes]:
        """Return the messages that came to rank 0 since it asked last, by rank."""
        ...

    def reply(self, talk: str, data: bytes) -> None:
        """Answer everybody whose message came."""
        ...

    def replied(self, talk: str) -> bytes | None:
        """Return the answer of rank 0 to this rank; None while there is none."""
        ...

    def heard(self) -> bool:
        """Return whether rank 0 is known to be there."""
        ...

    def beat(self) -> None:
        """Tell everybody that this rank is still at work."""
        ...

    def beats(self) -> int:
        """Return a number that grows while any rank says so."""
        ...

    def absent(self) -> list[int] | None:
        """Return the ranks that never showed themselves; None where another rank than 0 cannot tell."""
        ...


class MissingError(RanksError):
    """Ranks that were not heard: *missing* as ``0,3-7``, for *waited* seconds; *more* is what is known of why.

    *speaker* is the lowest rank that was heard, where that is known.
    """

    def __init__(self, missing: str, waited: float, more: str = "", *, speaker: int | None = None) -> None:
        super().__init__(f"{named(missing)} did not answer within {waited:g} s" + (f": {more}" if more else ""))
        self.missing = missing
        self.waited = waited
        self.more = more
        self.speaker = speaker


class UnaskedError(RanksError):
    """The other ranks cannot be asked: there is nothing to talk over."""


class Star:
    """Talks by way of rank 0. *limit* is how many seconds are waited for a rank."""

    def __init__(self, mailbox: Mailbox, *, rank: int, size: int, limit: float) -> None:
        self._mailbox = mailbox
        self._rank = rank
        self._size = size
        self._limit = limit
        self._beats = 0

    def __call__(
        self,
        talk: str,
        message: dict[str, Any] | None,
        reduce: Reduce,
        senders: Collection[int] | None = None,
        *,
        patient: bool = False,
    ) -> dict[str, Any]:
        """Return the answer to the round *talk* in which the *senders* (default: all) send a *message* each.

        *patient* waits as long as anybody is at work, and then no longer than ever. MissingError where rank 0 is not heard; which
        others were not heard is up to *reduce*.
        """
        if self._rank == 0:
            return self._lead(talk, message, reduce, range(self._size) if senders is None else senders, patient)
        return self._follow(talk, message, patient)

    def beat(self) -> None:
        """Tell the others that this rank is still at work, before it sends its message in a patient round."""
        self._mailbox.beat()

    def _is_at_work(self) -> bool:
        before, self._beats = self._beats, self._mailbox.beats()
        return self._beats != before

    def _lead(
        self, talk: str, message: dict[str, Any] | None, reduce: Reduce, senders: Collection[int], patient: bool
    ) -> dict[str, Any]:
        started = time.monotonic()
        until = started + self._limit
        came = {0: message} if message is not None else {}
        expected = set(senders)
        pause = _SHORTEST
        while True:
            if self._mailbox.faults or any(item.get("refusal") is not None for item in came.values()):
                until = min(until, time.monotonic() + GRACE)
            now = time.monotonic()
            if expected <= came.keys():
                break
            if now >= until:
                if not (patient and self._is_at_work()):
                    break
                until = now + self._limit
            new = {rank: self._read(data) for rank, data in self._mailbox.received(talk).items()}
            came |= new
            pause = _SHORTEST if new else self._paused(pause, until - now)
        answer = self._answer(came, reduce, time.monotonic() - started)
        self._mailbox.reply(talk, encode(answer))
        return _sound(answer)

    def _read(self, data: bytes) -> dict[str, Any]:
        try:
            return decode(data)
        except RanksError as error:
            self._mailbox.faults.append(error.message)
            return {}

    def _answer(self, came: Mapping[int, dict[str, Any]], reduce: Reduce, waited: float) -> dict[str, Any]:
        """Return the answer; whatever keeps rank 0 from one must keep nobody waiting, so that is an answer too."""
        try:
            answer = {BROKEN: self._mailbox.faults[0]} if self._mailbox.faults else reduce(came, waited)
            encode(answer)
        except RanksError as error:
            answer = {BROKEN: error.message}
        return answer

    def _follow(self, talk: str, message: dict[str, Any] | None, patient: bool) -> dict[str, Any]:
        data = encode(message) if message is not None else None
        # Who refuses has nothing to wait for once it is told.
        patience = self._limit if message is None or message.get("refusal") is None else min(self._limit, GRACE)
        until = time.monotonic() + self._limit
        sent = heard = False
        pause = _SHORTEST
        while True:
            if data is not None and not sent:
                self._mailbox.send(talk, data)
                sent = True
            answer = self._mailbox.replied(talk)
            if answer is not None:
                return _sound(decode(answer))
            now = time.monotonic()
            if not heard and self._mailbox.heard():
                # From now on it is rank 0 that waits; it may have begun only now.
                heard, until = True, now + patience + _SLACK
            if now >= until:
                if not (patient and self._is_at_work()):
                    raise self._nobody()
                until = now + self._limit + _SLACK
            pause = self._paused(pause, until - now)

    def _nobody(self) -> MissingError:
        absent = self._mailbox.absent()
        if absent is None:
            return MissingError("0", self._limit)
        missing = {0, *absent} - {self._rank}
        speaker = min(rank for rank in range(self._size) if rank not in missing)
        return MissingError(ranges(missing), self._limit, speaker=speaker)

    def _paused(self, pause: float, left: float) -> float:
        time.sleep(max(0.0, min(pause, left)))
        # Many ranks that ask often would keep rank 0 from anything else.
        return min(pause * 2, max(_LONGEST, self._size * 0.0002))


def _sound(answer: dict[str, Any]) -> dict[str, Any]:
    if BROKEN in answer:
        raise RanksError(str(answer[BROKEN]))
    return answer


class Gathered:
    """Talks by a function of the caller, which gives everybody the bytes of all, by rank: there is no rank 0 to it."""

    def __init__(self, gather: Callable[[bytes], Sequence[bytes]]) -> None:
        self._gather = gather

    def __call__(
        self,
        talk: str,
        message: dict[str, Any] | None,
        reduce: Reduce,
        senders: Collection[int] | None = None,
        *,
        patient: bool = False,
    ) -> dict[str, Any]:
        """Return the answer to the round *talk*, which this rank makes as every other does.

        How long it takes is up to the function; that *senders* alone have something to say spares nobody from calling it.
        """
        del senders, patient
        started = time.monotonic()
        whole = gathered(self._gather, encode({"talk": talk, "message": message}))
        came: dict[int, dict[str, Any]] = {}
        for rank, data in enumerate(whole):
            told = decode(data)
            if told.get("talk") != talk:
                raise RanksError(
                    f"rank {rank} is in another round of talks: do all ranks call enforce() equally often?"
                )
            if isinstance(told.get("message"), dict):
                came[rank] = told["message"]
        return decode(encode(reduce(came, time.monotonic() - started)))

    def beat(self) -> None:
        """Do nothing: nobody waits but in the function."""


def gathered(gather: Callable[[bytes], Sequence[bytes]], data: bytes) -> list[bytes]:
    """Return what *gather* gives for *data*; RanksError where that cannot be what all ranks said."""
    try:
        whole = [bytes(item) for item in gather(data)]
    except Exception as error:
        raise RanksError(f"the function that gathers failed: {type(error).__name__}: {error}") from error
    if data not in whole:
        raise RanksError(
            f"the function that gathers gave {len(whole)} messages, and this rank's is not among them",
            hint="it takes bytes and returns the bytes of every rank, in the order of the ranks, unchanged",
        )
    return whole
