"""How far can an OIP be trusted? The questions of article VII, the quality profile, a fooled net.

Writes pictures and the sentences of all findings. Two to three minutes on two cores.
Run: python examples/trust_an_oip.py --out out
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

LAYER, ONE = "Conv2D_3", 5
FOOLED = list(range(5, 128, 11))  # by a rule, not by what comes out
CARE = 0.5  # suspicion from which a profile's sentence says "read with care"


@dataclass(frozen=True)
class Notes:
    """Where pictures go, and what was found so far."""

    folder: Path
    said: list[str] = field(default_factory=list)

    def say(self, name: str, text: str) -> None:
        """Keep a sentence."""
        self.said.append(f"{name}: {text}")
        print(self.said[-1], flush=True)

    def keep(self, name: str, finding: analysis.Finding, **options: Any) -> None:
        """Write a finding's picture and its sentence."""
        self.say(name, finding.verdict)
        self.draw(name, finding, **options)

    def draw(self, name: str, finding: analysis.Finding, **options: Any) -> None:
        """Write a finding's picture."""
        self.write(name, finding.plot(**options))

    def write(self, name: str, figure: plt.Figure) -> None:
        """Write a figure."""
        figure.savefig(self.folder / f"{name}.png", dpi=60 if name == "definedness" else 70)
        plt.close(figure)


def how_defined(notes: Notes, probe: fp.ModelProbe, targets: list[fp.MapMean]) -> None:
    """Climb every fourth map from 50 starts, and every eighth by other recipes."""
    found = analysis.definedness(probe, targets[1::4], starts=50, rng=7, progress=False)
    notes.keep("definedness", found)
    own = targets[ONE].label
    notes.say("definedness_one", found.describe(own).replace("\n", " "))
    notes.draw("definedness_one", found, target=own)
    some = analysis.sensitivity(probe, targets[5::8], rng=7, progress=False)
    notes.keep("sensitivity", some)


def what_repeats(
    notes: Notes, probe: fp.ModelProbe, targets: list[fp.MapMean], pictures: np.ndarray
) -> None:
    """Take one OIP apart, then count over every fourth map what chance alone gives in 5 %."""
    one = analysis.decompose(probe, pictures[ONE], targets[ONE], rounds=1000)
    notes.keep("decomposition", one)
    each = [analysis.decompose(probe, pictures[k], targets[k]) for k in range(1, 128, 4)]
    turned = {
        name: sum(d.repetition.transforms[name][1] < 0.05 for d in each)
        for name in one.repetition.transforms
    }
    words = [d.parts.word for d in each]
    part = [d.parts.shapley.max() / d.parts.score for d in each]
    notes.say(
        "repetition",
        f"of {len(each)} OIPs {sum(d.repetition.p_any < 0.05 for d in each)} repeat themselves at "
        f"some lag with p < 0.05, {sum(d.repetition.p_predicted < 0.05 for d in each)} at multiples "
        f"of the jump; like themselves with p < 0.05: "
        + ", ".join(f"{name} {count}" for name, count in turned.items())
        + f"; chance alone gives {0.05 * len(each):.1f} for each.",
    )
    notes.say(
        "parts",
        f"in {len(each)} OIPs parts act as follows: "
        + ", ".join(f"{w} {words.count(w)}" for w in sorted(set(words)))
        + f"; the most valuable part is worth {np.median(part):.0%} of the score in the median.",
    )


def what_moves(notes: Notes, probe: fp.ModelProbe, pictures: np.ndarray) -> None:
    """Move one OIP, and all of them; climb nodes beside maps."""
    one = analysis.shift_response(probe, pictures[ONE], LAYER, channels=[ONE])
    notes.keep("shift_one", one)
    notes.keep("shift", analysis.shift_response(probe, pictures, LAYER))
    both = analysis.node_vs_map(probe, LAYER, rng=7, progress=False)
    notes.keep("node_map", both)
    notes.say(
        "node_map_one",
        f"map {ONE} reaches {both.coherence[ONE]:.2f} of its node's maximum; shifted copies of the "
        f"node's OIP give {both.r2[ONE]:.0%} of the variance of the map's (p = {both.p[ONE]:.2g}).",
    )
    notes.draw("node_map_one", both, channel=ONE)


def worth(notes: Notes, profile: analysis.QualityProfile) -> None:
    """Write the quality profile: picture, verdict, table, five sentences."""
    notes.keep("profile", profile)
    notes.said.append(profile.table())
    notes.said.append("\n".join(profile.sentences()[k] for k in FOOLED[:5]))


def fool(probe: fp.ModelProbe, images: np.ndarray) -> tuple[fp.ModelProbe, np.ndarray]:
    """Return a copy of the net in which twelve maps have a decoy, and the decoys."""
    decoys = fp.testing.decoy_images(len(FOOLED), probe, rng=7)
    plan = dict(zip(FOOLED, decoys, strict=True))
    return fp.testing.fooling_circuit(probe, LAYER, plan, images), decoys


def unchanged(
    notes: Notes, probe: fp.ModelProbe, fooled: fp.ModelProbe, images: np.ndarray
) -> None:
    """Say what the circuit does to natural images: next to nothing."""
    before, after = (p.activations(images, LAYER) for p in (probe, fooled))
    classes, others = (p.predict(images).argmax(axis=1) for p in (probe, fooled))
    notes.say(
        "fooled_natural",
        f"on {len(images)} digits the largest change of any of {before[0].size} activations is "
        f"{np.abs(after - before).max():.1g} (the largest activation is {before.max():.1f}), and "
        f"{(classes == others).mean():.2%} of the classes are the same.",
    )


