"""Small projects, changes to them that are put before uv and before us, and what uv says of a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST = "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Replace *old* by *new*, once, in *file*; without *old*, *new* becomes the whole file, and without both it goes."""

    file: str = MANIFEST
    old: str | None = None
    new: str | None = None


Change = tuple[Edit, ...]


def swap(old: str, new: str, file: str = MANIFEST) -> Change:
    return (Edit(file=file, old=old, new=new),)


def add(file: str, text: str) -> Change:
    return (Edit(file=file, new=text),)


def drop(file: str) -> Change:
    return (Edit(file=file),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The files of a project that uv can lock, and changes by name."""

    files: Mapping[str, str]
    changes: Mapping[str, Change]


INDEXES = """
[[tool.uv.index]]
name = "flat"
url = "wheels"
format = "flat"
default = true

[[tool.uv.index]]
name = "others"
url = "others"
format = "flat"
explicit = true
"""

_DEPENDENCIES = """dependencies = [
    "alpha>=1",
    "beta[fast]",
    "tool ; python_version < '3.13'",
    "gamma ; sys_platform == 'linux'",
    "gamma>=1.0 ; sys_platform == 'win32'",
    "delta ; python_version < '3'",
]"""


REQUIREMENTS = Base(
    files={
        MANIFEST: f"""
[project]
name = "app"
version = "1.0"
description = "d"
requires-python = ">=3.11"
{_DEPENDENCIES}

[project.optional-dependencies]
more = ["zeta", "gamma ; sys_platform == 'linux'"]
all = ["app[more]", "epsilon"]
none = []

[dependency-groups]
dev = ["gamma"]
test = [{{ include-group = "dev" }}, "epsilon>=1.0"]
empty = []

[tool.uv]
{INDEXES}"""
    },
    changes={
        "nothing": (),
        "the description": swap('description = "d"', 'description = "other"'),
        "a comment": swap("[tool.uv]\n", "[tool.uv]\n# a comment\n"),
        "another tool": swap("[tool.uv]\n", '[tool.other]\nkey = "value"\n\n[tool.uv]\n'),
        "the spelling of the project": swap('name = "app"', 'name = "App"'),
        "the version": swap('version = "1.0"', 'version = "1.1"'),
        "the version respelled": swap('version = "1.0"', 'version = "1.0.0"'),
        "the version with a local part": swap('version = "1.0"', 'version = "1.0+x"'),
        "a version that is dynamic": swap('version = "1.0"', 'dynamic = ["version"]'),
        "another dynamic field": swap('version = "1.0"', 'version = "1.0"\ndynamic = ["readme"]'),
        "requirements reordered": swap('    "alpha>=1",\n    "beta[fast]",', '    "beta[fast]",\n    "alpha>=1",'),
        "a name respelled": swap('"alpha>=1"', '"Alpha  >= 1"'),
        "a specifier respelled": swap('"alpha>=1"', '"alpha>=1.0.0"'),
        "a specifier in parentheses": swap('"alpha>=1"', '"alpha (>=1)"'),
        "a specifier loosened": swap('"alpha>=1"', '"alpha"'),
        "a specifier tightened": swap('"alpha>=1"', '"alpha>=1.5"'),
        "a clause more": swap('"alpha>=1"', '"alpha>=1,<9"'),
        "clauses reordered": swap('"alpha>=1"', '"alpha<9,>=1"'),
        "a specifier pinned": swap('"alpha>=1"', '"alpha==2.0"'),
        "a wildcard for a bound": swap('"alpha>=1"', '"alpha>=1,!=1.5.*"'),
        "a compatible release": swap('"alpha>=1"', '"alpha~=2.0"'),
        "a requirement more": swap('    "alpha>=1",', '    "alpha>=1",\n    "zeta",'),
        "a requirement more that is locked already": swap('    "alpha>=1",', '    "alpha>=1",\n    "epsilon",'),
        "a requirement twice": swap('    "alpha>=1",', '    "alpha>=1",\n    "alpha>=1",'),
        "clauses on two lines": swap('    "alpha>=1",', '    "alpha>=1",\n    "alpha<9",'),
        "a clause that another implies": swap('"alpha>=1"', '"alpha>=1,>0.5,!=0.7"'),
        "a compatible release in other words": swap('"alpha>=1"', '"alpha>=1,>=0.5.dev0"'),
        "an extra on two lines": swap('    "beta[fast]",', '    "beta[fast]",\n    "beta",'),
        "an extra under a marker": swap(
            '    "beta[fast]",', '    "beta",\n    "beta[fast] ; sys_platform == \'linux\'",'
        ),
        "a clause under a marker": swap(
            '    "alpha>=1",', '    "alpha>=1",\n    "alpha<9 ; sys_platform == \'linux\'",'
        ),
        "a clause under a marker that is implied": swap(
            '    "alpha>=1",', '    "alpha>=1",\n    "alpha>=0.5 ; sys_platform == \'linux\'",'
        ),
        "a requirement that never holds, beside one that does": swap(
            '    "alpha>=1",', '    "alpha>=1",\n    "alpha<9 ; python_version < \'3\'",'
        ),
        "a requirement twice, differently": swap('    "alpha>=1",', '    "alpha>=1",\n    "alpha",'),
        "a requirement less": swap('    "alpha>=1",\n', ""),
        "an extra of a requirement less": swap("beta[fast]", "beta"),
        "an extra of a requirement more": swap("beta[fast]", "beta[fast,slow]"),
        "an extra of a requirement respelled": swap("beta[fast]", "beta[Fast]"),
        "an extra of a requirement twice": swap("beta[fast]", "beta[fast,fast]"),
        "a marker by another variable": swap("python_version < '3.13'", "python_full_version < '3.13'"),
        "a marker turned around": swap("python_version < '3.13'", "'3.13' > python_version"),
        "a marker as a list of versions": swap("python_version < '3.13'", "python_version in '3.11, 3.12'"),
        "a marker with a clause that is implied": swap(
            "python_version < '3.13'", "python_version < '3.13' and python_version >= '3.8'"
        ),
        "a marker in the form of its opposite": swap("python_version < '3.13'", "python_version <= '3.12'"),
        "a marker narrowed": swap("python_version < '3.13'", "python_version < '3.12'"),
        "a marker narrowed by one release": swap("python_version < '3.13'", "python_full_version < '3.12.9'"),
        "a marker dropped": swap(" ; python_version < '3.13'", ""),
        "a marker that says nothing": swap('"alpha>=1"', "\"alpha>=1 ; python_version >= '3.8'\""),
        "a marker on an implementation": swap('"alpha>=1"', "\"alpha>=1 ; implementation_name == 'cpython'\""),
        "a marker by the system's name": swap("sys_platform == 'linux'", "platform_system == 'Linux'"),
        "a marker by the kind of system": swap("sys_platform == 'win32'", "os_name == 'nt'"),
        "a marker on the other side": swap("sys_platform == 'linux'", "sys_platform != 'linux'"),
        "a marker on a machine": swap("sys_platform == 'linux'", "platform_machine == 'x86_64'"),
        "markers joined": swap(
            "\"gamma ; sys_platform == 'linux'\"", "\"gamma ; sys_platform == 'linux' or sys_platform == 'aix'\""
        ),
        "a requirement split by marker": swap(
            '"alpha>=1"', "\"alpha>=1 ; sys_platform == 'linux'\",\n    \"alpha>=1 ; sys_platform != 'linux'\""
        ),
        "a requirement split by marker, with a hole": swap(
            '"alpha>=1"', "\"alpha>=1 ; sys_platform == 'linux'\",\n    \"alpha>=1 ; sys_platform == 'win32'\""
        ),
        "a marker that never holds, otherwise": swap("python_version < '3'", "python_version < '2'"),
        "a requirement that never holds, less": swap("    \"delta ; python_version < '3'\",\n", ""),
        "a requirement that never holds, more": swap(
            '    "alpha>=1",', '    "alpha>=1",\n    "epsilon ; python_version < \'3\'",'
        ),
        "an extra more": swap("none = []", 'none = []\nlast = ["zeta"]'),
        "an empty extra more": swap("none = []", "none = []\nlast = []"),
        "an empty extra less": swap("none = []\n", ""),
        "an extra renamed": swap("none = []", "nothing = []"),
        "an extra respelled": swap("none = []", "None = []"),
        "extras reordered": swap(
            'more = ["zeta", "gamma ; sys_platform == \'linux\'"]\nall = ["app[more]", "epsilon"]',
            'all = ["app[more]", "epsilon"]\nmore = ["zeta", "gamma ; sys_platform == \'linux\'"]',
        ),
        "an extra's requirement less": swap('"zeta", ', ""),
        "an extra's requirement moved": swap('more = ["zeta", ', 'more = ["epsilon", '),
        "an extra's marker by the system's name": swap(
            '"zeta", "gamma ; sys_platform == \'linux\'"', '"zeta", "gamma ; platform_system == \'Linux\'"'
        ),
        "an extra's marker": swap(
            '"zeta", "gamma ; sys_platform == \'linux\'"', '"zeta", "gamma ; sys_platform == \'darwin\'"'
        ),
        "an extra spelled out": swap('"app[more]"', '"zeta", "gamma ; sys_platform == \'linux\'"'),
        "an extra through itself respelled": swap('"app[more]"', '"App[More]"'),
        "a group more": swap("empty = []", 'empty = []\nlast = ["tool"]'),
        "an empty group more": swap("empty = []", "empty = []\nlast = []"),
        "an empty group less": swap("empty = []\n", ""),
        "a group respelled": swap("empty = []", "Empty = []"),
        "a group's requirement": swap('dev = ["gamma"]', 'dev = ["gamma>=1"]'),
        "a group's requirement more": swap('dev = ["gamma"]', 'dev = ["gamma", "delta"]'),
        "an include spelled out": swap('{ include-group = "dev" }', '"gamma"'),
        "an include respelled": swap('{ include-group = "dev" }', '{ include-group = "Dev" }'),
        "an include less": swap('{ include-group = "dev" }, ', ""),
        "an include more": swap("empty = []", 'empty = [{ include-group = "dev" }]'),
        "an include of nothing": swap('"epsilon>=1.0"]', '"epsilon>=1.0", { include-group = "empty" }]'),
        "legacy development dependencies": swap("[tool.uv]\n", '[tool.uv]\ndev-dependencies = ["delta"]\n'),
        "legacy development dependencies that are in the group": swap(
            "[tool.uv]\n", '[tool.uv]\ndev-dependencies = ["gamma"]\n'
        ),
        "no legacy development dependencies": swap("[tool.uv]\n", "[tool.uv]\ndev-dependencies = []\n"),
        "the default groups named": swap("[tool.uv]\n", '[tool.uv]\ndefault-groups = ["dev"]\n'),
        "other default groups": swap("[tool.uv]\n", '[tool.uv]\ndefault-groups = ["dev", "test"]\n'),
        "all groups by default": swap("[tool.uv]\n", '[tool.uv]\ndefault-groups = "all"\n'),
        "no default groups": swap("[tool.uv]\n", "[tool.uv]\ndefault-groups = []\n"),
        "a range for a group": swap(
            "[tool.uv]\n", '[tool.uv]\n[tool.uv.dependency-groups]\ndev = { requires-python = ">=3.11.3" }\n'
        ),
        "a range for a group that is implied": swap(
            "[tool.uv]\n", '[tool.uv]\n[tool.uv.dependency-groups]\ndev = { requires-python = ">=3.9" }\n'
        ),
        "a range for a group without one": swap("[tool.uv]\n", "[tool.uv]\n[tool.uv.dependency-groups]\ndev = {}\n"),
        "the Pythons, respelled": swap('">=3.11"', '">=3.11.0"'),
        "the Pythons, in other words": swap('">=3.11"', '">3.10.999,!=3.10.*,>=3.11"'),
        "the Pythons from a patch release on": swap('">=3.11"', '">=3.11.2"'),
        "the Pythons with an end": swap('">=3.11"', '">=3.11,<4"'),
        "the Pythons with a later start": swap('">=3.11"', '">=3.10"'),
        "the Pythons with a gap": swap('">=3.11"', '">=3.11,!=3.12.1"'),
        "the Pythons without a minor version": swap('">=3.11"', '">=3.11,!=3.12.*"'),
        "the Pythons without the first": swap('">=3.11"', '">=3.11,!=3.11.0"'),
        "the Pythons of one minor version": swap('">=3.11"', '"==3.11.*"'),
        "a compatible Python": swap('">=3.11"', '"~=3.11"'),
        "no Pythons": swap('requires-python = ">=3.11"\n', ""),
        "a package, explicitly none": swap("[tool.uv]\n", "[tool.uv]\npackage = false\n"),
        "a package after all": swap("[tool.uv]\n", "[tool.uv]\npackage = true\n"),
        "a build backend": swap(
            "[tool.uv]\n", '[build-system]\nrequires = ["alpha"]\nbuild-backend = "a"\n\n[tool.uv]\n'
        ),
        "scripts": swap(
            "[project.optional-dependencies]", '[project.scripts]\nx = "y:z"\n\n[project.optional-dependencies]'
        ),
    },
)

INPUTS = Base(
    files={
        MANIFEST: f"""
[project]
name = "app"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["alpha>=1", "beta", "tool"]

[project.optional-dependencies]
cpu = ["accel==1.0+cpu"]
gpu = ["accel==1.0+cu130"]
x = ["gamma"]

[dependency-groups]
lint = ["gamma"]
dev = ["zeta", {{ include-group = "lint" }}]
late = ["gamma"]

[tool.uv]
constraint-dependencies = ["alpha<9", "gamma>=0.5 ; sys_platform == 'linux'", "absent<3"]
override-dependencies = ["delta>0.1"]
exclude-dependencies = ["omega"]
build-constraint-dependencies = ["setuptools<100"]
environments = ["sys_platform == 'linux'", "sys_platform == 'win32'"]
required-environments = ["platform_machine == 'x86_64'"]
conflicts = [[{{ extra = "cpu" }}, {{ extra = "gpu" }}], [{{ group = "lint" }}, {{ extra = "x" }}]]
dependency-metadata = [{{ name = "beta", version = "1.0", requires-dist = ["delta>=0.5"] }}]
{INDEXES}"""
    },
    changes={
        "nothing": (),
        "constraints reordered": swap('"alpha<9", ', "") + swap('"absent<3"', '"absent<3", "alpha<9"'),
        "a constraint": swap('"alpha<9"', '"alpha<8"'),
        "a constraint respelled": swap('"alpha<9"', '"Alpha <9.0"'),
        "a constraint less": swap('"alpha<9", ', ""),
        "a constraint less, on nothing": swap(', "absent<3"', ""),
        "a constraint more": swap('"absent<3"', '"absent<3", "tool<9"'),
        "a constraint more, on nothing": swap('"absent<3"', '"absent<3", "missing<9"'),
        "a constraint more that says nothing": swap('"absent<3"', '"absent<3", "tool"'),
        "a constraint more that never holds": swap('"absent<3"', '"absent<3", "tool<9 ; python_version < \'3\'"'),
        "a constraint's marker": swap("\"gamma>=0.5 ; sys_platform == 'linux'\"", '"gamma>=0.5"'),
        "a constraint's marker respelled": swap(
            "gamma>=0.5 ; sys_platform == 'linux'", "gamma>=0.5 ; platform_system == 'Linux'"
        ),
        "an override": swap('"delta>0.1"', '"delta>0.2"'),
        "an override less": swap('["delta>0.1"]', "[]"),
        "an override more": swap('["delta>0.1"]', '["delta>0.1", "gamma>0.1"]'),
        "an override more, on nothing": swap('["delta>0.1"]', '["delta>0.1", "missing>0.1"]'),
        "an override more that says nothing": swap('["delta>0.1"]', '["delta>0.1", "tool"]'),
        "an override for one package": swap(
            '["delta>0.1"]', '["delta>0.1", { package = { name = "zeta" }, dependencies = ["beta>0.1"] }]'
        ),
        "an override for no package": swap(
            '["delta>0.1"]', '["delta>0.1", { package = { name = "missing" }, dependencies = ["beta>0.1"] }]'
        ),
        "an exclusion": swap('["omega"]', '["omega", "delta"]'),
        "an exclusion of nothing": swap('["omega"]', '["omega", "missing"]'),
        "an exclusion of nothing, less": swap('["omega"]', "[]"),
        "an exclusion for one package": swap(
            '["omega"]', '["omega", { package = { name = "zeta" }, dependencies = ["beta"] }]'
        ),
        "a build constraint": swap('"setuptools<100"', '"setuptools<99"'),
        "a build constraint more": swap('"setuptools<100"', '"setuptools<100", "missing"'),
        "a build constraint less": swap('["setuptools<100"]', "[]"),
        "environments reordered": swap(
            "[\"sys_platform == 'linux'\", \"sys_platform == 'win32'\"]",
            "[\"sys_platform == 'win32'\", \"sys_platform == 'linux'\"]",
        ),
        "environments respelled": swap(
            "[\"sys_platform == 'linux'\",", "[\"platform_system == 'Linux' and python_version >= '3.5'\","
        ),
        "an environment less": swap(", \"sys_platform == 'win32'\"", ""),
        "an environment more": swap(
            "\"sys_platform == 'win32'\"", "\"sys_platform == 'win32'\", \"sys_platform == 'darwin'\""
        ),
        "no environments": swap("environments = [\"sys_platform == 'linux'\", \"sys_platform == 'win32'\"]\n", "\n"),
        "a required environment": swap("platform_machine == 'x86_64'", "platform_machine == 'aarch64'"),
        "no required environments": swap("required-environments = [\"platform_machine == 'x86_64'\"]\n", ""),
        "conflicts reordered": swap(
            '[{ extra = "cpu" }, { extra = "gpu" }], [{ group = "lint" }, { extra = "x" }]',
            '[{ group = "lint" }, { extra = "x" }], [{ extra = "cpu" }, { extra = "gpu" }]',
        ),
        "a conflict turned around": swap(
            '{ extra = "cpu" }, { extra = "gpu" }', '{ extra = "gpu" }, { extra = "cpu" }'
        ),
        "a conflict with the package named": swap(
            '{ extra = "cpu" }, { extra', '{ package = "App", extra = "CPU" }, { extra'
        ),
        "a conflict more": swap(
            '[{ extra = "cpu" }, { extra = "gpu" }]',
            '[{ extra = "cpu" }, { extra = "gpu" }], [{ extra = "x" }, { group = "late" }]',
        ),
        "a conflict less": swap(', [{ group = "lint" }, { extra = "x" }]', ""),
        "an inferred conflict less": swap('["zeta", { include-group = "lint" }]', '["zeta", "gamma"]'),
        "an inferred conflict more": swap('late = ["gamma"]', 'late = ["gamma", { include-group = "dev" }]'),
        "metadata": swap('["delta>=0.5"]', '["delta>=0.6"]'),
        "metadata respelled": swap('["delta>=0.5"]', '["Delta >= 0.5"]'),
        "metadata in other words": swap(
            '"1.0", requires-dist = ["delta>=0.5"]', '"v1.0.0", requires-dist = ["delta>=0.5,>=0.1"]'
        ),
        "metadata under a marker": swap('["delta>=0.5"]', "[\"delta>=0.5 ; sys_platform == 'linux'\"]"),
        "metadata split by marker": swap(
            '["delta>=0.5"]',
            "[\"delta>=0.5 ; sys_platform == 'linux'\", \"delta>=0.5 ; sys_platform != 'linux'\"]",
        ),
        "metadata with a range": swap(
            'requires-dist = ["delta>=0.5"] }', 'requires-dist = ["delta>=0.5"], requires-python = ">=3.9" }'
        ),
        "metadata with an extra": swap(
            'requires-dist = ["delta>=0.5"] }', 'requires-dist = ["delta>=0.5"], provides-extra = ["x"] }'
        ),
        "metadata of another version": swap('version = "1.0", requires-dist', 'version = "1.1", requires-dist'),
        "metadata less": swap(
            'dependency-metadata = [{ name = "beta", version = "1.0", requires-dist = ["delta>=0.5"] }]\n', ""
        ),
        "metadata more": swap("dependency-metadata = [", 'dependency-metadata = [{ name = "tool", version = "2.0" }, '),
        "metadata more, of nothing": swap(
            "dependency-metadata = [", 'dependency-metadata = [{ name = "missing", version = "2.0" }, '
        ),
    },
)


def _option(text: str) -> Change:
    return swap("[tool.uv]\n", f"[tool.uv]\n{text}\n")


OPTIONS = Base(
    files={
        MANIFEST: f"""
[project]
name = "app"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["alpha>=1", "beta"]

[tool.uv]
{INDEXES}"""
    },
    changes={
        "nothing": (),
        **{f"resolution {word}": _option(f'resolution = "{word}"') for word in ("highest", "lowest", "lowest-direct")},
        **{
            f"prerelease {word}": _option(f'prerelease = "{word}"')
            for word in ("disallow", "allow", "if-necessary", "explicit", "if-necessary-or-explicit")
        },
        **{f"fork-strategy {word}": _option(f'fork-strategy = "{word}"') for word in ("fewest", "requires-python")},
        "exclude-newer": _option('exclude-newer = "2026-01-01T00:00:00Z"'),
        "exclude-newer as a span": _option('exclude-newer = "1 week"'),
        "exclude-newer for a package": _option('exclude-newer-package = { alpha = "1 week" }'),
        "exclude-newer for another package": _option('exclude-newer-package = { missing = "1 week" }'),
        "prerelease for a package": _option('prerelease-package = { alpha = "allow" }'),
        "prerelease for another package": _option('prerelease-package = { missing = "allow" }'),
        "index-strategy": _option('index-strategy = "unsafe-best-match"'),
        "keyring-provider": _option('keyring-provider = "subprocess"'),
        "link-mode": _option('link-mode = "copy"'),
        "compile-bytecode": _option("compile-bytecode = true"),
        "no-build-isolation-package": _option('no-build-isolation-package = ["alpha"]'),
        "python-preference": _option('python-preference = "only-system"'),
        "cache-keys": _option('cache-keys = [{ file = "x" }]'),
        "upgrade": _option("upgrade = false"),
        "uv.toml with the resolution": add("uv.toml", 'resolution = "lowest"\n'),
        "uv.toml instead of the indexes": add("uv.toml", 'resolution = "highest"\n'),
        "uv.toml with the same indexes": add("uv.toml", INDEXES.replace("tool.uv.", "")),
        "the default index elsewhere": swap('url = "wheels"', 'url = "others"'),
        "the default index respelled": swap('url = "wheels"', 'url = "./wheels/"'),
        "the default index renamed": swap('name = "flat"', 'name = "level"'),
        "the default index, no default": swap("default = true\n", ""),
        "the default index, gone": swap(
            '[[tool.uv.index]]\nname = "flat"\nurl = "wheels"\nformat = "flat"\ndefault = true\n', ""
        ),
        "no index at all": (Edit(old=INDEXES, new=""),),
        "an index more": swap(
            "[[tool.uv.index]]",
            '[[tool.uv.index]]\nname = "new"\nurl = "https://index.example/simple"\n\n[[tool.uv.index]]',
        ),
        "find-links instead": (Edit(old=INDEXES, new='find-links = ["wheels"]\n'),),
        "no-index": (Edit(old=INDEXES, new='find-links = ["wheels"]\nno-index = true\n'),),
        "no-index without it": (Edit(old=INDEXES, new='find-links = ["others"]\nno-index = true\n'),),
        "index-url instead": (Edit(old=INDEXES, new='index-url = "https://index.example/simple"\n'),),
    },
)

SET_OPTIONS = Base(
    files={
        MANIFEST: f"""
[project]
name = "app"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["alpha>=1", "beta"]

[tool.uv]
resolution = "lowest-direct"
prerelease = "allow"
fork-strategy = "fewest"
exclude-newer = "1 week"
exclude-newer-package = {{ alpha = "2026-01-01T00:00:00Z", beta = false, missing = "3 days" }}
prerelease-package = {{ alpha = "disallow", missing = "allow" }}
{INDEXES}"""
    },
    changes={
        "nothing": (),
        "resolution": swap('resolution = "lowest-direct"\n', ""),
        "prerelease": swap('prerelease = "allow"\n', ""),
        "fork-strategy": swap('fork-strategy = "fewest"\n', ""),
        "no exclude-newer": swap('exclude-newer = "1 week"\n', ""),
        **{
            f"exclude-newer {span}": swap('exclude-newer = "1 week"', f'exclude-newer = "{span}"')
            for span in (
                "3 days",
                "P1W",
                "1w",
                "1 weeks",
                "7 days",
                "P7D",
                "2 weeks",
                "2026-01-01T00:00:00Z",
                "168 hours",
            )
        },
        "a package's point in time respelled": swap('"2026-01-01T00:00:00Z"', '"2026-01-01T01:00:00+01:00"'),
        "a package's point in time": swap('"2026-01-01T00:00:00Z"', '"2026-01-02T00:00:00Z"'),
        "a package's switch": swap("beta = false", 'beta = "1 week"'),
        "a package's span, missing": swap(', missing = "3 days"', ""),
        "a package less": swap('alpha = "2026-01-01T00:00:00Z", ', ""),
        "a package's prerelease": swap('alpha = "disallow"', 'alpha = "allow"'),
        "a package's prerelease, less": swap('alpha = "disallow", ', ""),
        "a package respelled": swap('alpha = "disallow"', 'Alpha = "disallow"'),
    },
)

WORKSPACE = Base(
    files={
        MANIFEST: f"""
[project]
name = "root"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["alpha", "one", "two"]

[tool.uv]
conflicts = [[{{ package = "one", extra = "p" }}, {{ package = "two", extra = "q" }}]]

[tool.uv.workspace]
members = ["packages/*", "packages/one/inner", "deep/**"]
exclude = ["packages/x*"]

[tool.uv.sources]
one = {{ workspace = true }}
two = {{ workspace = true }}
zeta = {{ index = "others" }}
accel = {{ index = "others" }}
{INDEXES}""",
        "packages/one/pyproject.toml": """
[project]
name = "one"
version = "0.1"
requires-python = ">=3.10,<4"
dependencies = ["gamma", "zeta"]

[project.optional-dependencies]
p = ["delta"]

[dependency-groups]
dev = ["delta"]
""",
        "packages/two/pyproject.toml": """
[project]
name = "two"
version = "0.1"
requires-python = ">=3.11"
dependencies = ["one[p]"]

[project.optional-dependencies]
q = ["delta"]

[build-system]
requires = ["alpha"]
build-backend = "alpha"

[tool.uv]
default-groups = ["docs"]

[dependency-groups]
docs = []
""",
        "packages/one/inner/pyproject.toml": (
            '[project]\nname = "inner"\nversion = "0.1"\ndependencies = ["accel", "epsilon"]\n'
        ),
        "packages/three/pyproject.toml": '[project]\nname = "three"\nversion = "0.1"\ndependencies = ["beta"]\n',
        "packages/xx/pyproject.toml": '[project]\nname = "xx"\nversion = "0.1"\n',
        "deep/a/b/pyproject.toml": '[project]\nname = "deep"\nversion = "0.1"\n',
        "deep/a/pyproject.toml": '[project]\nname = "upper"\nversion = "0.1"\n',
        "deep/pyproject.toml": '[project]\nname = "top"\nversion = "0.1"\n',
    },
    changes={
        "nothing": (),
        "a member more": add("packages/four/pyproject.toml", '[project]\nname = "four"\nversion = "1"\n'),
        "a hidden member more": add("packages/.four/pyproject.toml", '[project]\nname = "four"\nversion = "1"\n'),
        "a member below a member": add("packages/one/sub/pyproject.toml", '[project]\nname = "sub"\nversion = "1"\n'),
        "a deep member more": add("deep/a/b/c/pyproject.toml", '[project]\nname = "deeper"\nversion = "1"\n'),
        "an excluded member more": add("packages/xxx/pyproject.toml", '[project]\nname = "xxx"\nversion = "1"\n'),
        "a file among the members": add("packages/README", "text\n"),
        "a member renamed": swap('name = "three"', 'name = "third"', "packages/three/pyproject.toml"),
        "a member respelled": swap('name = "three"', 'name = "Three"', "packages/three/pyproject.toml"),
        "a member unmanaged": swap(
            "[project]", "[tool.uv]\nmanaged = false\n\n[project]", "packages/three/pyproject.toml"
        ),
        "an exclusion less": swap('exclude = ["packages/x*"]', "exclude = []"),
        "an exclusion more": swap('exclude = ["packages/x*"]', 'exclude = ["packages/x*", "packages/three"]'),
        "an exclusion respelled": swap('exclude = ["packages/x*"]', 'exclude = ["./packages/xx"]'),
        "members named one by one": swap(
            '"packages/*"', '"packages/one", "./packages/two/", "packages/t[h]ree", "packages/n?ne"'
        ),
        "a member's version": swap('version = "0.1"', 'version = "0.2"', "packages/three/pyproject.toml"),
        "a member's requirement": swap('"gamma"', '"gamma>=1"', "packages/one/pyproject.toml"),
        "a member's extra": swap('p = ["delta"]', 'p = ["delta", "gamma"]', "packages/one/pyproject.toml"),
        "a member's group": swap('dev = ["delta"]', "dev = []", "packages/one/pyproject.toml"),
        "a member's range, wider": swap(">=3.10,<4", ">=3.9,<4", "packages/one/pyproject.toml"),
        "a member's range, narrower": swap(">=3.10,<4", ">=3.11.1,<4", "packages/one/pyproject.toml"),
        "a member's range that is implied": swap(
            'version = "0.1"', 'version = "0.1"\nrequires-python = ">=3.6"', "packages/three/pyproject.toml"
        ),
        "a member's range, without its end": swap(">=3.10,<4", ">=3.10", "packages/one/pyproject.toml"),
        "the end of a range in another member": swap(">=3.10,<4", ">=3.10", "packages/one/pyproject.toml")
        + swap(">=3.11", ">=3.11,<4", "packages/two/pyproject.toml"),
        "a member that is no package": swap(
            '[build-system]\nrequires = ["alpha"]\nbuild-backend = "alpha"\n', "", "packages/two/pyproject.toml"
        ),
        "a member that is none explicitly": swap(
            "[tool.uv]", "[tool.uv]\npackage = false", "packages/two/pyproject.toml"
        ),
        "a member that becomes a package": swap(
            "[project]",
            '[build-system]\nrequires = []\nbuild-backend = "x"\n\n[project]',
            "packages/three/pyproject.toml",
        ),
        "a member not editable": swap("one = { workspace = true }", "one = { workspace = true, editable = false }"),
        "a member editable, explicitly": swap(
            "one = { workspace = true }", "one = { workspace = true, editable = true }"
        ),
        "a member required elsewhere": swap(
            "[project]", "[tool.uv.sources]\nthree = { workspace = true }\n\n[project]", "packages/two/pyproject.toml"
        ),
        "a member's default groups": swap('default-groups = ["docs"]\n', "", "packages/two/pyproject.toml"),
        "a member's source": swap(
            "[project]", '[tool.uv.sources]\nzeta = { index = "flat" }\n\n[project]', "packages/one/pyproject.toml"
        ),
        "a source that does not reach an inner member": swap(
            'accel = { index = "others" }', 'accel = { index = "flat" }'
        ),
        "a source of an inner member": swap(
            "[project]",
            '[tool.uv.sources]\nepsilon = { path = "../../two" }\n\n[project]',
            "packages/one/inner/pyproject.toml",
        ),
        "an inner member's requirement": swap('"epsilon"', '"epsilon>0"', "packages/one/inner/pyproject.toml"),
        "a source less": swap('zeta = { index = "others" }\n', ""),
        "a source limited to a marker": swap(
            '{ index = "others" }', '{ index = "others", marker = "sys_platform == \'linux\'" }'
        ),
        "a conflict moved to a member": swap(
            'conflicts = [[{ package = "one", extra = "p" }, { package = "two", extra = "q" }]]\n', ""
        )
        + swap(
            'default-groups = ["docs"]',
            'default-groups = ["docs"]\nconflicts = [[{ package = "one", extra = "p" }, { extra = "q" }]]',
            "packages/two/pyproject.toml",
        ),
        "a conflict with a whole package": swap('{ package = "two", extra = "q" }', '{ package = "two" }'),
        "settings of a member": add("packages/two/uv.toml", 'resolution = "lowest"\n'),
        "options of a member": swap("[tool.uv]", '[tool.uv]\nresolution = "lowest"', "packages/two/pyproject.toml"),
        "constraints of a member": swap(
            "[tool.uv]", '[tool.uv]\nconstraint-dependencies = ["alpha<2"]', "packages/two/pyproject.toml"
        ),
        "an index of a member": swap(
            "[tool.uv]",
            '[[tool.uv.index]]\nname = "mine"\nurl = "https://index.example/simple"\nexplicit = true\n\n[tool.uv]',
            "packages/two/pyproject.toml",
        ),
    },
)

NO_PROJECT = Base(
    files={
        MANIFEST: f"""
[dependency-groups]
dev = ["alpha<9", {{ include-group = "lint" }}]
lint = ["gamma"]
empty = []

[tool.uv]

[tool.uv.workspace]
members = ["member"]
{INDEXES}""",
        "member/pyproject.toml": '[project]\nname = "member"\nversion = "1"\nrequires-python = ">=3.11"\n',
    },
    changes={
        "nothing": (),
        "a group's requirement": swap('"alpha<9"', '"alpha<8"'),
        "a group's requirement respelled": swap('"alpha<9"', '"Alpha<9.0"'),
        "a group more": swap("empty = []", 'empty = []\nnew = ["tool"]'),
        "an empty group more": swap("empty = []", "empty = []\nnew = []"),
        "an empty group less": swap("empty = []\n", ""),
        "a group less": swap('"alpha<9", { include-group = "lint" }]\nlint = ["gamma"]', '"alpha<9", "gamma"]'),
        "default groups": swap("[tool.uv]\n", '[tool.uv]\ndefault-groups = ["lint"]\n'),
        "all groups by default": swap("[tool.uv]\n", '[tool.uv]\ndefault-groups = "all"\n'),
        "a range for a group": swap(
            "[tool.uv]\n", '[tool.uv]\n[tool.uv.dependency-groups]\nlint = { requires-python = ">=3.11.3" }\n'
        ),
        "a source": swap("[tool.uv]\n", '[tool.uv]\n[tool.uv.sources]\ngamma = { index = "others" }\n'),
        "a constraint": swap("[tool.uv]\n", '[tool.uv]\nconstraint-dependencies = ["alpha<7"]\n'),
        "no members": swap('members = ["member"]', "members = []"),
        "the member's version": swap('version = "1"', 'version = "2"', "member/pyproject.toml"),
        "the member's range": swap(">=3.11", ">=3.11,<4", "member/pyproject.toml"),
    },
)

LIBRARY = """
[project]
name = "library"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["gamma"]

[project.optional-dependencies]
more = ["delta"]

[dependency-groups]
dev = ["epsilon"]

[build-system]
requires = ["alpha"]
build-backend = "alpha"
"""

SOURCES = Base(
    files={
        MANIFEST: f"""
[project]
name = "app"
version = "1.0"
requires-python = ">=3.11"
dependencies = [
    "library[more]>=0.5",
    "plain",
    "gitty>=0.1",
    "archive",
    "zeta",
    "accel",
    "direct @ file://HERE/direct",
]

[project.optional-dependencies]
cpu = ["tool"]
gpu = ["tool"]

[dependency-groups]
dev = ["tool"]

[tool.uv]
conflicts = [[{{ extra = "cpu" }}, {{ extra = "gpu" }}]]

[tool.uv.sources]
library = {{ path = "library", editable = true }}
plain = {{ path = "plain" }}
gitty = {{ git = "file://HERE/repository", tag = "v1" }}
archive = {{ path = "archives/archive-1.0-py3-none-any.whl" }}
zeta = {{ index = "others" }}
accel = [
    {{ index = "others", marker = "sys_platform == 'linux'" }},
    {{ index = "flat", marker = "sys_platform != 'linux'" }},
]
tool = [{{ index = "others", extra = "gpu" }}, {{ index = "others", group = "dev" }}]
{INDEXES}""",
        "library/pyproject.toml": LIBRARY,
        "plain/pyproject.toml": '[project]\nname = "plain"\nversion = "1.0"\ndependencies = ["gamma"]\n',
        "direct/pyproject.toml": '[project]\nname = "direct"\nversion = "1.0"\n',
    },
    changes={
        "nothing": (),
        "a specifier of what a source replaces": swap('"library[more]>=0.5"', '"library[more]>=0.7"'),
        "a specifier less of what a source replaces": swap('"gitty>=0.1"', '"gitty"'),
        "a specifier of what an index serves": swap('"zeta"', '"zeta>=1"'),
        "an extra of what a source replaces": swap("library[more]", "library"),
        "a folder editable no more": swap(", editable = true", ""),
        "a folder editable": swap('{ path = "plain" }', '{ path = "plain", editable = true }'),
        "a folder that is no package": swap('{ path = "plain" }', '{ path = "plain", package = false }'),
        "a folder that is a package": swap('{ path = "plain" }', '{ path = "plain", package = true }'),
        "a folder respelled": swap('{ path = "plain" }', '{ path = "./library/../plain/" }'),
        "a folder given absolutely": swap('{ path = "plain" }', '{ path = "HERE/plain" }'),
        "a folder elsewhere": swap('{ path = "plain" }', '{ path = "elsewhere" }')
        + add("elsewhere/pyproject.toml", '[project]\nname = "plain"\nversion = "1.0"\ndependencies = ["gamma"]\n'),
        "a folder's version": swap('version = "1.0"', 'version = "1.1"', "library/pyproject.toml"),
        "a folder's version respelled": swap('version = "1.0"', 'version = "1"', "library/pyproject.toml"),
        "a folder's requirement": swap('["gamma"]', '["gamma>=0.5"]', "library/pyproject.toml"),
        "a folder's extra": swap('more = ["delta"]', 'more = ["delta"]\nlast = []', "library/pyproject.toml"),
        "a folder's group": swap('dev = ["epsilon"]', 'dev = ["delta"]', "library/pyproject.toml"),
        "a folder's range": swap(">=3.9", ">=3.10", "library/pyproject.toml"),
        "a folder's default groups": swap(
            "[build-system]", '[tool.uv]\ndefault-groups = ["dev"]\n\n[build-system]', "library/pyproject.toml"
        ),
        "a folder's source": swap(
            "[build-system]",
            '[tool.uv.sources]\ngamma = { path = "../archives/gamma-1.0-py3-none-any.whl" }\n\n[build-system]',
            "library/pyproject.toml",
        ),
        "a folder that its own manifest makes no package": swap(
            "[project]", "[tool.uv]\npackage = false\n\n[project]", "plain/pyproject.toml"
        ),
        "a direct folder": swap('"direct @ file://HERE/direct"', '"direct @ file://HERE/plain"'),
        "a direct folder respelled": swap('"direct @ file://HERE/direct"', '"direct @ file://HERE/plain/../direct"'),
        "a direct folder by its source": swap('"direct @ file://HERE/direct"', '"direct"')
        + swap("[tool.uv.sources]", '[tool.uv.sources]\ndirect = { path = "direct" }'),
        "a folder to an index": swap('plain = { path = "plain" }\n', ""),
        "a tag as a revision": swap('tag = "v1"', 'rev = "v1"'),
        "another tag": swap('tag = "v1"', 'tag = "v2"'),
        "a branch": swap('tag = "v1"', 'branch = "main"'),
        "no tag": swap(', tag = "v1"', ""),
        "a subdirectory": swap('tag = "v1"', 'tag = "v1", subdirectory = "inner"'),
        "another repository": swap("file://HERE/repository", "file://HERE/copy"),
        "a repository to a folder": swap('{ git = "file://HERE/repository", tag = "v1" }', '{ path = "repository" }'),
        "a repository in the requirement": swap('"gitty>=0.1"', '"gitty @ git+file://HERE/repository@v1"')
        + swap('gitty = { git = "file://HERE/repository", tag = "v1" }\n', ""),
        "an archive respelled": swap("archives/archive-1.0", "./archives/archive-1.0"),
        "an archive elsewhere": swap("archives/archive-1.0", "archives/copy/archive-1.0"),
        "an archive to an index": swap('archive = { path = "archives/archive-1.0-py3-none-any.whl" }\n', ""),
        "an index of a source": swap('zeta = { index = "others" }', 'zeta = { index = "flat" }'),
        "an index of a source less": swap('zeta = { index = "others" }\n', ""),
        "an index renamed": swap('name = "others"', 'name = "theirs"')
        + swap(
            'zeta = { index = "others" }\naccel = [\n    { index = "others"',
            'zeta = { index = "theirs" }\naccel = [\n    { index = "theirs"',
        )
        + swap(
            '[{ index = "others", extra = "gpu" }, { index = "others"',
            '[{ index = "theirs", extra = "gpu" }, { index = "theirs"',
        ),
        "a source by marker, turned around": swap(
            '{ index = "others", marker = "sys_platform == \'linux\'" },\n    { index = "flat", marker = "sys_platform != \'linux\'" },',
            '{ index = "flat", marker = "sys_platform != \'linux\'" },\n    { index = "others", marker = "sys_platform == \'linux\'" },',
        ),
        "a source by marker, respelled": swap(
            "marker = \"sys_platform == 'linux'\"", "marker = \"platform_system == 'Linux'\""
        ),
        "a source by marker, with the rest left open": swap(
            '    { index = "flat", marker = "sys_platform != \'linux\'" },\n', ""
        ),
        "a source by marker, less": swap(
            'accel = [\n    { index = "others", marker = "sys_platform == \'linux\'" },\n    { index = "flat", marker = "sys_platform != \'linux\'" },\n]\n',
            "",
        ),
        "a source for another extra": swap('extra = "gpu" }, { index', 'extra = "cpu" }, { index'),
        "a source for an extra, less": swap('{ index = "others", extra = "gpu" }, ', ""),
        "a source for an extra, for all": swap(
            'tool = [{ index = "others", extra = "gpu" }, { index = "others", group = "dev" }]',
            'tool = { index = "others" }',
        ),
        "a source for a group, less": swap(', { index = "others", group = "dev" }', ""),
        "no sources": swap("[tool.uv]\n", "[tool.uv]\nno-sources = true\n"),
        "no sources for one": swap("[tool.uv]\n", '[tool.uv]\nno-sources-package = ["zeta"]\n'),
        "no sources for another": swap("[tool.uv]\n", '[tool.uv]\nno-sources-package = ["gamma"]\n'),
        "a source of what is not required": swap(
            "[tool.uv.sources]", '[tool.uv.sources]\nmissing = { path = "missing" }'
        ),
    },
)

BASES = {
    "requirements": REQUIREMENTS,
    "inputs": INPUTS,
    "options": OPTIONS,
    "set options": SET_OPTIONS,
    "workspace": WORKSPACE,
    "no project": NO_PROJECT,
    "sources": SOURCES,
}
