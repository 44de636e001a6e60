"""Twins of what holds in every room: values, configs, the registry, a run."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from twins import Twin, broken

from featureprobe.objectives import MapMean
from featureprobe.regularizers import Clip, GaussianBlur, Regularizer
from featureprobe.regularizers.lifted import LiftedRegularizer
from featureprobe.testing import ObjectiveContract, RegularizerContract


@dataclass(unsafe_hash=True)
class Changeable(Regularizer):
    """A dataclass that is not frozen and hides it from Component."""

    kind: ClassVar[str] = "broken.changeable"
    strength: float = 1.0

    def __new__(cls, *args: Any, **kwargs: Any) -> "Changeable":
        """Skip the check that Component makes."""
        return object.__new__(cls)

    def apply(self, images, step):
        """Return the images."""
        return images


@dataclass(frozen=True)
class Listed(Regularizer):
    """A field that can be changed in place."""

    kind: ClassVar[str] = "broken.listed"
    strengths: list[float] = field(default_factory=lambda: [1.0])

    def apply(self, images, step):
        """Return the images."""
        return images


@dataclass(frozen=True)
class Parent(GaussianBlur):
    """A subclass that forgets its own kind."""


def with_config(**changes: Any) -> Any:
    """Return a blur whose config is changed; a change to None leaves the entry out."""

    def to_config(self, arrays=None):
        config = {**GaussianBlur.to_config(self, arrays), **changes}
        return {name: value for name, value in config.items() if value is not None}

    return broken(GaussianBlur, to_config=to_config)(0.6, size=3)


def _twin(method: str, make: Any, says: str, **kwargs: Any) -> Twin:
    return Twin(RegularizerContract, method, make, says, **kwargs)


VALUE, EQUAL = "test_is_a_frozen_value_with_its_own_kind", "test_equal_fields_make_equal_values"
REPR, JSON = "test_repr_names_the_class", "test_config_is_json"
FOUND, REVIVES = "test_is_found_by_its_kind", "test_revives_from_its_config_through_json"
RUNS = "test_runs_in_an_ascent"

TWINS = [
    _twin(VALUE, type("Thawed", (Clip,), {"kind": "broken.thawed"}), "frozen=True"),
    _twin(VALUE, Changeable, "can be changed"),
    _twin(VALUE, lambda: Parent(0.5), "revived as its parent"),
    _twin(VALUE, lambda: MapMean("conv1", channel=0), "is no Regularizer"),
    _twin(
        EQUAL,
        broken(Clip, __eq__=object.__eq__, __hash__=object.__hash__),
        "differs from its copy",
    ),
    _twin(EQUAL, broken(Clip, __hash__=object.__hash__), "hashes differ"),
    _twin(EQUAL, Listed, "cannot be hashed"),
    _twin(REPR, broken(Clip, __repr__=lambda self: "an operator"), "does not name BrokenClip"),
    _twin(REPR, broken(Clip, __repr__=lambda self: 1 / 0), "ZeroDivisionError"),
    _twin(JSON, lambda: with_config(sigma=np.float32(1)), "is not JSON"),
    _twin(JSON, lambda: with_config(sigma=float("nan")), "is not JSON"),
    _twin(JSON, lambda: with_config(sigma=(1.0, 2.0)), "JSON changes"),
    _twin(JSON, lambda: with_config(kind="gaussian"), "does not say its kind"),
    _twin(
        FOUND, broken(Clip), "project.entry-points.'featureprobe.regularizers'", registered=False
    ),
    _twin(FOUND, broken(Clip, kind="clip"), "belongs to", registered=False),
    _twin(REVIVES, lambda: with_config(size=None), "came back from its config"),
    _twin(REVIVES, lambda: with_config(width=3), "unknown field 'width'"),
    _twin(
        REVIVES,
        lambda: broken(LiftedRegularizer, _rebuild=classmethod(lambda cls, config: cls(abs)))(abs),
        "must never say which code to run",
    ),
    _twin(
        RUNS,
        broken(Clip, apply=lambda self, images, step: images / images.shape[0]),
        "shapes have None for N",
    ),
    _twin(
        RUNS,
        broken(Clip, apply=lambda self, images, step: images * float("nan")),
        "NaN or infinite",
    ),
    Twin(
        ObjectiveContract,
        RUNS,
        lambda: broken(MapMean, value=lambda self, seen: tf.constant(seen[0].numpy().mean((1, 2))))(
            "conv1", channel=1
        ),
        "does not run",
    ),
]