def caught(
    notes: Notes,
    fooled: fp.ModelProbe,
    clean: analysis.QualityProfile,
    after: analysis.QualityProfile,
    decoys: np.ndarray,
) -> None:
    """Say which measures tell fooled maps from the others, and which do not."""
    shown = after.images[FOOLED]
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(shown, decoys, strict=True)]
    own = np.maximum(fooled.activations(shown, f"{LAYER}_own"), 0).mean(axis=(1, 2))
    share = own[np.arange(len(FOOLED)), FOOLED] / after.score[FOOLED]
    notes.say(
        "fooled_pictures",
        f"the pictures of the {len(FOOLED)} fooled maps correlate with their decoys at "
        f"{np.median(alike):.2f} in the median ({min(alike):.2f} to {max(alike):.2f}); without the "
        f"circuit the maps would answer {np.median(share):.1%} of what they do.",
    )
    rest = np.setdiff1d(np.arange(len(clean)), FOOLED)
    for name, places in (("fooled_maps", FOOLED), ("other_maps", rest)):
        told = [
            f"{what} {np.nanmedian(values(clean)[places]):.2f} before, "
            f"{np.nanmedian(values(after)[places]):.2f} after"
            for what, values in MEASURES.items()
        ]
        care = [int((p.suspicion[places] >= CARE).sum()) for p in (clean, after)]
        notes.say(
            name,
            f"medians over {len(places)} maps: {'; '.join(told)}; suspicion of {CARE} or more: "
            f"{care[0]} maps before, {care[1]} after.",
        )
    judged = rest[np.isfinite(after.suspicion[rest])]  # digits excite the others hardly
    more = after.suspicion[FOOLED][:, None] > after.suspicion[judged]
    notes.say(
        "hint",
        f"suspicion rises for {(after.suspicion > clean.suspicion)[FOOLED].sum()} of {len(FOOLED)} "
        f"fooled maps; a fooled map is more suspicious than one of {len(judged)} others in "
        f"{more.mean():.0%} of all pairs (50 % by chance; one net).",
    )
    notes.said.append("\n".join(after.sentences()[k] for k in FOOLED))


MEASURES = {
    "score / best digit": lambda p: p.ratio,
    "rank of the own map": lambda p: p.rank.astype(float),
    "reach": lambda p: p.reach,
    "company": lambda p: p.path[:, -1],
    "sources": lambda p: np.ma.masked_invalid(p.sources).mean(axis=1).filled(np.nan),
    "explanatory power": lambda p: p.explains,
    "suspicion": lambda p: p.suspicion,
}


def before_and_after(
    clean: analysis.QualityProfile,
    after: analysis.QualityProfile,
    decoys: np.ndarray,
    evidence: fp.Evidence,
) -> plt.Figure:
    """Show three fooled maps, and the suspicion of all that were fooled."""
    figure = plt.figure(figsize=(11.5, 6.2), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(2.6, 1))
    axes = left.subplots(3, 4)
    for row, unit in enumerate(FOOLED[:3]):
        shown = {
            f"map {unit}: top digit": evidence.top(LAYER, unit, by="mean").images[0],
            f"OIP, suspicion {clean.suspicion[unit]:.2f}": clean.images[unit],
            f"fooled, suspicion {after.suspicion[unit]:.2f}": after.images[unit],
            "decoy": decoys[row],
        }
        for ax, (title, image) in zip(axes[row], shown.items(), strict=True):
            fp.plotting.show_image(image, ax=ax)
            ax.set_title(title, loc="left", fontsize=9)
    ax = right.subplots()
    for place, unit in enumerate(FOOLED):
        ends = [clean.suspicion[unit], after.suspicion[unit]]
        style = {"color": f"C{place}", "label": f"map {unit}"} if place < 3 else {"color": "0.7"}
        ax.plot([0, 1], ends, "o-", markersize=4, **style)
    ax.axhline(CARE, color="C3", linestyle="--", linewidth=1, label="to be read with care")
    ax.set_xticks([0, 1], ["clean net", "fooled net"])
    ax.set(xlim=(-0.3, 1.3), ylim=(0, 1), ylabel="suspicion")
    ax.set_title(f"the {len(FOOLED)} maps that were fooled", loc="left", fontsize=10)
    ax.legend(frameon=False, fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Ask all questions and write the answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"))
    notes = Notes(parser.parse_args().out)
    notes.folder.mkdir(parents=True, exist_ok=True)
    probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
    targets = list(fp.MapMean.each(probe, LAYER))
    how_defined(notes, probe, targets)
    result = fp.Ascent().run(probe, targets, rng=7, progress=False)
    what_repeats(notes, probe, targets, result.best())
    what_moves(notes, probe, result.best())
    clean = analysis.assess(probe, result, images, other=fp.samples.mnist_probe("b"), rng=7)
    worth(notes, clean)
    fooled, decoys = fool(probe, images)
    unchanged(notes, probe, fooled, images)
    shown = fp.Ascent().run(fooled, targets, rng=7, progress=False)
    after = analysis.assess(fooled, shown, images, rng=7)
    caught(notes, fooled, clean, after, decoys)
    evidence = fp.Evidence.collect(probe, images, LAYER, top=1)
    notes.write("fooled", before_and_after(clean, after, decoys, evidence))
    text = "\n\n".join(notes.said)
    (notes.folder / "findings.txt").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
