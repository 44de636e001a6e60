"""A network that runs on the part of the image that some reads depend on."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf

from featureprobe.probe.activations import Twin
from featureprobe.probe.crop_plan import CropStep, Geometry, Slice
from featureprobe.probe.crop_rules import Pads
from featureprobe.probe.layer_graph import Call, LayerGraph, Wanted
from featureprobe.probe.network import Compiling, Network
from featureprobe.probe.redirection import activation_of, redirect
from featureprobe.types import ImageShape, Tensor


class CroppedNetwork(Compiling):
    """The layer graph as a function of crops of one geometry.

    Values and gradients are those of the full image, to float rounding.

    Args:
        network: The net on full images.
        geometry: From :func:`plan_crop`.
    """

    def __init__(self, network: Network, geometry: Geometry) -> None:
        super().__init__()
        self._network = network
        self._geometry = geometry
        self._twins: dict[tuple[str, bool], Twin] = {}

    @property
    def graph(self) -> LayerGraph:
        """The layer graph, of the full net."""
        return self._network.graph

    @property
    def image_shape(self) -> ImageShape:
        """(h, w, C) of one crop."""
        return self._geometry.shape

    @property
    def dtype(self) -> str:
        """The dtype that the image input wants."""
        return self._network.dtype

    def prepare(self, wanted: Sequence[Wanted], *, redirected: bool = False) -> None:
        """Make what a trace cannot make: layers with other padding, or without activation."""
        self.graph.prepare(wanted, redirected=redirected)
        for step in self._geometry.steps:
            layer = self._calls[step.path].layer
            if step.kind == "window" and (step.path, False) not in self._twins:
                self._twins[step.path, False] = Twin(layer, padding="valid")
                linear = {"activation": "linear"} if hasattr(layer, "activation") else {}
                self._twins[step.path, True] = Twin(layer, padding="valid", **linear)

    def forward(
        self, images: Tensor, wanted: Sequence[Wanted], *, redirected: bool = False
    ) -> list[Tensor]:
        """Compute layers for crops (N, h, w, C) in model units; see :meth:`Network.forward`.

        Each value holds only the region that is needed of it.
        """
        values: dict[int, Tensor] = {self._network.image_input: images}
        before: dict[int, Tensor] = {}
        stripped = {self.graph.number_of(path) for path, pre in wanted if pre}
        for step in self._geometry.steps:
            call = self._calls[step.path]
            own = {n: _taken(values[n], s) for n, s in zip(call.sources, step.slices, strict=True)}
            function = activation_of(call.layer, call.path) if redirected else None
            if stripped & set(call.results):
                before[call.results[0]] = self._run(call, step, own, linear=True)[0]
            if function is None:
                made = self._run(call, step, own)
            else:
                made = [redirect(function, v) for v in self._run(call, step, own, linear=True)]
            values.update(zip(call.results, made, strict=True))
        return [(before if pre else values)[self.graph.number_of(path)] for path, pre in wanted]

    def _run(
        self, call: Call, step: CropStep, own: Mapping[int, Tensor], *, linear: bool = False
    ) -> list[Tensor]:
        """Return a call's results for the regions that it gets, maybe before its activation."""
        if step.kind == "padding":
            return [_padded(own[call.sources[0]], step.pads)]
        if step.kind != "window":
            return self.graph.before_activation(call, own) if linear else call.run(own)
        source, twin = own[call.sources[0]], self._twins[step.path, linear]
        if isinstance(call.layer, keras.layers.MaxPooling2D):
            return [twin(_padded(source, step.pads, source.dtype.min))]
        made = twin(_padded(source, step.pads))
        if isinstance(call.layer, keras.layers.AveragePooling2D) and step.pads != ((0, 0), (0, 0)):
            made /= twin(_padded(tf.ones_like(source), step.pads))  # a mean of real values only
        return [made]

    @cached_property
    def _calls(self) -> dict[str, Call]:
        return {call.path: call for call in self.graph.calls}

    def bytes_per_image(self, wanted: Sequence[Wanted]) -> int:
        """Return the memory of all values for one crop, in bytes; an upper estimate."""
        full = self._network.bytes_per_image(wanted)
        share = np.prod(self.image_shape) / np.prod(self._network.image_shape)
        return int(full * float(share)) + 1


def _taken(values: Tensor, part: Slice | None) -> Tensor:
    """Return a region of a value (N, h, w, C)."""
    if part is None:
        return values
    (top, height), (left, width) = part
    return values[:, top : top + height, left : left + width]


def _padded(values: Tensor, pads: Pads, constant: float = 0.0) -> Tensor:
    """Return a value with rows and columns added."""
    if pads == ((0, 0), (0, 0)):
        return values
    return tf.pad(values, [(0, 0), *pads, (0, 0)], constant_values=constant)
