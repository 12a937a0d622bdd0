"""The environment variables that change numbers, by the allow-list in the table of facts: what each is, by three witnesses.

A library reads a variable when it is loaded or first used, through C; Python code reads ``os.environ``, which is a copy. So what
the process was started with, what Python says and what C says can be three things. Where they are, the fact says all three, and
equals nothing that was recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..facts import NOT_SET, VARIABLE, table
from ..model import Fact, Unknown
from ..redact import looks_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..reader import Reader


def variables(reader: Reader, *, live: bool) -> dict[str, Fact]:
    """Return a fact ``variable.NAME`` for each variable of the allow-list that is set.

    C is asked only *live*, in a process whose libraries may have set something themselves.
    """
    started, now = reader.variables()
    known = table()
    names = {name for name in (*now, *(started or ())) if known.entry(VARIABLE + name) is not None}
    listed = {key.removeprefix(VARIABLE) for key in known.exact if key.startswith(VARIABLE)}
    in_c = reader.variables_in_c(sorted(listed | names)) if live else None
    snapshots = {"the start of the process": started, "os.environ": now, "C": in_c}
    return {VARIABLE + name: _fact(name, snapshots) for name in names.union(in_c or ())}


def _fact(name: str, snapshots: Mapping[str, Mapping[str, str] | None]) -> Fact:
    """Return what the variable *name* is in those *snapshots* that could be taken."""
    witnesses = {witness: values.get(name) for witness, values in snapshots.items() if values is not None}
    if any(value is not None and looks_secret(name, value) for value in witnesses.values()):
        return Unknown(reason="its value looks like a secret, so it is neither kept nor compared")
    values = {_word(value) for value in witnesses.values()}
    if len(values) == 1:
        return values.pop()
    return ", ".join(f"{_word(value)} for {witness}" for witness, value in witnesses.items())


def _word(value: str | None) -> str:
    return NOT_SET if value is None else value or "''"
