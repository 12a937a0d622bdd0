"""What a verdict on freshness says: which thing differs, what is expected and what was found, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.errors import ConfigError, LockfileError
from envguard.lockfiles import read_lock
from envguard.lockfiles.model import Freshness, Reason
from envguard.lockfiles.uv.freshness import freshness
from envguard.reader import Reader
from envguard.report.locate import Document

MANIFEST = """\
[project]
name = "app"
version = "1.0"
requires-python = ">=3.11"
dependencies = [
    "alpha>=1",
    "beta[fast] ; python_version < '3.13'",
]

[project.optional-dependencies]
more = ["gamma"]

[dependency-groups]
dev = ["delta", { include-group = "lint" }]
lint = ["epsilon"]

[tool.uv]
constraint-dependencies = ["alpha<9"]
conflicts = [[{ extra = "more" }, { group = "lint" }]]

[tool.uv.sources]
gamma = { git = "https://git.example/gamma", tag = "v1", subdirectory = "inner" }
"""

LOCK = """\
version = 1
revision = 5
requires-python = ">=3.11"
conflicts = [[
    { package = "app", extra = "more" },
    { package = "app", group = "lint" },
], [
    { package = "app", extra = "more" },
    { package = "app", group = "dev" },
]]

[manifest]
constraints = [{ name = "alpha", specifier = "<9" }]

[[package]]
name = "alpha"
version = "2.0"
source = { registry = "https://index.example/simple" }

[[package]]
name = "app"
version = "1.0"
source = { virtual = "." }
dependencies = [{ name = "alpha" }]

[package.metadata]
requires-dist = [
    { name = "alpha", specifier = ">=1" },
    { name = "beta", extras = ["fast"], marker = "python_full_version < '3.13'" },
    { name = "gamma", marker = "extra == 'more'", git = "https://git.example/gamma?subdirectory=inner&tag=v1" },
]
provides-extras = ["more"]

