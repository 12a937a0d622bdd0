"""One lock of each format that has everything in it that its reader looks at: what tests of bad input break.

A format that is read has a specimen here, or ``test_bad_input`` fails.
"""

from __future__ import annotations

import functools
import json
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from envguard.lockfiles import freshness, read_lock
from envguard.lockfiles.conda.subdirs import environment_of
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.diff.compare import compare
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import Selection
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles import plain_toml
from tests.lockfiles.conda_lock import documents as conda_lock
from tests.lockfiles.pdm import documents as pdm
from tests.lockfiles.pipenv import documents as pipenv
from tests.lockfiles.pixi import documents as pixi
from tests.lockfiles.poetry import documents as poetry
from tests.lockfiles.pylock import documents as pylock
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from envguard.lockfiles.model import FreshnessVerdict, Inconsistency, Lock

CORPORA = ROOT / "tests" / "corpora"
BASE = {
    **dict.fromkeys(("platform_release", "platform_version", "implementation_version"), ""),
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
HERE = named_environment(BASE, python_version="3.12.1", platform="linux")
CONDA = environment_of("linux-64", "3.12.4") or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """A lock called *name* with the content *text*, and the *manifests* beside it by their names; *label* is for people.

    *loads* and *dumps* are for what is broken value by value; None for a format of lines. *newer* replaces a part of the
    text, so that it is of a version that nobody knows, None where it has none; *twice* so that something is there twice; *opens* is how something
    begins that can be nested. *groups* and *extras* can be chosen. *real* is a real lock of the corpora.

    *needed* are the keys without which there is no lock; *ignored* those of which another type is no error: no reader looks
    at them, or what they hold is compared as a whole.
    """

    label: str
    format: str
    name: str
    text: str
    manifests: Mapping[str, str]
    newer: tuple[str, str] | None
    twice: tuple[str, str]
    real: str
    needed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    opens: str = ""
    loads: Callable[[str], dict[str, Any]] | None = tomllib.loads
    dumps: Callable[[Mapping[str, Any]], str] | None = plain_toml.dumps
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: HERE)

    def write(self, folder: Path, text: str | bytes | None = None, **manifests: str) -> Path:
        """Write the lock, or *text* in its place, and its manifests into *folder*, and return the path of the lock."""
        for name, content in {**self.manifests, **manifests}.items():
            (folder / name).write_text(content, encoding="utf-8")
        path = folder / self.name
        path.write_bytes(text if isinstance(text, bytes) else (self.text if text is None else text).encode())
        return path

    def use(self, path: Path, reader: Reader | None = None) -> tuple[Lock, FreshnessVerdict, tuple[Inconsistency, ...]]:
        """Do with the lock at *path* all that envguard does with a lock."""
        reader = reader or Reader()
        lock = read_lock(reader, str(path), anew=True)
        found = inconsistencies(lock)
        for selection in (Selection(), Selection(extras=self.extras, groups=self.groups, default_groups=False)):
            select(lock, selection, self.environment)
        bool(compare(None, lock) and compare(lock, lock))
        return lock, freshness(reader, lock), found


UV_MANIFEST = """\
[project]
name = "app"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["one>=1", "git-one", "url-one", "path-one", "lib", "forked"]

[project.optional-dependencies]
fast = ["two"]

[dependency-groups]
dev = ["tool"]

[tool.uv]
environments = ["sys_platform == 'linux'", "sys_platform == 'win32'"]
constraint-dependencies = ["two<3"]
override-dependencies = ["tool==1"]
conflicts = [[{ extra = "fast" }, { group = "slow" }]]

[tool.uv.sources]
git-one = { git = "https://git.example/one", tag = "v1" }
lib = { path = "lib", editable = true }
"""


def _hash(number: int) -> str:
    return f"sha256:{number:064x}"


