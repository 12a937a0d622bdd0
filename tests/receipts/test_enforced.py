"""Receipts that enforce() writes in real processes: at once, again at the end, without secrets, and never at the price of the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from envguard.receipts.canonical import digest_of
from envguard.receipts.schema import schema
from tests.guarded import ROOT, Project, drift
from tests.test_guard import SETTLED, project

if TYPE_CHECKING:
    pass

__all__ = ["project"]


def receipts(project: Project) -> list[dict[str, Any]]:
    folder = project.folder / ".envguard/runs"
    found = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
    for document in found:
        jsonschema.Draft202012Validator(schema(2)).validate(document)
        assert document["digest"] == digest_of(document)
    return found


def test_a_run_leaves_its_receipt(project: Project) -> None:
    done = project.train("""
        run = envguard.enforce(seed=42)
        run.random("split", 1)
        import wave
        print(run.receipt.path)
    """)
    assert (done.returncode, done.stderr) == (0, "")
    (document,) = receipts(project)
    assert done.stdout == f"{project.folder}/.envguard/runs/{document['id']}.json\n"
    assert (document["verdict"], document["seed"], document["recalled"]) == ("clean", "42", False)
    assert document["process"]["argv"] == ["train.py"]
    assert document["end"]["how"] == "exit"
    # What came after enforce() is in it: the stream was asked for later.
    assert [(stream["library"], stream["name"], stream["requests"]) for stream in document["streams"]] == [
        ("random", "split", 1)
    ]


def test_a_run_that_is_killed_has_one(project: Project) -> None:
    done = project.train("""
        import os, signal
        run = envguard.enforce(seed=42)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    assert done.returncode == -signal.SIGKILL
    (document,) = receipts(project)
    assert document["end"] is None


def test_a_run_that_fails_says_so(project: Project) -> None:
    done = project.train("""
        run = envguard.enforce(seed=42)
        raise KeyError("a secret")
    """)
    assert done.returncode == 1
    (document,) = receipts(project)
    assert (document["end"]["how"], document["end"]["uncaught"]) == ("exit", "KeyError")
    assert "a secret" not in json.dumps(document)


def test_finish_binds_what_was_made(project: Project) -> None:
    done = project.train("""
        run = envguard.enforce(seed=42)
        open("model.bin", "wb").write(b"weights")
        assert run.finish(["model.bin"]) == run.receipt.path
    """)
    assert (done.returncode, done.stderr) == (0, "")
    (document,) = receipts(project)
    assert document["end"]["how"] == "finish()"
    assert [os.path.basename(output["path"]) for output in document["end"]["outputs"]] == ["model.bin"]


def test_what_was_let_pass_stands_in_it(project: Project) -> None:
    drift(project)
    project.train(ENVGUARD="warn")
    project.train(ENVGUARD="off")
    warned, unchecked = receipts(project)
    assert (warned["mode"], warned["verdict"]) == ("warn", "drift")
    assert warned["overridden"][0].startswith("EG303 [cpu-mismatch] cpu.vendor is ")
    assert warned["levels"]["host-to-host"] == {
        "reachable": False,
        "blockers": ["EG303 cpu.vendor"],
        "unknowns": [],
        "waived": [],
    }
    (finding,) = (item for item in warned["findings"] if item["code"] == "EG303")
    assert finding["expected"] == "Zilog"
    assert (unchecked["mode"], unchecked["verdict"], unchecked["observed"]) == ("off", "not checked", {})


def test_a_waiver_stands_in_it_with_its_reason(project: Project) -> None:
    manifest = project.folder / "pyproject.toml"
    manifest.write_text(
        manifest.read_text()
        + '\n[[tool.envguard.waivers]]\nrule = "EG303"\nsubject = "cpu.vendor"\nreason = "same die"\nuntil = 2999-01-01\n'
    )
    drift(project)
    done = project.train()
    assert done.returncode == 0, done.stderr
    (document,) = receipts(project)
    (waived,) = document["waived"]
    assert (waived["code"], waived["reason"], waived["until"]) == ("EG303", "same die", "2999-01-01")


def test_a_second_run_says_that_nothing_had_changed(project: Project) -> None:
    for _ in range(4):
        assert project.train(SETTLED + "run = envguard.enforce(seed=42)").returncode == 0
    found = receipts(project)
    assert not found[0]["recalled"]
    assert any(document["recalled"] for document in found)
    first, *others = ({**document["observed"], "facts": None} for document in found)
    assert all(other == first for other in others)


def test_a_folder_that_is_none_ends_no_run(project: Project) -> None:
    (project.folder / "runs").touch()
    done = project.train(ENVGUARD_RUNS=str(project.folder / "runs"))
    assert done.returncode == 0
    assert done.stderr.startswith(f"envguard: the receipt of this run is not kept: {project.folder}/runs/")
    assert done.stderr.endswith(".json: cannot be written: file exists; the run goes on\n")
    assert len(done.stderr.splitlines()) == 1


def commit(project: Project, code: str) -> None:
    """Put the project with a training script under version control."""
    (project.folder / "train.py").write_text("import envguard\n" + code)
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "first"]):
        subprocess.run(["git", *command], cwd=project.folder, check=True)


