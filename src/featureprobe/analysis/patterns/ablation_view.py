"""The picture of an ablation: accuracy against the number of nodes."""

from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import NullLocator, ScalarFormatter

from featureprobe._names import in_legend
from featureprobe.analysis.finding import draw
from featureprobe.analysis.patterns.ablation import RANDOM, Ablation


@draw.register
def draw_ablation(found: Ablation, figure: Figure | SubFigure) -> None:
    """Draw accuracy against the number of nodes, taken out at the left and kept at the right."""
    left, right = figure.subplots(1, 2, sharey=True)
    for ax, curves, title in (
        (left, found.removed, "taken out (set to their mean)"),
        (right, found.kept, "kept (all others at their mean)"),
    ):
        for place, (name, rows) in enumerate(curves.items()):
            color = "0.5" if name == RANDOM else f"C{place}"
            label = in_legend(name)
            if name == RANDOM and len(rows) > 1:
                label = f"{label} ({len(rows)} orders)"
            ax.plot(found.sizes, rows.mean(axis=0), "o-", color=color, markersize=3, label=label)
            if len(rows) > 1:
                ax.fill_between(
                    found.sizes, rows.min(axis=0), rows.max(axis=0), color=color, alpha=0.2
                )
        ax.axhline(found.full, color="k", linewidth=0.8, linestyle="dotted")
        ax.set_xscale("log")
        ax.set_xticks(_ticks(found), minor=False)
        ax.xaxis.set_major_formatter(ScalarFormatter())  # 512, not 5.12e2
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xlabel(f"nodes of {found.layer} {title}", fontsize=9)
        ax.spines[["top", "right"]].set_visible(False)
    left.set_ylabel(f"accuracy, {found.first} against {found.second}")
    left.legend(title="in the order of", fontsize=8, frameon=False, loc="lower left")


def _ticks(found: Ablation) -> list[int]:
    """Return the sizes that are labelled: at most seven or so, the last among them."""
    every = -(-len(found.sizes) // 7)
    return [int(n) for n in found.sizes[::-1][::every][::-1]]
