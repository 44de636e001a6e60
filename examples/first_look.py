"""A first look: what the maps of a small CNN answer to three digits, and what they climb to.

Writes pictures, an animation and a table to ``out/`` (or ``--out``). Runs in well under a minute
on two cores; needs nothing but the package.
"""

import argparse
import time
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # pictures go to files; no window is needed

import matplotlib.pyplot as plt
import numpy as np

import featureprobe as fp
from featureprobe import plotting

LAYER = "Conv2D_3"
SEED = 7
DPI = 110


def pick_digits(probe: fp.ModelProbe) -> tuple[np.ndarray, list[str]]:
    """Return a clear 4, an unclear 4 and a clear 9, found by rule, with their captions.

    The margin of an image is its class's logit less the largest other one. The clear digits have
    the largest margin of their class, the unclear 4 has the smallest.
    """
    images, labels = fp.samples.mnist_digits()
    logits = probe.activations(images, fp.OUTPUT, pre=True)
    own = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    others = np.where(np.eye(10, dtype=bool)[labels], -np.inf, logits).max(axis=1)
    margin = own - others
    fours, nines = np.flatnonzero(labels == 4), np.flatnonzero(labels == 9)
    chosen = [
        ("clear 4", fours[np.argmax(margin[fours])]),
        ("unclear 4", fours[np.argmin(margin[fours])]),
        ("clear 9", nines[np.argmax(margin[nines])]),
    ]
    captions = [f"{name} ({margin[at]:+.1f})" for name, at in chosen]
    return images[[at for _, at in chosen]], captions


def draw_activations(probe: fp.ModelProbe, out: Path) -> None:
    """Draw the grids of all conv, pooling and dense layers for the three digits."""
    digits, captions = pick_digits(probe)
    rows = [r for r in probe.summary() if r.kind in ("Conv2D", "MaxPooling2D", "Dense")]
    for number, row in enumerate(rows):
        grids = [probe.grid(digit, row.path) for digit in digits]
        titles = [f"{c}\n{g.source}" for c, g in zip(captions, grids, strict=True)]
        figure = fp.ActivationGrid.compare(grids, titles=titles)
        figure.suptitle(f"{row.path} ({row.kind}): what it answers to three digits (logit margins)")
        figure.savefig(out / f"activations_{number + 1}_{row.path}.png", dpi=DPI)
        plt.close(figure)


def draw_maps(probe: fp.ModelProbe, out: Path) -> fp.AscentResult:
    """Climb all maps of the last convolutional layer; draw plain and contrast mosaics."""
    ascent = fp.Ascent(starts=6, constraint=fp.Sphere())
    result = ascent.run(probe, fp.MapMean.each(probe, LAYER), rng=SEED)
    for name, contrast in (("plain", False), ("contrast", True)):
        ax = result.plot(
            contrast=contrast,
            title=f"What the {len(result)} maps of {LAYER} answer to most strongly "
            f"(best of {result.scores.shape[1]} starts, {result.steps} steps, score: mean activation)",
        )
        ax.figure.savefig(out / f"oips_{name}.png", dpi=DPI)
        plt.close(ax.figure)
    ax = result.plot_trace(title=f"The climb of {len(result)} maps of {LAYER}")
    ax.figure.savefig(out / "oips_trace.png", dpi=DPI)
    plt.close(ax.figure)
    result.save(out / "oips.npz")
    (out / "oips.txt").write_text(f"{result!r}\n\n{result.table()}\n")
    return result


def draw_nodes(probe: fp.ModelProbe, maps: fp.AscentResult, out: Path) -> None:
    """Draw single-node OIPs beside the OIP of their map, for the strongest maps."""
    strongest = np.argsort(-maps.best_scores())[:8]
    nodes = [fp.Node(LAYER, row=1, col=1, channel=int(c)) for c in strongest]
    result = fp.Ascent(starts=6, constraint=fp.Sphere()).run(probe, nodes, rng=SEED)
    figure, axes = plt.subplots(2, len(nodes), figsize=(16, 4.9), layout="constrained")
    for column, channel in enumerate(strongest):
        score, node = maps.best_scores()[channel], result.best_scores()[column]
        upper, lower = axes[:, column]
        for ax, image, title in (
            (upper, maps.best()[channel], f"map {channel}: {score:.1f}"),
            (lower, result.best()[column], f"node (1, 1): {node:.1f}"),
        ):
            plotting.show_image(plotting.stretch(image), ax=ax, title=title)
    figure.suptitle(
        f"A map of {LAYER} averages nine nodes; one node sees 18 x 18 pixels of the image, "
        "the rest of which is one constant (contrast stretched; scores: activations)"
    )
    figure.savefig(out / "nodes_beside_maps.png", dpi=DPI)
    plt.close(figure)


def animate(probe: fp.ModelProbe, maps: fp.AscentResult, out: Path) -> None:
    """Animate the ascent of the strongest map."""
    channel = int(np.argmax(maps.best_scores()))
    ascent = fp.Ascent(starts=6, constraint=fp.Sphere(), record_every=2)
    result = ascent.run(probe, fp.MapMean(LAYER, channel=channel), rng=SEED)
    result.animate(out / "ascent.gif", contrast=True)


def main() -> None:
    """Draw everything and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    probe = fp.samples.mnist_probe()
    print(probe.summary())
    draw_activations(probe, out)
    maps = draw_maps(probe, out)
    draw_nodes(probe, maps, out)
    animate(probe, maps, out)
    print(f"\n{maps!r}\n{maps.table(8)}\n...")
    print(
        f"\n{len(list(out.iterdir()))} files in {out.resolve()}, the table of all maps in oips.txt"
    )
    print(f"took {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
