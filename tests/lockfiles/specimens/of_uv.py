"""``uv.lock``, and the lock of a script."""

from __future__ import annotations

from dataclasses import replace

from .base import Specimen, hash_of

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
sdist = {{ url = "https://files.example/one-1.5.tar.gz", hash = "{hash_of(1)}", size = 10 }}
wheels = [{{ url = "https://files.example/one-1.5-py3-none-any.whl", hash = "{hash_of(2)}", size = 10 }}]

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
wheels = [{{ url = "https://files.example/tool-1-py3-none-any.whl", hash = "{hash_of(3)}" }}]

[[package]]
name = "git-one"
version = "1.0"
source = {{ git = "https://git.example/one?subdirectory=x&tag=v1#a79603c4d0a13487eeec6119abcb2f5744636c25" }}

[[package]]
name = "url-one"
version = "1.0"
source = {{ url = "https://files.example/url-one-1.0.tar.gz", subdirectory = "x" }}
sdist = {{ hash = "{hash_of(4)}" }}

[[package]]
name = "path-one"
version = "1.0"
source = {{ path = "dist/path_one-1.0-py3-none-any.whl" }}
wheels = [{{ filename = "path_one-1.0-py3-none-any.whl", hash = "{hash_of(5)}" }}]

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
wheels = [{{ url = "https://files.example/forked-1-py3-none-any.whl", hash = "{hash_of(6)}" }}]

[[package]]
name = "forked"
version = "2"
source = {{ registry = "https://index.example/simple" }}
resolution-markers = ["sys_platform == 'win32'"]
wheels = [{{ url = "https://files.example/forked-2-py3-none-any.whl", hash = "{hash_of(7)}" }}]
"""
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
wheels = [{{ url = "https://files.example/one-1.5-py3-none-any.whl", hash = "{hash_of(1)}" }}]

[[package]]
name = "two"
version = "2.0"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/two-2.0-py3-none-any.whl", hash = "{hash_of(2)}" }}]

[[package]]
name = "tool"
version = "1"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/tool-1-py3-none-any.whl", hash = "{hash_of(3)}" }}]

[[package]]
name = "lib"
version = "1"
source = {{ directory = "lib" }}
"""

PROJECT = Specimen(
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
)
SPECIMENS = (
    PROJECT,
    replace(
        PROJECT,
        label="uv-script",
        needed=("directory", "name", "package", "registry", "source", "version"),
        ignored=(),
        name="tool.py.lock",
        text=UV_SCRIPT,
        manifests={},
        twice=("[manifest]\n", "[manifest]\n[manifest]\n"),
        extras=(),
        groups=("extra",),
    ),
)
