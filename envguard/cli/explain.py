"""``envguard explain``: the rules, and the table of facts behind those of the machine."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from ..model import Level
from ..rules.registry import all_rules, get
from . import options
from .explaining import levels_json, levels_text

if TYPE_CHECKING:
    from ..rules.registry import Rule
    from .console import Console

LEVELS = "levels"
_WAIVE = """\
## How to waive

Where the difference is known and accepted, say so in `pyproject.toml`. It is then shown apart and fails nothing:

    [[tool.envguard.waivers]]
    rule = "{name}"
    subject = "..."           # what the finding is about, as the report names it; * and ? are wildcards
    reason = "..."            # shown in every report and written into every receipt
    until = YYYY-MM-DD       # optional: the waiver's last day"""


@click.command("explain", short_help="Say what a rule sees, why it matters, and how to mend or waive it.")
@click.argument("rule", metavar="[RULE|levels]", required=False)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.color
@click.pass_context
def command(context: click.Context, /, *, rule: str | None, form: str) -> None:
    """Explain RULE, given by its code or its name; without one, list all rules.

    "envguard explain levels" prints, for every fact of a machine, how grave a difference is at each level, and why.
    """
    console: Console = context.find_root().obj
    bold = console.colored(sys.stdout)
    if rule == LEVELS:
        console.emit(levels_json() if form == "json" else levels_text(bold=bold))
    elif form == "json":
        rules = all_rules() if rule is None else [get(rule)]
        document = {"schema": {"name": "envguard.rules", "version": 1}, "rules": [_entry(item) for item in rules]}
        console.emit(json.dumps(document, indent=2) + "\n")
    else:
        console.emit(_list() if rule is None else _explain(get(rule), bold=bold))


def _entry(rule: Rule) -> dict[str, Any]:
    severities = {level: rule.severities.at(level) for level in Level}
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": rule.summary,
        "since": rule.since,
        "severities": {str(level): None if found is None else str(found) for level, found in severities.items()},
        "text": rule.doc,
    }


def _list() -> str:
    rules = all_rules()
    width = max(len(rule.name) for rule in rules)
    return "".join(f"{rule.code}  {rule.name:{width}}  {rule.summary}\n" for rule in rules)


def _explain(rule: Rule, *, bold: bool) -> str:
    severities = {level: rule.severities.at(level) for level in Level}
    width = max(map(len, Level))
    lines = [
        f"# {rule.code} {rule.name}",
        "",
        f"{rule.summary[:1].upper()}{rule.summary[1:]}. Since envguard {rule.since}.",
        "",
        *(f"    {level:{width}}  {severity or 'not asked'}" for level, severity in severities.items()),
        "",
        *rule.doc.splitlines(),
        "",
        *_WAIVE.format(name=rule.name).splitlines(),
    ]
    if bold:
        lines = [f"\x1b[1m{line}\x1b[0m" if line.startswith("#") else line for line in lines]
    return "\n".join(lines) + "\n"
