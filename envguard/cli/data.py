"""``envguard data``: the trees of data that a project has recorded."""

from __future__ import annotations

from .commands import HELP, LazyGroup

command = LazyGroup(
    name="data",
    help="Record trees of data in envguard.lock, and see whether they are as recorded.\n\n"
    "Exit status: 0 the same, 1 something differs, 2 the question could not be asked, 3 it cannot be told (a file cannot be "
    "read, a variable is not set, nothing is recorded).",
    short_help="Record trees of data, verify them, and name the files that differ.",
    modules={
        "add": ".data_add",
        "status": ".data_status",
        "verify": ".data_verify",
        "diff": ".data_diff",
        "update": ".data_update",
        "remove": ".data_remove",
    },
    context_settings=HELP,
)
