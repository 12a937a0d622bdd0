"""Asked of pip itself: what it reads in requirements files. Run by the Python of an environment that holds pip.

Reads a JSON list of ``{"path", "environments"}`` and prints for each what pip's own parser makes of the file: the requirements
with the place of each, and in which of the environments (marker variables) its marker holds; or the error.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from typing import Any

from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import parse_requirements

PLACE = re.compile(r"-[rc] (?P<path>.*) \(line (?P<line>\d+)\)$")


def answer(case: dict[str, Any]) -> dict[str, Any]:
    found = []
    os.chdir(os.path.dirname(case["path"]))
    try:
        for parsed in parse_requirements(case["path"], session=PipSession()):
            item = install_req_from_parsed_requirement(parsed)
            place = PLACE.match(parsed.comes_from)
            assert place is not None
            found.append(
                {
                    "name": item.req.name if item.req is not None else None,
                    "specifier": str(item.req.specifier) if item.req is not None and item.link is None else "",
                    "link": item.link.url_without_fragment if item.link is not None else None,
                    "editable": item.editable,
                    "constraint": item.constraint,
                    "hashes": sorted(
                        f"{name}:{value}" for name, values in item.hash_options.items() for value in values
                    ),
                    "path": place["path"],
                    "line": int(place["line"]),
                    "holds": [
                        item.markers is None or item.markers.evaluate({**environment, "extra": ""})
                        for environment in case["environments"]
                    ],
                }
            )
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"}
    return {"requirements": found}


logging.disable(logging.CRITICAL)
print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
