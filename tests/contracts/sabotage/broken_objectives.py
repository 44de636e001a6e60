"""Twins of the promises of objectives."""

from dataclasses import KW_ONLY, dataclass
from itertools import count
from typing import Any, ClassVar

import tensorflow as tf
from twins import Twin, broken

from featureprobe import ArrayValue, PerTarget
from featureprobe.objectives import InputNorm, MapMean, Objective, WeightedSum
from featureprobe.testing import ObjectiveContract
from featureprobe.types import Read

mean = MapMean.value
_calls = count()


@tf.custom_gradient
def backwards(values):
    """Give the values, with their gradient turned round."""
    return tf.identity(values), lambda upstream: -upstream


@dataclass(frozen=True)
class PlainChannel(Objective):
    """A channel that is no Index: each target would be traced by itself."""

    kind: ClassVar[str] = "broken.plain_channel"
    layer: str
    _: KW_ONLY
    channel: int

    def reads(self):
        """Return the map."""
        return (Read(self.layer, channel=self.channel),)

    def value(self, seen):
        """Return the mean."""
        return tf.reduce_mean(seen[0], axis=(1, 2))


@dataclass(frozen=True)
class FirstDirection(Objective):
    """Takes the first target's direction for all images."""

    kind: ClassVar[str] = "broken.first_direction"
    layer: str
    _: KW_ONLY
    direction: PerTarget

    def reads(self):
        """Return the whole layer."""
        return (Read(self.layer),)

    def value(self, seen):
        """Return the mean along one direction."""
        return tf.reduce_mean(seen[0] * tf.cast(self.direction[0], seen[0].dtype), axis=(1, 2, 3))


@dataclass(frozen=True)
class Accumulating(InputNorm):
    """Multiplies itself instead of building a sum."""

    kind: ClassVar[str] = "broken.accumulating"
    scale: float = 1.0

    def value(self, seen):
        """Return the scaled norm."""
        return self.scale * InputNorm.value(self, seen)

    def __mul__(self, weight):
        object.__setattr__(self, "scale", self.scale * weight)
        return WeightedSum(((1.0, self),))

    __rmul__ = __mul__


def _map_mean(**members: Any) -> Any:
    return lambda: broken(MapMean, **members)("conv2", channel=3)


def _value(function: Any) -> Any:
    """Return a maker of a map mean whose value is ``function(self, seen)``."""
    return _map_mean(value=function)


def _twin(method: str, make: Any, says: str) -> Twin:
    return Twin(ObjectiveContract, method, make, says)


READS, SEES = "test_declares_its_reads", "test_sees_only_what_it_reads"
SCORE, GREY = "test_gives_one_finite_score_per_image", "test_is_finite_on_a_constant_image"
ALONE, GRADIENT = "test_no_image_affects_another", "test_a_gradient_reaches_every_image"

TWINS = [
    _twin(READS, _map_mean(reads=lambda self: [Read("conv2")]), "Return a tuple"),
    _twin(READS, _map_mean(reads=lambda self: (Read("conv9"),)), "does not fit the model"),
    _twin(
        READS,
        _map_mean(reads=lambda self: (Read("conv2", channel=next(_calls) % 2),)),
        "changes from call to call",
    ),
    _twin(SEES, _value(lambda self, seen: mean(self, seen) + seen[1]), "declare everything"),
    _twin(SCORE, _value(lambda self, seen: tf.reduce_mean(seen[0])), r"shape \(N,\)"),
    _twin(SCORE, _value(lambda self, seen: tf.reduce_mean(seen[0])[None]), "1 scores for 3 images"),
    _twin(SCORE, _value(lambda self, seen: tf.math.log(-mean(self, seen))), "are not finite"),
    _twin(
        GREY,
        _value(lambda self, seen: tf.math.reduce_std(seen.images, axis=(1, 2, 3))),
        "constant image",
    ),
    _twin(
        ALONE,
        _value(lambda self, seen: tf.reduce_sum(mean(self, seen)) + 0 * mean(self, seen)),
        "alone and in a batch",
    ),
    _twin(
        ALONE,
        _value(lambda self, seen: mean(self, seen) * tf.cast(self.channel[0], tf.float32)),
        "alone and in a batch",
    ),
    _twin(
        ALONE,
        lambda: FirstDirection("conv2", direction=ArrayValue(range(1, 7))),
        "alone and in a batch",
    ),
    _twin(GRADIENT, _value(lambda self, seen: tf.round(9 * mean(self, seen))), "3 of 3 images"),
    _twin(
        GRADIENT,
        _value(lambda self, seen: mean(self, seen) * tf.eye(3)[0, : tf.shape(seen[0])[0]]),
        "2 of 3 images",
    ),
    _twin(
        GRADIENT,
        _value(lambda self, seen: mean(self, seen) + tf.sqrt(tf.nn.relu(-mean(self, seen)))),
        "not finite",
    ),
    _twin(
        "test_a_small_step_along_the_gradient_raises_it",
        _value(lambda self, seen: backwards(mean(self, seen))),
        "Check custom gradients",
    ),
    _twin(
        "test_operators_obey_arithmetic",
        _map_mean(__rmul__=lambda self, weight: WeightedSum(((1.0, self),))),
        r"2 \* a \+ b does not obey",
    ),
    _twin(
        "test_operators_obey_arithmetic",
        _map_mean(__neg__=lambda self: self, __sub__=Objective.__add__),
        "a - b does not obey",
    ),
    _twin("test_operators_leave_operands_as_they_are", Accumulating, "changed its operand"),
    _twin(
        "test_targets_of_one_structure_share_a_trace",
        lambda: PlainChannel("conv2", channel=3),
        "Mark these fields as fp.Index",
    ),
    _twin(
        "test_the_score_is_the_number_that_it_names",
        _map_mean(
            value=lambda self, seen: 2.0 * mean(self, seen),
            reads=MapMean.reads,
            shown_unit=MapMean.shown_unit,
        ),
        "Name the number that value",
    ),
    _twin(
        "test_scores_stay_within_the_bounds_that_it_states",
        _map_mean(score_bounds=lambda self: (0.0, 1e-3)),
        "outside the bounds 0 to 0.001",
    ),
    _twin(
        "test_label_names_its_layers",
        _map_mean(label=property(lambda self: f"channel {self.channel}")),
        "does not name .'conv2'.",
    ),
]
