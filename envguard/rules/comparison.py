"""What a recorded machine and an observed one differ in, and how grave that is by the table of facts."""

from __future__ import annotations

from ..facts import EDITION_KEY, NOT_SET, VARIABLE, edition_of, is_audit, table
from ..model import Severities, Severity
from ..values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model import Fact

_EVERYWHERE = Severities.same(Severity.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A fact that is not known to be equal: what was recorded (*old*), what is here (*new*), and how grave that is."""

    key: str
    old: Fact
    new: Fact
    severities: Severities


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSided:
    """Facts that only one side has, because another version of envguard recorded them.

    *unknown_here* are recorded and not known to this version, *unrecorded* are observed here and were not, then.
    """

    unknown_here: tuple[str, ...]
    unrecorded: tuple[str, ...]


def differences(recorded: Mapping[str, Fact], observed: Mapping[str, Fact]) -> Iterator[Difference]:
    """Yield each fact of both sides that is not known to be equal.

    A variable that one side does not have was not set there, if that side's envguard would have seen it.
    """
    known = table()
    for key in sorted((recorded.keys() | observed.keys()) - {EDITION_KEY}):
        entry = known.entry(key)
        old, new = _value(key, recorded), _value(key, observed)
        if old is None or new is None or old == new or entry is None or is_audit(key):
            continue
        severities = entry.severities
        if key == "interpreter.version" and isinstance(old, str) and isinstance(new, str):
            minor = old.split(".")[:2] != new.split(".")[:2]
            severities = known.exact["interpreter.version.minor"].severities if minor else severities
        yield Difference(key=key, old=old, new=new, severities=severities)


def one_sided(recorded: Mapping[str, Fact], observed: Mapping[str, Fact]) -> OneSided:
    """Return the facts that cannot be compared because one side's envguard did not observe them."""
    known = table()
    old, new = recorded.keys() - {EDITION_KEY}, observed.keys() - {EDITION_KEY}
    unknown_here = sorted(key for key in old if known.entry(key) is None or _value(key, observed) is None)
    unrecorded = sorted(key for key in new if _value(key, recorded) is None and not is_audit(key))
    return OneSided(unknown_here=tuple(unknown_here), unrecorded=tuple(unrecorded))


def gravity(key: str) -> Severities:
    """Return how grave a difference in the fact *key* is; in one that nobody here knows, an error everywhere."""
    entry = table().entry(key)
    return entry.severities if entry is not None else _EVERYWHERE


def _value(key: str, facts: Mapping[str, Fact]) -> Fact | None:
    """Return the fact *key*, None where the envguard that observed *facts* did not look at it."""
    if key in facts or not key.startswith(VARIABLE):
        return facts.get(key)
    entry = table().entry(key)
    return NOT_SET if entry is not None and entry.since <= edition_of(facts) else None
