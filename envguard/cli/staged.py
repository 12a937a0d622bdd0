"""``envguard staged``: what the hooks of pre-commit run."""

from __future__ import annotations

from .commands import HELP, LazyGroup

command = LazyGroup(
    name="staged",
    help="Judge what is staged for the next commit, whatever the working tree holds. The pre-commit hooks run these.",
    short_help="Judge what is staged for the next commit: the lock, its change, the record.",
    modules={"lock": ".staged_lock", "diff": ".staged_diff", "record": ".staged_record"},
    context_settings=HELP,
)
