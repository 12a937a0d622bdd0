"""A run in the checkpoints and trackers of a real Accelerator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.guarded import Project

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.integrations, pytest.mark.slow]

TRAIN = """
import json, sys, warnings
warnings.simplefilter("ignore")
import torch
from accelerate import Accelerator
from accelerate.tracking import GeneralTracker
import envguard
from envguard.integrations.accelerate import prepare

class Tracker(GeneralTracker):
    name = "kept"
    requires_logging_directory = False
    tracker = None
    def __init__(self):
        super().__init__()
        self.kept = {}
    def store_init_configuration(self, values):
        self.kept.update(values)
    def log(self, values, step=None):
        pass

run = envguard.enforce(seed=int(sys.argv[2]))
tracker = Tracker()
accelerator = Accelerator(cpu=True, log_with=tracker)
accelerator.init_trackers("project")
prepare(accelerator, run)
if sys.argv[1] == "save":
    torch.rand(5)
    accelerator.save_state("checkpoint")
else:
    accelerator.load_state("checkpoint")
print(json.dumps({"draw": torch.rand(()).item(), "verdict": tracker.kept["envguard.verdict"]}))
"""


def test_a_checkpoint_holds_the_run_and_trackers_its_tags(project: Project) -> None:
    (project.folder / "fit.py").write_text(TRAIN)
    saved = project.python("fit.py", "save", "42")
    loaded = project.python("fit.py", "load", "42")
    assert (saved.returncode, loaded.returncode) == (0, 0), saved.stderr + loaded.stderr
    assert saved.stdout == loaded.stdout
    assert '"verdict": "clean"' in saved.stdout
    refused = project.python("fit.py", "load", "43")
    assert refused.returncode == 1
    assert "the run cannot go on bit for bit from this state" in refused.stderr
