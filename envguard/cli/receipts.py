"""What the commands about receipts share: where they are kept here, and which one is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..config import Config, load_config
from ..errors import ConfigError, ReceiptError
from ..observe import find_project
from ..receipts.document import REFUSED
from ..receipts.find import find_receipt
from ..receipts.place import folder_of
from ..receipts.read import read_receipt
from .console import start_folder

if TYPE_CHECKING:
    from ..reader import Reader


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
