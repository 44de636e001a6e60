"""Compare the spaces that images may be meant in: by labels, by what layers hold, or by views."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from featureprobe.errors import ModelError
from featureprobe.input_space import InputSpace
from featureprobe.probe.network.network import Network
from featureprobe.probe.spaces import answers, chance, stored
from featureprobe.probe.spaces.candidates import STANDARDIZED, Candidate, candidates
from featureprobe.probe.spaces.input_check import CheckedSpace, InputCheck, Measure
from featureprobe.probe.spaces.views import told_by_views, views
from featureprobe.probe.spaces.wording import sentence_of
from featureprobe.types import OUTPUT, FloatArray, Floats

_MOST_STATISTICS, _MOST_VIEWS = 128, 64  # images looked at, evenly spread
_LEAST_CLASSES = 3  # of an output whose views are compared
_LEAST_LOGITS = 10  # a shorter vector without a softmax may be anything
_WEAK = 0.1  # views: a difference below this share of the best is none
_TELLING = 3.0  # nats, of all images together: odds of 20 to 1
_DOUBT = 1.0  # nats by which another space may be ahead of the probe's own, and stands behind it
_NEARLY = 1e-12

Differ: TypeAlias = Callable[["Measured", "Measured"], bool]


@dataclass(frozen=True, eq=False)
class Measured:
    """A candidate with figures of each image.

    Attributes:
        candidate: The space.
        each: By name of a figure, (N,) of each image.
        overlap: (1 + R,) overlap with what layers hold: of all images, and of R bootstrap samples.
    """

    candidate: Candidate
    each: dict[str, Floats] = field(default_factory=dict)
    overlap: Floats | None = None

    def nats_over(self, other: "Measured", measure: Measure) -> float:
        """Return how much more likely this space makes the right answers than another does, in nats."""
        own, its = (m.each["loss"] for m in (self, other))
        if measure == "accuracy":
            return float(its.sum() - own.sum())
        ratio = (its.mean() + _NEARLY) / (own.mean() + _NEARLY)  # of squared errors
        return float(len(own) / 2 * np.log(ratio))

    def figure(self, name: str) -> float:
        """Return a figure of all images."""
        if name == "statistics" and self.overlap is not None:
            return float(self.overlap[0])
        return float(self.each[name].mean())


def checked_input(
    network: Network,
    space: InputSpace,
    images: FloatArray,
    labels: Any,
    *,
    model: str,
    names: Sequence[str] | None,
    leading: InputSpace | None,
) -> InputCheck:
    """Return how a model does with images in several spaces; see :meth:`ModelProbe.check`.

    Args:
        network: The net.
        space: The probe's.
        images: (N, *spatial, C), pixel units.
        labels: The right answers, or None.
        model: Name of the model.
        names: Of its classes, or None.
        leading: What a leading layer of the model wants, or None.
    """
    spaces = candidates(space, images, leading)
    layers = stored.remembered(network)
    some = _spread(images, _MOST_STATISTICS)
    measured = [Measured(c, {}, _overlap(network, c, some, layers)) for c in spaces]
    if labels is not None:
        rows, measure = _by_labels(network, measured, images, labels, names)
    elif layers:
        rows, measure = _by_layers(measured), "statistics"
    elif _ends_in_classes(network, spaces[0], images):
        few = _spread(images, _MOST_VIEWS)
        rows, measure = _by_views(network, spaces, few), "views"
        some = few
    else:
        rows, measure = measured, "nothing"
    best = rows[0]
    made = tuple(_row(m, measure, tied=not _apart(best, m, measure)) for m in rows)
    count = len(images) if labels is not None else len(some)
    shown = tuple(layer.path for layer in layers)
    return InputCheck(
        model=model,
        measure=measure,
        images=count,
        rows=made,
        layers=shown,
        sentence=sentence_of(made, measure, count, shown),
    )


def _overlap(
    network: Network,
    candidate: Candidate,
    images: FloatArray,
    layers: tuple[stored.Remembered, ...],
) -> Floats | None:
    if not layers:
        return None
    found = stored.moments(network, candidate.space, images, layers)
    share = np.concatenate(
        [np.full((1, len(images)), 1 / len(images)), chance.weights(len(images))]
    )
    return stored.overlaps(layers, found, share)


def _outputs(network: Network, candidate: Candidate, images: FloatArray) -> FloatArray:
    return network.run(candidate.space.to_model(images, network.dtype), ((OUTPUT, False),))[0]


def _by_labels(
    network: Network,
    measured: list[Measured],
    images: FloatArray,
    labels: Any,
    names: Sequence[str] | None,
) -> tuple[list[Measured], Measure]:
    """Return candidates by how right they are; those of like accuracy by their loss."""
    outputs = [_outputs(network, m.candidate, images) for m in measured]
    if outputs[0].ndim < 2:
        raise ModelError("The output has one number for a whole batch; labels cannot be compared.")
    ending = answers.ending_of(outputs[0])
    right = answers.right_answers(labels, tuple(outputs[0].shape[1:]), names, len(images), ending)
    for m, values in zip(measured, outputs, strict=True):
        m.each.update(right.figures(values, ending))
    rows = sorted(measured, key=lambda m: m.figure("loss"))
    if right.kind == "values":
        return _own_in_doubt(rows, "loss"), "loss"
    top = max(rows, key=lambda m: m.figure("accuracy"))
    like = [
        m for m in rows if m is top or not chance.differ(m.each["accuracy"], top.each["accuracy"])
    ]
    others = [m for m in rows if m not in like]
    others.sort(key=lambda m: -m.figure("accuracy"))
    return [*_own_in_doubt(like, "accuracy"), *others], "accuracy"


def _by_views(network: Network, spaces: Sequence[Candidate], images: FloatArray) -> list[Measured]:
    """Return candidates by what views tell of each other; the probe's own before what is like it."""
    several = views(images)
    ending = answers.ending_of(_outputs(network, spaces[0], images))

    def shares(outputs: FloatArray) -> Floats:
        return answers.shares_of(outputs, ending)

    told = [
        Measured(c, {"views": told_by_views(network, c.space, several, shares)}) for c in spaces
    ]
    rows = sorted(told, key=lambda m: -m.figure("views"))
    own = next(m for m in rows if m.candidate.given)
    return rows if _apart(rows[0], own, "views") else _with_first(rows, own)


