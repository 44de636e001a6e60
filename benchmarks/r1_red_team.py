"""R1: is a fooled map caught? The suspicion score of manipulated maps against that of clean ones.

Nets are trained from seeds that nothing else uses: three by the recipe of the bundled ones, ten epochs, and
three of three epochs, among whose maps many hardly answer to any digit. In a copy of each a hand-set circuit
takes over some maps of Conv2D_3; another copy is trained on until the ascent of some maps is pulled to
decoys. A default ascent then makes a picture of all maps of all three nets, and each is assessed against
10,000 test images. Every map that was aimed at counts as manipulated, whether its picture shows the decoy or
not; every map of a clean net counts as clean. Maps that digits hardly excite have no suspicion: the table says how
many are judged, and, under "strict", what remains when a manipulated map without one counts as missed. Formula,
nets and counts were fixed before these nets existed.

Rounds before stand beside the result, each with nets of its own: r1_first_formula.json (seeds 301 to 304, three
epochs); with a second formula r1_three_epochs.json (401 to 404) and r1_ten_epochs.json (501 to 504); with a third, which
judged every map, r1_third_formula.json (601 to 604, ten epochs, 611 to 614, three). The present formula was
chosen after these. FEATUREPROBE_TEST_DATA names the folder with data/mnist.npz.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

import featureprobe as fp
from featureprobe import analysis, testing
from featureprobe.analysis.stats.similarity import shift_similarity
from machine import save

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
from train_mnist_cnn import train_net

LAYER = "Conv2D_3"
NETS = {10: (701, 702, 703), 3: (711, 712, 713)}  # seeds, by epochs of training
CIRCUITS, PULLED = 9, 3  # maps of each net
RISES = (4.0, 8.0, 12.0)  # of the circuits, in turn


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return training images and labels, and test images."""
    folder = os.environ.get("FEATUREPROBE_TEST_DATA")
    path = Path(folder or "") / "data" / "mnist.npz"
    if not folder or not path.exists():
        sys.exit("R1 needs data/mnist.npz in the folder that FEATUREPROBE_TEST_DATA names.")
    with np.load(path) as file:
        return file["x_train"][..., None], file["y_train"], file["x_test"][..., None]


def trained(seed: int, images: np.ndarray, labels: np.ndarray, epochs: int) -> fp.ModelProbe:
    """Return a probe of a net of this seed, in the bundled nets' input space."""
    space = fp.samples.mnist_probe().input_space
    keras.utils.set_random_seed(seed)
    net = train_net(f"seed_{seed}", space.to_model(images), labels, epochs)
    return fp.ModelProbe(net, input_space=space)


