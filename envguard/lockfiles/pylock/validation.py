"""Whether a document is a ``pylock.toml``, as ``packaging.pylock`` has it, with the place where it is none."""

from __future__ import annotations

from ...errors import LockfileError
from ...patterns import late
from ..filenames import other_release
from .plain import is_certain
from .tables import HINT, LockTable, filename_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...entries import Entries

_KNOWN = "1.0"
_PART = late(r"(?P<key>[^.\[\]]+)|\[(?P<index>\d+)\]")


def validate(root: LockTable, entries: Entries | None = None) -> None:
    """Raise LockfileError with the key path where *root*, of any minor version of 1, is no valid lock.

    A file that belongs to another package or version is left to the check of the lock against itself, which has a rule for
    it: packaging is shown a name that agrees. *entries* are those that another text of the lock had.
    """
    if is_certain(dict(root.value), entries):
        return
    from packaging.pylock import Pylock, PylockValidationError

    # packaging writes into a log that it does not know a minor version; who reads the lock is told in other words.
    document = {**root.value, "lock-version": _KNOWN}
    packages = document.get("packages")
    if isinstance(packages, list):
        document["packages"] = [_agreeing(root.path, index, package) for index, package in enumerate(packages)]
    try:
        Pylock.from_dict(document)
    except PylockValidationError as error:
        message = error.message.partition("\n")[0]
        message = "a required key is missing" if message == "Missing required value" else message
        raise LockfileError(
            f"is not what PEP 751 asks for: {message}", path=root.path, keys=_keys(error.context or ""), hint=HINT
        ) from None


def _agreeing(path: str, index: int, package: Any) -> Any:
    """Return *package* with the names of files that belong to another one replaced by names that do not."""
    if not isinstance(package, dict) or not isinstance(name := package.get("name"), str):
        return package
    version = package.get("version")
    release = version if isinstance(version, str) else None

    def agreeing(file: Any) -> Any:
        if not isinstance(file, dict):
            return file
        found = filename_of(LockTable(path, ("packages", index), file))
        if found is None:
            return file
        if other_release(name, release, found) is None:
            # Told the name, packaging need not take the URL apart again.
            return {**file, "name": found}
        stem = f"{name.replace('-', '_')}-{release or '0'}"
        return {**file, "name": f"{stem}-py3-none-any.whl" if found.endswith(".whl") else f"{stem}.tar.gz"}

    agreed = dict(package)
    if isinstance(package.get("wheels"), list):
        agreed["wheels"] = [agreeing(wheel) for wheel in package["wheels"]]
    if "sdist" in package:
        agreed["sdist"] = agreeing(package["sdist"])
    return agreed


def _keys(context: str) -> tuple[str | int, ...]:
    """Return the key path that packaging writes as ``packages[3].wheels[0].size``."""
    return tuple(int(part["index"]) if part["index"] else part["key"] for part in _PART.finditer(context))
