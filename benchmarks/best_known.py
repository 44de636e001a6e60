"""The best known score of every target of the two bundled nets, in the box 0..255.

An archive that only rises: each entry is the maximum over 200 starts of up to 512 steps, and over
whatever beat that since (``raise_best``). Scores are of images in 0..255, measured on them.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

import featureprobe as fp

ARCHIVE = Path(__file__).parent / "results" / "best_known.npz"
LAYERS = ("Conv2D_3", "Dense_2", "Dense_1", "Conv2D_2", "Conv2D_1")
SLICE = 16  # targets at a time: 3,200 images


def targets_of(probe: fp.ModelProbe, layer: str) -> list[fp.Objective]:
    """Return all targets of a layer: maps, nodes, or for the last layer logits."""
    shape = probe.shape_of(layer)
    if len(shape) == 3:
        return list(fp.MapMean.each(probe, layer))
    if layer == probe.layers[-1]:
        return [fp.Logit(k) for k in range(shape[0])]
    return list(fp.Node.each(probe, layer))


def read_best(net: str, layer: str) -> np.ndarray | None:
    """Return the best known scores (targets,) of a layer; None when there are none."""
    if not ARCHIVE.exists():
        return None
    with np.load(ARCHIVE) as file:
        return file[f"{net}/{layer}/scores"] if f"{net}/{layer}/scores" in file.files else None


def raise_best(net: str, layer: str, scores: np.ndarray, source: str) -> int:
    """Enter scores that beat the archive; return how many did."""
    archive: dict[str, np.ndarray] = {}
    if ARCHIVE.exists():
        with np.load(ARCHIVE) as file:
            archive = {name: file[name] for name in file.files}
    key = f"{net}/{layer}"
    best = archive.get(f"{key}/scores", np.zeros(len(scores), np.float32))
    sources = archive.get(f"{key}/sources", np.full(len(scores), "none")).astype(object)
    beaten = scores > best
    sources[beaten] = source
    archive[f"{key}/scores"] = np.where(beaten, scores, best).astype(np.float32)
    archive[f"{key}/sources"] = sources.astype(str)
    np.savez_compressed(ARCHIVE, **archive)
    return int(beaten.sum())


def search_long(net: str, layer: str, starts: int, steps: int) -> np.ndarray:
    """Return the best scores of many long runs."""
    probe = fp.samples.mnist_probe(net)
    targets = targets_of(probe, layer)
    ascent = fp.Ascent(
        steps=steps,
        starts=starts,
        search=fp.Precursor(candidates=4 * starts, trials=0),
        remedies=(),
        constraint=fp.Box(),
        stop=fp.Converged(gain=1e-3),
    )
    scores = []
    for first in range(0, len(targets), SLICE):
        part = targets[first : first + SLICE]
        result = ascent.run(probe, part, rng=1, progress=False)
        scores.append(result.best_scores())
        done = result.steps_done.mean()
        print(f"{net} {layer} {first + len(part)}/{len(targets)}: {done:.0f} steps", flush=True)
    recipe = result.recipe.to_json()["ascent"]
    raise_best(net, layer, np.concatenate(scores), f"featureprobe {json.dumps(recipe)} seed 1")
    return np.concatenate(scores)


def main() -> None:
    """Search long for every target and enter what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nets", nargs="+", default=["a", "b"])
    parser.add_argument("--layers", nargs="+", default=list(LAYERS))
    parser.add_argument("--starts", type=int, default=200)
    parser.add_argument("--steps", type=int, default=512)
    options = parser.parse_args()
    for net in options.nets:
        for layer in options.layers:
            begin = time.perf_counter()
            scores = search_long(net, layer, options.starts, options.steps)
            seconds = time.perf_counter() - begin
            print(f"net {net} {layer}: {len(scores)} targets, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
