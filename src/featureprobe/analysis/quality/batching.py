"""How many images go through a net at once."""

from featureprobe.probe.graph.layer_graph import Wanted
from featureprobe.probe.model_probe import ModelProbe

_BYTES = 2**28


def portion(probe: ModelProbe, *wanted: Wanted, most: int, gradients: bool = False) -> int:
    """Return how many images fit into a quarter of a GiB with all values that are needed.

    Args:
        probe: The opened model.
        *wanted: (path, pre) pairs of the layers that are read.
        most: As many at most.
        gradients: Whether gradients are taken, which need about three times as much.
    """
    size = probe.network.bytes_per_image(wanted) * (3 if gradients else 1)
    return max(1, min(most, _BYTES // size))
