"""``envguard reproduce``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from ..errors import ConfigError
from ..names import printable
from ..reader import Reader
from ..receipts.judge import judge, status_of
from . import options
from .receipt_verify import told
from .receipts import Kept

if TYPE_CHECKING:
    from ..runs.plan import Step
    from .console import Console


@click.command("reproduce", short_help="Say what to restore to run a run again, or whether it is here.")
@click.argument("receipt")
@click.option("--check", is_flag=True, help="Compare what is here with what the run had, and execute nothing.")
@options.python
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.color
@click.pass_context
def command(context: click.Context, /, *, receipt: str, check: bool, python: str | None, form: str) -> None:
    """Print the commands that restore the run of RECEIPT, in their order: code, packages, data, variables, the run itself.

    RECEIPT is a file, 'latest' for the latest run that began, '@2' for the one before, or the beginning of a name. Nothing that it says is executed: read the
    commands before you run them.

    Exit status with --check: 0 all is as the run had it, 1 something differs, 3 something cannot be told.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    kept = Kept(reader)
    path, document = kept.read_run(receipt, "there is nothing to run again")
    if not check:
        from ..runs.plan import plan

        steps = plan(document, path)
        console.emit(_json(path, steps) if form == "json" else _text(steps))
        return
    if kept.project is None:
        raise ConfigError("there is no project here to compare with", hint="run the command in the project's folder")
    from ..runs.here import here

    # The document itself first: of what was changed nobody can say that it is restored.
    points = [
        point for point in judge(reader, path, document, kept.project) if point.name in ("digest", "parts", "patch")
    ]
    points += here(reader, kept.project, document, python=python)
    console.emit(told(path, points, form))
    context.exit(status_of(points))


def _text(steps: list[Step]) -> str:
    lines: list[str] = []
    for step in steps:
        lines += ["", f"# {step.title}"] if lines else [f"# {step.title}"]
        lines += [f"#   {printable(note)}" for note in step.notes]
        lines += step.commands
    return "\n".join(lines) + "\n"


def _json(path: str, steps: list[Step]) -> str:
    rows = [{"title": step.title, "commands": list(step.commands), "notes": list(step.notes)} for step in steps]
    document = {"schema": {"name": "envguard.reproduce", "version": 1}, "receipt": path, "steps": rows}
    return json.dumps(document, indent=2) + "\n"
