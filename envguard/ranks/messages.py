"""What goes from rank to rank: JSON of a bounded size, with a version, checked when it is read, whoever sent it."""

from __future__ import annotations

import json
from typing import Any

from ..errors import RanksError

VERSION = 1
MAX_BYTES = 4 * 1024 * 1024
_KEY = "envguard-ranks"


def encode(message: dict[str, Any]) -> bytes:
    """Return *message* as it is sent; RanksError where it would be too long for those that read it."""
    data = json.dumps({_KEY: VERSION, **message}, sort_keys=True, separators=(",", ":")).encode()
    if len(data) > MAX_BYTES:
        raise RanksError(f"a message to the other ranks would have {len(data):,} bytes: at most {MAX_BYTES:,} are read")
    return data


def decode(data: bytes) -> dict[str, Any]:
    """Return the message in *data*; RanksError where it is none that this version of envguard reads."""
    if len(data) > MAX_BYTES:
        raise RanksError(f"a message of another rank has {len(data):,} bytes: at most {MAX_BYTES:,} are read")
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or _KEY not in message:
        raise RanksError(
            "what another rank sent is no message of envguard: do all ranks call enforce() first, and alike?"
        )
    version = message.pop(_KEY)
    if version != VERSION:
        raise RanksError(
            f"another rank speaks version {version!r} of the protocol, this one {VERSION}",
            hint="install the same envguard for all ranks",
        )
    return message


def hello(message: dict[str, Any]) -> dict[str, Any]:
    """Return *message*, which is a rank's first; RanksError where something in it is not what it has to be."""
    wanted = {"rank": int, "size": int, "host": str, "strict": bool, "sections": dict}
    for key, kind in wanted.items():
        value = message.get(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise RanksError(f"the message of another rank has no '{key}' that can be read")
    sections = message["sections"]
    if not all(isinstance(text, str) and len(text) <= 128 for pair in sections.items() for text in pair):
        raise RanksError(f"the message of rank {message['rank']} has digests that cannot be read")
    refusal = message.get("refusal")
    if refusal is not None and not (isinstance(refusal, dict) and isinstance(refusal.get("text"), str)):
        raise RanksError(f"the message of rank {message['rank']} has a refusal that cannot be read")
    root = message.get("root")
    if root is not None and not (isinstance(root, str) and root.isascii() and root.isdecimal() and len(root) < 100):
        raise RanksError(f"the message of rank {message['rank']} has a seed that cannot be read")
    return message


def details(message: dict[str, Any]) -> dict[str, dict[str, str | None]]:
    """Return the sections in *message*, which is a representative's second; RanksError as for ``hello``."""
    found = message.get("details")
    if isinstance(found, dict) and all(
        isinstance(section, dict)
        and all(isinstance(key, str) and (value is None or isinstance(value, str)) for key, value in section.items())
        for section in found.values()
    ):
        return found
    raise RanksError("the message of another rank has no details that can be read")
