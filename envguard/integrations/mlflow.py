"""MLflow: the tags and the receipt of a run, on the MLflow run that they belong to.

Source: MLflow, "Tracking API" (``set_tags``, ``log_text``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..run import Run

ARTIFACT = "envguard/receipt.json"


def log_run(run: Run, *, run_id: str | None = None) -> None:
    """Tag an MLflow run with ``run.tags()`` and store the receipt as its artifact ``envguard/receipt.json``.

    *run_id* names the MLflow run (default: the active one; MLflow starts one where none is). Call it again at the end of
    training, and the receipt says what came later. What MLflow raises is raised.
    """
    import mlflow

    if run_id is None:
        run_id = (mlflow.active_run() or mlflow.start_run()).info.run_id
    client = mlflow.MlflowClient()
    for name, value in run.tags().items():
        client.set_tag(run_id, name, value)
    client.log_text(run_id, run.receipt.to_json(), ARTIFACT)
