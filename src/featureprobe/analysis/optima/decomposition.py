"""Decomposition: an optimum taken apart into repetitions, parts and lower maps."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Count, checked
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.optima.composition import Composition, composition_of
from featureprobe.analysis.optima.node_grid import background_of, check_pictures
from featureprobe.analysis.optima.parts import Parts, parts_of
from featureprobe.analysis.optima.repetition import Repetition, repetition_of
from featureprobe.analysis.optima.target_score import checked_unit
from featureprobe.errors import ShapeError
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Read


@dataclass(frozen=True, eq=False, repr=False)
class Decomposition(Finding):
    """One image taken apart with a target in view.

    ``plot`` takes a figure only.

    Args:
        label: What the target is, such as ``"Conv2D_3 channel 5"``.
        image: (H, W, C), pixel units.
        live: (4,) first row, row after the last, first column, column after the last of the pixels
            that can reach the target; the rest is left out.
        jump: (rows, columns) of the target's layer in pixels; None for dense layers.
        repetition: Shifts, rotations and reflections under which the image is like itself.
        parts: What connected parts are worth.
        composition: What lower maps contribute.
        seed: Of the surrogates.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import decompose
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> found = decompose(probe, images[0], fp.Node("Dense_1", index=7), rounds=20)
        >>> found.jump is None, found.composition.lower
        (True, 'Conv2D_3')
    """

    kind: ClassVar[str] = "decomposition"
    _shapes: ClassVar[str] = "image: ...; live: _"
    label: str
    _: KW_ONLY
    image: FloatArray
    live: npt.NDArray[np.int64]
    jump: tuple[int, int] | None
    repetition: Repetition
    parts: Parts
    composition: Composition
    seed: int

    @property
    def verdict(self) -> str:
        """What the image is made of."""
        said = [f.verdict.rstrip(".") for f in (self.repetition, self.parts, self.composition)]
        lower = [text[0].lower() + text[1:] for text in said]
        return f"{self.label}: " + "; ".join(lower) + "."

    @property
    def _size(self) -> tuple[float, float]:
        return 12.5, 8.0


@checked
def decompose(
    probe: ModelProbe,
    image: npt.ArrayLike,
    target: Objective,
    *,
    rounds: Count = 200,
    background: npt.ArrayLike | None = None,
    rng: Rng = 0,
) -> Decomposition:
    """Take an image apart, most often an OIP, in view of the target that it was made for.

    Four questions: Does the image repeat itself, and where the layer's jump predicts it? Is it like a
    rotated (90 degrees, which is the same as 270, or 180) or reflected copy of itself? What are its connected parts worth to the target, alone and
    together (all choices of up to eight, and Shapley values)? Which maps of the layer below is the
    target's value made of?

    Repetition and likeness stand beside surrogates: Gaussian textures with the same *radial* power
    spectrum, so equally fine and smooth. Random phases would not do: they keep the autocorrelation.
    A surrogate is the same all over; an image whose contrast is in one place differs from that too.

    Args:
        probe: The opened model.
        image: (H, W, C), pixel units.
        target: An ``fp.MapMean`` or ``fp.Node``, or another objective that says which map's mean or
            which node it is (``shown_unit``).
        rounds: Surrogates; p cannot be below 1 / (rounds + 1).
        background: What replaces a part: a number, or one a channel, pixel units. None: as for
            :func:`shift_response`.
        rng: Seed of the surrogates.

    Returns:
        Repetition, parts and composition, each a finding of its own.

    Raises:
        ShapeError: When the image does not fit, or several are given.
        ConfigError: When the target is something else.
        MissingExtraError: Without scipy, which ``featureprobe[analysis]`` brings.

    Source: "Do we recognise sub-patterns?" of article VII of the MNIST series. Shapley, "A value for
    n-person games", 1953.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import decompose
        >>> probe, target = fp.samples.mnist_probe(), fp.MapMean("Conv2D_3", channel=5)
        >>> best = fp.Ascent(steps=16, starts=1).run(probe, target, rng=0).best()[0]
        >>> found = decompose(probe, best, target, rounds=20)
        >>> found.jump, found.live, found.composition.exact
        ((4, 4), array([ 0, 26,  0, 26]), True)
    """
    check_pictures(probe, "Repetition, rotations and parts")
    batch = _checks.images(image, probe.image_shape, what="image")
    if len(batch) != 1:
        raise ShapeError(f"One image is taken apart. Received {len(batch)}; pass images[0].")
    (checked, shown), own = checked_unit(probe, target), batch[0]
    count, seed = _checks.whole("rounds", rounds, least=1), seed_from(rng)
    live = probe.network.live_box(Read(shown.layer, position=shown.place or None)) > 0
    whole = probe.network.live_box(Read(shown.layer)) > 0
    ground = background_of(own, probe, whole, background)
    rows, cols = (np.flatnonzero(live.any(axis=axis)) for axis in (1, 0))
    box = np.array([rows[0], rows[-1] + 1, cols[0], cols[-1] + 1])
    jump = _jump(probe, shown.layer)
    patch = own[box[0] : box[1], box[2] : box[3]]
    return Decomposition(
        checked.label,
        image=own,
        live=box,
        jump=jump,
        repetition=repetition_of(patch, jump, count, np.random.default_rng(seed)),
        parts=parts_of(probe, own, shown, live, ground),
        composition=composition_of(probe, own, shown),
        seed=seed,
    )


def _jump(probe: ModelProbe, layer: str) -> tuple[int, int] | None:
    """Return the jump of a layer, rounded up to pixels; None where it has none."""
    fields = probe.network.fields[probe.network.graph.number_of(layer)]
    if len(probe.shape_of(layer)) != 3 or any(axis.jump is None for axis in fields):
        return None
    rows, cols = (int(np.ceil(axis.jump or 1)) for axis in fields)
    return rows, cols
