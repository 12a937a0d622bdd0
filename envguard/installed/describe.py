"""What an environment is, told without running anything in it."""

from __future__ import annotations

import os

from ..errors import EnvironmentNotFoundError, UnreadableError
from ..model import Unknown
from ..values import replace
from . import folders
from .interpreter import Installation, read_installation, version_within
from .markers import marker_environment
from .model import Environment, Layer
from .pixi import pixi_markers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..reader import Reader

RUNNING = "the running interpreter"
REMAKE = "make the environment anew, for example with uv venv --clear and uv sync"
_MAX_CFG = 1024 * 1024
_FOREIGN_BUILD = "the build of an interpreter can be told only while it runs"


def running_environment(reader: Reader) -> Environment:
    """Return the environment of the running interpreter, by its live values."""
    told = reader.probe("interpreter").split("\n")
    name, version, line, executable, prefix, base_prefix, _, isolated, own_version = told
    user, *paths = reader.probe("package_folders").split("\n")
    home = reader.real_path(prefix)
    user = reader.real_path(user) if user else ""
    pythonpath = folders.of_pythonpath(reader) if isolated == "0" else []
    there = {reader.real_path(path) for path in pythonpath}
    layers: list[tuple[Layer, list[str]]] = [(Layer.PYTHONPATH, pythonpath)]
    for path in filter(reader.is_dir, paths):
        real = reader.real_path(path)
        if real == user:
            layers.append((Layer.USER, [real]))
        elif real.startswith(os.path.join(home, "")):
            layers.append((Layer.ENVIRONMENT, [real]))
        elif real not in there:
            layers.append((Layer.INHERITED, [real]))
    return Environment(
        prefix=prefix,
        base_prefix=base_prefix,
        executable=executable or None,
        chosen_by=RUNNING,
        running=True,
        implementation=name,
        version=version,
        build=line,
        markers={
            **marker_environment(reader, implementation=name, version=version, implementation_version=own_version),
            **pixi_markers(reader, prefix),
        },
        folders=folders.in_order(reader, layers),
    )


def describe(reader: Reader, executable: str, chosen_by: str) -> Environment:
    """Return the environment that the interpreter *executable* (an absolute path) runs in.

    *chosen_by* says why it is taken. Live values are used where it is the running one. EnvironmentNotFoundError where
    files do not tell enough.
    """
    folder = os.path.dirname(executable)
    venv = next(
        (path for path in (folder, os.path.dirname(folder)) if reader.exists(os.path.join(path, "pyvenv.cfg"))), None
    )
    if _is_running(reader, executable, venv):
        return replace(running_environment(reader), chosen_by=chosen_by)
    if venv is None:
        return _environment(reader, executable, chosen_by, read_installation(reader, executable))
    settings = _pyvenv(reader, os.path.join(venv, "pyvenv.cfg"))
    base = _base(reader, executable, venv, settings)
    return _environment(reader, executable, chosen_by, base, venv=venv, settings=settings)


def _is_running(reader: Reader, executable: str, venv: str | None) -> bool:
    running, prefix = reader.probe("interpreter").split("\n")[3:5]
    if venv is not None:
        return reader.real_path(venv) == reader.real_path(prefix)
    real = reader.real_path(executable)
    base = os.path.dirname(os.path.dirname(real))
    return real == reader.real_path(running) and reader.real_path(prefix) in (base, os.path.dirname(real))


def _environment(
    reader: Reader,
    executable: str,
    chosen_by: str,
    base: Installation,
    *,
    venv: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> Environment:
    settings = settings or {}
    inherits = venv is None or settings.get("include-system-site-packages", "").lower() == "true"
    own = folders.of_prefix(reader, venv or base.prefix, base.tag)
    if venv is not None and not own:
        raise EnvironmentNotFoundError(
            f"has no folder of packages for Python {base.version}, which its interpreter is now",
            path=venv,
            hint=REMAKE,
        )
    user = folders.of_user(reader, base.prefix, base.tag) if inherits else []
    inherited = folders.of_prefix(reader, base.prefix, base.tag) if venv is not None and inherits else []
    if extended := settings.get("extends-environment"):
        inherited = [*folders.of_prefix(reader, extended, base.tag), *inherited]
    layers = [(Layer.ENVIRONMENT, own), (Layer.USER, user)]
    # The user's packages come after those of a virtual environment, and before those of an installation.
    layers = layers if venv is not None else layers[::-1]
    return Environment(
        prefix=venv or base.prefix,
        base_prefix=base.prefix,
        executable=executable,
        chosen_by=chosen_by,
        running=False,
        implementation=base.implementation,
        version=base.version,
        build=Unknown(reason=_FOREIGN_BUILD),
        markers={
            **marker_environment(
                reader,
                implementation=base.implementation,
                version=base.version,
                implementation_version=base.implementation_version,
            ),
            **pixi_markers(reader, venv or base.prefix),
        },
        folders=folders.in_order(
            reader, [(Layer.PYTHONPATH, folders.of_pythonpath(reader)), *layers, (Layer.INHERITED, inherited)]
        ),
    )


def _base(reader: Reader, executable: str, venv: str, settings: Mapping[str, str]) -> Installation:
    """Return the installation that the virtual environment *venv* was made from, as it is now.

    What ``pyvenv.cfg`` says of its version was true when the environment was made; an upgrade of the installation in
    place changes the one and not the other.
    """
    real = reader.real_path(executable)
    if not real.startswith(os.path.join(reader.real_path(venv), "")):
        return read_installation(reader, executable)
    # The interpreter was copied into the environment; it may be older than the library that it loads.
    for path in _base_executables(settings, os.path.basename(real)):
        if reader.is_file(path):
            base = read_installation(reader, path)
            own = version_within(reader, real, ".".join(base.version.split(".")[:2]))
            if own is None or base.implementation != "cpython":
                return base
            return replace(base, version=own, implementation_version=own.replace("rc", "c"))
    raise EnvironmentNotFoundError(
        f"was made from a Python that is gone: {settings.get('home') or 'its pyvenv.cfg names no home'}",
        path=venv,
        hint=REMAKE,
    )


def _base_executables(settings: Mapping[str, str], name: str) -> Iterator[str]:
    for key in ("base-executable", "executable"):
        if settings.get(key):
            yield settings[key]
    if home := settings.get("home"):
        yield from (
            os.path.join(home, candidate) for candidate in (name, "python3", "python", "pypy3", "pypy", "python.exe")
        )


def _pyvenv(reader: Reader, path: str) -> dict[str, str]:
    """Return the settings in ``pyvenv.cfg`` as the interpreter reads them, the keys in lower case."""
    try:
        text = reader.read_bytes(path, limit=_MAX_CFG).decode("utf-8")
    except UnicodeDecodeError as error:
        raise EnvironmentNotFoundError(f"is not UTF-8 text: byte at offset {error.start}", path=path) from None
    except UnreadableError as error:
        raise EnvironmentNotFoundError(error.message, path=path) from None
    settings = {}
    for line in text.splitlines():
        key, mark, value = line.partition("=")
        if mark:
            settings[key.strip().lower()] = value.strip()
    return settings
