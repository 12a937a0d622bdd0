"""The house rules, held by the sources themselves: which room may use which, who may print, who may read, how long a file is."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "envguard"
MODULES = sorted(PACKAGE.rglob("*.py"))

# From the ground up. A room may use itself and every room of a lower floor; rooms of one floor do not know one another.
FLOORS = (
    ("digests", "patterns", "pyc", "values"),
    ("model", "names", "amounts", "pep440", "receipt", "redact", "toml_rows", "urls", "yaml_lines"),
    ("errors", "entries", "walked", "conda", "pep508"),
    ("_native", "atomic", "child", "launch", "trace"),
    ("cache",),
    ("canaries",),
    ("probes",),
    ("questions",),
    ("answers", "reader"),
    ("columns", "json_text", "notes", "toml", "yaml"),
    ("facts", "getters", "results"),
    ("config", "baseline", "data", "lockfiles", "installed", "machine", "repository", "determinism", "receipts"),
    ("against", "run", "trees"),
    ("files", "ranks"),
    ("rules",),
    ("sources",),
    ("changed", "report", "selection"),
    ("dependents", "expected", "left"),
    ("observe",),
    ("listening", "named"),
    ("check",),
    ("runs",),
    ("agreed", "recorded"),
    ("recording", "guard", "records", "staged"),
    ("cli", "integrations"),
    ("__main__",),
)
FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}
SOURCES = ("config", "baseline", "lockfiles", "installed", "machine")
# What a judge needs of a source: its values and pure functions, never what reads.
PURE = (
    "installed.model",
    "lockfiles.diff.model",
    "lockfiles.markers",
    "lockfiles.formats",
    "lockfiles.model",
    "lockfiles.parts",
    "lockfiles.select",
    "lockfiles.consistency",
    "machine.model",
    "repository.model",
)
HEAVY = ("click", "importlib.metadata", "jinja2", "numpy", "packaging", "pkg_resources", "subprocess", "torch", "yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import: the *module* that is named, and whether it happens when the file that holds it is imported."""

    module: str
    names: tuple[str, ...]
    line: int
    at_once: bool
    for_types: bool


