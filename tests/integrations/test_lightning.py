"""The callback in real trainings of Lightning."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.guarded import Project

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.integrations, pytest.mark.slow]

TRAIN = """
import hashlib, json, os, sys, warnings
warnings.simplefilter("ignore")
import logging; logging.disable()
import torch
import {lightning} as pl
from {lightning}.loggers import CSVLogger
import envguard
from envguard.integrations.lightning import EnvguardCallback

class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1))
    def training_step(self, batch, index):
        spoil(self, index)
        return torch.nn.functional.mse_loss(self.net(batch[:, :4]), batch[:, 4:])
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05, momentum=0.9)

def spoil(net, index):
    pass

SPOIL

run = envguard.enforce(seed=42)
epochs, checkpoint = int(sys.argv[1]), (sys.argv[2:] or [None])[0]
data = torch.arange(160.0).reshape(32, 5).sin()
loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)
logger = CSVLogger("logs", name="", version=f"v{{epochs}}")
trainer = pl.Trainer(max_epochs=epochs, accelerator="cpu", logger=logger, enable_progress_bar=False,
                     enable_model_summary=False, callbacks=[EnvguardCallback(run)])
net = Net()
trainer.fit(net, loader, ckpt_path=checkpoint)
trainer.save_checkpoint(f"after{{epochs}}.ckpt")
weights = b"".join(bytes(value.view(torch.uint8).flatten().tolist()) for value in net.state_dict().values())
print(json.dumps({{"weights": hashlib.sha256(weights).hexdigest(), "draw": torch.rand(()).item(),
                  "events": [event["kind"] for event in run.receipt.to_dict()["events"]]}}))
"""


def write(project: Project, lightning: str = "lightning.pytorch", spoil: str = "") -> None:
    code = TRAIN.format(lightning=lightning).replace("SPOIL", textwrap.dedent(spoil))
    (project.folder / "fit.py").write_text(code)


def test_a_training_goes_on_bit_for_bit_from_a_checkpoint(project: Project) -> None:
    write(project)
    whole = project.fit("3")
    project.fit("1")
    resumed = project.fit("3", "after1.ckpt")
    assert (resumed["weights"], resumed["draw"]) == (whole["weights"], whole["draw"])
    assert whole["events"][0] == "seal"


def test_the_loggers_have_the_tags(project: Project) -> None:
    write(project)
    project.fit("1")
    kept = (project.folder / "logs" / "v1" / "hparams.yaml").read_text()
    assert "envguard/verdict: clean" in kept
    assert "envguard/seed: '42'" in kept


def test_what_reseeds_after_the_seal_ends_the_training(project: Project) -> None:
    write(
        project,
        spoil="""
        def spoil(net, index):
            torch.manual_seed(0)
    """,
    )
    done = project.python("fit.py", "2")
    assert done.returncode == 1
    assert "the generator of torch.cpu was put elsewhere: torch.manual_seed(0) was called" in done.stderr


def test_the_older_name_of_the_library_has_the_callback_too(project: Project) -> None:
    write(project, lightning="pytorch_lightning")
    assert project.fit("1")["events"][0] == "seal"
