"""What canaries said, as a value, and how two sayings compare."""

from __future__ import annotations

import json

from ..model import Unknown, fact_of
from ..values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ..model import Fact

NONE = "none"
_ON = {"cpu": "on the CPU", "cuda": "on the GPU"}
_WHOLE = "all of them"
_NO_BITS = Unknown(reason="its receipt does not keep them")
_LIBRARIES = {"numpy": "NumPy", "torch": "PyTorch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """What canaries said, or were recorded to have said.

    *scheme* names the computations. *digests* maps ``library.device.family.type`` to a digest of the bits, to ``none`` where the
    library has no such thing, or to an unknown; a whole library that could not be asked has its name for a key. *conditions* are
    what they ran under, as the libraries told it. *left_out* maps libraries, or ``library.device``, that were not run to the reason.
    """

    scheme: str
    conditions: Mapping[str, Fact]
    digests: Mapping[str, Fact]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def ran(self) -> bool:
        """Whether there is a digest at all."""
        return any(isinstance(value, str) and value != NONE for value in self.digests.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The recorded canaries of one library on one device, by what became of them; *not_run* says why none was run.

    *same*, *other* and the keys of *unknown* are ``family.type``; the values of *unknown* are reasons.
    """

    name: str
    same: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    not_run: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether all of them gave the recorded bits."""
        return bool(self.same) and not self.other and not self.unknown

    @property
    def title(self) -> str:
        """The library and where it computes, for people."""
        return title(self.name)


def title(group: str) -> str:
    """Return ``library.device`` in words."""
    library, _, device = group.partition(".")
    return f"{_LIBRARIES.get(library, library)} {_ON.get(device, device)}".rstrip()


def parse(text: str) -> Canaries:
    """Return what one line of JSON from ``running`` or ``child`` says; ValueError where it is none."""
    try:
        document = json.loads(text)
        values = {key: dict(document[key]) for key in ("conditions", "digests", "left-out")}
        scheme = document["scheme"]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not what canaries say: {error}") from None
    if not isinstance(scheme, str) or not all(
        isinstance(word, str) for table in values.values() for word in table.values()
    ):
        raise ValueError("not what canaries say")
    return Canaries(
        scheme=scheme,
        conditions=facts(values["conditions"]),
        digests=facts(values["digests"]),
        left_out=values["left-out"],
    )


def compare(recorded: Canaries, seen: Canaries) -> tuple[Group, ...]:
    """Return what became of the *recorded* canaries in *seen*, group by group.

    What is unknown on one side, was not computed on one side, or was computed by another scheme, is unknown and never the same.
    """
    groups: dict[str, list[str]] = {}
    for key, value in sorted(recorded.digests.items()):
        if value != NONE:
            groups.setdefault(group_of(key), []).append(key)
    return tuple(_group(name, keys, recorded, seen) for name, keys in groups.items())


def told_of(group: Group) -> dict[str, Any]:
    """Return *group* as a receipt has it, which names it."""
    return {
        "same": list(group.same),
        "other": list(group.other),
        "unknown": dict(group.unknown),
        "not-run": group.not_run,
    }


def gave(told: Mapping[str, Any]) -> dict[str, Fact]:
    """Return what the canaries that a run ran gave, by key, out of what its receipt says of canaries (*told*).

    That has the recorded bits (``recorded``), the others that were seen (``seen``), and by group what became of them (``groups``).
    """
    recorded, seen = told["recorded"], told.get("seen") or {}
    given: dict[str, Fact] = {}
    for name, group in told["groups"].items():
        if group["not-run"] is None:
            for bits, shorts in ((recorded, group["same"]), (seen, group["other"])):
                given |= {key: bits.get(key, _NO_BITS) for key in (_key(name, short) for short in shorts)}
            given |= {_key(name, short): Unknown(reason=reason) for short, reason in group["unknown"].items()}
    return given


def short_of(key: str) -> str:
    """Return the ``family.type`` of a key, for people where the key is that of a whole library."""
    return key.removeprefix(group_of(key)).lstrip(".") or _WHOLE


def facts(table: Mapping[str, str]) -> dict[str, Fact]:
    """Return what ``running.Results`` says as text as facts."""
    return {key: fact_of(value) for key, value in table.items()}


def group_of(key: str) -> str:
    """Return the ``library.device`` of a key, which for a whole library is its name."""
    return ".".join(key.split(".")[:2])


def families(names: Iterable[str]) -> str:
    """Return ``family.type`` names grouped for people: ``exp (float32, float64), matmul (float32)``."""
    grouped: dict[str, list[str]] = {}
    for name in names:
        family, _, kind = name.partition(".")
        grouped.setdefault(family, []).append(kind)
    return ", ".join(f"{family} ({', '.join(kinds)})" for family, kinds in grouped.items())


def _group(name: str, keys: list[str], recorded: Canaries, seen: Canaries) -> Group:
    library = name.partition(".")[0]
    left_out = seen.left_out.get(name) or seen.left_out.get(library)
    if left_out is not None:
        return Group(name=name, not_run=left_out)
    if recorded.scheme != seen.scheme:
        reason = f"they were recorded by other computations ({recorded.scheme}, here {seen.scheme})"
        return Group(name=name, unknown={short_of(key): reason for key in keys})
    same: list[str] = []
    other: list[str] = []
    unknown: dict[str, str] = {}
    for key in keys:
        old, new = recorded.digests[key], seen.digests.get(key, seen.digests.get(library))
        short = short_of(key)
        if isinstance(old, Unknown):
            unknown[short] = f"not known when it was recorded ({old.reason})"
        elif new is None or new == NONE:
            unknown[short] = "not computed here"
        elif isinstance(new, Unknown):
            unknown[short] = new.reason
        else:
            (same if old == new else other).append(short)
    return Group(name=name, same=tuple(same), other=tuple(other), unknown=unknown)


def _key(group: str, short: str) -> str:
    return group if short == _WHOLE else f"{group}.{short}"
