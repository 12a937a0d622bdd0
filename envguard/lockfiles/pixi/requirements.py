"""What a manifest of pixi asks for: match specs of conda packages, and requirements of Python."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ...conda.specs import Spec, parse_spec
from ...names import normalize
from ...toml import kind
from ...values import dataclass
from ..manifests.requirements import from_pep508
from ..model import SourceKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..manifests.section import Section

    Keys = tuple[str | int, ...]

_CONDA = ("dependencies", "host-dependencies", "build-dependencies")
_SOURCES = ("git", "path", "url")
# What a table says beside its version that a locked package can be held against.
_COMPARED = ("version", "build", "build-number", "channel", "subdir", "md5", "sha256")
_DIRECT = {"git": SourceKind.GIT, "path": SourceKind.DIRECTORY, "url": SourceKind.URL}


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaRequirement:
    """A requirement on a conda package.

    *spec* is None where its text is none that is read here; *source* is the URL or path of the source that it is to be built
    from, *limit* is whether it says only which versions are allowed, *conditional* whether it depends on what a platform has.
    """

    name: str
    spec: Spec | None
    text: str
    keys: Keys
    source: str | None = None
    limit: bool = False
    conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonRequirement:
    """A requirement on a package of Python.

    *direct* is the kind of source that is asked for, None for an index, *location* its URL or path; *index* is the index that it
    must come from.
    """

    name: str
    text: str
    keys: Keys
    specifier: str = ""
    extras: tuple[str, ...] = ()
    marker: str | None = None
    index: str | None = None
    direct: SourceKind | None = None
    location: str = ""
    editable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The requirements of a feature for the platforms that *selector* means, None for all; *unread* are places of more."""

    selector: str | None
    conda: tuple[CondaRequirement, ...]
    python: tuple[PythonRequirement, ...]
    unread: tuple[Keys, ...] = ()


def target(table: Section, selector: str | None) -> Target:
    """Return the requirements in *table*; ConfigError where one is none."""
    conda: list[CondaRequirement] = []
    for key in _CONDA:
        own = table.table(key)
        conda += (_conda(own, name) for name in own.value)
    limits = table.table("constraints")
    conda += (_conda(limits, name, limit=True) for name in limits.value)
    python = table.table("pypi-dependencies")
    return Target(
        selector=selector,
        conda=tuple(conda),
        python=tuple(_python(python, name) for name in python.value),
        unread=((*table.keys, "dev"),) if table.value.get("dev") else (),
    )


def applies(selector: str | None, platform: str, subdir: str) -> bool:
    """Return whether requirements for *selector* are for the platform called *platform*, which is *subdir*."""
    system = subdir.partition("-")[0]
    match selector:
        case None:
            return True
        case "unix":
            return system in ("linux", "osx")
        case "macos":
            return system == "osx"
        case "linux" | "osx" | "win":
            return system == selector
        case _:
            return selector == subdir or fnmatchcase(platform, selector)


def conda_only(name: str, version: str | None, keys: Keys) -> CondaRequirement:
    """Return the requirement on *name* in *version*, in Python's words, whose exact versions conda takes as they are."""
    text = f"{name} {(version or '*').removeprefix('==')}".strip()
    return CondaRequirement(name=name, spec=parse_spec(text), text=text, keys=keys)


