"""A reader that says what a test wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envguard.model import Fact, Unknown
from envguard.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Collection


class Told(Reader):
    """A reader whose probes and questions say what a test wants, and nothing where it wants nothing."""

    def __init__(
        self,
        answers: dict[str, str] | None = None,
        *,
        now: dict[str, str] | None = None,
        started: dict[str, str] | None = None,
        in_c: dict[str, str] | None = None,
        told_start: bool = True,
        told_c: bool = True,
        **probes: str,
    ) -> None:
        super().__init__(environ=now or {})
        self.probes = probes
        self.answers = answers or {}
        self.now = now or {}
        self.started = (self.now if started is None else started) if told_start else None
        self.told_c = told_c
        self.in_c = self.now if in_c is None else in_c

    def probe(self, name: str, argument: str = "") -> str:
        return self.probes.get(name, "")

    def ask(self, name: str) -> str:
        return self.answers.get(name, "")

    def variables(self) -> tuple[dict[str, str] | None, dict[str, str]]:
        return self.started, self.now

    def variables_in_c(self, names: Collection[str]) -> dict[str, str] | None:
        if not self.told_c:
            return None
        return {name: value for name, value in self.in_c.items() if name in names}


def reason(fact: Fact) -> str:
    """Return why a fact is unknown."""
    assert isinstance(fact, Unknown), fact
    return fact.reason
