"""Which layers are computed only for the maps that each image's own target reads."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import tensorflow as tf

from featureprobe.objectives.structure import Leaf
from featureprobe.probe.graph.layer_graph import Wanted
from featureprobe.probe.graph.reads import gather
from featureprobe.probe.layers.plain_conv import saves
from featureprobe.probe.network.cropped_network import CroppedNetwork
from featureprobe.probe.network.network import Network
from featureprobe.types import Tensor


@dataclass(frozen=True)
class Picked:
    """Where the read of a term finds its map.

    Attributes:
        path: The call that makes it.
        place: Which of the call's picked maps it is.
        number: Which of the row of numbers says what map that is.
    """

    path: str
    place: int
    number: int


@dataclass(frozen=True)
class Picking:
    """The reads that take one map of a layer that is computed for such maps only.

    Attributes:
        reads: What is picked, by (term, read).
    """

    reads: dict[tuple[int, int], Picked] = field(default_factory=dict)

    def maps(self, numbers: Tensor) -> dict[str, Tensor]:
        """Return the (N, k) maps to compute of each call, from all numbers (N, K) of the rows."""
        columns: dict[str, list[Tensor]] = {}
        for picked in self.reads.values():  # in the order of their places
            columns.setdefault(picked.path, []).append(numbers[:, picked.number])
        return {path: tf.stack(own, axis=1) for path, own in columns.items()}

    def take(
        self, key: tuple[int, int], values: Tensor, axes: Sequence[str], indices: Sequence[Tensor]
    ) -> Tensor:
        """Return what a read reads of a layer's output, all maps (N, ...) or the picked ones."""
        if key not in self.reads:
            return gather(values, axes, indices)
        place = self.reads[key].place
        left = [(a, i) for a, i in zip(axes, indices, strict=True) if a != "channel"]
        own = values[..., place : place + 1]
        return gather(own, [a for a, _ in left], [i for _, i in left])[..., 0]


def picking_of(
    network: Network | CroppedNetwork, leaves: Sequence[Leaf], wanted: Sequence[Wanted]
) -> Picking:
    """Return what can be picked: single maps of last layers, where the rest is most of the work."""
    if network.rows is not None:
        return Picking()
    graph = network.graph
    inner = {number for call in graph.needed(wanted) for number in call.sources}
    found: dict[str, list[tuple[tuple[int, int], int]]] = {}
    blocked, first = set(), 0
    for i, leaf in enumerate(leaves):
        column = first + leaf.n_fields
        for j, (layer, axes, _) in enumerate(leaf.reads):
            call = graph.call_of(layer)
            if "channel" in axes and not inner & set(call.results):
                found.setdefault(call.path, []).append(((i, j), column + axes.index("channel")))
            else:
                blocked.add(call.path)
            column += len(axes)
        first += leaf.n_numbers
    layers = {call.path: call.layer for call in graph.calls}
    return Picking(
        {
            key: Picked(path, place, number)
            for path, own in found.items()
            if path not in blocked and saves(layers[path], len(own))
            for place, (key, number) in enumerate(own)
        }
    )
