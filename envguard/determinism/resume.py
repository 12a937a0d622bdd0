"""The resume contract: what a checkpoint must hold of a run so that it goes on bit for bit, and the refusal where it cannot.

A state is plain JSON values, so ``json.dumps`` and ``torch.load(weights_only=True)`` take it. It holds the state of every
global generator that is up, of every generator that was handed out and lives, where in the run it was saved, what it ran
on, and the switches as they were. Model, optimizer, schedule, scaler and the state of the data set itself are the caller's to save. What cannot be read is
in it as such (CuPy, the kernels of TensorFlow), and a run that needs it does not go on silently.
"""

from __future__ import annotations

import platform
import struct
import sys
from typing import TYPE_CHECKING, Any

from ..errors import RanksError, ResumeError
from ..values import dataclass
from .knobs import UNREADABLE
from .libraries import LIBRARIES, library_of, states
from .streams import SCHEME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..launch import Place
    from .named import Streams
    from .seeds import Seeding

SCHEMA = "envguard.state"
VERSION = 2
_TOLD = ("clean", "drift")
_SHOWN = 5
_UNKNOWN = "unknown"
# What reading a state raises that somebody has cut or changed.
_DAMAGE = (LookupError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError, struct.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """Where a run goes on: *epoch* and *position* as they were given, and *reasons* why it may not be bit for bit."""

    epoch: int | None
    position: Any
    reasons: tuple[str, ...]

    @property
    def bitwise(self) -> bool:
        """Whether nothing is known that keeps the run from going on bit for bit."""
        return not self.reasons


def capture(
    streams: Streams,
    seeding: Seeding,
    answer: Mapping[str, Any],
    place: Place,
    *,
    epoch: int | None,
    position: object,
    switches: Mapping[str, str],
) -> dict[str, Any]:
    """Return the state of a run, whose *switches* are what they are now, as plain values.

    TypeError where *position* is made of anything else.
    """
    rank, size = _rank_and_size(place)
    return {
        "schema": {"name": SCHEMA, "version": VERSION},
        "scheme": SCHEME,
        "seed": str(streams.root),
        "seeds": seeding.seeds,
        "rank": rank,
        "world_size": size,
        "epoch": streams.epoch.known() if epoch is None else epoch,
        "position": _plain(position),
        "generators": states(),
        "streams": streams.states(),
        "handed_out": [handed.to_dict() for handed in streams.handed_out()],
        "libraries": _libraries(),
        "switches": dict(switches),
        "verdict": answer["verdict"],
        "observed": _observed(answer),
    }


def restore(
    streams: Streams,
    seeding: Seeding,
    answer: Mapping[str, Any],
    place: Place,
    state: Mapping[str, Any],
    *,
    strict: bool,
    switches: Mapping[str, str],
) -> Resumed:
    """Bring all generators into the saved *state*; ResumeError where it is none, or *strict* and it cannot be bit for bit.

    After an error every generator is as it was.
    """
    _check_shape(state)
    reasons = [*_run(streams, seeding, place, state), *_environment(answer, state), *_switches(state, switches)]
    before, before_streams = states(), streams.states()
    try:
        reasons += _generators(state["generators"])
        streams.resume(state["streams"])
        _refuse(reasons, strict=strict)
        if state["epoch"] is not None:
            streams.epoch.set(state["epoch"])
    except (ResumeError, *_DAMAGE) as error:
        _generators(before)
        streams.resume(before_streams)
        if isinstance(error, ResumeError):
            raise
        raise ResumeError(f"the saved state is damaged: {type(error).__name__}: {error}") from error
    return Resumed(epoch=state["epoch"], position=state["position"], reasons=tuple(reasons))


def _refuse(reasons: list[str], *, strict: bool) -> None:
    if strict and reasons:
        raise ResumeError(
            "the run cannot go on bit for bit from this state\n" + "\n".join(f"  {reason}" for reason in reasons),
            reasons,
            hint="strict=False goes on all the same, and returns the reasons",
        )


_SHAPE: dict[str, tuple[type, ...]] = {
    "scheme": (str,),
    "seed": (str,),
    "seeds": (str,),
    "rank": (int, type(None)),
    "world_size": (int, type(None)),
    "epoch": (int, type(None)),
    "generators": (dict,),
    "streams": (list,),
    "libraries": (dict,),
    "switches": (dict,),
    "verdict": (str,),
    "observed": (dict,),
}


def _check_shape(state: object) -> None:
    schema = state.get("schema") if isinstance(state, dict) else None
    if not isinstance(state, dict) or not isinstance(schema, dict) or schema.get("name") != SCHEMA:
        raise ResumeError("this is no state that run.state_dict() gave")
    if schema.get("version") != VERSION:
        raise ResumeError(
            f"the state has schema version {schema.get('version')}, which is not known here, only {VERSION}",
            hint="resume with the version of envguard that saved it",
        )
    for key, kinds in _SHAPE.items():
        if not isinstance(state.get(key), kinds):
            raise ResumeError(f"the saved state is damaged: '{key}' is {type(state.get(key)).__name__}")
    if "position" not in state:
        raise ResumeError("the saved state is damaged: there is no 'position'")


def _rank_and_size(place: Place) -> tuple[int | None, int | None]:
    """Return rank and size, None where they cannot be told: no hours of training are lost because a checkpoint cannot name them."""
    try:
        return place.rank_and_size()
    except RanksError:
        return None, None


def _run(streams: Streams, seeding: Seeding, place: Place, state: Mapping[str, Any]) -> Iterator[str]:
    rank, size = _rank_and_size(place)
    for what, saved, here in (
        ("the scheme of the streams", state["scheme"], SCHEME),
        ("the seed", state["seed"], str(streams.root)),
        ("the way of seeding", state["seeds"], seeding.seeds),
        ("the world size", state["world_size"], size),
        ("the rank", state["rank"], rank),
    ):
        if saved is None or saved != here:
            yield f"{what} was {_UNKNOWN if saved is None else saved}, and is {_UNKNOWN if here is None else here}"


def _environment(answer: Mapping[str, Any], state: Mapping[str, Any]) -> Iterator[str]:
    for when, verdict in (("was", state["verdict"]), ("is", answer["verdict"])):
        if verdict not in _TOLD:
            yield f"what the environment {when} cannot be told: it {when} {verdict}"
    here = _observed(answer)
    for section, words in (
        ("packages", "package"),
        ("machine", "fact of the machine"),
        ("data", "tree of data"),
    ):
        yield from _differences(words, state["observed"].get(section), here[section])
    libraries = _libraries()
    # What is loaded here and was not there draws nothing that the saved run drew.
    saved = state["libraries"]
    yield from _differences("library", saved, {name: libraries.get(name, "not loaded") for name in saved})


def _switches(state: Mapping[str, Any], here: Mapping[str, str]) -> Iterator[str]:
    """Yield how the switches of now are not those of the *state*: threads, precision, kernels that the program has chosen.

    What only one of the two has is of a library that was not there yet.
    """
    saved: Any = state["switches"]
    both = sorted(saved.keys() & here.keys())
    now = {name: here[name] for name in both}
    # What could not be read is not the same twice.
    now |= {name: f"still {value}" for name, value in now.items() if value.startswith(UNREADABLE)}
    yield from _differences("switch", {name: saved[name] for name in both}, now)


def _differences(what: str, saved: object, here: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(saved, dict):
        raise ResumeError(f"the saved state is damaged: no {what} is listed")
    different = [name for name in sorted({*saved, *here}) if saved.get(name) != here.get(name)]
    for name in different[:_SHOWN]:
        yield f"{what} {name} was {saved.get(name, 'not there')}, and is {here.get(name, 'not there')}"
    if len(different) > _SHOWN:
        yield f"{len(different) - _SHOWN} more of the kind: {what}"


def _generators(saved: Mapping[str, Any]) -> list[str]:
    """Bring the global generators into their *saved* states; return why some are not."""
    reasons = []
    for key, state in saved.items():
        library = library_of(key)
        module = sys.modules.get(library.module) if library is not None else None
        if state is None:
            reasons.append(f"the generator {key} was up, and its state cannot be read")
        elif library is None or module is None:
            reasons.append(f"the generator {key} has no place: {library.module if library else key} is not loaded")
        else:
            try:
                library.restore(module, key, state)
            except LookupError as error:
                if isinstance(error, KeyError):
                    raise
                reasons.append(f"the generator {key} has no place: {error}")
            except RuntimeError as error:  # torch: a state of another size than this version's, or a device that fails
                reasons.append(f"the generator {key} does not take its state: {str(error).partition(chr(10))[0]}")
    return reasons


def _libraries() -> dict[str, str]:
    """Return the versions of Python and of the loaded libraries that decide which numbers a state leads to."""
    found = {"python": f"{platform.python_implementation()} {platform.python_version()}"}
    for library in LIBRARIES:
        version = getattr(sys.modules.get(library.module), "__version__", None)
        if version is not None and not library.through:
            found[library.module] = str(version)
    jax: Any = sys.modules.get("jax")
    if jax is not None:
        found["jax"] = str(jax.__version__)
        found["jax_threefry_partitionable"] = str(jax.config.jax_threefry_partitionable)
    return found


def _observed(answer: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what of an observation must be the same: packages, facts that are not for people alone, roots of data."""
    from ..facts import is_audit

    observed = answer["observed"]
    trees = (observed.get("data") or {}).get("trees", {})
    return {
        "packages": {**observed.get("packages", {}), **observed.get("conda", {})},
        "machine": {key: value for key, value in observed.get("facts", {}).items() if not is_audit(key)},
        "data": {name: tree["root"] for name, tree in trees.items()},
    }


def _plain(value: object) -> Any:
    import json

    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"a position is made of plain values (numbers, text, lists, dicts): {error}") from None
