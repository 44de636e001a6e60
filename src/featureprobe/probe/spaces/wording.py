"""What a check found, in a sentence or two."""

from collections.abc import Sequence

from featureprobe.probe.spaces.input_check import CheckedSpace, Measure

_POOR = 0.5  # overlap below which no space fits
_FEW_NAMES = 4
_MANY = 500  # images, from which on a tenth of a percent is told


def sentence_of(
    rows: Sequence[CheckedSpace], measure: Measure, count: int, layers: Sequence[str]
) -> str:
    """Return what was found: how the best did, how the probe's own did, and what is not told apart.

    Args:
        rows: The best first.
        measure: What they are compared by.
        count: Of the images.
        layers: Those that hold statistics.
    """
    if measure == "nothing":
        return (
            "Nothing can be said: the net has no layer that holds statistics of its training, and does "
            "not end in classes. Give labels, the right answers to these images."
        )
    best, second = rows[0], next((row for row in rows if row.given), rows[0])
    if second is best:
        second = next((row for row in rows if not row.tied), rows[-1])
    text = _compared(best, second, measure, count, layers)
    return " ".join([text, *_ties(rows, count), *_warnings(best, measure)])


def _compared(
    best: CheckedSpace, second: CheckedSpace, measure: Measure, count: int, layers: Sequence[str]
) -> str:
    first, other = best.figures[measure], second.figures[measure]
    low, high = best.interval or (first, first)
    if measure == "accuracy":
        digits = 1 if count >= _MANY else 0
        share, to, of, its = (f"{100 * v:.{digits}f}" for v in (first, high, low, other))
        return (
            f"Fed {_as(best)}, {share} % of these {count} images are right ({of} to {to} %); "
            f"{_as(second)}, {its} %."
        )
    if measure == "loss":
        return (
            f"Fed {_as(best)}, the loss on these {count} images is {first:.3g} ({low:.3g} to {high:.3g}); "
            f"{_as(second)}, {other:.3g}."
        )
    if measure == "statistics":
        what = (
            f"layer {layers[0]!r}"
            if len(layers) == 1
            else f"first {len(layers)} normalizing layers"
        )
        return (
            f"Fed {_as(best)}, what these {count} images send into the {what} overlaps by {first:.2f} "
            f"with what was stored in training; {_as(second)}, by {other:.2f}."
        )
    return (
        f"No layer holds statistics of the training; shifted views of each of these {count} images were "
        f"compared instead, which is weaker: fed {_as(best)}, one prediction tells {first:.2f} nats of the other, "
        f"{_as(second)}, {other:.2f}."
    )


def _as(row: CheckedSpace) -> str:
    return row.title if row.given else f"as {row.name}"


def _ties(rows: Sequence[CheckedSpace], count: int) -> list[str]:
    tied = [_as(row).removeprefix("as ") for row in rows[1:] if row.tied]
    if not tied:
        return []
    more = f" and {len(tied) - _FEW_NAMES} more" if len(tied) > _FEW_NAMES else ""
    return [f"{count} images do not tell it apart from {', '.join(tied[:_FEW_NAMES])}{more}."]


def _warnings(best: CheckedSpace, measure: Measure) -> list[str]:
    if measure == "statistics" and best.figures["statistics"] < _POOR:
        return [
            "No space fits well: the net was trained on images of another kind, or scaled otherwise."
        ]
    return []
