"""Quality of pictures: this library's default, other tools' and natural images on one profile.

All maps of Conv2D_3 of both bundled nets, in the box 0..255 for everybody, and for equal seconds: other
tools restart until ours are spent, and the best image of each map is kept; where one call takes longer, it gets
a single start of each map and fewer steps, so that it ends in time. They run once with the settings that their own search of Q1 found best, and once with their defaults. Compared are pictures
of one constraint set only. Differences are paired by map, bootstrapped over maps.
"""

import argparse
import json
import time
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
COMPARED = ("explains", "margin", "reciprocal_rank", "suspicion", "robustness", "naturalness")


def ours(probe: fp.ModelProbe, seed: int) -> tuple[Any, float]:
    """Return the default's result in the box, and its seconds on a warm probe."""
    ascent = fp.Ascent(constraint=fp.Box())
    targets = fp.MapMean.each(probe, LAYER)
    ascent.run(probe, targets, rng=0, progress=False)
    begin = time.perf_counter()
    result = ascent.run(probe, targets, rng=seed, progress=False)
    return result, time.perf_counter() - begin


def theirs(
    tool: str, probe: fp.ModelProbe, setting: dict[str, Any], seconds: float
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
            taken, images = worker.ask("climb", seed=1000 + calls, **setting)
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


def values(profile: Any, name: str) -> np.ndarray:
    """Return a measure of each picture."""
    return 1.0 / profile.rank if name == "reciprocal_rank" else np.asarray(getattr(profile, name))


def paired(own: Any, other: Any, name: str, draws: int = 10_000) -> dict[str, float]:
    """Return the median of the paired differences over maps, with its 95 % interval."""
    gap = values(own, name) - values(other, name)
    gap = gap[np.isfinite(gap)]
    rng = np.random.default_rng(0)
    medians = np.median(gap[rng.integers(0, len(gap), (draws, len(gap)))], axis=1)
    low, high = np.quantile(medians, [0.025, 0.975])
    return {"ours": float(np.nanmedian(values(own, name))), "theirs": float(np.nanmedian(values(other, name))),
            "difference": float(np.median(gap)), "low": float(low), "high": float(high)}  # fmt: skip


def measure(net: str, seed: int) -> dict[str, Any]:
    """Return all profiles of one net as tables, and the comparisons; draw mosaics."""
    probe, natural = fp.samples.mnist_probe(net), test_digits("quality_pictures")
    other, best = fp.samples.mnist_probe("b" if net == "a" else "a"), read_best(net, LAYER)
    targets = fp.MapMean.each(probe, LAYER)
    result, seconds = ours(probe, seed)
    print(f"net {net}: ours {seconds:.1f} s", flush=True)
    begin = time.perf_counter()
    profiles = {
        "featureprobe": analysis.assess(probe, result, natural, other=other, best_known=best)
    }
    took, calls = time.perf_counter() - begin, {}
    sets = {}
    for tool in SETTINGS:
        for how, setting in settings_of(tool, net).items():
            sets[f"{tool}, {how}"], calls[f"{tool}, {how}"] = theirs(tool, probe, setting, seconds)
    means = np.concatenate([probe.activations(natural[i : i + 2000], LAYER).mean(axis=(1, 2))
                            for i in range(0, len(natural), 2000)])  # fmt: skip
    sets["top natural images"] = natural[means.argmax(axis=0)].astype(np.float32)
    for name, images in sets.items():
        profiles[name] = analysis.assess(
            probe, images, natural, targets=targets, other=other, best_known=best
        )
    for name, profile in profiles.items():
        print(f"--- net {net}, {name}\n{profile.table()}", flush=True)
    draw(net, profiles)
    return {
        "nulls": nulls(probe, result, natural, profiles["featureprobe"]),
        "seconds": seconds,
        "seconds_of_a_profile": took,
        "calls": calls,
        "tables": {name: profile.table().splitlines() for name, profile in profiles.items()},
        "against": {name: {m: paired(profiles["featureprobe"], profile, m) for m in COMPARED}
                    for name, profile in profiles.items() if name != "featureprobe"},
    }  # fmt: skip


def nulls(probe: fp.ModelProbe, result: Any, natural: np.ndarray, own: Any) -> dict[str, Any]:
    """Return what pictures dealt out to the wrong maps, and an untrained net, give."""
    targets = fp.MapMean.each(probe, LAYER)
    order, bare = np.roll(np.arange(len(targets)), 37), analysis.untrained(probe, rng=0)
    dealt = analysis.assess(probe, result.best()[order], natural, targets=targets)
    theirs = analysis.assess(probe, result, natural, other=bare)
    units = theirs.transfer_unit
    raw = {name: bare.activations(images, LAYER).mean(axis=(1, 2))
           for name, images in (("pictures", result.best()), ("natural", natural[:2000]))}  # fmt: skip
    chance = float((1 / np.arange(1, len(targets) + 1)).mean())
    found = {
        "reciprocal rank by chance": chance,
        "own pictures": {"reciprocal rank": float((1 / own.rank).mean()),
                         "explanatory power": float(np.nanmedian(own.explains)),
                         "transfer to the other training": float((1 / own.transfer_rank).mean()),
                         "its null, 97.5 %": float(np.quantile(own.transfer_null, 0.975))},
        "dealt to other maps": {"reciprocal rank": float((1 / dealt.rank).mean()),
                                "explanatory power": float(np.nanmedian(dealt.explains)),
                                "suspicion": float(np.nanmedian(dealt.suspicion))},
        "untrained net": {"transfer": float((1 / theirs.transfer_rank).mean()),
                          "its null, 2.5 and 97.5 %": np.quantile(theirs.transfer_null, [0.025, 0.975]).tolist(),
                          "raw answer to the picture, median": float(np.median(raw["pictures"][np.arange(len(units)), units])),
                          "raw answer to the best natural image, median": float(np.median(raw["natural"].max(axis=0)[units]))},
    }  # fmt: skip
    print("nulls", found, flush=True)
    return found


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
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    nets: dict[str, Any] = {}
    for net in options.nets:
        nets[net] = measure(net, options.seed)
        for name, rows in nets[net]["against"].items():
            for measure_name in ("explains", "margin", "reciprocal_rank"):
                line = rows[measure_name]
                print(f"net {net}, {measure_name} against {name}: {line['ours']:.3f} to {line['theirs']:.3f}, "
                      f"paired {line['difference']:+.3f} [{line['low']:+.3f}, {line['high']:+.3f}]")  # fmt: skip
        print("wrote", save("quality_pictures", {"layer": LAYER, "nets": nets}))


if __name__ == "__main__":
    main()
