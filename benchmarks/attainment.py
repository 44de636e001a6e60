"""Attainment of a default run: score / best known score, over all targets that can be reached.

``fp.Ascent()`` in the box, on the maps of the three convolutions, the dense nodes and the logits of
both bundled nets; against the archive of ``best_known.py``, which is raised where it is beaten.
"""

import argparse
import time

import numpy as np

import featureprobe as fp
from best_known import raise_best, read_best, targets_of
from machine import save

LAYERS = ("Conv2D_1", "Conv2D_2", "Conv2D_3", "Dense_1", "Dense_2")


def measure(net: str, layer: str, seed: int) -> dict[str, object]:
    """Return the attainment of one default run."""
    probe = fp.samples.mnist_probe(net)
    targets = targets_of(probe, layer)
    begin = time.perf_counter()
    result = fp.Ascent(constraint=fp.Box()).run(probe, targets, rng=seed, progress=False)
    seconds = time.perf_counter() - begin
    scores = result.best_scores()
    raised = raise_best(net, layer, scores, f"featureprobe default seed {seed}")
    best = read_best(net, layer)
    reachable = best > result.dead_thresholds
    attainment = (scores / np.where(reachable, best, 1))[reachable]
    return {
        "targets": len(targets),
        "reachable": int(reachable.sum()),
        "dead": int((scores <= result.dead_thresholds).sum()),
        "median": round(float(np.median(attainment)), 4),
        "5th_percentile": round(float(np.quantile(attainment, 0.05)), 4),
        "lowest": round(float(attainment.min()), 4),
        "statuses": {str(s): int((result.best_status() == s).sum()) for s in fp.Status},
        "seconds_first_call": round(seconds, 1),
        "archive_raised": raised,
    }


def main() -> None:
    """Measure every layer of both nets and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nets", nargs="+", default=["a", "b"])
    parser.add_argument("--layers", nargs="+", default=list(LAYERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[7, 8, 9])
    options = parser.parse_args()
    values: dict[str, object] = {}
    for net in options.nets:
        for layer in options.layers:
            for seed in options.seeds:
                values[f"net {net}, {layer}, seed {seed}"] = found = measure(net, layer, seed)
                print(f"net {net}  {layer:9} seed {seed}  {found}", flush=True)
    print("wrote", save("attainment", values))


if __name__ == "__main__":
    main()
