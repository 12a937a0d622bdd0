"""``envguard lock``: the commands that look at the lock and at no environment's packages."""

from __future__ import annotations

from .commands import HELP, LazyGroup

command = LazyGroup(
    name="lock",
    help="Look at the lockfile alone.",
    short_help="Check the lockfile against its manifest, or list what it selects.",
    modules={"check": ".lock_check", "list": ".lock_list"},
    context_settings=HELP,
)
