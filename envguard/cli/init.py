"""``envguard init``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from ..atomic import write_atomic
from ..baseline import fact_text, read_baseline, write_baseline
from ..config import MANIFEST, OWN_FILE, load_config
from ..errors import ConfigError
from ..names import printable
from ..observe import find_project
from ..reader import Reader
from ..recording import propose
from ..report.words import plural
from . import options
from .console import Console, start_folder
from .manifest import with_table
from .record import contents, outlook, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..recording import Proposal

_NEXT = """\
Next:
  git add {files}
  envguard check                                 here, in CI, in a container build
  import envguard; envguard.enforce(seed=42)     at the top of a training script"""


@click.command("init", short_help="Set a project up: settings in pyproject.toml, a first record in envguard.lock.")
@click.argument("project", required=False, type=click.Path())
@click.option("--machine", metavar="NAME", help="What to call this machine in the record.")
@options.python
@options.selection
@options.color
@click.pass_context
def command(
    context: click.Context, /, *, project: str | None, machine: str | None, python: str | None, **selection: Any
) -> None:
    """Add a [tool.envguard] table to pyproject.toml and record this environment and machine in envguard.lock.

    PROJECT is a folder in the project; by default the current one. What is there already stays as it is: run twice, it
    changes nothing.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    folder = find_project(reader, project if project is not None else start_folder())
    load_config(reader, folder)
    # All that can be refused is refused before the first byte is written.
    table = _table(reader, folder)
    proposal = None
    if read_baseline(reader, folder) is None:
        proposal = propose(reader, folder, options.request(python=python, **selection), name=machine)
        write_baseline(proposal.baseline)
    manifest = os.path.join(folder, MANIFEST)
    if table is not None:
        write_atomic(manifest, table)
    console.emit("\n".join(_said(folder, proposal, python, table_added=table is not None)) + "\n")


def _table(reader: Reader, folder: str) -> bytes | None:
    """Return the manifest with the table added, None where the project has its settings already."""
    if reader.exists(os.path.join(folder, OWN_FILE)):
        return None
    manifest = os.path.join(folder, MANIFEST)
    if not reader.exists(manifest):
        raise ConfigError(f"there is no {MANIFEST} in the project", path=folder, hint="uv init --bare")
    reader.read_text(manifest)
    return with_table(reader.read_bytes(manifest), manifest)


def _said(folder: str, proposal: Proposal | None, python: str | None, *, table_added: bool) -> Iterator[str]:
    if proposal is None and not table_added:
        yield f"{shown_path(folder)} is set up already: nothing was changed"
        yield ""
        yield "To record this machine anew: envguard record"
        return
    if proposal is not None:
        yield from _found(proposal)
        yield ""
    files = []
    if table_added:
        files.append(MANIFEST)
        yield f"added [tool.envguard] to {shown_path(os.path.join(folder, MANIFEST))}"
    if proposal is not None:
        files.append("envguard.lock")
        path = shown_path(proposal.baseline.path)
        yield f"recorded machine '{printable(proposal.name)}' in {path}: {contents(proposal)}"
        yield ""
        yield from outlook(proposal, python)
    yield ""
    yield _NEXT.format(files=" ".join(files))


def _found(proposal: Proposal) -> Iterator[str]:
    evidence = proposal.evidence
    environment = evidence.environment
    told = " (told from what is installed)" if proposal.inferred else ""
    installed = plural(len(evidence.installed), "package")
    rows = [
        ("project", shown_path(evidence.project)),
        ("lock", evidence.lock_name),
        ("environment", f"{shown_path(environment.prefix)} ({environment.chosen_by}), {installed}"),
        ("selection", f"{proposal.machine.selection}{told}"),
        *((key, fact_text(value)) for key, value in sorted(evidence.facts.items())),
    ]
    width = max(len(label) for label, _ in rows)
    for label, value in rows:
        yield f"  {label:{width}}  {printable(value)}"
