"""What the commands about receipts share: where they are kept here, and which one is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..config import Config, load_config
from ..errors import ConfigError, ReceiptError
from ..observe import find_project
from ..receipts.document import REFUSED
from ..receipts.find import LATEST, find_receipt, later_refusal
from ..receipts.place import SUFFIX, folder_of
from ..receipts.read import read_receipt
from .console import start_folder

if TYPE_CHECKING:
    from ..reader import Reader
    from .console import Console


class Kept:
    """The receipts that are kept here: the *project* around the current folder (None where there is none), its settings, the *folder*."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.project: str | None = None
        self.config = Config()
        try:
            self.project = find_project(reader, start_folder())
        except ConfigError:
            # A receipt can be read anywhere.
            self.folder = folder_of(start_folder(), None)
            return
        self.config = load_config(reader, self.project)
        self.folder = folder_of(self.project, self.config.receipts)

    def find(self, text: str) -> str:
        """Return the path of the receipt that *text* means; ReceiptError where there is none."""
        return find_receipt(self.reader, self.folder, text)

    def read(self, text: str) -> tuple[str, dict[str, Any]]:
        """Return the path and the content of the receipt that *text* means; ReceiptError where there is none, or it cannot be used."""
        path = self.find(text)
        return path, read_receipt(self.reader, path)

    def say_refusal(self, console: Console, *meant: str) -> None:
        """Say that the latest start was refused where *meant* counts from the latest run that began: who looks may not know."""
        name = later_refusal(self.reader, self.folder)
        if name is not None and any(text == LATEST or text.startswith("@") for text in meant):
            command = "envguard receipt diff latest refused" if len(meant) > 1 else "envguard receipt show refused"
            console.say(
                f"note: the latest start was refused ({name.removesuffix(SUFFIX)}), and '{LATEST}' is the latest run that began\n"
                f"hint: {command}"
            )

    def read_run(self, text: str, therefore: str) -> tuple[str, dict[str, Any]]:
        """Return what ``read`` does; ReceiptError, which says what follows *therefore*, where that run was refused."""
        path, document = self.read(text)
        if document["verdict"] == REFUSED:
            raise ReceiptError(
                f"is of a run that enforce() refused ({document['refusal']['error']}): {therefore}",
                path=path,
                hint="envguard receipt list",
            )
        return path, document
