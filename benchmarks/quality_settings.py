"""Which settings make pictures that explain most: the choice of Ascent's defaults.

Every setting climbs all maps of Conv2D_3 of both bundled nets (box). Eligible is what meets the bars of attainment (median 0.97, 5th percentile 0.90, no dead map
that can live) and costs at most 1.5 times the cheapest that does. The best of these, and the default, climb some
maps of a layer of SqueezeNet as well; that with the largest explanatory power, the mean of the three
medians, is the choice. Seconds are warm; the settings take turns.
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
from naturals import data_folder, photo_crops, test_digits

LAYER, PHOTO_LAYER = "Conv2D_3", "fire5_concat"
MEDIAN, LOWEST, COST = 0.97, 0.90, 1.5
Every, Until, Blur = fp.Every, fp.Until, fp.GaussianBlur

BLURS: dict[str, tuple[fp.Regularizer, ...]] = {
    "none": (),
    "0.6 every 8 until 24": (Until(24, Every(8, Blur(0.6))),),
    "0.6 every 8 until 48": (Until(48, Every(8, Blur(0.6))),),
    "0.6 every 4 until 48": (Until(48, Every(4, Blur(0.6))),),
    "1.0 every 8 until 48": (Until(48, Every(8, Blur(1.0))),),
    "0.6 every 8 to the end": (Every(8, Blur(0.6)),),
    "0.6 every 2 to the end": (Every(2, Blur(0.6)),),
    "1.0 every 4 to the end": (Every(4, Blur(1.0)),),
}
SETTINGS: dict[str, fp.Ascent] = {
    **{f"blur {name}": fp.Ascent(regularizers=blur) for name, blur in BLURS.items()},
    "48 steps": fp.Ascent(steps=48),
    "96 steps": fp.Ascent(steps=96),
    "jitter 1": fp.Ascent(transforms=(fp.Jitter(1),)),
    "total variation": fp.Ascent(),
    "default": fp.Ascent(),
}


def targets_of(probe: fp.ModelProbe, layer: str, name: str, maps: int | None) -> list[Any]:
    """Return the targets of a setting."""
    targets = fp.MapMean.each(probe, layer)[:maps]
    if name == "total variation":
        return [t - 1e-3 * fp.TotalVariation() for t in targets]
    return list(targets)


def climb(
    name: str, probe: fp.ModelProbe, layer: str, maps: int | None, seed: int
) -> tuple[Any, float]:
    """Return the result in the box and its seconds."""
    ascent = fp.Ascent(**{f: getattr(SETTINGS[name], f) for f in
                          ("steps", "regularizers", "transforms")}, constraint=fp.Box())  # fmt: skip
    begin = time.perf_counter()
    result = ascent.run(probe, targets_of(probe, layer, name, maps), rng=seed, progress=False)
    return result, time.perf_counter() - begin


def judged(
    probe: fp.ModelProbe, result: Any, natural: np.ndarray, layer: str, best: Any
) -> dict[str, Any]:
    """Return the figures of one setting on one net."""
    plain = fp.MapMean.each(probe, layer)[: len(result)]
    profile = analysis.assess(probe, result, natural, targets=plain, best_known=best)
    found = {
        "explanatory power": float(np.nanmedian(profile.explains)),
        "of top images": float(np.nanmedian(profile.explains_top)),
        "first among units": float((profile.rank == 1).mean()),
        "margin z": float(np.nanmedian(profile.margin)),
        "ratio": float(np.nanmedian(profile.ratio)),
        "fine grain": float(np.median(profile.fine)),
        "suspicion": float(np.nanmedian(profile.suspicion)),
    }
    if best is not None:
        dead = result.dead_thresholds
        reachable = best > dead
        attainment = profile.attainment[reachable]
        found |= {
            "attainment": float(np.median(attainment)),
            "attainment p5": float(np.quantile(attainment, 0.05)),
            "dead": int((profile.score <= dead)[reachable].sum()),
        }
    return found


def digit_nets(names: list[str], seeds: list[int]) -> dict[str, dict[str, Any]]:
    """Return the figures of all settings on the bundled nets: means over seeds, median seconds."""
    natural, found = test_digits("quality_settings"), {name: {} for name in names}
    for net in ("a", "b"):
        probe = fp.samples.mnist_probe(net)
        best = read_best(net, LAYER)
        seconds: dict[str, list[float]] = {name: [] for name in names}
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for name in names:
            climb(name, probe, LAYER, None, 0)  # traces
        for seed in seeds:
            for name in names:
                result, taken = climb(name, probe, LAYER, None, seed)
                seconds[name].append(taken)
                rows[name].append(judged(probe, result, natural, LAYER, best))
        for name in names:
            mean = {k: round(float(np.mean([r[k] for r in rows[name]])), 4) for k in rows[name][0]}
            mean["dead"] = max(r["dead"] for r in rows[name])
            found[name][net] = mean | {"s": round(float(np.median(seconds[name])), 2)}
            print(f"net {net} {name:28s} {found[name][net]}", flush=True)
    return found


def squeezenet(names: list[str], maps: int, crops: int) -> dict[str, dict[str, Any]]:
    """Return the figures of all settings on some maps of SqueezeNet."""
    path = data_folder("quality_settings") / "models" / "squeezenet_v1_1_imagenet.keras"
    natural, found = photo_crops("quality_settings", crops, 227), {}
    for name in names:
        probe = fp.ModelProbe.load(path, input_space=fp.InputSpace.caffe())
        result, taken = climb(name, probe, PHOTO_LAYER, maps, 7)
        found[name] = judged(probe, result, natural, PHOTO_LAYER, None) | {"s": round(taken, 1)}
        print(f"squeezenet {name:28s} {found[name]}", flush=True)
    return found


def judge(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return for each setting whether it is eligible, and its mean explanatory power."""
    meets = {
        name: all(nets[n]["attainment"] >= MEDIAN and nets[n]["attainment p5"] >= LOWEST
                  and nets[n]["dead"] == 0 for n in "ab")
        for name, nets in found.items()
    }  # fmt: skip
    cost = {name: nets["a"]["s"] + nets["b"]["s"] for name, nets in found.items()}
    cheapest = min((cost[n] for n in found if meets[n]), default=float("nan"))
    return {
        name: {"meets": meets[name], "cost": round(cost[name], 2),
               "eligible": bool(meets[name] and cost[name] <= COST * cheapest),
               "power": round(float(np.mean([v["explanatory power"] for v in nets.values()])), 4)}
        for name, nets in found.items()
    }  # fmt: skip


