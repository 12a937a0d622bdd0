"""The first settings of a project: added to its manifest as text, so that every byte that stood there before still does."""

from __future__ import annotations

from typing import Any

from ..errors import ConfigError
from ..toml import parse_toml

TABLE = """\
[tool.envguard]
# What must stay the same. "run-to-run": this machine gives the same bits again. "host-to-host": so does another
# machine with the same hardware and stack. "cross-hardware": statistics agree.
level = "host-to-host"
# What an installed package is that the lock does not know: "error", "warning", "note", or "allow".
unexpected = "warning"
# A difference that is known and accepted; every report shows it. `envguard explain` lists the rules.
# [[tool.envguard.waivers]]
# rule = "unexpected-package"
# subject = "ipdb"
# reason = "the debugger of this machine, imported by nothing"
"""
# The same where there is no pyproject.toml to add it to.
OWN = TABLE.removeprefix("[tool.envguard]\n").replace("tool.envguard.", "")


def has_table(document: dict[str, Any]) -> bool:
    """Return whether the manifest *document* has a ``[tool.envguard]`` already."""
    tool = document.get("tool")
    return isinstance(tool, dict) and "envguard" in tool


def with_table(data: bytes, path: str) -> bytes | None:
    """Return the manifest *data* with the table at its end, in its own line ends; None where it is there already.

    Raises ConfigError where the text is no TOML, and where a table cannot be added without rewriting what is there; the
    hint then holds the text to paste.
    """
    text = data.decode("utf-8")
    before = parse_toml(text, path, ConfigError)
    if has_table(before):
        return None
    newline = "\r\n" if "\r\n" in text else "\n"
    ends = not text or text.endswith("\n")
    gap = "" if not text or text.endswith(newline * 2) else newline if ends else newline * 2
    table = TABLE.replace("\n", newline)
    after = text + gap + (table if ends else table.removesuffix(newline))
    tool = before.get("tool", {})
    expected = (
        {**before, "tool": {**tool, **parse_toml(TABLE, path, ConfigError)["tool"]}} if isinstance(tool, dict) else {}
    )
    try:
        # As text, because a "not a number" in the manifest equals nothing, not even itself.
        same = repr(parse_toml(after, path, ConfigError)) == repr(expected)
    except ConfigError:
        same = False
    if not same:
        raise ConfigError(
            "a [tool.envguard] table cannot be added at the end without changing what the file says",
            path=path,
            keys=("tool",),
            hint=f"add these settings where 'tool' is defined, then run the command again:\n\n{TABLE}",
        )
    return after.encode("utf-8")
