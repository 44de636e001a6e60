"""A peer's best of restarts: fresh random starts, the best image of each map kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import featureprobe as fp
from peers.goal import Goal
from peers.scores import clean_scores
from peers.settings import Setting
from peers.worker import Worker

START_SETTINGS = {
    "xplique": ("use_fft", "image_normalizer", "standard", "copies"),
    "vis": ("copies",),
}


@dataclass
class Restarts:
    """One tool on one net.

    Args:
        worker: The tool's process.
        probe: Measures what it returns.
        layer: Whose maps are the targets.
        goal: The criterion.
    """

    worker: Worker
    probe: fp.ModelProbe
    layer: str
    goal: Goal
    best: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.best = np.zeros_like(self.goal.best)  # over all runs, for the archive

    def run(self, setting: Setting, seconds: float, *, first_seed: int = 0) -> dict[str, Any]:
        """Restart until the criterion holds, or until that many seconds have gone by.

        Seconds are the tool's own; what measuring takes is not counted. At least one start is run.
        """
        kept = np.zeros_like(self.goal.best)
        so_far: dict[str, list[float]] = {
            "seconds_so_far": [],
            "share_so_far": [],
            "dead_so_far": [],
        }
        spent, seed = 0.0, first_seed
        while not so_far["share_so_far"] or (spent < seconds and not self.goal.met(kept)):
            taken, images = self.worker.ask("climb", seed=seed, **setting)
            spent, seed = spent + taken, seed + 1
            kept = np.maximum(kept, clean_scores(self.probe, images, self.layer))
            so_far["seconds_so_far"].append(spent)
            so_far["share_so_far"].append(round(self.goal.share_of(kept), 4))
            so_far["dead_so_far"].append(self.goal.dead_of(kept))
        self.best = np.maximum(self.best, kept)
        return {
            "setting": setting,
            "calls": seed - first_seed,
            "starts": (seed - first_seed) * setting["copies"],
            "s": spent,
            "met": self.goal.met(kept),
            **self.goal.figures(kept),
            **so_far,
            "scores": kept,
        }

    def search(
        self, settings: list[Setting], seconds: float, stages: Sequence[Sequence[Setting]]
    ) -> list[dict[str, Any]]:
        """Return all runs of a short search, best first.

        Args:
            settings: All are tried.
            seconds: Budget of each trial.
            stages: Changes to try on the three best settings so far, stage by stage.
        """
        self.worker.ask("climb", seed=0, **settings[0] | {"steps": 1})  # the first call, apart
        runs = sorted((self.try_out(setting, seconds) for setting in settings), key=rank)
        for changes in stages:
            for setting in [run["setting"] for run in runs[:3]]:
                runs += [self.try_out(setting | change, seconds) for change in changes]
            runs.sort(key=rank)
        return runs

    def try_out(self, setting: Setting, seconds: float) -> dict[str, Any]:
        """Return a run on a short budget, and say what it reached."""
        found = self.run(setting, seconds)
        values = " ".join(f"{name}={value}" for name, value in setting.items())
        print(
            f"  {self.worker.tool:8} {values}: {found['share']:.3f} in {found['s']:.1f} s",
            flush=True,
        )
        return found

    def alive_at_starts(self, setting: Setting, seeds: range) -> np.ndarray:
        """Return (maps,) bool: maps that some start of these seeds excites."""
        own = {name: setting[name] for name in START_SETTINGS[self.worker.tool]}
        alive = np.zeros(len(self.goal.best), bool)
        for seed in seeds:
            _, images = self.worker.ask("start", seed=seed, **own)
            alive |= clean_scores(self.probe, images, self.layer) > self.goal.dead
        return alive


def rank(run: dict[str, Any]) -> tuple[bool, float, float, float]:
    """Order runs: those that made it by their seconds, the others by what they reached."""
    reached = (-run["share"], -run["median_attainment"])
    return (not run["met"], run["s"] if run["met"] else 0.0, *reached)
