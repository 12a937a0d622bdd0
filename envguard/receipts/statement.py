"""A receipt as an in-toto Statement, version 1 (in-toto Attestation Framework, ``spec/v1/statement.md``).

The predicate is the receipt itself, of the type ``https://envguard/receipt/v2``: a name, as OMS has ``https://model_signing/signature/v1.0``;
nobody serves it. What it means is said by the schema that comes with envguard (``envguard/schemas/receipt-v2.json``). A Statement says what
was, of files that are known by their digests; it is not signed here. Whoever signs it puts it into an envelope (DSSE), with a tool
that keeps keys.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from typing import TYPE_CHECKING, Any

from ..errors import ReceiptError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..reader import Reader

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://envguard/receipt/v"


def statement(document: Mapping[str, Any], subjects: Mapping[str, str]) -> dict[str, Any]:
    """Return the Statement that the run of *document* made *subjects*: names of files with their SHA-256, 64 hexadecimal digits."""
    return {
        "_type": TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(subjects.items())],
        "predicateType": f"{PREDICATE_TYPE}{document['schema']['version']}",
        "predicate": dict(document),
    }


def subjects_of(reader: Reader, path: str, document: Mapping[str, Any], named: Iterable[str]) -> dict[str, str]:
    """Return what a Statement is about: the files *named*, else what ``run.finish()`` was told that the run made, else the receipt at *path*.

    ReceiptError where two of *named* are called alike; UnreadableError where one cannot be read.
    """
    found: dict[str, str] = {}
    for name in named:
        shown = os.path.normpath(name).encode("utf-8", "backslashreplace").decode()
        if shown in found:
            raise ReceiptError(f"the subject '{shown}' is named twice")
        found[shown] = _sha256(name)
    if not found:
        outputs = (document.get("end") or {}).get("outputs", ())
        found = {output["path"]: output["sha256"] for output in outputs if "sha256" in output}
    return found or {os.path.basename(path): hashlib.sha256(reader.read_bytes(path)).hexdigest()}


def render(made: Mapping[str, Any]) -> str:
    """Return a Statement as JSON."""
    return json.dumps(made, indent=2) + "\n"


def _sha256(path: str) -> str:
    try:
        # Opening a pipe that nobody writes to must not wait for ever.
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise UnreadableError("is not a regular file", path=path)
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UnreadableError(f"cannot be read: {reason}", path=path) from None
