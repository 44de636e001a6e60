"""A network that runs on the part of the image that some reads depend on."""

import copy
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf

from featureprobe.probe.fields.crop_rules import Pads, Picks
from featureprobe.probe.graph.call import Call
from featureprobe.probe.graph.layer_graph import LayerGraph, Wanted
from featureprobe.probe.layers.boundary import at_rest
from featureprobe.probe.layers.plain_conv import Kernels
from featureprobe.probe.layers.redirection import activation_of, redirect
from featureprobe.probe.layers.twin import twin_of, without_activation
from featureprobe.probe.network.compiled_calls import Compiling
from featureprobe.probe.network.crop_plan import CropStep, Geometry, Slice
from featureprobe.probe.network.network import Network
from featureprobe.types import ImageShape, Tensor

_L = keras.layers
_MAXIMA = (_L.MaxPooling1D, _L.MaxPooling2D, _L.MaxPooling3D)
_MEANS = (_L.AveragePooling1D, _L.AveragePooling2D, _L.AveragePooling3D)


class CroppedNetwork(Compiling):
    """The layer graph as a function of crops of one geometry.

    Values and gradients are those of the full image, to float rounding.

    Args:
        network: The net on full images.
        geometry: From :func:`plan_crop`.
    """

    def __init__(self, network: Network, geometry: Geometry) -> None:
        super().__init__(network, geometry)
        self._network = network
        self._geometry = geometry

    def computed_by(self, kernels: Kernels) -> Self:
        """Return this network with other kernels; see :meth:`Network.computed_by`."""
        other = copy.copy(self)
        other._network = self._network.computed_by(kernels)
        return other

    @property
    def graph(self) -> LayerGraph:
        """The layer graph, of the full net."""
        return self._network.graph

    @property
    def image_shape(self) -> ImageShape:
        """(*spatial, C) of one crop."""
        return self._geometry.shape

    @property
    def dtype(self) -> str:
        """Of images, answers and gradients; see :class:`Network`."""
        return self._network.dtype

    @property
    def rows(self) -> None:
        """Crops are of nets that take any number of images."""
        return None

    @property
    def half(self) -> bool:
        """Whether some of the model's numbers have 16 bits or fewer."""
        return self._network.half

    def prepare(self, wanted: Sequence[Wanted], *, redirected: bool = False) -> None:
        """Find out, before a trace, whether all can be had."""
        self.graph.prepare(wanted, redirected=redirected)

    def forward(
        self,
        images: Tensor,
        wanted: Sequence[Wanted],
        *,
        redirected: bool = False,
    ) -> list[Tensor]:
        """Compute layers for crops (N, *spatial, C) in model units; see :meth:`Network.forward`.

        Each value holds only the region that is needed of it.
        """
        values = self._network.feeding.shown(images)
        before: dict[int, Tensor] = {}
        steps = self.graph.steps_before(wanted)
        with at_rest():
            for step in self._geometry.steps:
                call = self._calls[step.path]
                parts = list(zip(call.sources, step.slices, strict=True))
                own = {n: _taken(values[n], part) for n, part in parts}
                run = partial(self._run, call, step)
                function = activation_of(call.layer, call.path) if redirected else None
                if function is None:
                    made = run(own, linear=False)
                else:
                    made = [redirect(function, value) for value in run(own, linear=True)]
                values.update(zip(call.results, made, strict=True))
                way = steps.get(call.results[0])
                if way == "moved":
                    moved = {n: _taken(before.get(n, values[n]), part) for n, part in parts}
                    before.update(zip(call.results, run(moved, linear=False), strict=True))
                elif way is not None:
                    off = run(own, linear=True) if way == "off" else made
                    before.update(zip(call.results, off, strict=True))
        return [
            tf.cast((before if pre else values)[self.graph.number_of(path)], self.dtype)
            for path, pre in wanted
        ]

    def _run(
        self,
        call: Call,
        step: CropStep,
        own: Mapping[int, Tensor],
        *,
        linear: bool,
    ) -> list[Tensor]:
        """Return a call's results for the regions that it gets, maybe before its activation."""
        if step.kind in ("pointwise", "whole"):
            return self.graph.results(call, own, linear=linear)
        if step.kind == "window":
            return [self._windowed(call, own[call.sources[0]], step.pads, linear=linear)]
        source = _padded(own[call.sources[0]], step.pads)
        if step.kind == "reshaped":
            channels = self._network.shapes[call.results[0]][-1]
            made = tf.reshape(source, [-1, *source.shape[1:-1], channels])
        elif step.kind == "cut":
            made = call.run({call.sources[0]: source})[0]
        elif step.kind == "transposed":
            made = _unpadded(call.layer, linear=linear, output_padding=None)(source)
        else:  # positions are moved; nothing else happens
            made = source
        # A layer that moves values also casts them to what it computes in.
        made = tf.cast(made, getattr(call.layer, "compute_dtype", None) or made.dtype)
        return [made if step.picks is None else _picked(made, step.picks)]

    def _windowed(self, call: Call, own: Tensor, pads: Pads, *, linear: bool) -> Tensor:
        """Return what a layer makes of a region by a window, padded here."""
        layer = call.layer
        low = own.dtype.min if type(layer) in _MAXIMA else 0
        source = _padded(own, pads, low)
        made = self.graph.kernels.on_padded(call.path, layer, source, linear=linear)
        if made is not None:
            return made
        twin = _unpadded(layer, linear=linear)
        made = twin(source)
        if type(layer) in _MEANS and any(map(any, pads)):
            made /= twin(_padded(tf.ones_like(own), pads))  # a mean of real values only
        return made

    @cached_property
    def _calls(self) -> dict[str, Call]:
        return {call.path: call for call in self.graph.calls}

    def bytes_per_image(self, wanted: Sequence[Wanted]) -> int:
        """Return the memory of all values for one crop, in bytes; an upper estimate."""
        full = self._network.bytes_per_image(wanted)
        share = np.prod(self.image_shape) / np.prod(self._network.image_shape)
        return int(full * float(share)) + 1


def _unpadded(layer: Any, *, linear: bool, **changes: Any) -> Any:
    """Return a twin without padding, and maybe without its activation."""
    twin = twin_of(layer, padding="valid", **changes)
    return without_activation(twin) if linear and hasattr(layer, "activation") else twin


def _picked(values: Tensor, picks: Picks) -> Tensor:
    """Return positions of a value (N, *spatial, C) along each axis."""
    for axis, places in enumerate(picks, start=1):
        first, count = places[0], len(places)
        if places == tuple(range(first, first + count)):
            own = [slice(None)] * axis + [slice(first, first + count)]
            values = values[tuple(own)]
        else:
            values = tf.gather(values, places, axis=axis)
    return values


def _taken(values: Tensor, part: Slice | None) -> Tensor:
    """Return a region of a value (N, *spatial, C)."""
    if part is None:
        return values
    return values[(slice(None), *(slice(first, first + length) for first, length in part))]


def _padded(values: Tensor, pads: Pads, constant: float = 0.0) -> Tensor:
    """Return a value with positions added at its ends."""
    if not any(map(any, pads)):
        return values
    return tf.pad(values, [(0, 0), *pads, (0, 0)], constant_values=constant)
