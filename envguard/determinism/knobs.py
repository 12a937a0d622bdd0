"""What a switch is: what was wanted, what was found, when it was set, and how that was seen."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ANY = "any"
LEFT = "left out, as was asked for"
RECORDED = "read; left to the program"
SET = "set, and read back"
TOO_LATE = "too late"
UNREADABLE = "unreadable"


class Switch:
    """One switch, in text as it stands in the receipt.

    What was *wanted* (``any`` where it is left to the program), what it was *found* to be afterwards, *when* it was set, and the
    *evidence*: how that was seen. A plain class: a dataclass would cost every start of a training script a millisecond.
    """

    __slots__ = ("evidence", "found", "name", "wanted", "when")

    def __init__(self, *, name: str, wanted: str, found: str, when: str, evidence: str = RECORDED) -> None:
        self.name = name
        self.wanted = wanted
        self.found = found
        self.when = when
        self.evidence = evidence

    @property
    def holds(self) -> bool:
        """Whether the switch is what was wanted."""
        return self.wanted in (ANY, self.found)

    def told(self) -> dict[str, str]:
        """Return the switch as the receipt tells it."""
        return {"wanted": self.wanted, "found": self.found, "when": self.when, "evidence": self.evidence}


class Knob:
    """A switch that can be read, and perhaps set, at any time in a running process.

    *wanted* is its value where the same bits are asked for; None leaves it to the program, and it is only recorded.
    *write* is None where nothing here may set it. *prove* says how it is seen that the value is in force, beyond reading it
    back, and raises where it is not.
    """

    __slots__ = ("name", "prove", "read", "wanted", "write")

    def __init__(
        self,
        name: str,
        read: Callable[[], object],
        *,
        wanted: object = None,
        write: Callable[[object], None] | None = None,
        prove: Callable[[], str] | None = None,
    ) -> None:
        self.name = name
        self.read = read
        self.wanted = wanted
        self.write = write
        self.prove = prove

    def value(self) -> object:
        """Return what it is now; an ``Unreadable`` where that cannot be told."""
        try:
            return self.read()
        except Exception as error:  # noqa: BLE001 - some getters of torch raise after some setters: unknown, and never equal
            return Unreadable(error)

    def set(self, value: object = None) -> str:
        """Set it to *value*, by default to what is wanted; return what the library says against it, nothing where it took it."""
        if self.write is None:
            return "it cannot be set"
        try:
            self.write(self.wanted if value is None else value)
        except Exception as error:  # noqa: BLE001 - a library that refuses is told as it is, and what is read back decides
            return f"{type(error).__name__}: {error}"
        return ""

    def switch(self, *, set_here: bool, when: str = "now") -> Switch:
        """Return what it is now as a switch; *set_here* says that it was set to what is wanted."""
        found, evidence = self.value(), SET if set_here else RECORDED
        if set_here and self.prove is not None and found == self.wanted:
            try:
                evidence = self.prove()
            except Exception as error:  # noqa: BLE001 - whatever a proof meets, it is no proof
                found, evidence = f"{found}, but not in force", f"{type(error).__name__}: {error}"
        return Switch(
            name=self.name,
            wanted=str(self.wanted) if set_here else ANY,
            found=str(found),
            when=when,
            evidence=evidence,
        )


class Unreadable:
    """A value that could not be read, with the reason; it equals nothing, not even itself."""

    __slots__ = ("reason",)

    def __init__(self, error: Exception) -> None:
        self.reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"

    def __str__(self) -> str:
        return f"{UNREADABLE}: {self.reason}"

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]
