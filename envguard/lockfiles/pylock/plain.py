"""Whether a document is certain to be a ``pylock.toml``, without asking ``packaging.pylock``, which takes as long as all the rest.

What tools write is a small part of what PEP 751 allows: plain names and versions, files that are called as their package is, markers
made of comparisons. What is of that kind is taken for valid here, and nothing else is said: ``packaging`` decides about every other
document, and says what is wrong with it. So this may only ever be too strict.
"""

from __future__ import annotations

import datetime
import functools

from ...patterns import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...entries import Entries

_VERSION = r"[0-9]{1,18}(?:\.[0-9]{1,18})*+(?:(?:a|b|rc)[0-9]{1,18})?(?:\.post[0-9]{1,18})?(?:\.dev[0-9]{1,18})?(?:\+[a-z0-9]+(?:\.[a-z0-9]+)*+)?"
_PLAIN_VERSION = late(_VERSION)
_NAME = late(r"[a-z0-9]+(?:-[a-z0-9]+)*+")
_NUMBERS = r"[0-9]{1,9}(?:\.[0-9]{1,9})"
_CLAUSE = rf"(?:[!=]= ?{_NUMBERS}*(?:\.\*)?|[<>]=? ?{_NUMBERS}*|~= ?{_NUMBERS}+)"
_SPECIFIERS = late(rf"{_CLAUSE}(?:, ?{_CLAUSE})*")
# What follows name and version in the name of a wheel: a build tag, and tags, each of which may be several.
_TAGS = late(
    r"(?:[0-9]{1,9}[A-Za-z0-9_]*+-)?[A-Za-z_][A-Za-z0-9_]*+(?:\.[A-Za-z_][A-Za-z0-9_]*+)*+-[A-Za-z0-9_]++(?:\.[A-Za-z0-9_]++)*+-[A-Za-z0-9_]++(?:\.[A-Za-z0-9_]++)*+"
)
_WRITTEN = late(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*+")
_SEPARATOR = late(r"[-_.]")
# What a URL may have besides the path that ends in the name of the file.
_SPECIAL = late(r"[%?#;@\\\s]")
_VARIABLES = (
    "python_version|python_full_version|os_name|sys_platform|platform_release|platform_system|platform_version"
    "|platform_machine|platform_python_implementation|implementation_name|implementation_version|extra"
)
_LITERAL = r"""(?:'[ !#-&(-\[\]-~]*+'|"[ !#-&(-\[\]-~]*+")"""
_OPERATOR = r"(?: ?(?:[<>]=?|[!=]=|~=) ?| (?:not )?in )"
_ATOM = late(
    rf"(?:{_VARIABLES}){_OPERATOR}{_LITERAL}|{_LITERAL}(?:{_OPERATOR}(?:{_VARIABLES})| (?:not )?in (?:extras|dependency_groups))\b"
)
# An atom, once it is found to be one: no marker has that character.
_FOUND = "\x00"
_JOINED = late(rf"\( ?{_FOUND} ?\)|{_FOUND} (?:and|or) {_FOUND}")
_LONGEST = 4000
_DEEPEST = 40


def is_certain(document: dict[str, Any], entries: Entries | None = None) -> bool:
    """Return whether *document*, of a version that is known, is certain to be valid; False where only packaging can tell.

    *entries* are those of the document that another text of it had, each of which is looked at once.
    """

    def is_package(package: Any) -> bool:
        look = functools.partial(_is_package, package)
        return look() if entries is None else entries.made(package, "certain", None, look)

    packages = document.get("packages")
    return (
        type(document.get("created-by")) is str
        and type(packages) is list
        and _optional(document, "requires-python", _is_range)
        and all(_optional(document, key, _are_texts) for key in ("dependency-groups", "default-groups"))
        and _optional(document, "extras", lambda value: _are_texts(value) and all(map(_NAME.fullmatch, value)))
        and _optional(document, "environments", lambda value: _are_texts(value) and all(map(_is_marker, value)))
        and _optional(document, "tool", _is_table)
        and all(map(is_package, packages))
    )


def _is_package(package: Any) -> bool:
    if type(package) is not dict or "attestation-identities" in package:
        return False
    name, version = package.get("name"), package.get("version")
    if type(name) is not str or _NAME.fullmatch(name) is None:
        return False
    if version is not None and (type(version) is not str or _PLAIN_VERSION.fullmatch(version) is None):
        return False
    if not (
        _optional(package, "marker", _is_marker)
        and _optional(package, "requires-python", _is_range)
        and _optional(package, "dependencies", lambda value: type(value) is list and all(map(_is_table, value)))
        and _optional(package, "index", _is_text)
        and _optional(package, "tool", _is_table)
    ):
        return False
    direct = [key for key in ("vcs", "directory", "archive") if key in package]
    wheels = package.get("wheels", [])
    if type(wheels) is not list or bool(direct) is bool(wheels or "sdist" in package) or len(direct) > 1:
        return False
    if direct:
        return _is_direct(direct[0], package[direct[0]])
    if "sdist" in package and not _is_file(package["sdist"], name, version, wheel=False):
        return False
    return all(_is_file(wheel, name, version, wheel=True) for wheel in wheels)


def _is_direct(key: str, value: Any) -> bool:
    if type(value) is not dict or not _optional(value, "subdirectory", _is_text):
        return False
    if key == "directory":
        return type(value.get("path")) is str and _optional(value, "editable", lambda flag: type(flag) is bool)
    if key == "archive":
        return _is_there(value)
    texts = ("url", "path", "requested-revision")
    return (
        type(value.get("type")) is str
        and type(value.get("commit-id")) is str
        and all(_optional(value, text, _is_text) for text in texts)
        and bool(value.get("url") or value.get("path"))
    )


def _is_there(file: dict[str, Any]) -> bool:
    """Return whether *file* says where it is, and has hashes."""
    hashes = file.get("hashes")
    return (
        type(hashes) is dict
        and bool(hashes)
        and all(type(value) is str for value in hashes.values())
        and type(file.get("size", 0)) is int
        and ("upload-time" not in file or isinstance(file["upload-time"], datetime.datetime))
        and type(file.get("url", "")) is str
        and type(file.get("path", "")) is str
        and bool(file.get("url") or file.get("path"))
    )


def _is_file(file: Any, name: str, version: str | None, *, wheel: bool) -> bool:
    """Return whether *file* is one of the release *version* of *name*, as it is called."""
    if type(file) is not dict or not _is_there(file):
        return False
    called = file.get("name")
    if called is None:
        url = file.get("url")
        # What has a path as well is called as that is.
        if not url or "path" in file or _SPECIAL.search(url) is not None:
            return False
        called = url[url.rfind("/") + 1 :]
    elif type(called) is not str:
        return False
    if wheel:
        # No name in the name of a wheel has a dash.
        stem, _, rest = called.partition("-")
        told, _, tags = rest.partition("-")
        if not tags.endswith(".whl") or _TAGS.fullmatch(tags, 0, len(tags) - 4) is None:
            return False
    else:
        if not called.endswith((".tar.gz", ".zip")):
            return False
        stem, _, told = called.removesuffix(".zip").removesuffix(".tar.gz").rpartition("-")
    if told != version and (version is not None or _PLAIN_VERSION.fullmatch(told) is None):
        return False
    return stem == name or (_WRITTEN.fullmatch(stem) is not None and _SEPARATOR.sub("-", stem).lower() == name)


@functools.lru_cache(maxsize=1024)
def _marker(text: str) -> bool:
    if len(text) > _LONGEST or text.count("(") > _DEEPEST or _FOUND in text:
        return False
    found, count = _ATOM.sub(_FOUND, text), 1
    while count:
        found, count = _JOINED.subn(_FOUND, found)
    return found == _FOUND


def _is_marker(value: Any) -> bool:
    return type(value) is str and _marker(value)


def _is_range(value: Any) -> bool:
    return type(value) is str and _SPECIFIERS.fullmatch(value) is not None


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_table(value: Any) -> bool:
    return type(value) is dict


def _are_texts(value: Any) -> bool:
    return type(value) is list and all(type(item) is str for item in value)


def _optional(table: dict[str, Any], key: str, holds: Any) -> bool:
    return key not in table or bool(holds(table[key]))
