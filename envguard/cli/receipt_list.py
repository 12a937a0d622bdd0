"""``envguard receipt list``."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import click

from ..errors import EnvguardError
from ..names import printable
from ..reader import Reader
from ..receipts.find import receipts_in
from ..receipts.place import SUFFIX
from ..receipts.read import read_receipt
from ..report.words import shorten
from . import options
from .console import current_folder
from .receipts import Kept

if TYPE_CHECKING:
    from .console import Console

_FEW = 20
_WIDTH = 100


@click.command("list", short_help="List the receipts that are kept here, the latest first.")
@click.option("--all", "every", is_flag=True, help=f"List all of them, not only the latest {_FEW}.")
@options.color
@click.pass_context
def command(context: click.Context, /, *, every: bool) -> None:
    """List the receipts of this project: name, verdict and command.

    They are kept until somebody deletes them; of runs that were refused the last 20 are kept.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    folder = Kept(reader).folder
    names = receipts_in(reader, folder)[::-1]
    if folder is None or not names:
        where = printable(shorten(folder, current_folder())) if folder is not None else "here"
        console.emit(f"no receipts are kept in {where}\n" if folder is not None else "no receipts are kept here\n")
        return
    shown = names if every else names[:_FEW]
    lines = [_line(reader, folder, name) for name in shown]
    if len(shown) < len(names):
        lines.append(f"and {len(names) - len(shown)} more: --all lists them")
    console.emit("".join(f"{line}\n" for line in lines))


def _line(reader: Reader, folder: str, name: str) -> str:
    try:
        document = read_receipt(reader, os.path.join(folder, name))
        process = document.get("process")
        command = shlex.join(process["argv"]) if process is not None else ""
        text = f"{document['verdict']:11}  {command}"
    except EnvguardError as error:
        text = f"unreadable   {error.message}"
    line = f"{name.removesuffix(SUFFIX)}  {printable(text)}".rstrip()
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."
