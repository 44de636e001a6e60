"""Quality of pictures: this library's default, other tools' and natural images on one profile.

All maps of Conv2D_3 of both bundled nets, in the box 0..255 for everybody, and for equal seconds: other
tools restart until ours are spent, and the best image of each map is kept; where one call takes longer, it gets
a single start of each map and fewer steps, so that it ends in time. They run once with the settings that their own search of Q1 found best, and once with their defaults. Compared are pictures
of one constraint set only. All is done with several seeds, whose pictures of a map are averaged on each
measure; then differences are paired by map, and bootstrapped over maps.
"""

import argparse
import json
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import featureprobe as fp
from best_known import read_best
from featureprobe import analysis
from machine import RESULTS, save
from naturals import test_digits
from peers.settings import FIRST, SETTINGS
from peers.worker import Worker

LAYER = "Conv2D_3"
COMPARED = (
    "explains", "margin", "reciprocal_rank", "suspicion", "robustness", "naturalness", "certificate",
    "transfer_gain",
)  # fmt: skip


def ours(probe: fp.ModelProbe, seed: int) -> tuple[Any, float]:
    """Return the default's result in the box, and its seconds on a warm probe."""
    ascent = fp.Ascent(constraint=fp.Box())
    targets = fp.MapMean.each(probe, LAYER)
    ascent.run(probe, targets, rng=0, progress=False)
    begin = time.perf_counter()
    result = ascent.run(probe, targets, rng=seed, progress=False)
    return result, time.perf_counter() - begin