def _conda(table: Section, name: str, *, limit: bool = False) -> CondaRequirement:
    keys = (*table.keys, name)
    value = table.value[name]
    if isinstance(value, str):
        text = f"{name} {value}".strip()
        return CondaRequirement(name=name.lower(), spec=_spec(name, value), text=text, keys=keys, limit=limit)
    if not isinstance(value, dict):
        raise table.error(name, f"expected a version or a table, found {kind(value)}")
    own = table.table(name)
    told = {key: str(item) for key, item in value.items() if key in _COMPARED}
    spec = _spec(name, f"{told.get('version', '*')} {told.get('build', '')}".strip())
    if spec is not None:
        more = [(key.replace("-", "_"), told[key]) for key in told if key not in ("version", "build")]
        spec = Spec(
            name=spec.name,
            version=spec.version,
            build=spec.build,
            more=(*spec.more, *more),
            text=spec.text,
            readable=spec.readable and value.keys() <= set(_COMPARED),
        )
    text = ", ".join(f"{key} = {item}" for key, item in value.items())
    return CondaRequirement(
        name=name.lower(),
        spec=spec,
        text=f"{name} {{{text}}}",
        keys=keys,
        source=next((location for key in _SOURCES if (location := own.text(key)) is not None), None),
        limit=limit,
        conditional="when" in value,
    )


def _spec(name: str, text: str) -> Spec | None:
    spec = parse_spec(f"{name} {text}")
    return spec if spec is not None and spec.name == name.lower() else None


def _python(table: Section, name: str) -> PythonRequirement:
    keys = (*table.keys, name)
    value = table.value[name]
    if isinstance(value, str):
        return PythonRequirement(
            name=normalize(name), text=f"{name} {value}", keys=keys, specifier="" if value == "*" else value
        )
    if not isinstance(value, dict):
        raise table.error(name, f"expected a version or a table, found {kind(value)}")
    own = table.table(name)
    direct = next((key for key in _SOURCES if key in value), None)
    version = own.text("version") or "*"
    location = own.required(direct) if direct is not None else ""
    return PythonRequirement(
        name=normalize(name),
        text=f"{name} {f'from {location}' if direct is not None else version}",
        keys=keys,
        specifier="" if version == "*" else version,
        extras=tuple(sorted(normalize(extra) for extra in own.texts("extras"))),
        marker=own.text("env-markers"),
        index=own.text("index"),
        direct=_DIRECT[direct] if direct is not None else None,
        location=location,
        editable=bool(own.get("editable", bool)),
    )


def of_project(document: Section) -> Iterator[tuple[str, tuple[PythonRequirement, ...]]]:
    """Yield the features that ``[project]`` and ``[dependency-groups]`` of a ``pyproject.toml`` are, with their requirements."""
    project = document.table("project")
    yield "default", tuple(_listed(project, "dependencies"))
    extras = project.table("optional-dependencies")
    for name in extras.value:
        yield name, tuple(_listed(extras, name))
    groups = document.table("dependency-groups")
    for name in groups.value:
        yield name, tuple(_group(groups, name, ()))


def _group(groups: Section, name: str, above: tuple[str, ...]) -> Iterator[PythonRequirement]:
    if name in above:
        raise groups.error(name, f"the group includes itself: {' -> '.join((*above, name))}")
    for index, item in enumerate(groups.get(name, list) or []):
        if isinstance(item, dict):
            included = _element(groups, name, index).required("include-group")
            known = {normalize(other): other for other in groups.value}
            if normalize(included) not in known:
                raise groups.error(name, f"there is no group '{included}' to include", index)
            yield from _group(groups, known[normalize(included)], (*above, name))
        elif isinstance(item, str):
            yield _of_text(groups, item, (*groups.keys, name, index))
        else:
            raise groups.error(name, f"expected a requirement, found {kind(item)}", index)


def _element(table: Section, key: str, index: int) -> Section:
    return type(table)(table.path, (*table.keys, key, index), (table.get(key, list) or [])[index])


def _listed(table: Section, key: str) -> Iterator[PythonRequirement]:
    for index, text in enumerate(table.texts(key)):
        yield _of_text(table, text, (*table.keys, key, index))


def _of_text(table: Section, text: str, keys: Keys) -> PythonRequirement:
    item = from_pep508(table, text, keys)
    return PythonRequirement(
        name=item.name,
        text=text,
        keys=keys,
        specifier=item.constraint,
        extras=item.extras,
        marker=item.marker,
        direct=item.direct,
        location=item.location,
    )
