"""A report in the format that was asked for."""

from __future__ import annotations

import io

from ..report.locator import Locator
from .console import current_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..model import Report
    from ..reader import Reader


def render(report: Report, form: str, reader: Reader, *, color: bool) -> str:
    """Return *report* in the format *form*; what is read to render it is read through *reader*."""
    stream = io.StringIO()
    locate = Locator(reader)
    if form == "json":
        from .. import __version__
        from ..report import json_v1

        json_v1.write(report, stream, version=__version__, locate=locate)
    elif form == "github":
        from ..report import github

        github.write(report, stream, root=reader.environ("GITHUB_WORKSPACE") or current_folder(), locate=locate)
    else:
        from ..report import text

        text.write(report, stream, color=color, root=current_folder(), locate=locate)
    return stream.getvalue()
