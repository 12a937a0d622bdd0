"""YAML in, as plain values, with errors that name the place.

PyYAML's C loader composes the document; what follows is done here, because it would take the last of two equal keys in
silence, expand aliases without a limit and let tags choose types. The types are those of YAML 1.2 (its core schema): texts, numbers,
true and false, null. What YAML 1.1 had beside them is the text that it is written as: dates, ``yes``, ``1_000``, ``1:30``; and so is an integer that no
machine has (a hash of digits alone). It is an optional dependency (the extra ``conda``), imported when a document is read that is not
written line by line as ``envguard.yaml_lines`` knows it.
"""

from __future__ import annotations

import re

from .patterns import late
from .yaml_lines import read_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .entries import Entries
    from .errors import EnvguardError

KINDS = {
    bool: "true or false",
    str: "a string",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
    type(None): "null",
}
MAX_DEPTH = 100
MAX_ALIASED = 10_000
_TOO_DEEP = f"has values nested deeper than {MAX_DEPTH} levels"
_CORE = "tag:yaml.org,2002:"
_TEXT = f"{_CORE}str"
_TEXTS = frozenset((_TEXT, f"{_CORE}timestamp", f"{_CORE}value"))
# What PyYAML, which knows YAML 1.1, takes for a number or a truth value, and the newer version does too.
_NUMBERS = {
    f"{_CORE}bool": late(r"true|True|TRUE|false|False|FALSE"),
    f"{_CORE}int": late(r"[-+]?(?:0|[1-9][0-9]{0,18})|0x[0-9a-fA-F]{1,16}"),
    f"{_CORE}float": late(
        r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    ),
}
_INSTALL = "pip install 'envguard[conda]'"
# PyYAML composes by recursion in C, which older builds of libyaml do not bound: 100,000 brackets end the process. A document
# that is nested deeply has as many brackets that open, or a line that begins with as many columns of indentation and indicators.
_SAFE_OPENINGS = 1000
_DEEP_BLOCK = late(r"^(?:[ \t]|[-?:](?=[ \t])){400}", re.MULTILINE)


def parse_yaml(
    text: str,
    path: str,
    error: type[EnvguardError],
    *,
    hint: str | None = None,
    entries: Entries | None = None,
    named: str = "",
) -> Any:
    """Return the one YAML document *text*, which was read from *path*; None where it is empty.

    The elements of the list called *named* are taken from *entries* where another text had them, too.

    *error* is raised, with the line, where the text is no YAML, where it has a tag, a key twice, a merge key, values nested
    deeper than ``MAX_DEPTH``, or aliases that stand for more than ``MAX_ALIASED`` lists and mappings; and where PyYAML is needed
    and missing.
    """
    lines = entries.yaml(path, named, text, read_lines) if entries is not None else read_lines(text)
    return _loaded(text, path, error, hint) if lines is None else lines


def _loaded(text: str, path: str, error: type[EnvguardError], hint: str | None) -> Any:
    try:
        import yaml
    except ImportError:
        raise error("is YAML, which is read with PyYAML, and that is not installed", path=path, hint=_INSTALL) from None
    if not hasattr(yaml, "CSafeLoader"):
        message = "is YAML, which is read with PyYAML's C loader, and this PyYAML was built without it"
        raise error(message, path=path, hint="pip install --force-reinstall --only-binary=:all: pyyaml")
    loader = None
    try:
        _refuse_depth(yaml, text, path, error, hint)
        loader = yaml.CSafeLoader(text)
        node = loader.get_single_node()
        return None if node is None else _Values(loader, path, error, hint).value(node, 0)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        what = problem.problem or problem.context or "it ends too early"
        line = mark.line + 1 if mark is not None else None
        raise error(f"is not valid YAML: {what}", path=path, line=line, hint=hint) from None
    except yaml.reader.ReaderError as problem:
        line = text.count("\n", 0, problem.position) + 1
        raise error(f"is not valid YAML: {problem.reason}", path=path, line=line, hint=hint) from None
    finally:
        if loader is not None:
            loader.dispose()


def _refuse_depth(yaml: Any, text: str, path: str, error: type[EnvguardError], hint: str | None) -> None:
    """Raise *error* where *text* is nested deeper than ``MAX_DEPTH``, as far as it could end the process to compose it."""
    openings = sum(text.count(one) - text.count(pair) for one, pair in (("[", "[]"), ("{", "{}")))
    if openings <= _SAFE_OPENINGS and _DEEP_BLOCK.search(text) is None:
        return
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise error(_TOO_DEEP, path=path, line=event.start_mark.line + 1, hint=hint)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Values:
    """Plain values out of the nodes of one document."""

    def __init__(self, loader: Any, path: str, error: type[EnvguardError], hint: str | None) -> None:
        self.loader = loader
        self.path = path
        self.error = error
        self.hint = hint
        self.seen: set[int] = set()
        self.aliased = 0

    def value(self, node: Any, depth: int) -> Any:
        tag, kind = node.tag, node.id
        if kind == "scalar":
            return node.value if tag == _TEXT else self.scalar(node)
        if tag != f"{_CORE}{'seq' if kind == 'sequence' else 'map'}":
            raise self.refused(node, f"a tag, {tag}: nothing is made of what is read here")
        if depth >= MAX_DEPTH:
            raise self.error(_TOO_DEEP, path=self.path, line=node.start_mark.line + 1, hint=self.hint)
        if id(node) in self.seen:
            self.aliased += 1
            if self.aliased > MAX_ALIASED:
                raise self.refused(node, f"aliases that stand for more than {MAX_ALIASED} lists and mappings")
        self.seen.add(id(node))
        if kind == "sequence":
            return [self.value(item, depth + 1) for item in node.value]
        found = {self.key(key): self.value(item, depth + 1) for key, item in node.value}
        if len(found) != len(node.value):
            raise self.repeated(node)
        return found

    def scalar(self, node: Any) -> Any:
        tag = node.tag
        if tag in _TEXTS:
            return node.value
        if tag == f"{_CORE}null":
            return None
        pattern = _NUMBERS.get(tag)
        if pattern is None:
            raise self.refused(node, f"a tag, {tag}: nothing is made of what is read here")
        if pattern.fullmatch(node.value) is None:
            return node.value
        make = {
            f"{_CORE}bool": self.loader.construct_yaml_bool,
            f"{_CORE}int": self.loader.construct_yaml_int,
            f"{_CORE}float": self.loader.construct_yaml_float,
        }[tag]
        return make(node)

    def key(self, node: Any) -> str:
        """Return a key as the text that it is written as, whatever type it would have as a value."""
        if node.id != "scalar":
            raise self.refused(node, "a key that is no text")
        if node.tag == f"{_CORE}merge":
            raise self.refused(node, "a merge key, which is not read here")
        return str(node.value)

    def repeated(self, node: Any) -> EnvguardError:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                return self.refused(key, f"the key '{key.value}' twice in one mapping")
            seen.add(key.value)
        raise AssertionError

    def refused(self, node: Any, what: str) -> EnvguardError:
        return self.error(f"has {what}", path=self.path, line=node.start_mark.line + 1, hint=self.hint)
