"""What a rank observed, in sections of plain keys and values that must agree within one job, and the digest of each.

Left out is what is expected to differ from rank to rank: what the table of facts calls audit (host, UUIDs, firmware ...),
which processors a rank is bound to and which devices it is shown, and every path: a node may have its own copy of everything.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from .. import _native
from ..facts import FactClass, table
from ..model import Severities, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Sections = dict[str, dict[str, str | None]]

# A launcher binds every rank to processors and devices of its own.
PER_RANK = frozenset(
    (
        "cpu.affinity",
        "variable.CUDA_VISIBLE_DEVICES",
        "variable.GOMP_CPU_AFFINITY",
        "variable.GPU_DEVICE_ORDINAL",
        "variable.HIP_VISIBLE_DEVICES",
        "variable.KMP_AFFINITY",
        "variable.NVIDIA_VISIBLE_DEVICES",
        "variable.OMP_PLACES",
        "variable.ROCR_VISIBLE_DEVICES",
        "variable.ZE_AFFINITY_MASK",
    )
)
# Another host of the same kind may have another driver than the record, since two hosts rarely agree to the patch level; two
# hosts of one job compute one result.
DRIVERS = frozenset(("amd.driver", "nvidia.cuda", "nvidia.driver", "nvidia.libcuda"))
_SECTION_OF = {
    "interpreter": "interpreter",
    "platform": "platform",
    "cpu": "processor",
    "threads": "threads",
    "torch": "libraries",
    "library": "libraries",
    "variable": "variables",
}
_CANARIES = "canaries:"
_SETTINGS = ("fail-on", "waivers")
_UNKNOWN = "unknown"
_SHORT = 16
_MAX_SCRIPT = 16 * 1024 * 1024


def sections(
    answer: Mapping[str, Any], *, size: int, mode: str, seed: str | None, scheme: str, switches: Mapping[str, str]
) -> Sections:
    """Return what must agree; a value of None could not be told.

    *answer* is what ``enforce`` knows of its check, *size* the number of ranks that this one counts, *seed* the root that was
    given, if one was, *switches* maps each switch to what it was found to be.
    """
    observed = answer["observed"]
    found: Sections = {
        "job": {"job.size": str(size)},
        "settings": {f"setting.{key}": observed["settings"][key] for key in _SETTINGS if observed.get("settings")},
        "packages": dict(_packages(observed)),
        "record": dict(_record(observed)),
        "code": dict(_code(observed)),
        "data": dict(_data(observed)),
        "seed": {"seed.scheme": scheme, "seed.root": seed if seed is not None else "none given"},
        "switches": {f"switch.{name}": value for name, value in switches.items()},
    }
    for group, values in _canaries(observed):
        found[f"{_CANARIES}{group}"] = values
    found["settings"] |= {"setting.mode": mode, "setting.level": answer["level"]}
    for key, value in observed.get("facts", {}).items():
        if compared(key):
            family = key.partition(".")[0]
            section = "driver" if key in DRIVERS else _SECTION_OF.get(family, "accelerators")
            found.setdefault(section, {})[key] = _told(value)
    return {name: values for name, values in found.items() if values}


def compared(key: str) -> bool:
    """Return whether the ranks of a job must agree in the fact *key*."""
    entry = table().entry(key)
    return entry is not None and entry.fact_class is not FactClass.AUDIT and key not in PER_RANK


def is_optional(section: str) -> bool:
    """Return whether a rank has the *section* only where it ran what it tells of, a group of canaries: whoever did not is not compared in it."""
    return section.startswith(_CANARIES)


def gravity(key: str, values: Iterable[str | None]) -> Severities:
    """Return how grave it is that *key* differs between the ranks of a job; *values* are the values that it has."""
    entry = table().entry(key)
    if entry is None:
        return Severities.same(Severity.ERROR)
    if key in DRIVERS:
        return Severities(run_to_run=Severity.ERROR, host_to_host=Severity.ERROR, cross_hardware=Severity.NOTE)
    if key == "interpreter.version" and len({tuple((value or "").split(".")[:2]) for value in values}) > 1:
        return table().exact["interpreter.version.minor"].severities
    return entry.severities


def digest(value: object) -> str:
    """Return the BLAKE3 of *value* as canonical JSON: sorted keys, no spaces, ASCII."""
    return _native.hexdigest(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def _told(value: str) -> str | None:
    return None if value == _UNKNOWN or value.startswith(f"{_UNKNOWN}: ") else value


def _packages(observed: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    for word in ("packages", "conda"):
        prefix = "package" if word == "packages" else word
        for name, version in (observed.get(word) or {}).items():
            yield f"{prefix}.{name}", _told(version)


def _record(observed: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    for word in ("lock", "baseline"):
        told = observed.get(word)
        if told is not None:
            yield f"record.{word}", told["digest"]


def _canaries(observed: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yield for each group of numeric canaries that this rank ran what its families gave: one digest for all types of a family."""
    told = observed.get("canaries")
    if not told:
        return
    from ..canaries.model import gave, group_of, short_of

    groups: dict[str, dict[str, list[tuple[str, str | None]]]] = {}
    for key, value in sorted(gave(told).items()):
        short = short_of(key)
        listed = groups.setdefault(group_of(key), {}).setdefault(short.partition(".")[0], [])
        listed.append((short, value if isinstance(value, str) else None))
    for group, families in groups.items():
        yield (
            group,
            {
                f"canary.{group}.{family}": None
                if any(bits is None for _, bits in listed)
                else digest([told["scheme"], listed])[:_SHORT]
                for family, listed in families.items()
            },
        )


def _data(observed: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    data = observed.get("data") or {}
    for name, tree in (data.get("trees") or {}).items():
        yield f"data.{name}", tree["root"]


def _code(observed: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield the script, by its content, and of the repository what does not depend on where it lies."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if script is not None:
        yield "code.script", _content(script)
    told = observed.get("code") or {}
    for word in ("commit", "tree", "digest"):
        if isinstance(told.get(word), str):
            yield f"code.{word}", _told(told[word])


def _content(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_SCRIPT + 1)
    except OSError:
        return None
    return f"blake3:{_native.hexdigest(data)} ({os.path.basename(path)})" if len(data) <= _MAX_SCRIPT else None
