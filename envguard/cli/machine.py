"""``envguard machine``: the commands that look at this machine and compare nothing."""

from __future__ import annotations

from .commands import HELP, LazyGroup

command = LazyGroup(
    name="machine",
    help="Look at this machine.",
    short_help="Show what decides numbers on this machine.",
    modules={"show": ".machine_show"},
    context_settings=HELP,
)
