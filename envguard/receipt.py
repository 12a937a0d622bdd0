"""The receipt as a training script sees it."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    class Ledger(Protocol):
        """What the receipt was asked for of (``envguard.receipts.ledger``)."""

        @property
        def path(self) -> str | None:
            """The file of the receipt; None where none is written."""

        def write(self) -> str:
            """Write the receipt and return its path."""


class Receipt:
    """The metadata of one run, as it stood when it was asked for; what comes later is in a receipt that is asked for later.

    A plain class: a dataclass would cost every start of a training script a millisecond.
    """

    __slots__ = ("_document", "_ledger")

    def __init__(self, document: dict[str, Any], ledger: Ledger) -> None:
        self._document = document
        self._ledger = ledger

    @property
    def id(self) -> str:
        """The name of the run: when it began (UTC), the last eight digits its milliseconds and chance, ``20261126T022610Z-1f2e3d4c``."""
        return str(self._document["id"])

    @property
    def path(self) -> str | None:
        """The file of this receipt; None where none is written."""
        return self._ledger.path

    @property
    def time(self) -> str:
        """When ``enforce()`` was called: UTC, ISO 8601."""
        return str(self._document["time"])

    @property
    def mode(self) -> str:
        """``enforce``, ``warn`` or ``off``."""
        return str(self._document["mode"])

    @property
    def verdict(self) -> str:
        """``clean``, ``drift``, ``undecided``, or ``not checked``."""
        return str(self._document["verdict"])

    @property
    def level(self) -> str:
        """The level that was asked for."""
        return str(self._document["level"])

    @property
    def levels(self) -> Mapping[str, bool | None]:
        """Each level, and whether it was reachable (None: cannot tell)."""
        return {name: told["reachable"] for name, told in self._document["levels"].items()}

    @property
    def seed(self) -> int:
        """The root of all streams of ``scheme``."""
        return int(self._document["seed"])

    @property
    def scheme(self) -> str:
        """How streams are derived from the seed."""
        return str(self._document["scheme"])

    @property
    def seeded(self) -> Mapping[str, str]:
        """What was done to each library's generators."""
        return dict(self._document["seeded"])

    @property
    def switches(self) -> Mapping[str, Mapping[str, Any]]:
        """What each switch was wanted to be, and what it was found to be."""
        return dict(self._document["switches"])

    @property
    def observed(self) -> Mapping[str, Any]:
        """What the check saw: lock, baseline, machine, selection, trees of data, facts, packages, code."""
        return dict(self._document["observed"])

    @property
    def waived(self) -> tuple[str, ...]:
        """The findings that a waiver accepts, each with its reason."""
        return tuple(f"{item['code']} {item['subject']}: {item['reason']}" for item in self._document["waived"])

    @property
    def overridden(self) -> tuple[str, ...]:
        """What ``ENVGUARD=warn`` or ``ENVGUARD=off`` let pass."""
        return tuple(self._document["overridden"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong with the receipt itself, such as a folder that cannot be written to."""
        return tuple(self._document["notes"])

    def write(self) -> str:
        """Write what is known of the run now to ``path``, atomically, and return that path.

        ``enforce()`` has written it once already, and it is written again when the process ends. Raises WriteError where the
        file cannot be written, and where no receipts are written at all (``ENVGUARD_RUNS=off``, ``receipts = false``); ReceiptError in a
        process that was forked off the one that called ``enforce()``.
        """
        return self._ledger.write()

    def to_dict(self) -> dict[str, Any]:
        """Return the receipt as plain JSON values (``envguard/schemas/receipt-v2.json``); the seed is text: it may not fit a double."""
        return dict(self._document)

    def to_json(self) -> str:
        """Return the receipt as JSON with sorted keys."""
        return json.dumps(self._document, indent=2, sort_keys=True) + "\n"