def theirs(
    tool: str, probe: fp.ModelProbe, setting: dict[str, Any], seconds: float, seed: int
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the best image of each map after restarts for that many seconds, and what was run."""
    space, maps = probe.input_space, probe.shape_of(LAYER)[-1]
    best = np.full(maps, -1.0)
    kept = np.zeros((maps, *probe.image_shape), np.float32)
    with Worker(SETTINGS[tool][0], probe, LAYER) as worker:
        worker.ask("climb", seed=0, **setting | {"steps": 1})  # the first call, apart
        taken, _ = worker.ask("climb", seed=1, **setting)
        if taken > seconds:
            steps = int(setting["steps"] * setting["copies"] * seconds / taken)
            setting = setting | {"copies": 1, "steps": max(8, min(steps, setting["steps"]))}
            worker.ask("climb", seed=0, **setting | {"steps": 1})
        spent, calls = 0.0, 0
        while calls == 0 or spent < seconds:
            taken, images = worker.ask("climb", seed=1000 * seed + calls, **setting)
            spent, calls = spent + taken, calls + 1
            boxed = np.clip(np.nan_to_num(images), space.low, space.high)
            answers = probe.activations(boxed, LAYER).mean(axis=(1, 2))
            numbers = np.arange(len(boxed)) % maps
            for image, unit, score in zip(
                boxed, numbers, answers[np.arange(len(boxed)), numbers], strict=True
            ):
                if score > best[unit]:
                    best[unit], kept[unit] = score, image
    return kept, {"setting": setting, "calls": calls, "seconds": spent}


def settings_of(tool: str, net: str) -> dict[str, dict[str, Any]]:
    """Return the settings that Q1 found best for a tool, and its defaults."""
    recorded = json.loads((RESULTS / "q1_time_to_quality.json").read_text())
    return {
        "best settings of Q1": recorded["nets"][net]["peers"][tool]["final"]["setting"],
        "defaults": SETTINGS[tool][1]()[0] | FIRST | {"steps": 256},
    }


def values(profiles: Sequence[Any], name: str) -> np.ndarray:
    """Return a measure of each map, averaged over seeds."""
    found = [1.0 / p.rank if name == "reciprocal_rank" else getattr(p, name) for p in profiles]
    return np.mean(found, axis=0)


def paired(
    own: Sequence[Any], other: Sequence[Any], name: str, draws: int = 10_000
) -> dict[str, float]:
    """Return the median of the paired differences over maps, with its 95 % interval."""
    gap = values(own, name) - values(other, name)
    gap = gap[np.isfinite(gap)]
    rng = np.random.default_rng(0)
    medians = np.median(gap[rng.integers(0, len(gap), (draws, len(gap)))], axis=1)
    low, high = np.quantile(medians, [0.025, 0.975])
    return {"ours": float(np.nanmedian(values(own, name))), "theirs": float(np.nanmedian(values(other, name))),
            "difference": float(np.median(gap)), "low": float(low), "high": float(high)}  # fmt: skip


def top_images(probe: fp.ModelProbe, natural: np.ndarray) -> np.ndarray:
    """Return the natural image that excites each map most, (maps, H, W, C)."""
    means = np.concatenate([probe.activations(natural[i : i + 2000], LAYER).mean(axis=(1, 2))
                            for i in range(0, len(natural), 2000)])  # fmt: skip
    return natural[means.argmax(axis=0)].astype(np.float32)


def measure(net: str, seeds: Sequence[int]) -> dict[str, Any]:
    """Return all profiles of one net as tables, and the comparisons; draw mosaics."""
    probe, natural = fp.samples.mnist_probe(net), test_digits("quality_pictures")
    given = {"targets": fp.MapMean.each(probe, LAYER), "best_known": read_best(net, LAYER),
             "other": fp.samples.mnist_probe("b" if net == "a" else "a"),
             "constraint": fp.Box()}  # fmt: skip
    profiles, calls, took, spent = {"featureprobe": []}, {}, [], []
    for seed in seeds:
        result, seconds = ours(probe, seed)
        begin = time.perf_counter()
        profiles["featureprobe"].append(analysis.assess(probe, result, natural, **given))
        took.append(time.perf_counter() - begin)
        spent.append(seconds)
        print(f"net {net}, seed {seed}: ours {seconds:.1f} s, profile {took[-1]:.1f} s", flush=True)
        for tool in SETTINGS:
            for how, setting in settings_of(tool, net).items():
                name = f"{tool}, {how}"
                images, call = theirs(tool, probe, setting, seconds, seed)
                profiles.setdefault(name, []).append(
                    analysis.assess(probe, images, natural, **given)
                )
                calls.setdefault(name, []).append(call)
    tops = analysis.assess(probe, top_images(probe, natural), natural, **given)
    profiles["top natural images"] = [tops]
    for name, of_seeds in profiles.items():
        print(f"--- net {net}, {name}\n{of_seeds[0].table()}", flush=True)
    draw(net, {name: of_seeds[0] for name, of_seeds in profiles.items()})
    return {
        "nulls": nulls(probe, result, natural, profiles["featureprobe"][-1]),
        "seeds": list(seeds),
        "seconds": spent,
        "seconds_of_a_profile": took,
        "calls": calls,
        "tables, first seed": {name: p[0].table().splitlines() for name, p in profiles.items()},
        "against": {name: {m: paired(profiles["featureprobe"], of_tool, m) for m in COMPARED}
                    for name, of_tool in profiles.items() if name != "featureprobe"},
    }  # fmt: skip


def nulls(probe: fp.ModelProbe, result: Any, natural: np.ndarray, own: Any) -> dict[str, Any]:
    """Return what pictures dealt out to the wrong maps, and untrained nets, give."""
    targets = fp.MapMean.each(probe, LAYER)
    order = np.roll(np.arange(len(targets)), 37)
    dealt = analysis.assess(probe, result.best()[order], natural, targets=targets)
    found = {
        "reciprocal rank by chance": float((1 / np.arange(1, len(targets) + 1)).mean()),
        "own pictures": {"reciprocal rank": float((1 / own.rank).mean()),
                         "explanatory power": float(np.nanmedian(own.explains)),
                         "transfer to the other training": transferred(own)},
        "dealt to other maps": {"reciprocal rank": float((1 / dealt.rank).mean()),
                                "explanatory power": float(np.nanmedian(dealt.explains)),
                                "suspicion": float(np.nanmedian(dealt.suspicion))},
        "untrained nets": [in_untrained(probe, result, natural, seed) for seed in range(5)],
    }  # fmt: skip
    print("nulls", found, flush=True)
    return found


def transferred(profile: Any) -> dict[str, Any]:
    """Return how well pictures do in another net, beside both nulls; gains with 95 % intervals."""
    gain, rng = profile.transfer_gain, np.random.default_rng(0)
    drawn = gain[rng.integers(len(gain), size=(10_000, len(gain)))].mean(axis=1)
    return {"reciprocal rank": float((1 / profile.transfer_rank).mean()),
            "units paired at random, 2.5 and 97.5 %": np.quantile(profile.transfer_null, [0.025, 0.975]).tolist(),
            "its untrained copies": (1 / profile.untrained_rank).mean(axis=1).tolist(),
            "gain": float(gain.mean()), "low": float(np.quantile(drawn, 0.025)),
            "high": float(np.quantile(drawn, 0.975))}  # fmt: skip


def in_untrained(
    probe: fp.ModelProbe, result: Any, natural: np.ndarray, seed: int
) -> dict[str, Any]:
    """Return the same for a net that learned nothing, and its raw answers."""
    bare = analysis.untrained(probe, rng=seed)
    profile = analysis.assess(probe, result, natural, other=bare)
    units = profile.transfer_unit
    answers = bare.activations(result.best(), LAYER).mean(axis=(1, 2))[np.arange(len(units)), units]
    best = bare.activations(natural[:2000], LAYER).mean(axis=(1, 2)).max(axis=0)[units]
    return transferred(profile) | {"raw answer to the picture, median": float(np.median(answers)),
                                   "raw answer to the best natural image, median": float(np.median(best))}  # fmt: skip


def draw(net: str, profiles: dict[str, Any], shown: int = 12) -> None:
    """Draw some pictures of every tool, a row a tool, and our own profile."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(shown * 1.05 + 2.4, 1.2 * len(profiles) + 0.5), layout="constrained")
    axes = figure.subplots(len(profiles), shown)
    for row, (name, profile) in zip(axes, profiles.items(), strict=True):
        for k, ax in enumerate(row):
            ax.imshow(np.clip(profile.images[k, ..., 0], 0, 255), cmap="gray", vmin=0, vmax=255)
            ax.set_xticks([])
            ax.set_yticks([])
            doubt = profile.suspicion[k]
            ax.set_xlabel("dead" if not profile.score[k] > 0 else f"{doubt:.2f}", fontsize=7)
        row[0].set_ylabel(name.replace(", ", "\n"), fontsize=7, rotation=0, ha="right", va="center")
    for k, ax in enumerate(axes[0]):
        ax.set_title(f"map {k}", fontsize=8)
    figure.suptitle(
        f"{LAYER} of net {net}: pictures in the box 0..255; below each its suspicion", fontsize=9
    )
    figure.savefig(RESULTS / f"quality_pictures_{net}.png", dpi=110)
    profiles["featureprobe"].plot().savefig(RESULTS / f"quality_profile_{net}.png", dpi=90)


def main() -> None:
    """Measure both nets, print and write tables and mosaics."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nets", nargs="+", default=["a", "b"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[11, 12, 13])
    options = parser.parse_args()
    nets: dict[str, Any] = {}
    for net in options.nets:
        nets[net] = measure(net, options.seeds)
        for name, rows in nets[net]["against"].items():
            for measure_name in ("explains", "margin", "reciprocal_rank"):
                line = rows[measure_name]
                print(f"net {net}, {measure_name} against {name}: {line['ours']:.3f} to {line['theirs']:.3f}, "
                      f"paired {line['difference']:+.3f} [{line['low']:+.3f}, {line['high']:+.3f}]")  # fmt: skip
        print("wrote", save("quality_pictures", {"layer": LAYER, "nets": nets}))


if __name__ == "__main__":
    main()
