"""Q1: seconds until 95 % of the reachable maps of Conv2D_3 have attainment 0.95, and none is dead.

Images lie in the box 0..255 for everybody; scores are measured on the images that a tool returns.
featureprobe: the fastest of a small search that meets the criterion for every seed, then timed
afresh. Peers: the best settings of a recorded search, then restarts until the criterion holds or
20 times our seconds are spent. Seconds are warm; first calls stand apart.
"""

import argparse
import time
from itertools import product
from typing import Any

import numpy as np

import featureprobe as fp
from best_known import raise_best, read_best, targets_of
from machine import save
from peers.goal import Goal
from peers.restarts import Restarts, rank
from peers.scores import clean_scores
from peers.settings import FIRST, SETTINGS, STAGES
from peers.worker import Worker
from plots import draw_q1

LAYER = "Conv2D_3"
GRID = {"steps": (32, 48), "starts": (4, 8), "climbs": (32, 48), "polish": (24,)}
FINAL_SEED = 1000  # starts that the search has not seen


def ascent_of(climbs: int, **kwargs: int) -> fp.Ascent:
    """Return our ascent for a point of the grid."""
    return fp.Ascent(constraint=fp.Box(), search=fp.Precursor(trials=climbs), **kwargs)


class Ours:
    """featureprobe on one net."""

    def __init__(self, net: str, seeds: list[int]) -> None:
        self.net, self.seeds = net, seeds
        self.probe = fp.samples.mnist_probe(net)
        self.targets = targets_of(self.probe, LAYER)
        self.best = np.zeros(len(self.targets))

    def run(self, ascent: fp.Ascent, seed: int) -> tuple[float, np.ndarray]:
        """Return seconds and scores of a run."""
        begin = time.perf_counter()
        images = ascent.run(self.probe, self.targets, rng=seed, progress=False).best()
        seconds = time.perf_counter() - begin
        scores = clean_scores(self.probe, images, LAYER)
        self.best = np.maximum(self.best, scores)
        return seconds, scores

    def goal(self) -> Goal:
        """Return the criterion as the archive stands now."""
        best = read_best(self.net, LAYER)
        if best is None:
            raise SystemExit(f"No best known scores of net {self.net}: run best_known.py first.")
        short = fp.Ascent(constraint=fp.Box(), steps=1, starts=1)
        result = short.run(self.probe, self.targets, rng=0, progress=False)
        return Goal(best, result.dead_thresholds)

    def try_out(self, point: dict[str, int], goal: Goal) -> dict[str, Any]:
        """Return seconds and shares of one setting, seed by seed until one fails."""
        self.probe = fp.samples.mnist_probe(self.net)  # nothing traced
        ascent = ascent_of(**point)
        first, _ = self.run(ascent, self.seeds[0])
        seconds, shares, dead, met = [], [], [], True
        for seed in self.seeds:
            taken, scores = self.run(ascent, seed)
            seconds.append(taken)
            shares.append(round(goal.share_of(scores), 4))
            dead.append(goal.dead_of(scores))
            met = met and goal.met(scores)
            if not met:
                break
        found = {"setting": point, "s": float(np.median(seconds)), "first_call_s": first,
                 "shares": shares, "share": min(shares), "dead": dead, "met": met}  # fmt: skip
        print(f"  ours     {point}: {min(shares):.3f}, dead {max(dead)} in {found['s']:.2f} s",
              flush=True)  # fmt: skip
        return found

    def seconds_of(self, point: dict[str, int]) -> list[float]:
        """Return the seconds of each seed, timed afresh on a warm probe."""
        return [self.run(ascent_of(**point), seed)[0] for seed in self.seeds]

    def search(self, goal: Goal, grid: dict[str, tuple[int, ...]]) -> dict[str, Any]:
        """Return all settings tried and the chosen one: the fastest that meets the criterion."""
        points = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
        tried = [self.try_out(point, goal) for point in points]
        chosen = dict(min(tried, key=lambda t: (not t["met"], t["s"] if t["met"] else -t["share"])))
        self.seconds_of(chosen["setting"])  # the probe may be of another setting: trace
        chosen["s_of_seeds"] = self.seconds_of(chosen["setting"])
        chosen["s"] = float(np.median(chosen["s_of_seeds"]))
        return {"settings": tried, "chosen": chosen, "censored": not chosen["met"]}