UV = f"""\
version = 1
revision = 5
requires-python = ">=3.11"
resolution-markers = ["sys_platform == 'linux'", "sys_platform == 'win32'"]
supported-markers = ["sys_platform == 'linux'", "sys_platform == 'win32'"]
required-markers = ["sys_platform == 'linux'"]
conflicts = [[{{ package = "app", extra = "fast" }}, {{ package = "app", group = "slow" }}]]

[options]
resolution-mode = "highest"
exclude-newer = "2026-01-01T00:00:00Z"

[manifest]
members = ["app"]
constraints = [{{ name = "two", specifier = "<3" }}]
overrides = [{{ name = "tool", specifier = "==1" }}]
requirements = [{{ name = "one", specifier = ">=1", extras = ["x"], marker = "sys_platform == 'linux'" }}]

[manifest.dependency-groups]
extra = [{{ name = "tool" }}]

[[manifest.dependency-metadata]]
name = "two"
version = "1"
requires-dist = ["tool"]
requires-python = ">=3"
provides-extra = ["x"]

[[package]]
name = "app"
version = "1.0"
source = {{ editable = "." }}
default-groups = ["dev"]
dependencies = [
    {{ name = "one", extra = ["x"], marker = "sys_platform == 'linux'" }},
    {{ name = "git-one" }},
    {{ name = "url-one" }},
    {{ name = "path-one" }},
    {{ name = "lib" }},
    {{ name = "forked", version = "1", source = {{ registry = "https://index.example/simple" }}, marker = "sys_platform == 'linux'" }},
    {{ name = "forked", version = "2", source = {{ registry = "https://index.example/simple" }}, marker = "sys_platform == 'win32'" }},
]

[package.optional-dependencies]
fast = [{{ name = "two" }}]

[package.dev-dependencies]
dev = [{{ name = "tool" }}]
slow = [{{ name = "two" }}]

[package.group-requires-python]
dev = ">=3.11"

[package.metadata]
requires-dist = [
    {{ name = "one", specifier = ">=1", extras = ["x"] }},
    {{ name = "two", marker = "extra == 'fast'" }},
    {{ name = "git-one", git = "https://git.example/one?tag=v1" }},
]
provides-extras = ["fast"]

[package.metadata.requires-dev]
dev = [{{ name = "tool" }}]

[[package]]
name = "one"
version = "1.5"
source = {{ registry = "https://me:secret@index.example/simple" }}
dependencies = [{{ name = "two" }}]
sdist = {{ url = "https://files.example/one-1.5.tar.gz", hash = "{_hash(1)}", size = 10 }}
wheels = [{{ url = "https://files.example/one-1.5-py3-none-any.whl", hash = "{_hash(2)}", size = 10 }}]

[package.optional-dependencies]
x = [{{ name = "tool" }}]

[[package]]
name = "two"
version = "2.0"
source = {{ registry = "wheels" }}
wheels = [{{ path = "two-2.0-py3-none-any.whl" }}]

[[package]]
name = "tool"
version = "1"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/tool-1-py3-none-any.whl", hash = "{_hash(3)}" }}]

[[package]]
name = "git-one"
version = "1.0"
source = {{ git = "https://git.example/one?subdirectory=x&tag=v1#a79603c4d0a13487eeec6119abcb2f5744636c25" }}

[[package]]
name = "url-one"
version = "1.0"
source = {{ url = "https://files.example/url-one-1.0.tar.gz", subdirectory = "x" }}
sdist = {{ hash = "{_hash(4)}" }}

[[package]]
name = "path-one"
version = "1.0"
source = {{ path = "dist/path_one-1.0-py3-none-any.whl" }}
wheels = [{{ filename = "path_one-1.0-py3-none-any.whl", hash = "{_hash(5)}" }}]

[[package]]
name = "lib"
version = "1.0"
source = {{ editable = "lib" }}

[package.metadata]
requires-dist = []

[[package]]
name = "forked"
version = "1"
source = {{ registry = "https://index.example/simple" }}
resolution-markers = ["sys_platform == 'linux'"]
wheels = [{{ url = "https://files.example/forked-1-py3-none-any.whl", hash = "{_hash(6)}" }}]

[[package]]
name = "forked"
version = "2"
source = {{ registry = "https://index.example/simple" }}
resolution-markers = ["sys_platform == 'win32'"]
wheels = [{{ url = "https://files.example/forked-2-py3-none-any.whl", hash = "{_hash(7)}" }}]
"""

