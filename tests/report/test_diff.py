"""A change of a lock for people: text, Markdown, and the words that they share."""

from __future__ import annotations

import io

import pytest

from envguard.lockfiles.diff.compare import compare
from envguard.lockfiles.model import Artifact, CondaBuild, Edge, LockedPackage, Source, SourceKind
from envguard.report import diff_markdown, diff_text
from envguard.report.meaning import Meaning, Told, meaning
from tests.rules.evidence import lock, locked

APP = Source(kind=SourceKind.EDITABLE, location=".")


def app(*names: str) -> LockedPackage:
    return locked("app", "0.1", source=APP, dependencies=tuple(Edge(name=name) for name in names))


def meant(before: list[LockedPackage], after: list[LockedPackage], *numeric: str) -> Meaning:
    return meaning(compare(lock(before), lock(after)), numeric)


def told(found: Meaning) -> Told:
    return Told(title="uv.lock: a -> b", old="a", new="b", meaning=found)


def text(found: Meaning, *, every: bool = False) -> str:
    stream = io.StringIO()
    diff_text.write(found, stream, title="uv.lock: HEAD -> the working tree", every=every)
    return stream.getvalue()


def test_what_computes_numbers_is_read_first() -> None:
    before = [app("torch", "click"), locked("torch", "2.12.0+cu128"), locked("click", "8.1"), locked("old")]
    after = [
        app("torch", "click"),
        locked("torch", "2.13.0+cu130", dependencies=(Edge(name="nvidia-cudnn-cu13"),)),
        locked("click", "8.2"),
        locked("nvidia-cudnn-cu13", "9.1"),
    ]
    assert text(meant(before, after)) == (
        "uv.lock: HEAD -> the working tree\n"
        "\n"
        "arrays and deep learning\n"
        "  torch              2.12.0+cu128 -> 2.13.0+cu130  upgraded     required directly\n"
        "\n"
        "numeric libraries beneath\n"
        "  nvidia-cudnn-cu13                  9.1           added        by torch\n"
        "\n"
        "others\n"
        "  click              8.1          -> 8.2           upgraded     required directly\n"
        "  old                1.0                           removed\n"
        "\n"
        "torch cu128 -> cu130: CUDA libraries change from 12 to 13\n"
        "\n"
        "2 upgraded, 1 added, 1 removed\n".replace("2 upgraded, 1 added, 1 removed", "1 added, 1 removed, 2 upgraded")
        + "numbers can change: keep results from before and after apart, and once it is installed record again:\n"
        "  envguard record\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2.0+cu128", "2.0+cu130", "torch cu128 -> cu130: CUDA libraries change from 12 to 13"),
        ("2.0+cu126", "2.0+cu128", "torch cu126 -> cu128: CUDA libraries change from 12.6 to 12.8"),
        ("2.0+cpu", "2.0+cu130", "torch cpu -> cu130: a build for the processor becomes one for CUDA 13.0"),
        ("2.0+cu130", "2.1+cpu", "torch cu130 -> cpu: a build for CUDA 13.0 becomes one for the processor"),
        ("2.0", "2.0+cu130", "torch no build named -> cu130: CUDA as the index chooses becomes CUDA 13.0"),
        ("2.0+rocm6.2", "2.0+rocm6.4", "torch rocm6.2 -> rocm6.4"),
    ],
)
def test_builds_are_spelled_out(old: str, new: str, said: str) -> None:
    assert meant([locked("torch", old)], [locked("torch", new)]).builds == (said,)


def test_packages_of_another_cuda_are_folded_into_a_line() -> None:
    before = [locked("nvidia-cublas-cu12"), locked("nvidia-cudnn-cu12"), locked("cupy-cuda12x")]
    after = [locked("nvidia-cublas-cu13"), locked("nvidia-cudnn-cu13"), locked("cupy-cuda13x")]
    assert meant(before, after).builds == ("packages for CUDA 12 are replaced by packages for CUDA 13",)
    assert meant(before, before[:1]).builds == ()


def test_the_version_of_cuda_is_that_of_some_packages() -> None:
    before, after = [locked("cuda-toolkit", "12.8.1")], [locked("cuda-toolkit", "13.0.2")]
    assert meant(before, after).builds == ("cuda-toolkit 12.8.1 -> 13.0.2: CUDA libraries change from 12 to 13",)
    before, after = [locked("nvidia-cuda-runtime-cu12", "12.8.57")], [locked("nvidia-cuda-runtime", "13.0.96")]
    assert meant(before, after).builds == ("packages for CUDA 12 are replaced by packages for CUDA 13",)
    # Not all libraries have it.
    assert meant([locked("nvidia-cufft", "11.4")], [locked("nvidia-cufft", "12.0")]).builds == ()


def test_conda_builds_are_spelled_out() -> None:
    def build(name: str) -> LockedPackage:
        source = Source(kind=SourceKind.CONDA, location="https://conda.index.example/conda-forge")
        return locked("pytorch", "2.5.1", source=source, conda=CondaBuild(build=name, subdir="linux-64"))

    found = meant([build("cuda126_py312h1_300")], [build("cpu_generic_py312h2_0")])
    assert found.builds == ("pytorch cuda126 -> cpu: a build for CUDA 12.6 becomes one for the processor",)
    assert found.numbers
    (row,) = found.sections[0].rows
    assert (row.old, row.new, row.what) == ("2.5.1 cuda126_py312h1_300", "2.5.1 cpu_generic_py312h2_0", "rebuilt")
    assert not meant([build("h1_0")], [build("h1_0")]).sections


def test_names_of_conda_have_roles_too() -> None:
    assert meant([], [locked("_openmp_mutex")]).numbers
    assert meant([], [locked("libblas")]).numbers