def measure_peer(
    tool: str, ours: Ours, chosen: dict[str, Any], goal: Goal, options: argparse.Namespace
) -> tuple[dict[str, Any], np.ndarray]:
    """Return search and final run of a peer, and its best scores."""
    name, settings = SETTINGS[tool]
    probe = fp.samples.mnist_probe(ours.net)
    with Worker(name, probe, LAYER) as worker:
        peer = Restarts(worker, probe, LAYER, goal)
        first = FIRST | {"steps": 4} if options.quick else FIRST
        some = [setting | first for setting in settings()[: options.settings]]
        stages = STAGES[1:] if options.quick else STAGES
        runs = peer.search(some, options.budget * chosen["s"], stages)
        finals = [
            final_run(peer, run["setting"], ours, chosen, options)
            for run in runs[: options.finalists]
        ]
        for run in runs:
            run.pop("scores")
        return {"search": runs, "finals": finals, "final": min(finals, key=rank)}, peer.best


def final_run(
    peer: Restarts,
    setting: dict[str, Any],
    ours: Ours,
    chosen: dict[str, Any],
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Return a peer's restarts until the criterion or the time-out; ours again right before."""
    beside = float(np.median(ours.seconds_of(chosen["setting"])))
    found = peer.run(setting, options.timeout * beside, first_seed=FINAL_SEED)
    scores = found.pop("scores")
    alive = peer.alive_at_starts(setting, range(FINAL_SEED, FINAL_SEED + found["calls"]))
    return {
        **found,
        "ours_s_beside": beside,
        "times_ours": found["s"] / beside,
        "censored": not found["met"],
        "own_alive": int((alive & peer.goal.reachable).sum()),
        "share_of_own_alive": round(peer.goal.share_of(scores, alive), 4),
    }


def measure(net: str, options: argparse.Namespace) -> dict[str, Any]:
    """Return all figures of one net; raise the archive where it was beaten."""
    print(f"net {net}", flush=True)
    ours = Ours(net, options.seeds)
    goal = ours.goal()
    grid = {k: v[:1] for k, v in GRID.items()} if options.quick else GRID
    found: dict[str, Any] = {
        "reachable": int(goal.reachable.sum()),
        "ours": ours.search(goal, grid),
    }
    chosen, best = found["ours"]["chosen"], {}
    found["peers"] = {}
    for tool in SETTINGS:
        found["peers"][tool], best[tool] = measure_peer(tool, ours, chosen, goal, options)
    best["featureprobe"] = ours.best
    found["beat_best_known"] = {tool: int((s > goal.best).sum()) for tool, s in best.items()}
    if not options.quick:
        for tool, scores in best.items():
            raise_best(net, LAYER, scores, f"{tool}, best of Q1's search")
    return found


def show(net: str, found: dict[str, Any]) -> None:
    """Print the essentials."""
    chosen = found["ours"]["chosen"]
    print(
        f"net {net}: {found['reachable']} reachable; beat the best known:", found["beat_best_known"]
    )
    print(f"  featureprobe  {chosen['s']:.2f} s, share {chosen['share']}, {chosen['setting']}")
    for tool, peer in found["peers"].items():
        last = peer["final"]
        print(f"  {tool:13} {last['s']:.1f} s = {last['times_ours']:.1f}x, share {last['share']}, "
              f"dead {last['dead']}, censored {last['censored']}, share of the {last['own_alive']} "
              f"alive at its starts {last['share_of_own_alive']}: {last['setting']}")  # fmt: skip


def main() -> None:
    """Measure both nets, print, write table and plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nets", nargs="+", default=["a", "b"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[7, 8, 9])
    parser.add_argument("--budget", type=float, default=1, help="of a trial, in times our seconds")
    parser.add_argument("--timeout", type=float, default=20, help="in times our seconds")
    parser.add_argument("--finalists", type=int, default=2, help="settings that run to the end")
    parser.add_argument("--settings", type=int, help="only so many settings of each peer")
    parser.add_argument("--quick", action="store_true", help="smoke test: few, short")
    options = parser.parse_args()
    if options.quick:
        options.settings, options.budget, options.timeout = 2, 0.1, 0.2
        options.finalists, options.seeds = 1, options.seeds[:1]
    name = "q1_time_to_quality" + "_quick" * options.quick
    nets: dict[str, Any] = {}
    for net in options.nets:
        nets[net] = measure(net, options)
        values = {"share_wanted": Goal.share, "attainment_wanted": Goal.attainment,
                  "timeout_times_ours": options.timeout, "nets": nets}  # fmt: skip
        print("wrote", save(name, values), draw_q1(values, name))  # a net takes half an hour
        show(net, nets[net])


if __name__ == "__main__":
    main()