POETRY_SOURCES = "".join(
    poetry.package(f"{kind}-one", "1.0", more=f"develop = true\n\n[package.source]\n{source}")
    for kind, source in {
        "git": 'type = "git"\nurl = "https://git.example/one"\nreference = "v1"\nresolved_reference = "abc"\n'
        'subdirectory = "x"\n',
        "url": 'type = "url"\nurl = "https://me:secret@files.example/one-1.0.zip"\n',
        "file": 'type = "file"\nurl = "dist/one-1.0.zip"\n',
        "folder": 'type = "directory"\nurl = "libs/one"\n',
        "index": 'type = "legacy"\nurl = "https://index.example/simple"\nreference = "own"\n',
    }.items()
)
PDM_SOURCES = "".join(
    pdm.package(f"{kind}-one", "1.0", more=f"{source}\n")
    for kind, source in {
        "git": 'git = "https://git.example/one.git"\nref = "v1"\nrevision = "abc"\nsubdirectory = "x"',
        "url": 'url = "https://me:secret@files.example/url-one-1.0.tar.gz"',
        "path": 'path = "./libs/one"\neditable = true',
    }.items()
)
PDM_TARGET = '\n[[metadata.targets]]\nrequires_python = ">=3.9"\nplatform = "manylinux_2_28_x86_64"\nimplementation = "cpython"\n'
PYLOCK_SOURCES = "".join(
    (
        f'\n[[packages]]\nname = "one"\narchive = {{ url = "https://u:p@h.example/one.zip", hashes = {pylock.hashes("one", "1")} }}\n',
        '\n[[packages]]\nname = "two"\nvcs = { type = "git", url = "https://git.example/two", commit-id = "0" }\n',
        '\n[[packages]]\nname = "lib"\ndirectory = { path = "libs/lib", editable = true, subdirectory = "x" }\n',
        pylock.package(
            "three",
            "1",
            f'sdist = {{ name = "three-1.tar.gz", path = "x", size = 3, hashes = {pylock.hashes("three", "x")} }}\n',
        ),
    )
)
UV_SCRIPT = f"""\
version = 1
revision = 3
requires-python = ">=3.11"

[manifest]
requirements = [{{ name = "one", specifier = ">=1", extras = ["x"], marker = "sys_platform == 'linux'" }}]
default-groups = ["extra"]

[manifest.dependency-groups]
extra = [{{ name = "two" }}]

[manifest.group-requires-python]
extra = ">=3.11"

[[package]]
name = "one"
version = "1.5"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/one-1.5-py3-none-any.whl", hash = "{_hash(1)}" }}]

[[package]]
name = "two"
version = "2.0"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/two-2.0-py3-none-any.whl", hash = "{_hash(2)}" }}]

[[package]]
name = "tool"
version = "1"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/tool-1-py3-none-any.whl", hash = "{_hash(3)}" }}]

[[package]]
name = "lib"
version = "1"
source = {{ directory = "lib" }}
"""
POETRY_1 = f"""\
[[package]]
name = "alpha"
version = "1.5"
description = ""
category = "main"
optional = false
python-versions = ">=3.8"

[package.dependencies]
gamma = {{ version = ">=1", markers = "python_version >= '3.12'" }}

[[package]]
name = "beta"
version = "1.0"
description = ""
category = "main"
optional = false
python-versions = ">=3.8"

[package.dependencies]
delta = {{ version = "^1.0", optional = true }}

[package.extras]
fast = ["delta (>=1.0,<2.0)"]

[[package]]
name = "delta"
version = "1.0"
description = ""
category = "main"
optional = true
python-versions = "*"

[[package]]
name = "gamma"
version = "1.0"
description = ""
category = "dev"
optional = false
python-versions = ">=3.8"

[[package]]
name = "epsilon"
version = "1.0"
description = ""
category = "dev"
optional = false
python-versions = ">=3.8"

[[package]]
name = "zeta"
version = "1.0"
description = ""
category = "dev"
optional = false
python-versions = ">=3.8"

[extras]
plot = ["delta"]

[metadata]
lock-version = "1.1"
python-versions = ">=3.9,<4.0"
content-hash = "0"

[metadata.files]
alpha = [{{ file = "alpha-1.5-py3-none-any.whl", hash = "{_hash(1)}" }}]
beta = [{{ file = "beta-1.0-py3-none-any.whl", hash = "{_hash(2)}" }}]
delta = [{{ file = "delta-1.0.tar.gz", hash = "{_hash(3)}" }}]
gamma = [{{ file = "gamma-1.0-py3-none-any.whl", hash = "{_hash(4)}" }}]
epsilon = [{{ file = "epsilon-1.0-py3-none-any.whl", hash = "{_hash(5)}" }}]
zeta = [{{ file = "zeta-1.0-py3-none-any.whl", hash = "{_hash(6)}" }}]
"""

