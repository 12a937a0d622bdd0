"""The tags and the receipt of a run in real stores of MLflow and W&B, on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.guarded import Project

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.integrations, pytest.mark.slow]


def test_mlflow_has_the_tags_and_the_receipt(project: Project) -> None:
    code = """
        import json, mlflow
        from envguard.integrations.mlflow import log_run
        run = envguard.enforce(seed=42)
        mlflow.set_tracking_uri("file:store")
        with mlflow.start_run() as active:
            log_run(run)
        kept = mlflow.get_run(active.info.run_id)
        receipt = json.loads(mlflow.artifacts.load_text(kept.info.artifact_uri + "/envguard/receipt.json"))
        ours = {name: value for name, value in kept.data.tags.items() if name.startswith("envguard.")}
        print(json.dumps([ours == run.tags(), ours["envguard.verdict"], receipt["verdict"], receipt["seed"]]))
    """
    done = project.train(code, MLFLOW_ALLOW_FILE_STORE="true")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [True, "clean", "clean", "42"]


def test_wandb_has_the_tags_and_the_receipt(project: Project) -> None:
    code = """
        import json, pathlib, wandb
        from envguard.integrations.wandb import log_run
        run = envguard.enforce(seed=42)
        with wandb.init(mode="offline", project="p") as active:
            log_run(run)
            kept = active.config["envguard"]
            receipt = json.loads(pathlib.Path(active.dir, "envguard-receipt.json").read_text())
        same = {f"envguard.{name}": value for name, value in kept.items()} == run.tags()
        print(json.dumps([same, kept["verdict"], receipt["verdict"], receipt["seed"]]))
    """
    done = project.train(code, WANDB_SILENT="true")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [True, "clean", "clean", "42"]


def test_without_a_run_of_wandb_there_is_nothing_to_tag(project: Project) -> None:
    code = """
        from envguard.integrations.wandb import log_run
        try:
            log_run(envguard.enforce(seed=42))
        except envguard.EnvguardError as error:
            print(error)
    """
    assert project.train(code).stdout == (
        "no run of W&B is active\nhint: call wandb.init() before envguard.integrations.wandb.log_run()\n"
    )
