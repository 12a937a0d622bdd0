"""``Pipfile.lock``."""

from __future__ import annotations

import json

from tests.lockfiles.pipenv import documents as pipenv

from .base import Specimen

SPECIMENS = (
    Specimen(
        label="pipenv",
        needed=("_meta", "name", "pipfile-spec", "sources", "url", "version"),
        ignored=("ref", "verify_ssl"),
        format="pipenv",
        opens='{"_meta": ',
        name="Pipfile.lock",
        text=pipenv.lock(
            ("default/url-one", {"file": "https://me:secret@files.example/one-1.0.zip", "subdirectory": "x"}),
            ("default/alpha/os_markers", "os_name == 'posix'"),
            ("docs/repo-two", {"git": "git+https://git.example/two#egg=two", "ref": None, "subdirectory": "x"}),
        ),
        manifests={"Pipfile": pipenv.MANIFEST},
        newer=('"pipfile-spec": 6', '"pipfile-spec": 9'),
        twice=('"docs": {', '"docs": {}, "docs": {'),
        real="pipenv-small/Pipfile.lock",
        loads=json.loads,
        dumps=json.dumps,
        groups=("develop", "docs"),
    ),
)
