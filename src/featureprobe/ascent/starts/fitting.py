"""Candidates as their parameters show them: what is searched and climbed is never a raw image."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe._interrupts import stop_if_interrupted
from featureprobe._randomness import start_key
from featureprobe._spatial import spatial_of
from featureprobe.ascent.problem.starts import Images, Starts
from featureprobe.ascent.settings.settings import Settings
from featureprobe.ascent.step.each_input import for_each_input
from featureprobe.ascent.step.parameters import Parameters
from featureprobe.ascent.step.shared_numbers import tied
from featureprobe.constraints.base import Constraint
from featureprobe.constraints.default import resolve
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.state import Tree, take_rows
from featureprobe.types import FloatArray, ImageShape, Tensor

_BATCH_BYTES = 8 * 2**20  # of images; what a parameterization makes on its way to them is larger

Extras = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Fitting:
    """The parameterization of a run, outside its steps.

    Args:
        settings: The settings.
        probe: The probe.
        seed: The run's seed, from which the keys of starts follow.
    """

    settings: Settings
    probe: ModelProbe
    seed: int

    def fitted(self, images: FloatArray, numbers: Sequence[int]) -> Images:
        """Return images with their parameters, where these are carried, as those show them.

        Args:
            images: (n, *spatial, C) model units.
            numbers: Which start each of them is: its key follows from that.
        """
        if not self._parameters.carried:
            return Images(images)
        keys = np.stack([start_key(self.seed, number) for number in numbers])
        params = self._fitted(images, keys)
        return Images(self._rendered(params)[0], params)

    def given(self, starts: Starts) -> Starts:
        """Return starts whose images were given with their parameters, where these are carried."""
        if not self._parameters.carried:
            return starts
        numbers = np.zeros(len(starts.images), int)
        numbers[starts.index] = np.arange(starts.index.shape[1])
        return replace(starts, params=self.fitted(starts.images, numbers.tolist()).params)

    def shown(self, pool: Images) -> tuple[FloatArray, Extras]:
        """Return the images that parameters show, (n, *spatial, C) model units, and their extras."""
        if self._parameters.are_pixels:
            return pool.images, {}
        params = pool.params
        if params is None:  # what is exact does not depend on its key
            params = self._fitted(pool.images, np.zeros((len(pool), 2), np.int32))
        return self._rendered(params)

    def tied(self, starts: Starts) -> Starts:
        """Return starts of which those of a target share what they are to share, if anything."""
        names = self._parameters.of.shared
        if not names:
            return starts
        params = take_rows(starts.params, starts.index.ravel())
        size = tf.constant(self.settings.starts)
        params |= {name: np.asarray(tied(tf.constant(params[name]), size)) for name in names}
        index = np.arange(starts.index.size).reshape(starts.index.shape)
        return Starts(self._rendered(params)[0], index, starts.origins, params)

    @cached_property
    def _parameters(self) -> Parameters:
        space = self.probe.input_space
        given = for_each_input(self.settings, space).parameterization
        return Parameters(given, self.probe.image_shape, space)

    def _fitted(self, images: FloatArray, keys: npt.NDArray[np.int32]) -> Tree:
        fit, _ = self._calls
        return self._in_parts(fit, [images.astype(self.probe.network.dtype), keys])

    def _rendered(self, params: Tree) -> tuple[FloatArray, Extras]:
        images, extras = self._in_parts(self._calls[1], [params])
        return images.astype(np.float32), extras

    def _in_parts(self, run: Callable[..., Any], given: list[Tree]) -> Tree:
        """Return what a function makes of arrays (n, ...), a few images at a time."""
        count = len(tf.nest.flatten(given)[0])
        size = max(1, _BATCH_BYTES // (4 * math.prod(self.probe.image_shape)))
        parts = []
        for first in range(0, count, size):
            stop_if_interrupted()
            part = take_rows(given, np.arange(first, min(first + size, count)))
            made = run(*tf.nest.map_structure(tf.constant, list(part)))
            parts.append(tf.nest.map_structure(np.asarray, made))
        return tf.nest.map_structure(lambda *values: np.concatenate(values), *parts)

    @property
    def _calls(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """What fits projected images, and what renders their parameters, traced."""
        network, constraint = self.probe.network, self._constraint

        def make() -> tuple[Callable[..., Any], Callable[..., Any]]:
            shape, parameters = network.image_shape, self._parameters
            images = tf.TensorSpec((None, *shape), network.dtype)
            keys = tf.TensorSpec((None, 2), tf.int32)

            def fit(given: Tensor, own: Tensor) -> Tree:
                # On the set as pixels would be, whatever of it a target sees: all may start here.
                onto = constraint.project(given, _all_live(shape, network.dtype), parameters.space)
                return parameters.fit(onto, own)

            fitting = _traced(fit, [images, keys])
            params = tf.nest.map_structure(_any_rows, fitting.structured_outputs)

            def render(given: Tree) -> Any:
                return parameters.render(given)

            return fitting, _traced(render, [params])

        key = ("fitting", self.settings.parameterization, constraint, self.probe.input_space)
        return network.compiled(key, make)

    @cached_property
    def _constraint(self) -> Constraint:
        return resolve(self.settings.constraint, self.probe.input_space)


def _traced(function: Callable[..., Any], signature: list[Any]) -> Any:
    traced = tf.function(function, input_signature=signature, autograph=False)
    return traced.get_concrete_function()


def _any_rows(tensor: Any) -> Any:
    return tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype)


def _all_live(shape: ImageShape, dtype: str) -> LivePixels:
    """Return live pixels where every pixel counts."""
    one = (1,) * (len(shape) + 1)
    ones, nothing = tf.ones((1, *spatial_of(shape), 1), dtype), tf.zeros(one, dtype)
    count = tf.fill(one, tf.constant(math.prod(shape), dtype))
    return LivePixels(ones, ones, count, nothing, nothing, whole=True)
