"""A target, resolved: what a run needs to know of it, each thing found out once."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import tensorflow as tf

from featureprobe._spatial import Size, spatial_of
from featureprobe.ascent.problem.masks import layer_mask_of, masks_of
from featureprobe.ascent.problem.score_floors import ScoreFloors
from featureprobe.ascent.problem.trying_out import LookedError, shape_left, value_of
from featureprobe.ascent.problem.window import Window, plan_window
from featureprobe.joint_space import JointSpace
from featureprobe.objectives.base import Objective, reads_of
from featureprobe.objectives.node import Node
from featureprobe.objectives.score_meaning import score_bounds_of
from featureprobe.objectives.structure import (
    Array,
    Leaf,
    arrays_of,
    leaf_of,
    numbers_of,
    terms_of,
)
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.probe.network.crop_plan import Crop, plan_crop
from featureprobe.types import FloatArray

Move = tuple[Size, Size, Size]
"""Where what is moved begins before and after, and its size, along each spatial axis."""

_ROUNDING = 1e-6  # of a score that is greatest


def resolved(probe: ModelProbe, targets: Sequence[Objective]) -> tuple["Resolved", ...]:
    """Return each target resolved, as itself, for what is no run."""
    floors = ScoreFloors(probe)
    return tuple(Resolved(probe, target, floors) for target in targets)


@dataclass(frozen=True, eq=False)
class Term:
    """One term of a target: its weight, itself, and its structure."""

    weight: float
    objective: Objective
    leaf: Leaf


@dataclass(frozen=True, eq=False)
class Resolved:
    """One distinct target of a run; later stages ask it, and never the target again.

    Attributes:
        probe: The probe.
        given: The target.
        floors: The floors of scores, known to all targets of the run.
        joined: Whether interior nodes of a map are solved as the one in its middle: all of them are
            the same function of their crops.
        margin: Pixels around a crop that regularizers reach: nodes are joined when these are alike.
    """

    probe: ModelProbe
    given: Objective
    floors: ScoreFloors
    joined: bool = False
    margin: int = 0

    @cached_property
    def target(self) -> Objective:
        """What is solved for it."""
        return self.home if self.joined else self.given

    @cached_property
    def home(self) -> Objective:
        """Of an interior node, the one in the middle of its map; of other targets, themselves."""
        given, own = self.given, self.given_window(self.margin)
        if not (isinstance(given, Node) and isinstance(own, Window)):
            return given
        place = tuple(length // 2 for length in spatial_of(self.probe.shape_of(given.layer)))
        middle = replace(given, row=None, col=None, position=place)
        return middle if self._alike(own, self._windowed(middle, self.margin)) else given

    def _alike(self, one: Window, other: Window | str) -> bool:
        """Return whether two windows are the same problem at different places."""
        if isinstance(other, str):
            return False
        layer = layer_mask_of(self.probe.network, self.given)
        return (
            one.crop.geometry == other.crop.geometry
            and (one.shape, one.inside) == (other.shape, other.inside)
            and np.array_equal(one.cut(layer), other.cut(layer))
        )

    @cached_property
    def move(self) -> Move | None:
        """From where to where what is solved is moved; None where it lies where it belongs."""
        if self.target == self.given:  # said without planning crops, which tries the target out
            return None
        home, own = self.crop, self._given_crop
        if not (isinstance(home, Crop) and isinstance(own, Crop)):
            return None
        return home.place, own.place, spatial_of(own.geometry.shape)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The terms, in order."""
        return tuple(Term(w, term, leaf_of(term)) for w, term in terms_of(self.target))

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The structure of each term."""
        return tuple(term.leaf for term in self.terms)

    @cached_property
    def key(self) -> Hashable:
        """Equal for targets that can share a trace."""
        return tuple(leaf.key for leaf in self.leaves)

    @cached_property
    def digest(self) -> str:
        """Digest of the target, from which its randomness follows."""
        return self.target.digest()

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """The weight of each term."""
        return tuple(term.weight for term in self.terms)

    @cached_property
    def masks(self) -> tuple[FloatArray, FloatArray]:
        """(*spatial,) masks: what reaches the layer, and what reaches the target."""
        return masks_of(self.probe.network, self.target)

    @cached_property
    def crop(self) -> Crop | str:
        """The crop that what is solved can be climbed on, or why it needs the full image."""
        return self._why_whole or self._planned(self.target)

    @cached_property
    def _given_crop(self) -> Crop | str:
        return self._why_whole or self._planned(self.given)

    def window(self, margin: int) -> Window | str:
        """Return the crop that what is solved can be climbed on, with a margin, or why it cannot."""
        return self._why_whole or self._windowed(self.target, margin)

    def given_window(self, margin: int) -> Window | str:
        """Return the same of the target itself."""
        return self._why_whole or self._windowed(self.given, margin)

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """What tells it from other targets of its structure, on the full image."""
        return tuple(n for term in self.terms for n in numbers_of(term.objective))

    @cached_property
    def arrays(self) -> tuple[Array, ...]:
        """The arrays that tell it from them."""
        return tuple(a for term in self.terms for a in arrays_of(term.objective))

    @cached_property
    def numbers_on_crop(self) -> tuple[int, ...]:
        """The same on its crop, where places count from elsewhere."""
        offsets = dict(self.crop.offsets) if isinstance(self.crop, Crop) else {}
        return tuple(n for term in self.terms for n in numbers_of(term.objective, offsets))

    @cached_property
    def floor(self) -> float:
        """The score below which it cannot fall, and at which it may be dead; or -inf."""
        return sum(w * floor if w > 0 else -np.inf for w, floor in self._floors)

    @cached_property
    def ceiling(self) -> float:
        """The score that is the greatest there can be, but for float rounding; inf where none is known."""
        ends = [
            max(term.weight * end for end in score_bounds_of(term.objective))
            for term in self.terms
            if term.leaf.is_score and term.weight
        ]
        if any(np.isinf(end) for end in ends):
            return np.inf
        return sum(ends) - _ROUNDING * sum(map(abs, ends))

    @cached_property
    def floor_rounding(self) -> float:
        """How large the terms of the floor are, for what float rounding makes of their sum."""
        return sum(weight * abs(floor) for weight, floor in self._floors)

    @cached_property
    def _floors(self) -> tuple[tuple[float, float], ...]:
        scores = (term for term in self.terms if term.leaf.is_score)
        found: list[tuple[float, float]] = []
        for term in scores:
            floor = self.floors.of(term.objective) if term.weight > 0 else -np.inf
            found.append((term.weight, floor))
            if np.isneginf(floor):
                break
        return tuple(found)

    def _windowed(self, target: Objective, margin: int) -> Window | str:
        crop, image = self._planned(target), self.probe.image_shape
        return crop if isinstance(crop, str) else plan_window(crop, margin, image)

    def _planned(self, target: Objective) -> Crop | str:
        """Return the planned crop, made once for all channels."""
        network = self.probe.network
        reads = tuple(replace(read, channel=None) for read in reads_of(target))
        return network.remembered(("crop plan", reads), lambda: plan_crop(network, reads))

    @cached_property
    def _why_whole(self) -> str:
        """What in the target needs the full image, or nothing."""
        if isinstance(self.probe.input_space, JointSpace):
            return "several inputs are optimized together"
        if any(np.ndim(end) > 1 for end in self.probe.input_space.bounds or ()):
            return "the range of the input space differs from pixel to pixel"
        for _, term in terms_of(self.given):
            leaf = leaf_of(term)
            if not leaf.is_score or self._looks_at_images(leaf):
                return f"{type(term).__name__} looks at the whole image"
        return ""

    def _looks_at_images(self, leaf: Leaf) -> bool:
        """Whether an objective asks for ``seen.images``: it is run once on zeros to find out."""
        network = self.probe.network

        def look() -> bool:
            shapes = [shape_left(self.probe.shape_of(read[0]), read) for read in leaf.reads]
            values = [tf.zeros((2, *shape), network.dtype) for shape in shapes]
            indices = [0] * leaf.n_fields
            try:
                value_of(leaf, values, indices, arrays_of(leaf.template), self.probe.input_space)
            except LookedError:
                return True
            return False

        return network.remembered(("looks", leaf.key), look)
