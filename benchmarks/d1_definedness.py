"""D1: how well the maxima of all 128 maps of Conv2D_3 are defined, 50 starts each, nets a and b.

On both constraint sets, with the default recipe; and what changes images more than another seed does, on
net a. Seconds are of one call in this process; the first one includes the tracing.
"""

import time
from typing import Any

import numpy as np

import featureprobe as fp
from featureprobe.analysis.optima import Definedness, definedness, sensitivity
from machine import save

LAYER, STARTS = "Conv2D_3", 50


def middle(values: np.ndarray) -> dict[str, float]:
    """Return the median and the deciles at either end, without NaN."""
    low, median, high = np.nanquantile(values, [0.1, 0.5, 0.9]).tolist()
    return {"median": median, "p10": low, "p90": high}


def figures(found: Definedness, seconds: float) -> dict[str, Any]:
    """Return what is worth keeping of a finding."""
    alive = found.alive_share
    return {
        "s": seconds,
        "verdict": found.verdict,
        "verdicts": {w: found.verdicts.count(w) for w in dict.fromkeys(found.verdicts)},
        "share_within_5_percent": middle(found.good_share),
        "starts_for_95_percent": middle(found.starts_needed),
        "distinct_maxima_seen": middle(found.distinct),
        "chao1": middle(found.maxima),
        "unseen_mass": middle(found.unseen),
        "highest_barrier": middle(found.barrier),
        "similarity_of_good_ends": middle(found.agreement),
        "similarity_to_other_maps": middle(found.others),
        "half_width": middle(found.half_width),
        "half_width_unit": "degrees" if found.constraint == "sphere" else "percent of the way",
        "alive_as_drawn": dict(zip(found.kinds, alive.mean(axis=0).tolist(), strict=True)),
        "maps_with_no_live_start": dict(
            zip(found.kinds, (alive == 0).sum(axis=0).tolist(), strict=True)
        ),
        "starts_brought_to_life": int((found.remedies != "").sum()),
    }


def main() -> None:
    """Measure, print and write the table."""
    values: dict[str, Any] = {"job": f"128 maps of {LAYER} x {STARTS} starts, 64 steps"}
    for net in ("a", "b"):
        probe = fp.samples.mnist_probe(net)
        targets = fp.MapMean.each(probe, LAYER)
        for constraint in (fp.Box(), fp.Sphere()):
            begin = time.perf_counter()
            ascent = fp.Ascent(constraint=constraint)
            found = definedness(probe, targets, starts=STARTS, ascent=ascent, progress=False)
            own = figures(found, time.perf_counter() - begin)
            values[f"net_{net}_{constraint.kind}"] = own
            print(net, constraint.kind, f"{own['s']:.1f} s", own["verdict"], flush=True)
    probe = fp.samples.mnist_probe()
    begin = time.perf_counter()
    found = sensitivity(probe, fp.MapMean.each(probe, LAYER), progress=False)
    values["sensitivity_net_a"] = {
        "s": time.perf_counter() - begin,
        "verdict": found.verdict,
        "similarity_of_other_seeds": float(np.nanmean(found.null_similarity)),
        "effects": dict(zip(found.names, found.effects.tolist(), strict=True)),
    }
    print(values["sensitivity_net_a"]["verdict"], flush=True)
    print("wrote", save("d1_definedness", values))


if __name__ == "__main__":
    main()