def test_git_does_not_see_them(project: Project) -> None:
    commit(project, "envguard.enforce(seed=42)")
    done = project.python("train.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert receipts(project)
    done = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""


SECRET = "s3Kr1tV4lue"


def test_no_secret_is_in_it(project: Project) -> None:
    """Planted wherever one could come from: arguments, variables, the address of the repository, and an exception."""
    subprocess.run(["git", "init", "--quiet"], cwd=project.folder, check=True)
    subprocess.run(
        ["git", "remote", "add", "origin", f"https://user:{SECRET}@git.example/a.git"], cwd=project.folder, check=True
    )
    (project.folder / "train.py").write_text(
        textwrap.dedent(f"""
        import envguard, os
        run = envguard.enforce(seed=42)
        run.receipt.write()
        print(run.receipt.to_json(), run.tags())
        run.finish()
        raise ValueError("password={SECRET}")
        """)
    )
    names = (
        "WANDB_API_KEY",
        "HF_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "MY_PASSWORD",
        "TORCH_TOKEN",
        "SLURM_JWT",
        "UNRELATED",
    )
    planted = dict.fromkeys(names, SECRET)
    done = project.python(
        "train.py",
        f"--api-key={SECRET}",
        "--hf-token",
        SECRET,
        f"db.password={SECRET}",
        f"postgresql://user:{SECRET}@h/db",
        json.dumps({"client_secret": SECRET}),
        "--header",
        f"Authorization: Bearer {SECRET}",
        **planted,
        XLA_FLAGS=f"--xla_dump_to=s3://key:{SECRET}@bucket/x",
        ENVGUARD="warn",
    )
    assert done.returncode == 1
    (document,) = receipts(project)
    assert document["process"]["argv"][1] == "--api-key=[redacted]"
    assert SECRET not in json.dumps(document)
    assert SECRET not in done.stdout


IMPORTS = """
import json, sys
print(json.dumps(sorted(sys.modules)))
"""


def test_a_clean_start_imports_nothing_heavy_for_it(project: Project) -> None:
    code = SETTLED + "run = envguard.enforce(seed=42)" + IMPORTS
    found = [set(json.loads(project.train(code).stdout)) for _ in range(4)]
    clean = [modules for modules in found if "envguard.check" not in modules]
    assert clean
    for modules in clean:
        assert "envguard.receipts.ledger" in modules
        assert not modules & {
            "click",
            "dataclasses",
            "envguard.json_text",
            "envguard.model",
            "envguard.receipts.judged",
            "envguard.receipts.read",
            "inspect",
            "packaging",
            "shlex",
            "socket",
            "subprocess",
            "tempfile",
            "urllib.parse",
        }


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_the_workers_of_a_run_write_none(project: Project, method: str) -> None:
    """As they are spawned, the script is run in each of them, and enforce() is called at its top."""
    done = project.train(f"""
        import multiprocessing
        run = envguard.enforce(seed=42)
        if __name__ == "__main__":
            with multiprocessing.get_context("{method}").Pool(2) as pool:
                print(pool.map(abs, [-1, 2]))
    """)
    assert (done.returncode, done.stdout) == (0, "[1, 2]\n"), done.stderr
    (document,) = receipts(project)
    assert document["end"]["how"] == "exit"


def test_a_worker_whose_parent_has_no_receipt_writes_its_own(project: Project) -> None:
    done = project.train("""
        import multiprocessing
        def work():
            envguard.enforce(seed=42)
        if __name__ == "__main__":
            child = multiprocessing.get_context("spawn").Process(target=work)
            child.start()
            child.join()
    """)
    assert done.returncode == 0, done.stderr
    assert len(receipts(project)) == 1


def test_of_four_ranks_one_writes(project: Project) -> None:
    (project.folder / "train.py").write_text(
        'import envguard; run = envguard.enforce(seed=42, ranks="off"); print(run.receipt.path)'
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "WORLD_SIZE": "4"}
    started = [
        subprocess.Popen(
            [sys.executable, "train.py"],
            cwd=project.folder,
            env={**environ, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(4)
    ]
    said = [process.communicate()[0].strip() for process in started]
    (document,) = receipts(project)
    assert document["rank"] == {"launcher": "RANK and WORLD_SIZE", "rank": 0, "size": 4}
    assert said == [f"{project.folder}/.envguard/runs/{document['id']}.json", "None", "None", "None"]


def test_the_patch_lies_beside_it(project: Project) -> None:
    manifest = project.folder / "pyproject.toml"
    manifest.write_text(manifest.read_text() + 'code = "diff"\n')
    (project.folder / "helper.py").write_text("x = 1\n")
    commit(project, SETTLED + "envguard.enforce(seed=42)")
    (project.folder / "helper.py").write_text("x = 2\n")
    for _ in range(4):
        done = project.python("train.py")
        assert done.returncode == 0, done.stderr
    found = receipts(project)
    assert any(document["recalled"] for document in found)
    for document in found:
        patch = (project.folder / ".envguard/runs" / document["files"]["patch"]["name"]).read_bytes()
        assert b"-x = 1\n+x = 2\n" in patch
        assert document["observed"]["code"]["patch"]["sha256"] == document["files"]["patch"]["sha256"]
