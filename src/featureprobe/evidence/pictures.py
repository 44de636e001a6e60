"""Top examples of units beside what an ascent made of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from featureprobe.errors import ConfigError
from featureprobe.evidence.examples import Examples
from featureprobe.evidence.judging import answers_of, target_of
from featureprobe.evidence.layer_evidence import Answers
from featureprobe.plotting import show_image, show_mosaic
from featureprobe.plotting._axes import figure_or_new

if TYPE_CHECKING:
    from featureprobe.evidence.evidence import Evidence
    from featureprobe.results.result import AscentResult

_ROW, _CROP, _CURVE = 1.35, 0.9, 2.4  # inches


def draw(
    evidence: "Evidence",
    layer: str,
    units: Sequence[int],
    *,
    result: "AscentResult | None",
    count: int,
    by: str,
    figure: Figure | SubFigure | None,
) -> Figure | SubFigure:
    """Draw one row a unit; see ``Evidence.plot``."""
    own = evidence[layer]
    targets = [None if result is None else target_of(result, layer, unit) for unit in units]
    if result is not None and None in targets:
        missing = [unit for unit, target in zip(units, targets, strict=True) if target is None]
        raise ConfigError(
            f"The result has no MapMean or Node target of {layer!r} for the units {missing}. "
            "Give a result of these units, or leave result= out."
        )
    widths = [_CROP] * (result is not None) + [count * _CROP, _CURVE]
    figure = figure_or_new(figure, (sum(widths) + 0.4, _ROW * len(units) + 0.7))
    grid = figure.add_gridspec(len(units), len(widths), width_ratios=widths)
    for row, (unit, target) in enumerate(zip(units, targets, strict=True)):
        axes = [figure.add_subplot(grid[row, k]) for k in range(len(widths))]
        score, answers = None, own.of(by)
        if result is not None and target is not None:
            score = float(result.best_scores()[target])
            compared = answers_of(evidence.layers, result.recipe.objectives[target])
            answers = compared[0] if compared else answers
            show_image(result.best()[target], ax=axes[0], contrast=True)
            axes[0].set_title(f"{unit}" if row else f"{unit}: OIP", loc="left", fontsize=9)
        _examples(axes[-2], evidence.top(layer, unit, by=by), count, None if row else layer)
        _curve(axes[-1], answers, unit, score, last=row == len(units) - 1)
    return figure


def _examples(ax: Axes, examples: Examples, count: int, layer: str | None) -> None:
    """Draw top examples; the title and the note on numbers stand once, where ``layer`` is given."""
    shown = min(count, len(examples))
    show_mosaic(
        examples.pictures[:shown],
        ax=ax,
        columns=shown,
        titles=[str(i) for i in examples.indices[:shown]],
        scores=examples.scores[:shown],
        title=layer and f"{layer}: what the top images show of it",
    )
    if layer is None:
        ax.set_title("", loc="left")
        ax.set_title("", loc="right")


def _curve(ax: Axes, answers: Answers, unit: int, score: float | None, *, last: bool) -> None:
    """Draw what share of the images stays below an activation, and where the OIP stands."""
    shares = np.linspace(0, 1, 101)
    ax.plot(answers.quantile(shares)[:, unit], 100 * shares, color="C0")
    largest = float(answers.largest[unit])
    if score is not None:
        ax.axvline(score, color="C3", linewidth=1.2)
        ratio = f"{score / largest:.2g}x the top image" if largest > 0 else "no image excites it"
        ax.annotate(
            f"OIP {score:.3g}\n{ratio}", (score, 45), (-4, 0), textcoords="offset points",
            ha="right", va="center", fontsize=7.5, color="C3",
        )  # fmt: skip
    ax.set_xlim(left=min(0.0, float(answers.least[unit])))
    ax.set_ylim(0, 102)
    ax.set_ylabel("% of images", fontsize=8)
    ax.set_xlabel("activation" if last else "", fontsize=8)
    ax.tick_params(labelsize=7.5)
    ax.spines[["top", "right"]].set_visible(False)