def _by_layers(measured: list[Measured]) -> list[Measured]:
    """Return candidates by their overlap; the probe's own before one fitted to these images that is like it."""
    rows = sorted(measured, key=lambda m: -m.figure("statistics"))
    own = next(m for m in rows if m.candidate.given)
    fitted = rows[0].candidate.name == STANDARDIZED
    return _with_first(rows, own if fitted and not _apart_by_layers(rows[0], own) else rows[0])


def _own_in_doubt(rows: list[Measured], measure: Measure) -> list[Measured]:
    """Return rows with the probe's own before what is ahead by next to nothing.

    What normalization layers hold has the say where it tells the two apart.
    """
    own = next((m for m in rows if m.candidate.given), None)
    if own is None or rows[0].nats_over(own, measure) > _DOUBT:
        return rows
    if rows[0].overlap is not None and _apart_by_layers(rows[0], own):
        return rows
    return _with_first(rows, own)


def _with_first(rows: list[Measured], first: Measured) -> list[Measured]:
    return [first, *(m for m in rows if m is not first)]


def _apart(best: Measured, other: Measured, measure: Measure) -> bool:
    """Whether another space is worse than the best by more than chance."""
    if best is other or measure == "nothing":
        return False
    by_layers = _apart_by_layers(best, other)
    if measure == "statistics":
        return by_layers
    if measure == "views":
        ahead = best.figure("views") - other.figure("views")
        clear = ahead > _WEAK * max(best.figure("views"), 0.0)
        return clear and chance.differ(best.each["views"], other.each["views"])
    telling = best.nats_over(other, measure) > _TELLING
    by_loss = telling and chance.differ(best.each["loss"], other.each["loss"])
    return by_layers or by_loss or _apart_by_accuracy(best, other)


def _apart_by_accuracy(best: Measured, other: Measured) -> bool:
    if "accuracy" not in best.each or other.figure("accuracy") >= best.figure("accuracy"):
        return False
    return chance.differ(best.each["accuracy"], other.each["accuracy"])


def _apart_by_layers(best: Measured, other: Measured) -> bool:
    if best.overlap is None or other.overlap is None:
        return False
    return bool(np.quantile(best.overlap[1:] - other.overlap[1:], 0.025) > 0)


def _row(measured: Measured, measure: Measure, *, tied: bool) -> CheckedSpace:
    figures = {name: measured.figure(name) for name in measured.each}
    if measured.overlap is not None:
        figures["statistics"] = measured.figure("statistics")
    candidate = measured.candidate
    return CheckedSpace(
        name=candidate.name,
        space=candidate.space,
        given=candidate.given,
        also=candidate.also,
        figures=MappingProxyType(figures),
        interval=_interval(measured, measure),
        tied=tied,
    )


def _interval(measured: Measured, measure: Measure) -> tuple[float, float] | None:
    if measure == "nothing":
        return None
    if measure == "statistics" and measured.overlap is not None:
        low, high = np.quantile(measured.overlap[1:], (0.025, 0.975))
        return float(low), float(high)
    values = measured.each[measure]
    if measure == "accuracy":
        return chance.interval_of_share(float(values.mean()), len(values))
    return chance.interval_of_mean(values)


def _ends_in_classes(network: Network, candidate: Candidate, images: FloatArray) -> bool:
    try:
        shape = network.shape_of(OUTPUT)
    except ModelError:  # several outputs
        return False
    if len(shape) != 1 or shape[0] < _LEAST_CLASSES or len(images) < 2:
        return False
    ending = answers.ending_of(_outputs(network, candidate, images[:8]))
    return ending == "shares" or (ending == "values" and shape[0] >= _LEAST_LOGITS)


def _spread(images: FloatArray, most: int) -> FloatArray:
    """Return at most so many images, evenly spread over all."""
    if len(images) <= most:
        return images
    chosen = np.linspace(0, len(images) - 1, most).round().astype(int)
    return np.asarray(images[chosen], images.dtype)
