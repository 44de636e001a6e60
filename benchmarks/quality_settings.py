"""Which settings make pictures that explain most: the choice of Ascent's defaults.

Every setting climbs all maps of Conv2D_3 of both bundled nets (box), with the same seeds. Eligible is what
meets the bars of attainment (median 0.97, 5th percentile 0.90, no dead map that can live) and costs at
most 1.5 times the cheapest that does. The best of these, and the default, climb maps from all over a
layer of SqueezeNet as well, opened at 131 px, where a node sees a quarter of the image.

Explanatory power is averaged over seeds for each map; a setting's is the mean of the three nets' medians
over maps. Its gain is the mean of the nets' median differences from the default, map by map, with an
interval over maps. The largest power is the choice; it replaces the default where its gain's interval
lies above 0. Seconds are warm, costs are multiples of the default's; the settings take turns.
"""

import argparse
import json
import time
from typing import Any

import keras
import numpy as np

import featureprobe as fp
from best_known import read_best
from choosing import Figures, chosen, judge
from featureprobe import analysis
from machine import RESULTS, save
from naturals import data_folder, photo_crops, test_digits

LAYER, PHOTO_LAYER, PHOTO_SIZE = "Conv2D_3", "fire5_concat", 131
Every, Until, Blur = fp.Every, fp.Until, fp.GaussianBlur

BLURS: dict[str, tuple[fp.Regularizer, ...]] = {
    "none": (),
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


def spread_maps(probe: fp.ModelProbe, layer: str, maps: int | None) -> list[fp.Objective]:
    """Return the means of some maps, evenly from all over the layer; None: of all."""
    each = fp.MapMean.each(probe, layer)
    return list(each if maps is None else each[:: len(each) // maps][:maps])


def targets_of(probe: fp.ModelProbe, layer: str, name: str, maps: int | None) -> list[Any]:
    """Return the targets of a setting."""
    targets = spread_maps(probe, layer, maps)
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
) -> Figures:
    """Return the figures of one setting on one net by one seed."""
    plain = spread_maps(probe, layer, len(result))
    profile = analysis.assess(probe, result, natural, targets=plain, best_known=best)
    found = {
        "explains": profile.explains,
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


def over_seeds(rows: list[Figures], seconds: list[float]) -> Figures:
    """Return means over seeds, of explanatory power by map; the largest number of dead maps."""
    explains = np.mean([row["explains"] for row in rows], axis=0)
    names = [name for name in rows[0] if name not in ("explains", "dead")]
    mean = {name: round(float(np.mean([row[name] for row in rows])), 4) for name in names}
    dead = {"dead": max(row["dead"] for row in rows)} if "dead" in rows[0] else {}
    return {
        "explanatory power": round(float(np.nanmedian(explains)), 4),
        "by seed": [round(float(np.nanmedian(row["explains"])), 4) for row in rows],
        **mean, **dead,
        "s": round(float(np.median(seconds)), 2),
        "explains": np.round(explains, 4).tolist(),
    }  # fmt: skip


def on_net(
    names: list[str],
    probe: fp.ModelProbe,
    natural: np.ndarray,
    layer: str,
    *,
    seeds: list[int],
    maps: int | None = None,
    best: Any = None,
) -> dict[str, Figures]:
    """Return the figures of some settings on one net, over seeds; the settings take turns."""
    rows: dict[str, list[Figures]] = {name: [] for name in names}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for seed in seeds:
        for name in names:
            result, taken = climb(name, probe, layer, maps, seed)
            seconds[name].append(taken)
            rows[name].append(judged(probe, result, natural, layer, best))
            power = np.nanmedian(rows[name][-1]["explains"])
            print(f"{name:26s} seed {seed} {taken:5.1f} s  {power:.3f}", flush=True)
    return {name: over_seeds(rows[name], seconds[name]) for name in names}


def digit_nets(names: list[str], seeds: list[int]) -> dict[str, dict[str, Figures]]:
    """Return the figures of settings on the bundled nets."""
    natural, found = test_digits("quality_settings"), {name: {} for name in names}
    for net in ("a", "b"):
        probe = fp.samples.mnist_probe(net)
        for name in names:
            climb(name, probe, LAYER, None, 0)  # traces
        for name, figures in on_net(
            names, probe, natural, LAYER, seeds=seeds, best=read_best(net, LAYER)
        ).items():
            found[name][net] = figures
        for nets in found.values():  # so that runs on machines under other loads compare
            nets[net]["cost"] = round(nets[net]["s"] / found["default"][net]["s"], 3)
    return found


def squeezenet(names: list[str], maps: int, crops: int, seeds: list[int]) -> dict[str, Figures]:
    """Return the figures of settings on maps of SqueezeNet."""
    path = data_folder("quality_settings") / "models" / "squeezenet_v1_1_imagenet.keras"
    stored = keras.models.load_model(path, compile=False)
    smaller = keras.Input((PHOTO_SIZE, PHOTO_SIZE, 3))
    model = keras.models.clone_model(stored, input_tensors=smaller)
    model.set_weights(stored.get_weights())
    probe = fp.ModelProbe(model, input_space=fp.InputSpace.caffe())
    natural = photo_crops("quality_settings", crops, PHOTO_SIZE)
    return on_net(names, probe, natural, PHOTO_LAYER, seeds=seeds, maps=maps)


def main() -> None:
    """Measure, choose, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[7, 8, 9])
    parser.add_argument("--finalists", type=int, default=4, help="that climb SqueezeNet")
    parser.add_argument("--maps", type=int, default=24, help="of SqueezeNet; 0 leaves it out")
    parser.add_argument("--photo-seeds", nargs="+", type=int, default=[7, 8])
    parser.add_argument("--crops", type=int, default=600)
    parser.add_argument("--add", action="store_true", help="to the last result")
    options = parser.parse_args()
    names = list(dict.fromkeys([*options.settings, "default"]))
    found = digit_nets(names, options.seeds)
    if options.add:
        last = json.loads((RESULTS / "quality_settings.json").read_text())["settings"]
        found = last | {name: last.get(name, {}) | nets for name, nets in found.items()}
    table = judge(found)
    save("quality_settings", {"choice": "not yet", "table": table, "settings": found})
    eligible = [name for name in table if table[name]["eligible"]]
    ranked = sorted(eligible, key=lambda name: -table[name]["power on digits"])
    finalists = list(dict.fromkeys([*ranked[: options.finalists], "default"]))
    if options.maps:
        new = [name for name in finalists if "squeezenet" not in found[name]]
        for name, figures in squeezenet(
            new, options.maps, options.crops, options.photo_seeds
        ).items():
            found[name]["squeezenet"] = figures
        table = judge(found)
    choice = chosen(table, finalists)
    save("quality_settings", {"choice": choice, "table": table, "settings": found})
    for name, line in sorted(table.items(), key=lambda item: -item[1]["power on digits"]):
        print(f"{name:28s} {line}")
    print("choice:", choice)


if __name__ == "__main__":
    main()