def imports(path: Path) -> Iterator[Import]:
    """Yield the imports of a file, relative ones made absolute."""
    package = (*path.relative_to(ROOT).parts[:-1],)

    def walk(node: ast.AST, *, at_once: bool, for_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                yield from walk(child, at_once=at_once, for_types=True)
                continue
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(module=alias.name, names=(), line=child.lineno, at_once=at_once, for_types=for_types)
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else ()
                module = ".".join((*base, *([child.module] if child.module else ())))
                names = tuple(alias.name for alias in child.names)
                yield Import(module=module, names=names, line=child.lineno, at_once=at_once, for_types=for_types)
            yield from walk(child, at_once=at_once and not inside, for_types=for_types)

    yield from walk(ast.parse(path.read_bytes()), at_once=True, for_types=False)


def room_of(path: Path) -> str:
    """Return the room that a file belongs to: the folder, or the module, right under the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def ours(item: Import) -> Iterator[str]:
    """Yield the modules of ours, named from inside the package, that an import reaches."""
    if item.module == "envguard":
        yield from (name for name in item.names if not name.startswith("__"))
    elif item.module.startswith("envguard."):
        yield item.module.removeprefix("envguard.")


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT).as_posix()}:{line}"


def test_every_room_has_its_floor() -> None:
    assert {room_of(path) for path in MODULES} - {"__init__"} == set(FLOOR_OF)


def test_imports_point_one_way() -> None:
    wrong = [
        f"{place(path, item.line)} imports {used}"
        for path in MODULES
        if (room := room_of(path)) != "__init__"
        for item in imports(path)
        for used in ours(item)
        # An error may name the type of what it carries.
        if not (item.for_types and room == "errors")
        if used.partition(".")[0] != room and FLOOR_OF[used.partition(".")[0]] >= FLOOR_OF[room]
    ]
    assert not wrong


def test_rules_know_the_sources_by_their_values_alone() -> None:
    wrong = [
        f"{place(path, item.line)} imports {used}"
        for path in MODULES
        if room_of(path) == "rules"
        for item in imports(path)
        for used in ours(item)
        if used.partition(".")[0] in ("lockfiles", "installed", "machine", "repository")
        and used not in PURE
        and not item.for_types
    ]
    assert not wrong


def test_click_is_known_to_the_command_line_alone() -> None:
    users = {room_of(path) for path in MODULES for item in imports(path) if item.module.partition(".")[0] == "click"}
    assert users == {"cli"}


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    wrong = [
        f"{place(path, item.line)} imports {item.module}"
        for path in MODULES
        for item in imports(path)
        if item.at_once and not item.for_types
        if any(item.module == heavy or item.module.startswith(f"{heavy}.") for heavy in HEAVY)
        # click is what the modules of the command line are made of, behind envguard.cli itself.
        if not (item.module == "click" and room_of(path) == "cli" and path.name != "__init__.py")
    ]
    assert not wrong


def test_torch_and_numpy_are_never_imported_to_ask_a_question() -> None:
    wrong = [
        f"{place(path, item.line)} imports {item.module}"
        for path in MODULES
        for item in imports(path)
        if item.module.partition(".")[0] in ("torch", "numpy") and not item.for_types
        # Who asks for a generator of a library wants that library.
        if path != PACKAGE / "determinism/generators.py"
    ]
    assert not wrong


def dotted(node: ast.expr) -> str:
    """Return ``a.b.c`` for such an expression, and nothing for another."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (base := dotted(node.value)):
        return f"{base}.{node.attr}"
    return ""


def mentions(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every name and dotted name that a file's code mentions."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Name | ast.Attribute) and (name := dotted(node)):
            yield node.lineno, name


VOICES = {"print", "input", "breakpoint", "sys.stdout", "sys.stderr", "sys.exit", "os._exit", "exit", "quit", "logging"}


def test_the_library_never_prints_exits_or_logs() -> None:
    wrong = [
        f"{place(path, line)} uses {name}"
        for path in MODULES
        if room_of(path) not in ("cli", "__main__")
        for line, name in mentions(path)
        if name in VOICES
        # What an emergency exit let pass must be said where no filter and no unconfigured log can swallow it.
        if not (path == PACKAGE / "guard/said.py" and name == "sys.stderr")
    ]
    assert not wrong
    loggers = [place(path, item.line) for path in MODULES for item in imports(path) if item.module == "logging"]
    assert not loggers


def test_the_guard_speaks_through_one_function() -> None:
    tree = ast.parse((PACKAGE / "guard/said.py").read_bytes())
    speakers = {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and dotted(node) == "sys.stderr"
    }
    assert speakers == {"say"}


EYES = re.compile(
    r"open|os\.(open|stat|lstat|scandir|listdir|walk|readlink|getenv|environ|access|uname|getcwd)"
    r"|os\.path\.(exists|lexists|isfile|isdir|islink|realpath|getsize|getmtime|expanduser|samefile)"
    r"|(pathlib|platform|glob|socket)\..+|Path"
)
EXCEPTIONS = {
    ("baseline.py", "open"): "the writer leaves a file alone that already says the same",
    ("check.py", "os.getcwd"): "where the caller stands is an argument that was left out",
    ("installed/discovery.py", "os.path.islink"): "it words the error of a link that leads nowhere",
    ("installed/markers.py", "platform"): "only where the system has no uname, which is a probe",
}


def test_sources_and_rules_look_at_the_outside_through_a_reader_alone() -> None:
    wrong = [
        f"{place(path, line)} uses {name}"
        for path in MODULES
        if room_of(path) in (*SOURCES, "rules", "observe", "check", "selection", "toml", "yaml", "json_text", "getters")
        for line, name in mentions(path)
        if EYES.fullmatch(name)
        if (path.relative_to(PACKAGE).as_posix(), re.sub(r"^platform\..*", "platform", name)) not in EXCEPTIONS
    ]
    assert not wrong


def test_nothing_that_is_read_is_executed() -> None:
    forbidden = {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}
    # It compiles a source to hold it against the bytecode that ran, and runs neither; and a constructor, as dataclasses does, of the
    # names of the fields of a class, which stand in its source.
    known = {("compile", "repository/bytecode.py"), ("exec", "values.py")}
    wrong = [
        f"{place(path, line)} uses {name}"
        for path in MODULES
        for line, name in mentions(path)
        if name in forbidden and (name, path.relative_to(PACKAGE).as_posix()) not in known
    ]
    assert not wrong
    wrong = [
        f"{place(path, item.line)} imports {item.module}"
        for path in MODULES
        for item in imports(path)
        if item.module.partition(".")[0] in ("pickle", "marshal", "shelve", "yaml", "subprocess")
        # Every program is started by one module, which knows no shell and no waiting for ever; YAML is read by another, without
        # its tags; bytecode by one more, of modules that the interpreter has loaded from it.
        if (item.module, path.relative_to(PACKAGE).as_posix())
        not in (("subprocess", "child.py"), ("yaml", "yaml.py"), ("marshal", "repository/bytecode.py"))
    ]
    assert not wrong


def test_what_is_no_version_is_caught_as_what_packaging_raises() -> None:
    """``int`` raises a bare ValueError for thousands of digits, and packaging lets it pass."""
    wrong = [
        f"{place(path, node.lineno)} catches {ast.unparse(node.type)}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        if re.search(r"Invalid(Version|Specifier)", ast.unparse(node.type))
    ]
    assert not wrong


def test_no_module_grows_beyond_400_lines() -> None:
    assert not [path.name for path in MODULES if len(path.read_bytes().splitlines()) > 400]


def values(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and dotted(decorator.func).endswith("dataclass"):
                    yield node.name, decorator
                elif dotted(decorator).endswith("dataclass"):
                    yield node.name, ast.Call(func=decorator, args=[], keywords=[])


def test_values_are_frozen_slotted_and_keyword_only() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in MODULES
        for name, call in values(ast.parse(path.read_bytes()))
        if not name.startswith("_")  # a private one may collect
        if {word.arg for word in call.keywords if ast.unparse(word.value) == "True"} != {"frozen", "slots", "kw_only"}
    ]
    assert not wrong


def files() -> list[str]:
    """Return the files of the repository, as git knows them or would add them."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [name for name in os.fsdecode(done.stdout).split("\0") if name and (ROOT / name).is_file()]


# The lock of the project names the index that it came from: uv writes it so.
AS_UV_WRITES = "uv.lock"
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("pytorch", "org"), ("npmjs", "org"))]
PARTS = (("root",), ("work", "main"), ("work", "shared"), ("tmp", "w"), ("opt", "wheels"), ("opt", "pypi"))
FOLDERS = ["/".join(("", *parts)) + "/" for parts in PARTS]


@pytest.mark.parametrize("words", [HOSTS, FOLDERS], ids=["the host of a package index", "a folder of one machine"])
def test_the_repository_names_no(words: list[str]) -> None:
    found = []
    for name in files():
        text = (ROOT / name).read_bytes().decode("utf-8", "replace")
        found += [f"{name}: {word}" for word in words if word in text and name != AS_UV_WRITES]
    assert not found
