"""``[tool.envguard]`` of ``pyproject.toml``, or a whole ``envguard.toml``, as a value.

Unknown keys and wrong types are errors that name the key: a setting that silently does nothing is worse than none.
"""

from __future__ import annotations

import datetime
import os

from .errors import ConfigError, EnvguardError
from .model import CodePolicy, Level, Severity, Waiver
from .patterns import late
from .toml import kind, read_toml
from .values import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from re import Pattern
    from typing import Any, TypeVar

    from .reader import Reader

    _Word = TypeVar("_Word")

MANIFEST = "pyproject.toml"
OWN_FILE = "envguard.toml"
MAX_BYTES = 16 * 1024 * 1024
RECEIPTS = ".envguard/runs"

MAX_SECONDS = 7 * 24 * 3600
# Names of packages as PyPI and conda allow them; a pattern of shell may stand for parts of one.
_NAME = late(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_PATTERN = late(r"[A-Za-z0-9_.*?!\[\]-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """How the recorded trees of data are verified: at which *levels*, and which share of the known files is read anyway."""

    levels: tuple[Level, ...] = tuple(Level)
    sample: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings of a project.

    *path* is the file they were read from and *keys* the route to their table, so that a finding can point there.
    *extras*, *groups* and *packages* are None where the file does not say: then the baseline's selection counts.
    *unexpected* is the severity of an installed package that is not in the lock, None to allow it; *expected* are names
    that are always fine. *numeric* are further packages that compute numbers. *locks* are the locks that together say what
    should be installed, the main one first; none leaves it to the project's files. *files* says whether every check verifies
    the files of the installed packages. *receipts* is the folder of receipts, relative to the project; None writes none. *code* is
    what is asked of the code, None where nobody chose; *patch_limit* how many bytes of changes a receipt may keep.
    *ranks* is ``require`` where all ranks of a job must agree and ``off`` where nobody asks them;
    *ranks_timeout* is how many seconds a rank is waited for.
    """

    path: str | None = None
    keys: tuple[str, ...] = ()
    level: Level = Level.HOST_TO_HOST
    fail_on: Severity = Severity.ERROR
    locks: tuple[str, ...] = ()
    python: str | None = None
    packages: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    default_groups: bool | None = None
    unexpected: Severity | None = Severity.WARNING
    expected: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    files: bool = False
    receipts: str | None = RECEIPTS
    code: CodePolicy | None = None
    patch_limit: int = 10_000_000
    ranks: str = "require"
    ranks_timeout: float = 300.0
    data: DataSettings = field(default=DataSettings())
    waivers: tuple[Waiver, ...] = field(default=())


def load_config(reader: Reader, project: str) -> Config:
    """Return the settings of the folder *project*: ``envguard.toml`` if it is there, else ``[tool.envguard]``, else defaults.

    Raises ConfigError with the key path where a value cannot be used, where both files hold settings, and where the manifest is
    no TOML.
    """
    own = os.path.join(project, OWN_FILE)
    manifest = os.path.join(project, MANIFEST)
    if reader.exists(own):
        settings = _Table(own, (), read_toml(reader, own, ConfigError, limit=MAX_BYTES)).config()
        _refuse_two(reader, manifest)
        return settings
    _refuse_dangling(reader, project, own)
    if not reader.exists(manifest):
        return Config()
    table = read_toml(reader, manifest, ConfigError, limit=MAX_BYTES)
    for key in ("tool", "envguard"):
        table = table.get(key, {})
        if not isinstance(table, dict):
            raise ConfigError(
                f"expected a table, found {kind(table)}", path=manifest, keys=("tool", key)[: 1 + (key != "tool")]
            )
    return _Table(manifest, ("tool", "envguard"), table).config()


def is_configured(reader: Reader, project: str) -> bool:
    """Return whether the folder *project* has settings, be they empty or of no use."""
    if reader.exists(os.path.join(project, OWN_FILE)):
        return True
    try:
        return _of_manifest(reader, os.path.join(project, MANIFEST)) is not None
    except EnvguardError:
        return True


def has_table(reader: Reader, manifest: str) -> bool:
    """Return whether the file *manifest* has a table ``[tool.envguard]``; of one that is no TOML, whether it speaks of us."""
    try:
        text = reader.read_text(manifest, limit=MAX_BYTES) if reader.exists(manifest) else ""
    except EnvguardError:
        return False
    # Nearly always it does not, and nothing need be parsed.
    return "envguard" in text and is_configured(reader, os.path.dirname(manifest))


def _of_manifest(reader: Reader, manifest: str) -> Any:
    """Return what stands as ``tool.envguard`` in the file *manifest*, None where nothing does; errors as of ``read_toml``."""
    table = read_toml(reader, manifest, ConfigError, limit=MAX_BYTES) if reader.exists(manifest) else {}
    tool = table.get("tool")
    return tool.get("envguard") if isinstance(tool, dict) else None


def _refuse_dangling(reader: Reader, project: str, own: str) -> None:
    """Raise ConfigError where *own*, which is not there, is a link: somebody has settings, and nobody can read them."""
    place = reader.real_path(own)
    if place != os.path.join(reader.real_path(project), OWN_FILE):
        raise ConfigError("is a link to nothing", path=own, hint=f"bring back {place}, or delete the link")


def _refuse_two(reader: Reader, manifest: str) -> None:
    """Raise ConfigError where *manifest* holds settings, too, which nobody would read."""
    try:
        table = _of_manifest(reader, manifest)
    except EnvguardError:
        # Whoever needs the manifest says what is wrong with it.
        return
    if table:
        raise ConfigError(
            f"these settings would not be read, since {OWN_FILE} beside them holds settings as well",
            path=manifest,
            keys=("tool", "envguard"),
            hint=f"move them to {OWN_FILE}, without [tool.envguard] before the keys, and delete the table here",
        )


def _ranks(word: str) -> str:
    if word not in ("require", "off"):
        raise ValueError(word)
    return word


class _Table:
    """A table of settings with typed getters that know where they are."""

    def __init__(self, path: str, keys: tuple[str | int, ...], table: Mapping[str, Any]) -> None:
        self.path = path
        self.keys = keys
        self.table = table
        self.known: list[str] = []

    def config(self) -> Config:
        default = Config()
        config = Config(
            path=self.path,
            keys=tuple(str(key) for key in self.keys),
            level=self.word("level", Level, list(Level)) or default.level,
            fail_on=self.word("fail-on", Severity.parse, list(Severity)) or default.fail_on,
            locks=self.locks(),
            python=self.text("python"),
            packages=self.names("packages"),
            extras=self.names("extras"),
            groups=self.names("groups"),
            default_groups=self.flag("default-groups"),
            unexpected=self.unexpected(default.unexpected),
            expected=self.packages("expected", _NAME, "the name of a package"),
            numeric=self.packages("numeric", _PATTERN, "the name of a package, or a pattern such as our-*"),
            files=self.flag("files") or False,
            receipts=self.receipts(default.receipts),
            code=self.word("code", CodePolicy, list(CodePolicy)),
            patch_limit=self.amount("patch-limit", default.patch_limit),
            ranks=self.word("ranks", _ranks, ["require", "off"]) or default.ranks,
            ranks_timeout=self.seconds("ranks-timeout") or default.ranks_timeout,
            data=self.data(default.data),
            waivers=self.waivers(),
        )
        self.refuse_unknown()
        return config

    def get(self, key: str, wanted: type | tuple[type, ...], expected: str) -> Any:
        self.known.append(key)
        value = self.table.get(key)
        if value is not None and (not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool))):
            raise self.error(key, f"expected {expected}, found {kind(value)}")
        return value

    def text(self, key: str) -> str | None:
        value: str | None = self.get(key, str, "a string")
        if value is not None and not value.strip():
            raise self.error(key, "expected a string with something in it, found an empty one")
        if value is not None and "\0" in value:
            raise self.error(key, "expected a string without NUL")
        return value

    def flag(self, key: str) -> bool | None:
        return self.get(key, bool, "true or false")  # type: ignore[no-any-return]

    def amount(self, key: str, default: int) -> int:
        value: int | None = self.get(key, int, "a number of bytes")
        if value is None:
            return default
        if value < 0:
            raise self.error(key, f"expected a number of bytes, found {value}")
        return value

    def seconds(self, key: str) -> float | None:
        value = self.get(key, (int, float), "a number of seconds")
        if value is not None and not 0 < value <= MAX_SECONDS:
            raise self.error(key, f"expected a number of seconds from 0 to {MAX_SECONDS:,}, found {value}")
        return None if value is None else float(value)

    def names(self, key: str) -> tuple[str, ...] | None:
        value = self.get(key, list, "a list of names")
        if value is None:
            return None
        for index, item in enumerate(value):
            if not isinstance(item, str) or not item.strip():
                raise self.error(key, f"expected a name, found {kind(item)}", index)
        return tuple(value)

    def packages(self, key: str, form: Pattern[str], expected: str) -> tuple[str, ...]:
        names = self.names(key) or ()
        for index, name in enumerate(names):
            if not form.fullmatch(name):
                raise self.error(key, f"expected {expected}, found '{name}', which no package is called", index)
        return names

    def locks(self) -> tuple[str, ...]:
        if isinstance(self.table.get("lock"), list):
            names = self.names("lock") or ()
            if not names:
                raise self.error("lock", "expected the name of a lock, found an empty list")
            return names
        name = self.get("lock", str, "the name of a lock, or a list of them") and self.text("lock")
        return () if name is None else (name,)

    def receipts(self, default: str | None) -> str | None:
        if self.table.get("receipts") is False:
            self.known.append("receipts")
            return None
        named = self.get("receipts", str, "the name of a folder, or false") is not None
        return self.text("receipts") if named else default

    def word(self, key: str, parse: Callable[[str], _Word], words: list[Any]) -> _Word | None:
        value = self.text(key)
        if value is None:
            return None
        try:
            return parse(value)
        except ValueError:
            choices = ", ".join(f'"{word}"' for word in words)
            raise self.error(key, f'expected one of {choices}, found "{value}"') from None

    def unexpected(self, default: Severity | None) -> Severity | None:
        def parse(value: str) -> Severity | str:
            return value if value == "allow" else Severity.parse(value)

        value = self.word("unexpected", parse, ["allow", *Severity])
        if value is None:
            return default
        return value if isinstance(value, Severity) else None

    def data(self, default: DataSettings) -> DataSettings:
        value = self.get("data", dict, "a table")
        if value is None:
            return default
        table = _Table(self.path, (*self.keys, "data"), value)
        levels = table.names("levels")
        for index, word in enumerate(levels or ()):
            if word not in set(Level):
                choices = ", ".join(f'"{level}"' for level in Level)
                raise table.error("levels", f'expected one of {choices}, found "{word}"', index)
        sample = table.get("sample", (int, float), "a number from 0 to 1")
        if sample is not None and not 0 <= sample <= 1:
            raise table.error("sample", f"expected a number from 0 to 1, found {sample}")
        table.refuse_unknown()
        return DataSettings(
            levels=default.levels if levels is None else tuple(level for level in Level if level in levels),
            sample=default.sample if sample is None else float(sample),
        )

    def waivers(self) -> tuple[Waiver, ...]:
        value = self.get("waivers", list, "a list of tables")
        return tuple(self.waiver(index, item) for index, item in enumerate(value or ()))

    def waiver(self, index: int, item: object) -> Waiver:
        keys = (*self.keys, "waivers", index)
        if not isinstance(item, dict):
            raise ConfigError(f"expected a table, found {kind(item)}", path=self.path, keys=keys)
        table = _Table(self.path, keys, item)
        until = table.get("until", datetime.date, "a date such as 2027-01-31")
        if isinstance(until, datetime.datetime):
            until = until.date()
        waiver = Waiver(
            rule=table.required("rule"),
            subject=table.required("subject"),
            reason=table.required("reason"),
            until=until,
            index=index,
        )
        table.refuse_unknown()
        return waiver

    def required(self, key: str) -> str:
        value = self.text(key)
        if value is None:
            raise ConfigError(f"the key '{key}' is missing", path=self.path, keys=self.keys)
        return value

    def refuse_unknown(self) -> None:
        for key in self.table:
            if key not in self.known:
                import difflib

                close = difflib.get_close_matches(key, self.known, n=1)
                hint = f"did you mean '{close[0]}'?" if close else f"known keys are {', '.join(self.known)}"
                raise ConfigError("this key is not known", path=self.path, keys=(*self.keys, key), hint=hint)

    def error(self, key: str, message: str, *more: int) -> ConfigError:
        return ConfigError(message, path=self.path, keys=(*self.keys, key, *more))
