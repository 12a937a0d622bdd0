"""``envguard code``: the commands that look at the state of the code and compare nothing with a record."""

from __future__ import annotations

from .commands import HELP, LazyGroup

command = LazyGroup(
    name="code",
    help="Look at the state of the code.",
    short_help="Show which commit this is, and what differs from it.",
    modules={"show": ".code_show"},
    context_settings=HELP,
)
