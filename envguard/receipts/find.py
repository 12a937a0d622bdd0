"""Which receipt somebody means: a file, the beginning of a name, the latest of a run that began, the one before it, the latest refusal."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ..amounts import plural
from ..errors import ReceiptError
from .place import REFUSED, SUFFIX

if TYPE_CHECKING:
    from ..reader import Reader

LATEST = "latest"
REFUSAL = "refused"
_NUMBER = re.compile(r"@([1-9][0-9]{0,5})")
_NAME = re.compile(r"([0-9]{8}T[0-9]{6}Z)-([0-9a-f]{8})(-rank[0-9]+)?(?:\.refused)?\.json")
_SHOWN = 5


def find_receipt(reader: Reader, folder: str | None, text: str) -> str:
    """Return the path of the receipt that *text* means; *folder* is where the project keeps them, None where it keeps none.

    The path of a file; ``latest`` or ``@1``, ``@2`` for the one before, of runs that began; ``refused``, the latest that did not; or the
    beginning of a name, or of the eight digits at its end. ReceiptError where there is none, or where several begin so.
    """
    if reader.is_file(text):
        return os.path.abspath(text)
    names = receipts_in(reader, folder)
    number = _NUMBER.fullmatch(text)
    if text in (LATEST, REFUSAL) or number is not None:
        at = 1 if number is None else int(number[1])
        meant = [name for name in names if name.endswith(REFUSED) == (text == REFUSAL)]
        if at > len(meant):
            raise _too_few(text, len(meant), len(names) - len(meant), folder)
        return os.path.join(folder or "", meant[-at])
    found = [name for name in names if name.startswith(text) or name.partition("-")[2].startswith(text)] if text else []
    if len(found) > 1 and len({name.removesuffix(SUFFIX) for name in found}) > 1:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise ReceiptError(f"several receipts begin with '{text}': {', '.join(found[:_SHOWN])}{more}", path=folder)
    if not found:
        raise _none(f"there is no receipt '{text}', neither a file nor the beginning of a name", folder)
    return os.path.join(folder or "", found[0])


def later_refusal(reader: Reader, folder: str | None) -> str | None:
    """Return the name of the receipt in *folder* that is later than all others where its run was refused, else None."""
    last = receipts_in(reader, folder)[-1:]
    return last[0] if last and last[0].endswith(REFUSED) else None


def receipts_in(reader: Reader, folder: str | None) -> list[str]:
    """Return the names of the receipts in *folder*, the oldest first."""
    if folder is None or not reader.is_dir(folder):
        return []
    names = [name for name in reader.list_dir(folder) if _NAME.fullmatch(name)]

    def order(name: str) -> tuple[str, int, str]:
        # Of two runs that began in the same second the one that was written later is the later one, as far as anybody can tell.
        try:
            written = os.stat(os.path.join(folder, name)).st_mtime_ns
        except OSError:
            written = 0
        return name.partition("-")[0], written, name

    return sorted(names, key=order)


def _too_few(text: str, there: int, others: int, folder: str | None) -> ReceiptError:
    if text == REFUSAL:
        return _none("there is no receipt of a run that was refused", folder)
    if others and not there:
        return ReceiptError(
            f"there is no receipt {text}: no run that began has left one here, and {plural(others, 'run')} that "
            f"{'was' if others == 1 else 'were'} refused",
            path=folder,
            hint=f"envguard receipt show {REFUSAL}",
        )
    return _none(f"there is no receipt {text}: {there or 'none'} of them are kept here", folder)


def _none(message: str, folder: str | None) -> ReceiptError:
    hint = "enforce() writes one for each run; envguard receipt list" if folder is not None else None
    return ReceiptError(message, path=folder, hint=hint)
