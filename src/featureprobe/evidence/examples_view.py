"""Top examples of units beside what an ascent made of them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from featureprobe import _checks
from featureprobe.evidence.examples import Examples
from featureprobe.evidence.kept import Kept
from featureprobe.evidence.layer_evidence import Answers, LayerEvidence
from featureprobe.evidence.percentiles import answers_of, target_of
from featureprobe.objectives.shown_units import shown_units
from featureprobe.plotting._axes import figure_or_new
from featureprobe.plotting._cells import GREY, bare
from featureprobe.plotting._texts import with_plain_names
from featureprobe.plotting.any_rank import show_any, show_many
from featureprobe.results.result import AscentResult
from featureprobe.types import UnitStatistic

_ROW, _CROP, _CURVE = 1.45, 1.0, 2.8  # inches
_WORDS = {"peak": "strongest node", "mean": "mean over the map"}


def draw(
    evidence: Kept,
    layer: str,
    units: Sequence[int],
    *,
    result: AscentResult | None,
    count: int,
    by: str,
    figure: Figure | SubFigure | None,
) -> Figure | SubFigure:
    """Draw one row a unit; see ``Evidence.plot``."""
    own = evidence[layer]
    shown_by = () if result is None else shown_units(result.recipe)
    targets = [target_of(shown_by, layer, unit) for unit in units]
    measures = _measures(own, [None if t is None else shown_by[t] for t in targets], by)
    kept = own.measure(by).top_values.shape[1]
    shown = min(_checks.whole("count", count, least=1), kept)
    widths = [_CROP] * (result is not None) + [shown * _CROP, _CURVE]
    figure = figure_or_new(figure, (sum(widths) + 0.4, _ROW * len(units) + 0.9))
    figure.suptitle(_heading(own, by, shown, kept), x=0.01, ha="left", fontsize=10)
    grid = figure.add_gridspec(len(units), len(widths), width_ratios=widths)
    for row, (unit, target) in enumerate(zip(units, targets, strict=True)):
        axes = [figure.add_subplot(grid[row, k]) for k in range(len(widths))]
        if result is not None:
            _oip(axes[0], result, target)
        _examples(axes[-2], evidence.top(layer, unit, by=by), shown, own.measure(by), unit)
        name = f"{'map' if len(own.shape) > 1 else 'node'} {unit}"
        axes[0].set_title(name, loc="left", fontsize=9, color="k", weight="bold")
        if result is not None and target is not None:
            compared = answers_of(evidence.layers, shown_by[target])
            _mark_oip(axes[-1], float(result.best_scores()[target]), compared)
        _curve(axes[-1], own.measure(measures[row]), unit)
        last = row == len(units) - 1 or measures[row + 1] != measures[row]
        axes[-1].set_xlabel(_word(own, measures[row]) if last else "", fontsize=8)
    with_plain_names(figure)
    return figure


def _measures(own: LayerEvidence, shown: Sequence[UnitStatistic | None], by: str) -> list[str]:
    """Return what the curve of each row is of: what its OIP is scored by, since they are compared.

    A row without an OIP has what the first one has.
    """
    scored = [None if s is None or s.by == "node" else s.by for s in shown]
    usual = next((s for s in scored if s is not None), by)
    return [s or usual if len(own.shape) > 1 else by for s in scored]


def _word(own: LayerEvidence, measure: str) -> str:
    return _WORDS[measure] if len(own.shape) > 1 else "node"


def _heading(own: LayerEvidence, by: str, shown: int, kept: int) -> str:
    """Say what is ranked by what, how many are left out, and what the numbers are."""
    word = _word(own, by)
    some = f"the top {shown}" if shown == kept else f"{shown} of the top {kept}"
    return f"{own.layer}: {some} images by {word}; above each crop: image | {word}"


def _oip(ax: Axes, result: AscentResult, target: int | None) -> None:
    """Draw the OIP, or an empty cell that says that there is none."""
    if target is None:
        bare(ax)
        ax.text(0.5, 0.5, "no OIP\nin the result", transform=ax.transAxes, ha="center",
                va="center", fontsize=7.5, color=GREY)  # fmt: skip
        return
    show_any(result.best()[target], ax=ax, contrast=True)
    # Above it stands the number of the unit.
    ax.set_xlabel("OIP, stretched", fontsize=7, color=GREY)


def _examples(ax: Axes, examples: Examples, shown: int, answers: Answers, unit: int) -> None:
    """Draw top examples, or say that there is nothing to be seen."""
    largest, least = float(answers.largest[unit]), float(answers.least[unit])
    if largest <= 0 and largest == least:
        bare(ax)
        ax.text(0.5, 0.5, f"no image excites this {examples.unit.split()[-2]}", fontsize=9,
                transform=ax.transAxes, ha="center", va="center", color=GREY)  # fmt: skip
        return
    show_many(
        examples.pictures[:shown],
        ax=ax,
        columns=shown,
        titles=[str(i) for i in examples.indices[:shown]],
        scores=examples.scores[:shown],
    )
    ax.set_title("", loc="left")  # the note on numbers stands once, above the figure
    if len(ax.texts) <= shown:  # no room for a score above each
        span = f"{examples.scores[0]:.3g} to {examples.scores[shown - 1]:.3g}"
        ax.set_title(span, loc="right", fontsize=7.5, color=GREY)


def _curve(ax: Axes, answers: Answers, unit: int) -> None:
    """Draw what share of the images stays below an activation."""
    shares = np.linspace(0, 1, 101)
    ax.plot(answers.quantile(shares)[:, unit], 100 * shares, color="C0")
    ax.set_xlim(left=min(0.0, float(answers.least[unit])))
    ax.set_ylim(0, 102)
    ax.set_ylabel("% of images", fontsize=8)
    ax.tick_params(labelsize=7.5)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.spines[["top", "right"]].set_visible(False)


def _mark_oip(ax: Axes, score: float, compared: tuple[Answers, int] | None) -> None:
    """Show where the OIP stands on the curve; its score is compared with its own measure only."""
    if compared is None:
        text, color = f"OIP {score:.3g}; scored by something else", GREY
    else:
        answers, unit = compared
        largest = float(answers.largest[unit])
        end = (
            f"{score / largest:.2g}x the top image's" if largest > 0 else f"top image {largest:.3g}"
        )
        if largest == answers.least[unit] == 0:
            end = "no image is above 0"
        text, color = f"OIP {score:.3g}; {end}", "C3"
        ax.axvline(score, color=color, linewidth=1.2)
    # Above the curve, where it stands over nothing else wherever the line is.
    ax.set_title(text, loc="left", fontsize=7.5, color=color)