REQUIREMENTS = f"""\
#
# This file is autogenerated by pip-compile with Python 3.12
# by the following command:
#
#    pip-compile --generate-hashes --output-file=requirements.txt requirements.in
#
--index-url https://me:secret@index.example/simple
--only-binary :all:
-r more.txt
one[fast]==1.0 ; python_version >= '3.9' \\
    --hash={_hash(1)} \\
    --hash={_hash(2)}
    # via -r requirements.in
two==2.0+cpu --hash={_hash(3)}  # via -r requirements.in
git-one @ git+https://git.example/one@a79603c4d0a13487eeec6119abcb2f5744636c25#subdirectory=x
    # via two
url-one @ https://files.example/url_one-1.0.tar.gz#sha256={"0" * 64}
    # via two
-e ./libs/lib
-e git+https://git.example/four.git@a79603c4d0a13487eeec6119abcb2f5744636c25#egg=four
"""
PIXI_SOURCE = "- conda_source: child[87dc0b8a] @ child\n  version: '1.0'\n  subdir: linux-64\n"
# JSON is YAML, and written in a tenth of the time.
_json = functools.partial(json.dumps, ensure_ascii=False)

SPECIMENS = (
    Specimen(
        label="uv",
        needed=("editable", "git", "marker", "name", "package", "path", "registry", "source", "url", "version"),
        ignored=("exclude-newer", "slow"),
        format="uv",
        opens="version = 1\nx = ",
        name="uv.lock",
        text=UV,
        manifests={"pyproject.toml": UV_MANIFEST},
        newer=("version = 1\n", "version = 9\n"),
        twice=("[options]\n", "[options]\n[options]\n"),
        real="uv-large/uv.lock",
        extras=("fast",),
        groups=("dev",),
    ),
    Specimen(
        label="poetry",
        needed=("file", "groups", "lock-version", "metadata", "name", "python-versions", "url", "version"),
        ignored=("content-hash", "delta", "gamma", "markers", "never", "optional", "plot", "reference", "unknown"),
        format="poetry",
        opens="x = ",
        name="poetry.lock",
        text=poetry.lock(packages=poetry.PACKAGES + POETRY_SOURCES),
        manifests={"pyproject.toml": poetry.MANIFEST},
        newer=('lock-version = "2.1"', 'lock-version = "9.1"'),
        twice=("[metadata]\n", "[metadata]\n[metadata]\n"),
        real="poetry-small/poetry.lock",
        extras=("plot",),
        groups=("docs",),
    ),
    Specimen(
        label="pdm",
        needed=("file", "lock_version", "metadata", "name", "version"),
        ignored=("content_hash", "requires_python", "summary"),
        format="pdm",
        opens="x = ",
        name="pdm.lock",
        text=pdm.lock(packages=pdm.PACKAGES + PDM_SOURCES, targets=PDM_TARGET),
        manifests={"pyproject.toml": pdm.MANIFEST},
        newer=('lock_version = "4.5.1"', 'lock_version = "9.5.1"'),
        twice=("[metadata]\n", "[metadata]\n[metadata]\n"),
        real="pdm-small/pdm.lock",
        extras=("plot",),
        groups=("more",),
    ),
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
    Specimen(
        label="pylock",
        needed=(
            "archive",
            "commit-id",
            "created-by",
            "directory",
            "hashes",
            "lock-version",
            "name",
            "packages",
            "path",
            "sha256",
            "type",
            "url",
            "vcs",
            "wheels",
        ),
        ignored=(),
        format="pylock",
        opens="x = ",
        name="pylock.toml",
        text=pylock.lock(pylock.PACKAGES + PYLOCK_SOURCES),
        manifests={"pyproject.toml": pylock.MANIFEST},
        newer=('lock-version = "1.0"', 'lock-version = "9.0"'),
        twice=("[[packages]]\n", "[tool]\n[tool]\n[[packages]]\n"),
        real="pylock-pip/pylock.toml",
        extras=("plot",),
        groups=("more",),
    ),
    Specimen(
        label="uv-script",
        needed=("directory", "name", "package", "registry", "source", "version"),
        ignored=(),
        format="uv",
        name="tool.py.lock",
        text=UV_SCRIPT,
        manifests={},
        newer=("version = 1\n", "version = 9\n"),
        twice=("[manifest]\n", "[manifest]\n[manifest]\n"),
        real="uv-large/uv.lock",
        opens="version = 1\nx = ",
        groups=("extra",),
    ),
    Specimen(
        label="poetry-1",
        needed=("file", "lock-version", "metadata", "name", "python-versions", "version"),
        ignored=("category", "content-hash", "delta", "description", "gamma", "optional", "plot"),
        format="poetry",
        name="poetry.lock",
        text=POETRY_1,
        manifests={"pyproject.toml": poetry.MANIFEST},
        newer=('lock-version = "1.1"', 'lock-version = "9.1"'),
        twice=("[metadata]\n", "[metadata]\n[metadata]\n"),
        real="poetry-1.1/poetry.lock",
        opens="x = ",
        extras=("plot",),
        groups=("docs",),
    ),
    Specimen(
        label="pdm-plain",
        needed=("extras", "file", "lock_version", "metadata", "name", "version"),
        ignored=("content_hash", "summary"),
        format="pdm",
        name="pdm.lock",
        text=pdm.lock(strategy="cross_platform"),
        manifests={"pyproject.toml": pdm.MANIFEST},
        newer=('lock_version = "4.5.1"', 'lock_version = "9.5.1"'),
        twice=("[metadata]\n", "[metadata]\n[metadata]\n"),
        real="pdm-small/pdm.lock",
        opens="x = ",
        extras=("plot",),
        groups=("more",),
    ),
    Specimen(
        label="pixi",
        needed=("conda", "conda_source", "name", "packages", "platforms", "pypi", "url", "version"),
        ignored=("channels",),
        format="pixi",
        name="pixi.lock",
        text=pixi.lock(7, records=PIXI_SOURCE),
        manifests={"pixi.toml": pixi.MANIFEST, "pyproject.toml": pixi.PYPROJECT},
        newer=("version: 7\n", "version: 9\n"),
        twice=("environments:\n", "environments: {}\nenvironments:\n"),
        real="pixi-small/pixi.lock",
        opens="version: ",
        loads=yaml.safe_load,
        dumps=_json,
        groups=("test",),
        environment=CONDA,
    ),
    Specimen(
        label="pixi-6",
        needed=("conda", "name", "packages", "pypi", "url", "version"),
        ignored=("channels",),
        format="pixi",
        name="pixi.lock",
        text=pixi.lock(6),
        manifests={"pixi.toml": pixi.MANIFEST, "pyproject.toml": pixi.PYPROJECT},
        newer=("version: 6\n", "version: 9\n"),
        twice=("environments:\n", "environments: {}\nenvironments:\n"),
        real="pixi-small/pixi.lock",
        opens="version: ",
        loads=yaml.safe_load,
        dumps=_json,
        groups=("test",),
        environment=CONDA,
    ),
    Specimen(
        label="conda-lock",
        needed=("manager", "name", "platform", "url", "version"),
        ignored=("channels", "content_hash", "linux-64", "optional", "osx-arm64", "used_env_vars"),
        format="conda-lock",
        name="conda-lock.yml",
        text=conda_lock.lock(sources="environment.yml dev.yml"),
        manifests={"environment.yml": conda_lock.ENVIRONMENT, "dev.yml": conda_lock.DEV},
        newer=("version: 1\n", "version: 9\n"),
        twice=("metadata:\n", "metadata: {}\nmetadata:\n"),
        real="conda-lock-small/conda-lock.yml",
        opens="version: ",
        loads=yaml.safe_load,
        dumps=_json,
        groups=("dev",),
        environment=CONDA,
    ),
    Specimen(
        label="requirements",
        format="requirements",
        name="requirements.txt",
        text=REQUIREMENTS,
        manifests={"requirements.in": "one[fast]>=1\ntwo\n", "more.txt": f"three==1.0 --hash={_hash(5)}\n"},
        newer=None,
        twice=("--hash", "--hash=x --hash"),
        real="requirements-pip-tools/requirements.txt",
        opens="one ; ",
        loads=None,
        dumps=None,
    ),
)
