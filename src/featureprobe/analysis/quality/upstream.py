"""Which layers come before a unit's own, and which of them compute the unit itself."""

from collections.abc import Sequence

import keras

from featureprobe.evidence.collecting import chosen_layers
from featureprobe.probe.graph.call import Call
from featureprobe.probe.layers.keras_own import is_keras_own
from featureprobe.probe.model_probe import ModelProbe


def layers_before(probe: ModelProbe, layer: str, chosen: Sequence[str] | None) -> tuple[str, ...]:
    """Return the layers upstream of ``layer``, from the image on.

    Args:
        probe: The opened model.
        layer: Path of the layer, or the output.
        chosen: Paths to choose from; None: those with weights.

    Raises:
        UnknownLayerError: When one is unknown.
    """
    for path in () if chosen is None else chosen:
        probe.shape_of(path)
    graph = probe.network.graph
    wanted, found = {graph.number_of(layer)}, set()
    for call in reversed(graph.calls):
        if wanted & set(call.results):
            wanted |= set(call.sources)
            found |= set(call.names)
    own = set(graph.call_of(layer).names)
    return tuple(path for path in chosen_layers(probe, chosen) if path in found - own)


def own_layers(probe: ModelProbe, layer: str) -> frozenset[str]:
    """Return the layers that compute the units of ``layer`` one by one, back to their weighted sum.

    Behind a normalization, an activation, a sum of branches or a pooling stands the convolution or
    dense layer whose channel k is the unit k: what it contributes is the unit itself.

    Args:
        probe: The opened model.
        layer: Path of the layer, or the output.
    """
    graph = probe.network.graph
    maker = {number: call for call in graph.calls for number in call.results}
    waiting, found = [graph.number_of(layer)], frozenset[str]()
    while waiting:
        call = maker.get(waiting.pop())
        if call is None or set(call.names) <= found:
            continue
        found |= set(call.names)
        if not _mixes(call):
            waiting.extend(call.sources)
    return found


def _mixes(call: Call) -> bool:
    """Whether a layer makes channels out of other channels."""
    if type(call.layer) is keras.layers.DepthwiseConv2D and is_keras_own(call.layer):
        return False
    return any(len(weight.shape) > 1 for weight in getattr(call.layer, "weights", ()))