[package.metadata.requires-dev]
dev = [
    { name = "delta" },
    { name = "epsilon" },
]
lint = [{ name = "epsilon" }]
"""


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "pyproject.toml").write_text(MANIFEST)
    (folder / "uv.lock").write_text(LOCK)
    return folder


def reasons(project: Path, *changes: tuple[str, str], lock: tuple[str, str] = ("", "")) -> tuple[Reason, ...]:
    """Return what is said after *changes* to the manifest, and after one to the *lock*."""
    for name, text, pairs in (("pyproject.toml", MANIFEST, changes), ("uv.lock", LOCK, (lock,))):
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new, 1)
        (project / name).write_text(text)
    reader = Reader({})
    return freshness(reader, read_lock(reader, str(project / "uv.lock"))).reasons


def test_a_lock_that_records_everything_as_it_is_is_fresh(project: Path) -> None:
    assert reasons(project) == ()


def words(project: Path, reason: Reason) -> str:
    """Return a reason in one line, with the line of the file that it points to."""
    path = Path(reason.path)
    position = Document(path.read_text()).locate(reason.keys)
    assert position is not None
    shown = path.read_text().splitlines()[position.line - 1].strip()
    return f"{reason.message} | {reason.expected} | {reason.found} | {path.relative_to(project)}: {shown}"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            '"alpha>=1"',
            '"alpha>=2"',
            'the requirement of app on alpha is not the one in the lock | alpha>=2 | alpha>=1 | pyproject.toml: "alpha>=2",',
        ),
        (
            "'3.13'",
            "'3.12'",
            (
                "the requirement of app on beta is not the one in the lock | beta[fast] ; python_version < '3.12' | "
                "beta[fast] ; python_full_version < '3.13' | pyproject.toml: \"beta[fast] ; python_version < '3.12'\","
            ),
        ),
        (
            '    "alpha>=1",\n',
            '    "alpha>=1",\n    "zeta",\n',
            'the requirement of app on zeta is not in the lock | zeta | no requirement | pyproject.toml: "zeta",',
        ),
        (
            '    "alpha>=1",\n',
            "",
            (
                "the requirement of app on alpha is in the lock and no longer declared | no requirement | alpha>=1 | "
                'uv.lock: { name = "alpha", specifier = ">=1" },'
            ),
        ),
        (
            'more = ["gamma"]',
            'more = ["gamma", "Zeta"]',
            (
                "the requirement of app for its extra 'more' on zeta is not in the lock | Zeta | no requirement | "
                'pyproject.toml: more = ["gamma", "Zeta"]'
            ),
        ),
        (
            'tag = "v1"',
            'rev = "v1"',
            (
                "the requirement of app for its extra 'more' on gamma is not the one in the lock | "
                "gamma from the repository https://git.example/gamma (rev v1, in inner) | "
                "gamma from the repository https://git.example/gamma (tag v1, in inner) | "
                'pyproject.toml: gamma = { git = "https://git.example/gamma", rev = "v1", subdirectory = "inner" }'
            ),
        ),
        (
            'gamma = { git = "https://git.example/gamma", tag = "v1", subdirectory = "inner" }',
            'gamma = { path = "libs/gamma", editable = true }',
            (
                "the requirement of app for its extra 'more' on gamma is not the one in the lock | "
                "gamma from the editable folder libs/gamma | gamma from the repository https://git.example/gamma (tag v1, in inner) | "
                'pyproject.toml: gamma = { path = "libs/gamma", editable = true }'
            ),
        ),
        (
            'gamma = { git = "https://git.example/gamma", tag = "v1", subdirectory = "inner" }',
            "",
            (
                "the requirement of app for its extra 'more' on gamma is not the one in the lock | gamma | "
                'gamma from the repository https://git.example/gamma (tag v1, in inner) | pyproject.toml: more = ["gamma"]'
            ),
        ),
        (
            'dev = ["delta", ',
            'dev = ["delta>1", ',
            (
                "the requirement of the group 'dev' on delta is not the one in the lock | delta>1 | delta | "
                'pyproject.toml: dev = ["delta>1", { include-group = "lint" }]'
            ),
        ),
        (
            'lint = ["epsilon"]',
            'lint = ["epsilon"]\nlast = []',
            "the group 'last' is not in the lock | declared | none | pyproject.toml: last = []",
        ),
        (
            'more = ["gamma"]',
            'more = ["gamma"]\nlast = []',
            "the extra 'last' of app is not in the lock | declared | none | pyproject.toml: last = []",
        ),
        (
            'version = "1.0"',
            'version = "1.1"',
            'the version of app is not the one in the lock | 1.1 | 1.0 | pyproject.toml: version = "1.1"',
        ),
        (
            'version = "1.0"',
            'dynamic = ["version"]',
            'the version of app is not the one in the lock | dynamic | 1.0 | pyproject.toml: dynamic = ["version"]',
        ),
        (
            '">=3.11"',
            '">=3.12"',
            'requires-python is not the one in the lock | >=3.12 | >=3.11 | pyproject.toml: requires-python = ">=3.12"',
        ),
        (
            "[tool.uv]\n",
            "[tool.uv]\npackage = true\n",
            "how app is installed is not the one in the lock | editable | virtual | pyproject.toml: package = true",
        ),
        (
            "alpha<9",
            "alpha<8",
            (
                "the lock was made with another 'constraint-dependencies' on alpha | alpha<8 | alpha<9 | "
                'pyproject.toml: constraint-dependencies = ["alpha<8"]'
            ),
        ),
        (
            '{ group = "lint" }]',
            '{ group = "lint" }], [{ extra = "more" }, { package = "other" }]',
            (
                "the lock was made with another 'conflicts' | "
                "app:lint against app[more]; app[more] against other; app:dev against app[more] | "
                "app:lint against app[more]; app:dev against app[more] | "
                'pyproject.toml: conflicts = [[{ extra = "more" }, { group = "lint" }], [{ extra = "more" }, { package = "other" }]]'
            ),
        ),
        (
            "[tool.uv]\n",
            "[tool.uv]\nenvironments = [\"sys_platform == 'linux'\"]\n",
            (
                "the lock was made with another 'environments' | sys_platform == 'linux' | none | "
                "pyproject.toml: environments = [\"sys_platform == 'linux'\"]"
            ),
        ),
        (
            "[tool.uv]\n",
            '[tool.uv]\nresolution = "lowest"\n',
            "the lock was made with another 'resolution' | lowest | highest | pyproject.toml: resolution = \"lowest\"",
        ),
        (
            "[tool.uv]\n",
            '[tool.uv]\nexclude-newer = "3 days"\n',
            "the lock was made with another 'exclude-newer' | 3 days | none | pyproject.toml: exclude-newer = \"3 days\"",
        ),
        (
            "[tool.uv]\n",
            '[tool.uv]\nexclude-newer-package = { alpha = "3 days" }\n',
            (
                "the lock was made with another 'exclude-newer-package' for alpha | 3 days | none | "
                'pyproject.toml: exclude-newer-package = { alpha = "3 days" }'
            ),
        ),
        (
            "[tool.uv]\n",
            '[tool.uv]\ndefault-groups = ["lint"]\n',
            "the lock was made with another 'default-groups' | lint | dev | pyproject.toml: default-groups = [\"lint\"]",
        ),
        (
            "[tool.uv]\n",
            '[tool.uv]\ndependency-groups = { dev = { requires-python = ">=3.11" } }\n',
            (
                "the Python range of the group 'dev' is not the one in the lock | >=3.11 | any | "
                'pyproject.toml: dependency-groups = { dev = { requires-python = ">=3.11" } }'
            ),
        ),
        (
            "[tool.uv]\n",
            '[tool.uv]\nindex-url = "https://me:secret@index.example/other"\n',
            (
                "the lock takes alpha 2.0 from an index that the project does not set | https://index.example/other | "
                'https://index.example/simple | uv.lock: source = { registry = "https://index.example/simple" }'
            ),
        ),
    ],
)
def test_a_reason_says_what_differs_and_where(project: Path, old: str, new: str, expected: str) -> None:
    (reason,) = reasons(project, (old, new))
    assert words(project, reason) == expected
    assert not reason.unknown


def test_every_difference_is_said(project: Path) -> None:
    found = reasons(project, ('version = "1.0"', 'version = "1.1"'), ('"alpha>=1"', '"alpha>=2"'), ("<9", "<8"))
    assert [reason.subject for reason in found] == ["app", "alpha", "alpha"]


@pytest.mark.parametrize(
    ("old", "new", "message", "keys"),
    [
        (
            "[tool.uv.sources]\n",
            '[tool.uv.sources]\nbeta = { index = "gone" }\n',
            "there is no index 'gone' in the manifest",
            ("tool", "uv", "sources", "beta", "index"),
        ),
        (
            "[tool.uv.sources]\n",
            '[tool.uv.sources]\nbeta = { workspace = "../other" }\n',
            "where beta comes from is set in a way that is not read here",
            ("tool", "uv", "sources", "beta"),
        ),
        (
            "[tool.uv.sources]\n",
            '[tool.uv.sources]\nbeta = { path = "x", marker = "python_version ~= \'3.11\'" }\n',
            "the requirements of app cannot be compared: a source's marker with ~= cannot be compared",
            ("project", "dependencies"),
        ),
        (
            'constraint-dependencies = ["alpha<9"]',
            'constraint-dependencies = [{ dependencies = ["alpha<9"], new = 1 }]',
            "this kind of entry is not read here",
            ("tool", "uv", "constraint-dependencies", 0),
        ),
    ],
)
def test_what_cannot_be_compared_is_unknown_and_says_why(
    project: Path, old: str, new: str, message: str, keys: tuple[str, ...]
) -> None:
    (reason,) = reasons(project, (old, new))
    assert (reason.message, reason.keys, reason.unknown) == (message, keys, True)


def test_a_difference_beside_something_unknown_is_still_a_difference(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        MANIFEST.replace('version = "1.0"', 'version = "2"\ndynamic = ["optional-dependencies"]').replace(
            '[project.optional-dependencies]\nmore = ["gamma"]\n', ""
        )
    )
    reader = Reader({})
    verdict = freshness(reader, read_lock(reader, str(project / "uv.lock")))
    assert {reason.unknown for reason in verdict.reasons} == {True, False}
    assert verdict.state is Freshness.STALE


def test_a_folder_of_the_lock_that_declares_nothing_is_unknown(project: Path) -> None:
    more = '\n[[package]]\nname = "library"\nversion = "1.0"\nsource = { directory = "library" }\n'
    (reason,) = reasons(project, lock=('\n[[package]]\nname = "app"', more + '\n[[package]]\nname = "app"'))
    path = project / "library" / "pyproject.toml"
    assert reason.message == f"{path} is not there, so what library requires cannot be compared"
    path.parent.mkdir()
    path.write_text("[tool.poetry]\n")
    (reason,) = reasons(project, lock=('\n[[package]]\nname = "app"', more + '\n[[package]]\nname = "app"'))
    assert reason.message == f"{path} declares no project, so what library requires cannot be compared"
    assert reason.unknown


def test_poetrys_own_dependencies_are_unknown(project: Path) -> None:
    text = MANIFEST.replace('dependencies = [\n    "alpha>=1",\n    "beta[fast] ; python_version < \'3.13\'",\n]\n', "")
    (project / "pyproject.toml").write_text(text + '\n[tool.poetry.dependencies]\nalpha = "^1"\n')
    reader = Reader({})
    (reason,) = freshness(reader, read_lock(reader, str(project / "uv.lock"))).reasons
    assert reason.message == "the dependencies of app are known to its build backend alone"


def test_a_lock_beside_no_manifest_is_unknown(project: Path) -> None:
    (project / "pyproject.toml").unlink()
    reader = Reader({})
    (reason,) = freshness(reader, read_lock(reader, str(project / "uv.lock"))).reasons
    assert (reason.message, reason.unknown) == ("there is no pyproject.toml beside the lock", True)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'name = "app"\nversion = "1.0"\nsource = { virtual = "." }',
            'name = "other"\nversion = "1.0"\nsource = { virtual = "." }',
            (
                "{0}/uv.lock: is the lock of another project: {0}/pyproject.toml declares 'app', the lock is made for 'other'"
                "\nhint: uv lock"
            ),
        ),
        (
            'source = { virtual = "." }',
            'source = { virtual = "packages/app" }',
            (
                "{0}/uv.lock: is the lock of another project: {0}/pyproject.toml declares 'app', the lock is made for "
                "a workspace without a project\nhint: uv lock"
            ),
        ),
        (
            'specifier = ">=1" }',
            'specifier = ">>1" }',
            "{0}/uv.lock: in 'package[1].metadata.requires-dist[0].specifier': '>>1' is no version specifier\nhint: uv lock",
        ),
        (
            "marker = \"extra == 'more'\"",
            "marker = \"extra = 'more'\"",
            (
                "{0}/uv.lock: in 'package[1].metadata.requires-dist[2].marker': cannot be used: "
                "unexpected character ' ' in marker \"extra = 'more'\"\nhint: uv lock"
            ),
        ),
        (
            'extras = ["fast"]',
            "extras = 7",
            "{0}/uv.lock: in 'package[1].metadata.requires-dist[1].extras': expected a list, found a number\nhint: uv lock",
        ),
        (
            'lint = [{ name = "epsilon" }]',
            'lint = "epsilon"',
            "{0}/uv.lock: in 'package[1].metadata.requires-dev.lint': expected a list, found a string\nhint: uv lock",
        ),
        (
            'requires-python = ">=3.11"',
            'requires-python = "3.11 or so"',
            "{0}/uv.lock: in 'requires-python': '3.11 or so' is no version range\nhint: uv lock",
        ),
        (
            "[manifest]\n",
            "[options]\nresolution-mode = []\n\n[manifest]\n",
            "{0}/uv.lock: in 'options.resolution-mode': expected a string, found a list\nhint: uv lock",
        ),
    ],
)
def test_a_lock_that_cannot_be_compared_is_one_error_with_its_place(
    project: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(LockfileError) as caught:
        reasons(project, lock=(old, new))
    assert str(caught.value) == message.format(project)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "app"', 'name = "-app-"', "in 'project.name': '-app-' is no valid project name"),
        ('name = "app"\n', "", "in 'project': the key 'name' is missing"),
        ('name = "app"', "name = 7", "in 'project.name': expected a string, found a number"),
        (
            'version = "1.0"\n',
            "",
            "in 'project': the key 'version' is missing, and 'dynamic' does not list it",
        ),
        ('version = "1.0"', 'version = "one"', "in 'project.version': 'one' is no version"),
        ('">=3.11"', '"3.11+"', "in 'project.requires-python': '3.11+' is no version range"),
        (
            'more = ["gamma"]',
            'more = "gamma"',
            "in 'project.optional-dependencies.more': expected a list, found a string",
        ),
        (
            'more = ["gamma"]',
            'more = ["gamma", 7]',
            "in 'project.optional-dependencies.more[1]': expected a string, found a number",
        ),
        (
            '"alpha>=1"',
            '"alpha >= = 1"',
            (
                "in 'project.dependencies[0]': 'alpha >= = 1' is no requirement: "
                "Expected semicolon (after name with no version specifier) or end"
            ),
        ),
        (
            '{ include-group = "lint" }',
            '{ other = "lint" }',
            "in 'dependency-groups.dev[1]': expected a requirement or {include-group = \"...\"}, found a table",
        ),
        (
            '{ include-group = "lint" }',
            '{ include-group = "gone" }',
            "in 'dependency-groups.dev[1]': there is no dependency group 'gone'",
        ),
        (
            'lint = ["epsilon"]',
            'lint = [{ include-group = "Dev" }]',
            "in 'dependency-groups.dev': the group includes itself: dev -> lint -> dev",
        ),
        (
            "[tool.uv]\n",
            '[tool.uv]\ndefault-groups = "some"\n',
            "in 'tool.uv.default-groups': expected a list of groups or 'all', found 'some'",
        ),
        (
            "[tool.uv]\n",
            '[tool.uv]\ndependency-groups = { dev = { requires-python = "new" } }\n',
            "in 'tool.uv.dependency-groups.dev.requires-python': 'new' is no version range",
        ),
        (
            "[tool.uv]\n",
            '[tool.uv]\nenvironments = ["platform = 1"]\n',
            "in 'tool.uv.environments': a marker cannot be used: unexpected character ' ' in marker 'platform = 1'",
        ),
        (
            "[tool.uv]\n",
            "[tool.uv]\nexclude-newer = 2026-01-01\n",
            "in 'tool.uv.exclude-newer': expected a string, found a date or time",
        ),
        (
            'conflicts = [[{ extra = "more" }, { group = "lint" }]]',
            'conflicts = [{ extra = "more" }]',
            "in 'tool.uv.conflicts[0]': expected a list, found a table",
        ),
        (
            "[tool.uv.sources]\n",
            "[tool.uv.sources]\nalpha = 7\n",
            "in 'tool.uv.sources.alpha': expected a table, found a number",
        ),
        (
            "[tool.uv.sources]\n",
            '[tool.uv.sources]\nalpha = { git = "https://git.example/a", path = "a" }\n',
            "in 'tool.uv.sources.alpha': expected one of git, url, path, index, workspace, found git and path",
        ),
        (
            "[tool.uv.sources]\n",
            "[tool.uv.sources]\nalpha = [{ workspace = true }]\n",
            "in 'tool.uv.sources.alpha[0].workspace': 'alpha' is no member of the workspace",
        ),
        (
            "[tool.uv.sources]\n",
            '[tool.uv.sources]\nalpha = { path = "a", marker = "linux" }\n',
            "in 'tool.uv.sources.alpha.marker': is no marker: 'linux' is no variable of markers, in 'linux'",
        ),
        (
            "[tool.uv]\n",
            "[tool.uv]\nworkspace = { members = 7 }\n",
            "in 'tool.uv.workspace.members': expected a list, found a number",
        ),
        (
            '"alpha>=1"',
            '"alpha @ ftp://host.example/a.zip"',
            "in 'project.dependencies[0]': 'ftp' is no scheme of a requirement's URL",
        ),
        ("[project]\n", "[project\n", "is not valid TOML: "),
    ],
)
def test_a_manifest_that_is_no_use_is_one_error_with_its_place(project: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        reasons(project, (old, new))
    where = f"{project}/pyproject.toml:" + ("1: " if "TOML" in message else " ")
    assert str(caught.value).startswith(where + message)


def test_a_manifest_without_anything_to_lock_is_refused(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.ruff]\n")
    reader = Reader({})
    with pytest.raises(ConfigError) as caught:
        freshness(reader, read_lock(reader, str(project / "uv.lock")))
    assert str(caught.value) == (
        f"{project}/pyproject.toml: has no [project] table, no [dependency-groups] and no [tool.uv.workspace], "
        "so it has no lock"
    )


def test_members_that_cannot_be_used_are_one_error_with_their_place(project: Path) -> None:
    workspace = ("[tool.uv]\n", '[tool.uv]\nworkspace = { members = ["packages/*"] }\n')
    for name in ("one", "two"):
        (project / "packages" / name).mkdir(parents=True)
        (project / "packages" / name / "pyproject.toml").write_text("[tool.ruff]\n")
    with pytest.raises(ConfigError) as caught:
        reasons(project, workspace)
    assert str(caught.value) == (
        f"{project}/packages/one/pyproject.toml: has no [project] table, which a member of a workspace needs"
    )
    for name in ("one", "two"):
        (project / "packages" / name / "pyproject.toml").write_text('[project]\nname = "Same"\nversion = "1"\n')
    with pytest.raises(ConfigError) as caught:
        reasons(project, workspace)
    assert str(caught.value) == (
        f"{project}/pyproject.toml: in 'tool.uv.workspace.members[0]': two members are called 'same': "
        f"{project}/packages/one/pyproject.toml and {project}/packages/two/pyproject.toml"
    )


def test_ranges_that_share_no_python_are_an_error(project: Path) -> None:
    (project / "packages" / "one").mkdir(parents=True)
    (project / "packages" / "one" / "pyproject.toml").write_text(
        '[project]\nname = "one"\nversion = "1"\nrequires-python = "<3.10"\n'
    )
    with pytest.raises(ConfigError) as caught:
        reasons(project, ("[tool.uv]\n", '[tool.uv]\nworkspace = { members = ["packages/*"] }\n'))
    assert str(caught.value) == (
        f"{project}/pyproject.toml: in 'project.requires-python': no Python version is in all of the workspace's ranges: "
        "'>=3.11' and '<3.10'"
    )


def test_markers_that_name_too_much_are_not_compared_for_ever(project: Path) -> None:
    machines = " or ".join(
        f"platform_machine == 'm{n}' and sys_platform == 's{n}' and implementation_name == 'i{n}'" for n in range(90)
    )
    (reason,) = reasons(project, ('"alpha>=1"', f'"alpha>=1 ; {machines}"'))
    assert reason.unknown
    assert reason.message == ("the requirements of app cannot be compared: markers name too many values to be compared")


def test_a_verdict_knows_all_that_it_depends_on(project: Path) -> None:
    reader = Reader({})
    freshness(reader, read_lock(reader, str(project / "uv.lock")))
    assert {str(project / name) for name in ("uv.lock", "pyproject.toml")} <= set(reader.trace.files)
    assert str(project / "uv.toml") in {name for _, name in reader.trace.values}
