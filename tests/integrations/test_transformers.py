"""The callback in real trainings of transformers' ``Trainer``."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.guarded import Project

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.integrations, pytest.mark.slow]

TRAIN = """
import hashlib, json, sys, warnings
warnings.simplefilter("ignore")
import torch
from transformers import Trainer, TrainingArguments
import envguard
from envguard.integrations.transformers import EnvguardCallback, training_seed

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1))
        self.steps = 0
    def forward(self, inputs, labels):
        self.steps += 1
        spoil(self)
        found = self.net(inputs)
        return {"loss": torch.nn.functional.mse_loss(found, labels), "logits": found}

def spoil(net):
    pass

SPOIL

class Data(torch.utils.data.Dataset):
    def __len__(self):
        return 32
    def __getitem__(self, index):
        values = (torch.arange(5.0) + 5 * index).sin()
        return {"inputs": values[:4], "labels": values[4:]}

run = envguard.enforce(seed=42)
folder, checkpoint = sys.argv[1], (sys.argv[2:] or [None])[0]
arguments = TrainingArguments(folder, seed=training_seed(run), num_train_epochs=3, per_device_train_batch_size=8,
                              save_strategy="epoch", report_to="none", disable_tqdm=True, use_cpu=True, optim="sgd")
net = Net()
trainer = Trainer(net, arguments, train_dataset=Data(), callbacks=[EnvguardCallback(run, checkpoint=checkpoint)])
trainer.train(resume_from_checkpoint=checkpoint)
weights = b"".join(bytes(value.view(torch.uint8).flatten().tolist()) for value in net.state_dict().values())
print(json.dumps({"weights": hashlib.sha256(weights).hexdigest(), "draw": torch.rand(()).item(), "steps": net.steps,
                  "events": [event["kind"] for event in run.receipt.to_dict()["events"]]}))
"""


def write(project: Project, spoil: str = "") -> None:
    (project.folder / "fit.py").write_text(TRAIN.replace("SPOIL", textwrap.dedent(spoil)))


def test_a_training_goes_on_bit_for_bit_from_a_checkpoint(project: Project) -> None:
    write(project)
    whole = project.fit("whole")
    assert whole["events"][0] == "seal"
    shutil.copytree(project.folder / "whole" / "checkpoint-4", project.folder / "elsewhere")
    resumed = project.fit("resumed", "elsewhere")
    assert (whole["steps"], resumed["steps"]) == (12, 8)
    assert (resumed["weights"], resumed["draw"]) == (whole["weights"], whole["draw"])


def test_a_checkpoint_of_an_unguarded_training_is_refused(project: Project) -> None:
    write(project)
    project.fit("whole")
    (project.folder / "whole" / "checkpoint-4" / "envguard.json").unlink()
    done = project.python("fit.py", "resumed", "whole/checkpoint-4")
    assert done.returncode == 1
    assert (
        "whole/checkpoint-4/envguard.json: is not there: nobody knows where the generators stood, so the training "
        "cannot go on bit for bit\nhint: train from the start, or accept it: EnvguardCallback(run, resume=False)"
    ) in done.stderr


def test_what_is_left_of_a_state_is_refused(project: Project) -> None:
    write(project)
    project.fit("whole")
    (project.folder / "whole" / "checkpoint-4" / "envguard.json").write_text('{"schema": ')
    done = project.python("fit.py", "resumed", "whole/checkpoint-4")
    assert done.returncode == 1
    assert "UnreadableError: whole/checkpoint-4/envguard.json:1: " in done.stderr


def test_what_reseeds_after_the_seal_ends_the_training(project: Project) -> None:
    write(
        project,
        spoil="""
        def spoil(net):
            torch.manual_seed(0)
        """,
    )
    done = project.python("fit.py", "whole")
    assert done.returncode == 1
    assert "the generator of torch.cpu was put elsewhere: torch.manual_seed(0) was called" in done.stderr
