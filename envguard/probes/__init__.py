"""Facts of this machine and process that no file signature can vouch for: read anew at every check.

Each probe takes well under a millisecond, returns text, and returns an empty one where there is nothing to tell (the
rooms that use a probe turn that into an ``Unknown`` with its reason). This room lies on the path of every clean check:
it imports nothing that the interpreter has not loaded itself.
"""

from __future__ import annotations

import os
import sys
import time

from .kernel import amd, cpu, drm, nvidia, processors
from .variables import getenv, variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def today() -> str:
    """Return the local date as ``YYYY-MM-DD``: waivers end."""
    return time.strftime("%Y-%m-%d")


def uname() -> str:
    """Return system, release, version and machine, one a line; empty where there is no uname."""
    if not hasattr(os, "uname"):
        return ""
    name = os.uname()
    return f"{name.sysname}\n{name.release}\n{name.version}\n{name.machine}"


def libc() -> str:
    """Return the C library as ``glibc 2.36``; empty where it does not say (musl, macOS, Windows)."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return ""


def interpreter() -> str:
    """Return what distinguishes the running interpreter, a line each.

    Implementation, version, build line, executable, prefix, base prefix, whether the user's own packages and whether
    the ``PYTHON*`` variables are ignored (0 or 1), and the version of the implementation as PEP 508 writes it.
    """
    own = sys.implementation.version
    own_version = ".".join(map(str, own[:3])) + (f"{own[3][0]}{own[4]}" if own[3] != "final" else "")
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info.releaselevel != "final":
        short = {"alpha": "a", "beta": "b", "candidate": "rc"}[sys.version_info.releaselevel]
        version += f"{short}{sys.version_info.serial}"
    return "\n".join(
        (
            sys.implementation.name,
            version,
            sys.version.replace("\n", " "),
            sys.executable or "",
            sys.prefix,
            sys.base_prefix,
            str(int(sys.flags.no_user_site)),
            str(int(sys.flags.ignore_environment)),
            own_version,
        )
    )


def package_folders() -> str:
    """Return the user's own folder of packages (empty where it is off) and then those on ``sys.path``, a line each."""
    site = sys.modules.get("site")
    user = getattr(site, "USER_SITE", None) if getattr(site, "ENABLE_USER_SITE", False) else None
    names = ("site-packages", "dist-packages")
    entries: list[object] = list(sys.path)  # anybody can put anything there
    paths = [entry for entry in entries if isinstance(entry, str)]
    return "\n".join((user or "", *(path for path in paths if os.path.basename(path.rstrip("/\\")) in names)))


def home() -> str:
    """Return the user's home folder, of the environment variables or the user database; empty where there is none."""
    path = os.path.expanduser("~")
    return path if os.path.isabs(path) else ""


def loaded() -> str:
    """Return what ``live.loaded`` does; only a check inside a training script loads that module."""
    from . import live

    return live.loaded()


def modules() -> str:
    """Return what ``own_code.modules`` does; only a check inside a training script loads that module."""
    from . import own_code

    return own_code.modules()


def threads() -> str:
    """Return what ``live.threads`` does."""
    from . import live

    return live.threads()


def canaries() -> str:
    """Return what the numeric canaries of this process say: tens of milliseconds, and asked only where some are recorded."""
    from ..canaries.live import live

    return live().text()


PROBES: dict[str, Callable[..., str]] = {
    probe.__name__: probe
    for probe in (
        today,
        uname,
        libc,
        cpu,
        processors,
        variables,
        getenv,
        nvidia,
        amd,
        drm,
        interpreter,
        package_folders,
        home,
        loaded,
        modules,
        threads,
        canaries,
    )
}
