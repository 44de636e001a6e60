"""The score of images for one map or node, and where its values come from."""

import numpy as np
import numpy.typing as npt

from featureprobe.ascent.problem.targets import check_reads
from featureprobe.errors import ConfigError
from featureprobe.objectives.map_mean import MapMean
from featureprobe.objectives.node import Node
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray


def checked_target(probe: ModelProbe, target: object) -> MapMean | Node:
    """Return a target that is a map's mean or a node, or raise one clear error."""
    if not isinstance(target, MapMean | Node):
        raise ConfigError(
            f"The target is an fp.MapMean or an fp.Node. Received: {target!r}. "
            "Give the objective that the image was made for."
        )
    check_reads(probe, target)
    return target


def shares_of_nodes(target: MapMean | Node, shape: tuple[int, ...]) -> FloatArray:
    """Return what the target's score takes of each value of its layer's output, in its shape."""
    weights = np.zeros(shape, np.float32)
    if isinstance(target, MapMean):
        weights[..., target.channel] = 1 / np.prod(shape[:-1])
    else:
        weights[target.reads()[0].indices] = 1.0
    return weights


def scores_of(
    probe: ModelProbe, target: MapMean | Node, images: FloatArray
) -> npt.NDArray[np.float64]:
    """Return (N,) scores of images (N, H, W, C) in pixel units."""
    values = probe.activations(images, target.layer, pre=target.pre)
    weights = shares_of_nodes(target, values.shape[1:]).astype(np.float64)
    flat = values.reshape(len(values), -1).astype(np.float64)
    return np.asarray(flat @ weights.ravel())
