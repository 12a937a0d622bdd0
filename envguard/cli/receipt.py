"""``envguard receipt``: the receipts of runs."""

from __future__ import annotations

from .commands import HELP, LazyGroup

command = LazyGroup(
    name="receipt",
    help="Look at the receipts that enforce() writes, compare two, and see whether one is as it was written.\n\n"
    "A receipt is named by its file, by 'latest' or '@1', '@2' for the one before, or by the beginning of its name.",
    short_help="Show, compare and verify the receipts of runs.",
    modules={
        "list": ".receipt_list",
        "show": ".receipt_show",
        "diff": ".receipt_diff",
        "verify": ".receipt_verify",
    },
    context_settings=HELP,
)