def test_what_computes_nothing_is_told_as_far_as_it_is_known() -> None:
    found = meant([locked("click", "8.1")], [locked("click", "8.2")])
    assert not found.numbers
    assert found.verdict == (
        "no package that is known to compute numbers differs; nobody promises that the others do not. Once it is installed "
        "record again: envguard record"
    )


def test_the_projects_own_numeric_packages_count() -> None:
    assert meant([locked("our-kernels", "1")], [locked("our-kernels", "2")], "our-*").numbers


def test_moved_groups_change_no_numbers() -> None:
    before = [app("numpy"), locked("numpy")]
    after = [locked("app", "0.1", source=APP, groups={"dev": (Edge(name="numpy"),)}), locked("numpy")]
    found = meant(before, after)
    assert not found.numbers
    assert "groups: dependencies -> group dev" in text(found)


def test_long_sections_of_others_are_cut_unless_all_is_asked_for() -> None:
    after = [locked(f"name{number:02}") for number in range(30)]
    assert "  and 20 more: --all lists them\n" in text(meant([], after))
    assert text(meant([], after)).count("added") == 11
    assert text(meant([], after), every=True).count("added") == 31


def test_no_line_is_wider_than_a_hundred_columns() -> None:
    digest = f"sha256:{'a' * 64}"
    old = locked("a" * 60, "1" * 40, artifacts=(Artifact(filename="b" * 80, wheel=True, hash=digest),))
    new = locked("a" * 60, "2" * 40, source=Source(kind=SourceKind.URL, location="https://index.example/" + "c/" * 30))
    assert max(len(line) for line in text(meant([old], [new])).splitlines()) <= 100


def test_counts_of_all_kinds_fit_the_page() -> None:
    def wheel(digit: str) -> tuple[Artifact, ...]:
        return (Artifact(filename="a-1-py3-none-any.whl", wheel=True, hash=f"sha256:{digit * 64}"),)

    elsewhere = Source(kind=SourceKind.URL, location="https://files.index.example/c.tar.gz")
    before = [locked("added", "1"), locked("up", "1"), locked("down", "2"), locked("built", "1+cpu")]
    before += [
        locked("again", "1", artifacts=wheel("1")),
        locked("lost", "1", artifacts=wheel("1")),
        locked("moved", "1"),
    ]
    after = [locked("came", "1"), locked("up", "2"), locked("down", "1"), locked("built", "1+cu130")]
    after += [locked("again", "1", artifacts=wheel("2")), locked("lost", "1"), locked("moved", "1", source=elsewhere)]
    lines = text(meant(before, after)).splitlines()
    counts = next(number for number, line in enumerate(lines) if line.startswith("1 added, 1 removed"))
    assert lines[counts + 1].startswith("  ")
    assert max(map(len, lines)) <= 100


def test_nothing_in_a_lock_moves_the_cursor() -> None:
    assert "\x1b" not in text(meant([], [locked("evil\x1b[2J", "1\x07")]))


def test_markdown_makes_no_links_and_calls_nobody() -> None:
    stream = io.StringIO()
    evil = locked("evil|<b>", "1", source=Source(kind=SourceKind.URL, location="https://index.example/@ada"))
    diff_markdown.write([told(meant([locked("evil|<b>", "1")], [evil]))], stream)
    found = stream.getvalue()
    assert "https://" not in found
    assert "\\@ada" in found
    assert "evil\\|\\<b\\>" in found
    assert "<details><summary>others (1)</summary>" in found


def test_markdown_is_a_table_for_each_role() -> None:
    stream = io.StringIO()
    diff_markdown.write([told(meant([locked("numpy", "1")], [locked("numpy", "2")]))], stream)
    assert stream.getvalue() == (
        "### uv.lock: a -\\> b\n\n"
        "**numbers can change: keep results from before and after apart, and once it is installed record again: envguard "
        "record**\n\n"
        "#### arrays and deep learning\n\n"
        "| package | before | after | what | why |\n|---|---|---|---|---|\n"
        "| numpy | 1 | 2 | upgraded | the lock does not tell by what |\n\n"
        "1 upgraded\n"
    )


def test_the_arrow_is_that_of_whoever_writes() -> None:
    before = [app("torch"), locked("torch", "2.12.0+cu128"), locked("tensorflow")]
    found = meant(before, [app("torch"), locked("torch", "2.13.0+cu130")])
    stream = io.StringIO()
    diff_text.write(found, stream, title="uv.lock: HEAD -> the working tree", arrow="→")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "uv.lock: HEAD → the working tree"
    assert lines[3:5] == [
        "  tensorflow  1.0                          removed",
        "  torch       2.12.0+cu128 → 2.13.0+cu130  upgraded     required directly",
    ]
    assert "torch cu128 → cu130: CUDA libraries change from 12 to 13" in lines


@pytest.mark.parametrize("length", [10, 30, 45, 64, 80])
def test_builds_of_conda_fit_the_page(length: int) -> None:
    def package(build: str) -> LockedPackage:
        source = Source(kind=SourceKind.CONDA, location="https://conda.index.example/main")
        return locked(
            "pytorch-cuda-extensions", "2.7.1", source=source, conda=CondaBuild(build=build, subdir="linux-64")
        )

    old, new = (f"{stem}_{'x' * (length - 8)}_0" for stem in ("cuda1", "cuda2"))
    lines = text(meant([package(old)], [package(new)])).splitlines()
    table = lines[2 : lines.index("", 2)]
    assert max(map(len, table)) <= 100
    said = " ".join(" ".join(table).split())
    assert f"pytorch-cuda-extensions 2.7.1 {old} -> 2.7.1 {new} rebuilt" in said
