"""Ways to break a lockfile, for hypothesis: keys gone, values of other types, bytes cut out and put in."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import tomlkit
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False),
    st.sampled_from(
        ["", "*", "((", "^", "\x00", "extra == 'a'", "../../x", "a" * 300, "1.0", "==1 ; x", "https://u:p@h/x"]
    ),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.just([[]]),
    st.just([{"a": 1}]),
    st.just({"a": {"b": []}}),
)


def _places(value: Any, keys: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in ((*keys, key), *_places(item, (*keys, key)))]


@st.composite
def broken_documents(
    draw: st.DrawFn, document: dict[str, Any], dump: Callable[[dict[str, Any]], str] = tomlkit.dumps
) -> str:
    """Return the text of *document*, as *dump* writes it, with up to four values gone or replaced."""
    found = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 4))):
        places = _places(found)
        if not places:
            break
        place = draw(st.sampled_from(places))
        holder: Any = found
        for key in place[:-1]:
            holder = holder[key]
        if draw(st.booleans()):
            del holder[place[-1]]
        else:
            holder[place[-1]] = copy.deepcopy(draw(_VALUES))
    return dump(found)


@st.composite
def broken_bytes(draw: st.DrawFn, text: str) -> bytes:
    """Return *text* cut off, or with bytes put in."""
    data = text.encode()
    at = draw(st.integers(0, len(data)))
    if draw(st.booleans()):
        return data[:at]
    return data[:at] + draw(st.binary(min_size=1, max_size=12)) + data[at + draw(st.integers(0, 40)) :]
