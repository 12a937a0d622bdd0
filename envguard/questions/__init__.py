"""Questions about this machine that take long to answer: asked when something is recorded, or found to differ.

A kept answer of a check must not depend on what nobody has looked at since. So each question names its *vouchers*: the probes
that say the same as long as its answer stands. They are cheap and are asked again at every check; the question is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..values import dataclass
from . import accelerators, cores, platform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, and the probes that vouch for the answer; none where nothing that is compared depends on it.

    *places* are files that change the answer when they come or go.
    """

    ask: Callable[[], str]
    vouchers: tuple[str, ...]
    places: Callable[[], Iterable[str]] = tuple


def _threads() -> str:
    from . import live  # which brings ctypes along, and is asked in running scripts only

    return live.threads()


def _versions() -> str:
    from . import live

    return live.versions()


QUESTIONS = {
    "cores": Question(ask=cores.cores, vouchers=("processors",)),
    "caches": Question(ask=cores.caches, vouchers=("cpu", "processors")),
    "firmware": Question(ask=platform.firmware, vouchers=()),
    "apple": Question(ask=platform.apple, vouchers=("uname",)),
    "threads": Question(ask=_threads, vouchers=("threads", "processors", "variables")),
    "libraries": Question(ask=_versions, vouchers=("loaded",)),
    "nvidia-devices": Question(
        ask=accelerators.nvidia, vouchers=("nvidia",), places=lambda: accelerators.places("pynvml")
    ),
    "nvidia-bus": Question(ask=accelerators.nvidia_on_the_bus, vouchers=("nvidia",)),
    "amd-devices": Question(ask=accelerators.amd, vouchers=("amd",), places=lambda: accelerators.places("amdsmi")),
}