def main() -> None:
    """Measure, choose, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[7])
    parser.add_argument("--finalists", type=int, default=4, help="that climb SqueezeNet")
    parser.add_argument("--maps", type=int, default=8, help="of SqueezeNet; 0 leaves it out")
    parser.add_argument("--crops", type=int, default=600)
    parser.add_argument(
        "--recorded", action="store_true", help="take the digit nets' figures from the last result"
    )
    options = parser.parse_args()
    if options.recorded:
        last = json.loads((RESULTS / "quality_settings.json").read_text())["settings"]
        found = {name: {net: last[name][net] for net in "ab"} for name in options.settings}
    else:
        found = digit_nets(options.settings, options.seeds)
    table = judge(found)
    save("quality_settings", {"choice": "not yet", "table": table, "settings": found})
    ranked = sorted((n for n in table if table[n]["eligible"]), key=lambda n: -table[n]["power"])
    finalists = list(dict.fromkeys([*ranked[: options.finalists], "default"]))
    if options.maps:
        for name, figures in squeezenet(finalists, options.maps, options.crops).items():
            found[name]["squeezenet"] = figures
        table = judge(found)
    choice = max(
        (n for n in finalists if n in ranked), key=lambda n: table[n]["power"], default="none"
    )
    print("wrote", save("quality_settings", {"choice": choice, "table": table, "settings": found}))
    for name, line in sorted(table.items(), key=lambda item: -item[1]["power"]):
        print(f"{name:28s} {line}")
    print("choice:", choice)


if __name__ == "__main__":
    main()
