"""What makes a 4 a 4? Activation patterns of real MNIST digits, counted instead of circled.

Writes pictures and the sentences of all findings. Two minutes on two cores.
Run: python examples/four_or_nine.py --out out
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

import featureprobe as fp
from featureprobe import analysis

FOUR, NINE, LAYER = 4, 9, "Conv2D_3"
SHOWN = [LAYER, "Dense_1"]


def clearest(probe: fp.ModelProbe, images: np.ndarray, own: int, other: int) -> np.ndarray:
    """Return the places of the three images with the largest margin: clear ones, by rule."""
    logits = probe.activations(images, fp.OUTPUT, pre=True)
    return np.argsort(-(logits[:, own] - logits[:, other]), kind="stable")[:3]


def standardizations(images: np.ndarray, image: np.ndarray) -> plt.Figure:
    """Show one image standardized by one mean and deviation, and by those of each pixel."""
    values = images.astype(np.float32)
    mean, spread = values.mean(axis=0), np.maximum(values.std(axis=0), 1.0)
    variants = {
        "one mean and deviation for all pixels": (image - values.mean()) / values.std(),
        "each pixel by its own": (image - mean) / spread,
    }
    figure, axes = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
    for ax, (title, shown) in zip(axes, variants.items(), strict=True):
        end = 3.0
        picture = ax.imshow(shown[..., 0], cmap="RdBu_r", vmin=-end, vmax=end)
        ax.set_title(title, loc="left", fontsize=10)
        ax.set_axis_off()
        figure.colorbar(picture, ax=ax, fraction=0.046, pad=0.03, label="standard deviations")
    return figure


@dataclass(frozen=True)
class Notes:
    """Where pictures go, and what was found so far."""

    folder: Path
    said: list[str] = field(default_factory=list)

    def keep(self, name: str, finding: analysis.Finding, **options: Any) -> None:
        """Write a finding's picture and its sentence."""
        self.said.append(f"{name}: {finding.verdict}")
        print(self.said[-1], flush=True)
        self.draw(name, finding.plot(**options))

    def draw(self, name: str, figure: plt.Figure) -> None:
        """Write a picture."""
        figure.savefig(self.folder / f"{name}.png", dpi=70)
        plt.close(figure)


def see_and_count(
    notes: Notes, probe: fp.ModelProbe, patterns: analysis.Patterns, images: np.ndarray
) -> Any:
    """Circle nodes of three clear 4s and three clear 9s by eye; then count over all images."""
    fours, nines = patterns.where(FOUR), patterns.where(NINE)
    three = fours[clearest(probe, images[fours], FOUR, NINE)]
    others = nines[clearest(probe, images[nines], NINE, FOUR)]
    notes.draw("standardization", standardizations(images, images[three[0]]))
    eye = analysis.compare_by_eye(patterns, FOUR, NINE, images=(three, others))
    active = patterns.nodes > 0
    shared = np.flatnonzero(active[three].all(axis=0) & active[others].any(axis=0))
    rings = {
        LAYER: {
            "red": [patterns.address(node) for node in eye.nodes],
            "yellow": [patterns.address(node) for node in shared[:: max(1, len(shared) // 12)]],
        }
    }
    notes.keep("fours", analysis.follow(probe, images[three], SHOWN), rings=rings)
    notes.keep("nines", analysis.follow(probe, images[others], SHOWN), rings=rings)
    notes.keep("by_eye", eye)
    notes.keep("by_count", analysis.compare_classes(patterns, FOUR, NINE))
    early = analysis.Patterns.of(probe, images, patterns.labels, "Max_Pool_2")
    for name, some in (("classes", patterns), ("classes_early", early)):
        notes.keep(name, analysis.profile_classes(some, rounds=200))
    return rings


def who_decides(
    notes: Notes, probe: fp.ModelProbe, patterns: analysis.Patterns, images: np.ndarray, rings: Any
) -> analysis.Contributions:
    """Split the margin, take nodes out, read layers by simple classifiers, look at unclear 4s."""
    labels = patterns.labels
    shares = analysis.split_margin(probe, images[patterns.where(FOUR)], LAYER, FOUR, NINE)
    notes.keep("shares", shares)
    rankings = {
        "share": shares.mean,
        "effect": analysis.compare_classes(patterns, FOUR, NINE, rounds=1).delta,
        "selectivity": analysis.profile_classes(patterns, rounds=1).selectivity,
    }
    notes.keep("ablation", analysis.ablate(probe, patterns, FOUR, NINE, rankings))
    layers = ["pixels", "Max_Pool_1", "Max_Pool_2", LAYER, "Dense_1", "Dense_2"]
    notes.keep(
        "clarity", analysis.linear_probes(probe, images, labels, layers, classes=(FOUR, NINE))
    )
    unclear = analysis.unclear_images(probe, images, labels, FOUR, NINE, SHOWN, count=4)
    notes.keep("unclear", unclear)
    notes.keep("unclear_grids", analysis.follow(probe, unclear.images[:3], SHOWN), rings=rings)
    return shares


def turn_around(
    notes: Notes, probe: fp.ModelProbe, patterns: analysis.Patterns, images: np.ndarray,
    shares: analysis.Contributions,
) -> fp.AscentResult:  # fmt: skip
    """Climb what the carriers of a 4, and a whole pattern, would like to see; insert it."""
    ascent = fp.Ascent()
    result = ascent.run(probe, fp.MapMean.each(probe, LAYER), rng=7, progress=False)
    evidence = fp.Evidence.collect(probe, images, LAYER)
    carriers = shares.largest_maps(5).tolist()
    notes.draw("carriers", evidence.plot(LAYER, carriers, result=result))
    mean = patterns.mean_of(FOUR)
    targets = [
        fp.PatternMatch(LAYER, pattern=mean, power=2.0),
        fp.PatternMatch(LAYER, pattern=mean - patterns.mean_of(NINE), power=2.0),
        fp.Logit(FOUR),
    ]
    figure, ax = plt.subplots(figsize=(5, 2.4), layout="constrained")
    fp.plotting.show_mosaic(
        ascent.run(probe, targets, rng=7, progress=False).best(), ax=ax, columns=3, contrast=True,
        titles=["mean of 4", "4 less 9", "logit of 4"], title="what a 4 looks like to the net",
    )  # fmt: skip
    notes.draw("a_four", figure)
    some = images[np.isin(patterns.labels, [FOUR, NINE])]
    notes.keep("insertion", analysis.insert_patterns(probe, result, some, FOUR, NINE))
    return result


def main() -> None:
    """Ask all questions and write the answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"))
    notes = Notes(parser.parse_args().out)
    notes.folder.mkdir(parents=True, exist_ok=True)
    probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
    patterns = analysis.Patterns.of(probe, images, labels, LAYER)
    rings = see_and_count(notes, probe, patterns, images)
    shares = who_decides(notes, probe, patterns, images, rings)
    result = turn_around(notes, probe, patterns, images, shares)
    # Another training of the same net.
    second = fp.samples.mnist_probe("b")
    their = fp.Ascent().run(second, fp.MapMean.each(second, LAYER), rng=7, progress=False)
    layers = ["Conv2D_1", "Max_Pool_1", "Conv2D_2", "Max_Pool_2", LAYER, "Dense_1", "Dense_2"]
    notes.keep(
        "two_trainings",
        analysis.compare_nets(
            probe,
            second,
            images,
            layers,
            match=LAYER,
            results=(result, their),
            null_net=analysis.untrained(second),
        ),
    )
    text = "\n\n".join(notes.said)
    (notes.folder / "findings.txt").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
