"""Reading receipts, of every version that there has been, from files that anybody may have written."""

from __future__ import annotations

from ..errors import ReceiptError
from ..json_text import KINDS, parse_json
from .document import NAME, VERSION
from .schema import faults, schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..reader import Reader

MAX_BYTES = 64 * 1024 * 1024


def read_receipt(reader: Reader, path: str) -> dict[str, Any]:
    """Return the receipt at *path* as it stands there: plain JSON values that are as the schema of their version has them.

    Raises ReceiptError, with the line or the key path, where the file is no receipt of a version that is known here; UnreadableError
    where it cannot be read, or is too large.
    """
    document = parse_json(reader.read_text(path, limit=MAX_BYTES), path, ReceiptError)
    if not isinstance(document, dict):
        raise ReceiptError(f"is no receipt of envguard: expected an object, found {KINDS[type(document)]}", path=path)
    told = document.get("schema")
    if not isinstance(told, dict) or told.get("name") != NAME:
        raise ReceiptError("is no receipt of envguard", path=path, keys=("schema", "name"))
    version = told.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        hint = "update envguard" if type(version) is int and version > VERSION else None
        message = f"schema version {str(version)[:40]} is not known here, only 1 to {VERSION}"
        raise ReceiptError(message, path=path, keys=("schema", "version"), hint=hint)
    for keys, message in faults(document, version):
        raise ReceiptError(message, path=path, keys=keys)
    # What a version did not have is not read in it: nobody has said what it would mean.
    known = schema(version)["properties"]
    return document if version == VERSION else {key: document[key] for key in document if key in known}
