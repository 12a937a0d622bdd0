"""Where the sources of one library disagree: two wheels that wrote one file, a copy that hides another, a foreign build."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .libraries import library_of
from .model import Conflict, Disagreement
from .wheels import recorded_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..model import Fact
    from ..reader import Reader
    from .libraries import Found
    from .wheels import Wheel


def conflicts(
    reader: Reader,
    found: Found,
    facts: Mapping[str, Fact],
    folders: Sequence[str],
    search_path: Sequence[str],
    loaded: Mapping[str, str],
) -> Iterator[Disagreement]:
    """Yield what the sources disagree about: files, and what this process has *loaded* (path to version, empty if untold)."""
    yield from _files(reader, found)
    yield from _loaded(found, loaded)
    proven = {os.path.basename(path) for path in loaded}
    yield from (item for item in _hidden(reader, found, search_path) if os.path.basename(item.found) not in proven)
    yield from _torch_twice(reader, folders)
    yield from _build(found, facts)


def _files(reader: Reader, found: Found) -> Iterator[Disagreement]:
    """Yield files that two wheels wrote, and files that are not what their wheel wrote."""
    claims: dict[str, list[tuple[Wheel, int]]] = {}
    for wheel in {wheel.record: wheel for wheels in found.wheels.values() for wheel in wheels}.values():
        for path, size in recorded_sizes(reader, wheel).items():
            claims.setdefault(path, []).append((wheel, size))
    for path, claim in sorted(claims.items()):
        name = library_of(os.path.basename(path))
        if name is None:
            continue
        there = reader.size(path) if reader.is_file(path) else None
        here = f"{there} bytes" if there is not None else "nothing"
        if len(claim) > 1:
            whose = [str(wheel) for wheel, recorded in claim if recorded == there]
            names = " and ".join(str(wheel) for wheel, _ in claim)
            yield Disagreement(
                kind=Conflict.FILE,
                library=name,
                message=f"{names} both install {path}",
                expected=f"one of them, or {' or '.join(f'{recorded} bytes' for _, recorded in claim)}",
                found=f"{here}, {f'as {whose[0]} wrote it' if len(whose) == 1 else 'whose that is cannot be told'}",
                wheels=tuple(wheel.name for wheel, _ in claim),
            )
        elif there != claim[0][1]:
            yield Disagreement(
                kind=Conflict.FILE,
                library=name,
                message=f"{path} is not the file that {claim[0][0]} installed",
                expected=f"{claim[0][1]} bytes",
                found=here,
                wheels=(claim[0][0].name,),
            )


def _loaded(found: Found, loaded: Mapping[str, str]) -> Iterator[Disagreement]:
    """Yield libraries of which this process has loaded another file, or another version, than the environment brings."""
    for path, version in loaded.items():
        name = library_of(os.path.basename(path))
        if name is None:
            continue
        meant = [own for own in found.files.get(name, {}) if _stem(own) == _stem(path)]
        wheels = found.wheels[name]
        if meant and path not in meant:
            yield Disagreement(
                kind=Conflict.SHADOW,
                library=name,
                message=f"{path} is loaded, and not {meant[0]}",
                expected=meant[0],
                found=path,
                loaded=True,
            )
        elif version and len(wheels) == 1 and not f"{wheels[0].version}.".startswith(f"{version}."):
            yield Disagreement(
                kind=Conflict.FILE,
                library=name,
                message=f"{path} is loaded and calls itself {version}, {wheels[0]} is installed",
                expected=wheels[0].version,
                found=version,
                wheels=(wheels[0].name,),
                loaded=True,
            )


def _stem(path: str) -> str:
    return os.path.basename(path).partition(".so")[0]


def _hidden(reader: Reader, found: Found, search_path: Sequence[str]) -> Iterator[Disagreement]:
    """Yield copies on the loader's path that have the name of one that the environment brings."""
    own = {os.path.basename(path): (name, path) for name, paths in found.files.items() for path in paths}
    for folder in search_path:
        for file, (name, path) in own.items():
            other = os.path.join(folder, file)
            if reader.is_file(other) and reader.real_path(other) != path:
                yield Disagreement(
                    kind=Conflict.SHADOW,
                    library=name,
                    message=f"{other} on LD_LIBRARY_PATH can be loaded in the place of {path}",
                    expected=path,
                    found=other,
                )


def _torch_twice(reader: Reader, folders: Sequence[str]) -> Iterator[Disagreement]:
    places = [os.path.join(folder, "torch") for folder in folders]
    first, *others = [place for place in places if reader.is_file(os.path.join(place, "__init__.py"))] or [""]
    for other in others:
        yield Disagreement(
            kind=Conflict.SHADOW,
            library="torch",
            message=f"torch is on the path twice: {first} comes before {other}",
            expected="one torch",
            found=f"{first}, {other}",
        )


def _build(found: Found, facts: Mapping[str, Fact]) -> Iterator[Disagreement]:
    """Yield CUDA runtimes of another version than torch was built with."""
    built = facts.get("torch.cuda")
    if not isinstance(built, str) or built == "none":
        return
    for wheel in found.wheels["cudart"]:
        version = ".".join(wheel.version.split(".")[:2])
        if version != ".".join(built.split(".")[:2]):
            yield Disagreement(
                kind=Conflict.BUILD,
                library="cudart",
                message=f"torch was built with CUDA {built}, and {wheel} is installed",
                expected=f"CUDA {built}",
                found=f"CUDA {version}",
                wheels=(wheel.name,),
            )