def scored(probe: fp.ModelProbe, natural: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    """Return profile and pictures of all maps, by a default ascent."""
    targets = fp.MapMean.each(probe, LAYER)
    result = fp.Ascent().run(probe, targets, rng=seed, progress=False)
    return analysis.assess(probe, result, natural, rng=seed), result.best()


def one_net(seed: int, epochs: int, data: tuple[np.ndarray, ...], steps: int) -> dict[str, Any]:
    """Return suspicions of all maps of a net and its two fooled copies."""
    train, labels, test = data
    begin, probe = time.perf_counter(), trained(seed, train, labels, epochs)
    rng = np.random.default_rng(seed)
    excited = np.flatnonzero(probe.activations(test[:2000], LAYER).max(axis=(0, 1, 2)) > 0)
    aimed = rng.permutation(excited)[: CIRCUITS + PULLED]
    decoys = testing.decoy_images(len(aimed), probe, rng=seed)
    some = train[rng.permutation(len(train))[:20_000]]
    plans = {
        "circuit": dict(zip(aimed[:CIRCUITS].tolist(), decoys, strict=False)),
        "pulled": dict(zip(aimed[CIRCUITS:].tolist(), decoys[CIRCUITS:], strict=False)),
    }
    clean, _ = scored(probe, test, seed)
    found: dict[str, Any] = {"seed": seed, "epochs": epochs, "clean": clean.suspicion.tolist()}
    for kind, plan in plans.items():
        if kind == "circuit":
            rises = dict(zip(plan, RISES * (CIRCUITS // len(RISES)), strict=True))
            fooled = testing.fooling_circuit(probe, LAYER, plan, some, rise=rises)
        else:
            fooled = testing.pull_to_decoys(probe, LAYER, plan, some, steps=steps, rng=seed)
        profile, pictures = scored(fooled, test, seed)
        units = np.array(list(plan))
        rest = np.setdiff1d(np.arange(len(profile)), units)
        alike = np.diag(shift_similarity(pictures[units], np.stack(list(plan.values()))))
        moved = np.abs(
            fooled.activations(test, LAYER)[..., units] - probe.activations(test, LAYER)[..., units]
        )
        same = fooled.predict(test).argmax(axis=1) == probe.predict(test).argmax(axis=1)
        found[kind] = {
            "units": units.tolist(),
            "suspicion": profile.suspicion[units].tolist(),
            "before": clean.suspicion[units].tolist(),
            "likeness_to_decoy": alike.tolist(),
            "agreement_of_classes": float(same.mean()),
            "test_images_answered_as_before": float((moved.max(axis=(1, 2, 3)) < 1e-3).mean()),
            "ratio": profile.ratio[units].tolist(),
            "reach": profile.reach[units].tolist(),
            "company": profile.path[units, -1].tolist(),
            "sources": profile.sources[units].tolist(),
            "explains": profile.explains[units].tolist(),
            "rest": profile.suspicion[rest].tolist(),
            "sentences": [profile.sentences()[u] for u in units[:3]],
        }
        print(f"seed {seed} {kind}: suspicion {np.round(found[kind]['suspicion'], 2)}, likeness "
              f"{alike.round(2)}, classes agree {same.mean():.4f}", flush=True)  # fmt: skip
    found["s"] = time.perf_counter() - begin
    print(
        f"seed {seed}: clean median {np.nanmedian(clean.suspicion):.2f}, {found['s']:.0f} s",
        flush=True,
    )
    return found


def area(bad: np.ndarray, good: np.ndarray) -> float:
    """Return the chance that a manipulated map is more suspicious than a clean one, ties half."""
    bad, good = bad[np.isfinite(bad)], good[np.isfinite(good)]
    return float((bad[:, None] > good).mean() + 0.5 * (bad[:, None] == good).mean())


def strict(bad: np.ndarray, good: np.ndarray) -> float:
    """Return the area with manipulated maps that have no suspicion at its lowest: missed."""
    return area(np.where(np.isfinite(bad), bad, -1), good)


def with_interval(
    nets: list[dict[str, Any]], kinds: tuple[str, ...], good: str
) -> dict[str, float]:
    """Return the area with its 95 % interval: nets drawn with replacement, then maps within each."""

    def parts(net: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        bad = np.concatenate([net[kind]["suspicion"] for kind in kinds])
        fine = net["clean"] if good == "clean" else np.concatenate([net[k]["rest"] for k in kinds])
        return bad, np.asarray(fine)

    pairs, rng, drawn = [parts(net) for net in nets], np.random.default_rng(0), []
    for _ in range(2_000):
        chosen = [pairs[i] for i in rng.integers(len(pairs), size=len(pairs))]
        bad, fine = (np.concatenate([rng.choice(p[i], len(p[i])) for p in chosen]) for i in (0, 1))
        drawn.append(area(bad, fine))
    bad, fine = (np.concatenate([p[i] for p in pairs]) for i in (0, 1))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return {"auroc": area(bad, fine), "low": float(low), "high": float(high), "strict": strict(bad, fine),
            "manipulated": int(np.isfinite(bad).sum()), "of": len(bad),
            "clean": int(np.isfinite(fine).sum()), "of clean": len(fine)}  # fmt: skip


def tables(nets: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the areas of all nets, and of those of each recipe."""
    groups = {"all nets": nets} | {
        f"{epochs} epochs": [n for n in nets if n["epochs"] == epochs]
        for epochs in sorted({n["epochs"] for n in nets}, reverse=True)
    }
    return {
        f"{group}: {'+'.join(kinds)} against {good}": with_interval(some, kinds, good)
        for group, some in groups.items()
        for kinds in (("circuit", "pulled"), ("circuit",), ("pulled",))
        for good in ("clean", "rest of the fooled nets")
    }


def main() -> None:
    """Train, fool, assess, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", nargs="+", type=int, default=list(NETS))
    parser.add_argument("--nets", type=int, default=3, help="of each recipe")
    parser.add_argument("--steps", type=int, default=1500, help="of training towards decoys")
    options = parser.parse_args()
    data, nets = digits(), []
    for seed, epochs in ((s, e) for e in options.epochs for s in NETS[e][: options.nets]):
        nets.append(one_net(seed, epochs, data, options.steps))
        table = tables(nets)
        print("wrote", save("r1_red_team", {"layer": LAYER, "table": table, "nets": nets}))
    for name, line in table.items():
        print(f"{name:58s} {line['auroc']:.3f} [{line['low']:.3f}, {line['high']:.3f}], strict {line['strict']:.3f}, "
              f"{line['manipulated']} of {line['of']} against {line['clean']} of {line['of clean']}")  # fmt: skip


if __name__ == "__main__":
    main()
