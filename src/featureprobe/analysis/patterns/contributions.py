"""Who carries the decision: a logit margin split into shares of an earlier layer's nodes."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Count, checked
from featureprobe._kinds import OWN, is_whole
from featureprobe.analysis.finding import Finding
from featureprobe.errors import ConfigError, RangeError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.probe.network.tail import tail_of
from featureprobe.types import OUTPUT, FloatArray, Floats


@dataclass(frozen=True, eq=False, repr=False)
class Contributions(Finding):
    """The shares of a layer's nodes in the margin between two classes, image by image.

    Options of ``plot``: ``image`` (its place; None: mean shares, and the image with the median
    margin), ``columns`` (maps per row) and ``numbers``, as for ``plotting.show_maps``.

    Args:
        layer: Path of the layer.
        first: The class that the margin speaks for.
        second: The class that it speaks against.
        contributions: (N, H, W, C) or (N, n), in units of the logits.
        bias: (N,) the share of the biases behind the layer.
        margin: (N,) the margin as the net computes it.
        obstacle: Why the split is not exact; empty when it is. Then ``bias`` is what is left over.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> found = fp.analysis.split_margin(probe, images[labels == 4], "Conv2D_3", 4, 9)
        >>> found.by_map.shape, found.largest_maps(3).shape
        ((200, 128), (3,))
    """

    kind: ClassVar[str] = "contributions"
    renamed: ClassVar[Mapping[str, str]] = {"favour": "first", "over": "second"}
    _shapes: ClassVar[str] = "contributions: N ...; bias: N; margin: N"
    layer: str
    _: KW_ONLY
    first: int
    second: int
    contributions: FloatArray
    bias: Floats
    margin: Floats
    obstacle: str = ""

    @property
    def exact(self) -> bool:
        """Whether the shares add up to the margin by themselves, not by definition."""
        return not self.obstacle

    @property
    def error(self) -> Floats:
        """The sum of shares less the margin, over the sum of the shares' magnitudes, (N,)."""
        flat = self.contributions.reshape(len(self.margin), -1).astype(np.float64)
        total = np.abs(flat).sum(axis=1) + np.abs(self.bias)
        gap = np.abs(flat.sum(axis=1) + self.bias - self.margin)
        return np.asarray(gap / np.where(total > 0, total, 1))

    @property
    def by_map(self) -> Floats:
        """(N, C) shares summed over the nodes of each map."""
        values = self.contributions.astype(np.float64)
        axes = tuple(range(1, values.ndim - 1))
        return np.asarray(values.sum(axis=axes))

    @checked
    def largest_maps(self, count: Count = 8) -> npt.NDArray[np.int64]:
        """Return the maps (or dense nodes) with the largest mean shares for ``first``.

        Args:
            count: How many.
        """
        _checks.whole("count", count, least=1)
        return np.argsort(-self.by_map.mean(axis=0), kind="stable")[:count]

    @property
    def mean(self) -> Floats:
        """The mean share of each node over the images, in the layer's shape."""
        return np.asarray(self.contributions.mean(axis=0, dtype=np.float64))

    @property
    def verdict(self) -> str:
        """How concentrated the decision is."""
        mean = np.sort(np.abs(self.mean).ravel())[::-1]
        half = int(np.searchsorted(np.cumsum(mean), mean.sum() / 2)) + 1
        how = "exactly" if self.exact else f"only roughly (gradient x activation: {self.obstacle})"
        return (
            f"{self.layer}: the margin {self.first} over {self.second} splits {how} into shares of "
            f"{mean.size} nodes and the biases; the {half} largest mean shares, signs aside, make "
            "half of the sum of all."
        )

    @checked
    def waterfall(
        self, image: Annotated[int, OWN], *, count: Count = 12
    ) -> list[tuple[str, float]]:
        """Return the parts of one image's margin: the largest maps or nodes, the rest, the biases.

        Args:
            image: Its place.
            count: Parts that are named.

        Raises:
            RangeError: When there is no such image.
        """
        self._check_image(image)
        _checks.whole("count", count, least=1)
        parts = self.by_map[image]
        order = np.argsort(-np.abs(parts), kind="stable")
        word = "map" if self.contributions.ndim > 2 else "node"
        named = [(f"{word} {k}", float(parts[k])) for k in order[:count]]
        rest = float(parts[order[count:]].sum())
        left = [(f"{len(order) - count} others", rest)] if len(order) > count else []
        return [*named, *left, ("biases" if self.exact else "not split", float(self.bias[image]))]

    def _check_image(self, image: int) -> None:
        last = len(self.margin) - 1
        if not is_whole(image) or not 0 <= image <= last:
            raise RangeError(f"image is 0..{last}. Received {image!r}. Give another one.")

    @property
    def _size(self) -> tuple[float, float]:
        return 13.0, 5.6


@checked
def split_margin(
    probe: ModelProbe, images: npt.ArrayLike, layer: str, first: int, second: int
) -> Contributions:
    """Split the margin ``logit(first) - logit(second)`` into shares of a layer's nodes.

    Where everything after the layer is piecewise linear (dense and convolution layers, ReLU,
    max-pooling, inference-mode normalization), the split is exact: for each image the net behind the
    layer is one affine function, a node's share is its activation times its slope, and the biases
    have the rest. Elsewhere it is gradient x activation, and the result says so.

    Args:
        probe: The opened model.
        images: (N, H, W, C), pixel units.
        layer: Path of a layer that all paths to the output go through.
        first: Number of an output.
        second: Number of another output.

    Returns:
        The shares, in units of the logits (the output before its activation).

    Raises:
        ModelError: When a path to the output avoids the layer, or the output is no vector.
        RangeError: When there is no such output.
        ConfigError: When both outputs are the same.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> found = split_margin(probe, images[labels == 4][:20], "Conv2D_3", 4, 9)
        >>> found.exact, bool(found.error.max() < 1e-6)
        (True, True)
    """
    weights = margin_weights(probe, first, second)
    tail = tail_of(probe.network, layer)
    values = probe.activations(images, layer)
    margin, shares, bias = tail.split(values, weights)
    obstacle = tail.obstacle or ""
    if obstacle:
        bias = margin - shares.reshape(len(margin), -1).sum(axis=1, dtype=np.float64)
    return Contributions(
        layer,
        first=int(first),
        second=int(second),
        contributions=shares,
        bias=np.asarray(bias, np.float64),
        margin=np.asarray(margin, np.float64),
        obstacle=obstacle,
    )


def margin_weights(probe: ModelProbe, first: int, second: int) -> FloatArray:
    """Return (K,) weights of the outputs: 1 for ``first``, -1 for ``second``, else 0."""
    shape = probe.shape_of(OUTPUT)
    if len(shape) != 1:
        raise ConfigError(
            f"A margin is between two entries of an output vector, but the model gives {shape}. "
            "Probe a model that classifies."
        )
    for index in (first, second):
        if not 0 <= _checks.whole("an output", index, least=0) < shape[0]:
            outputs = "1 output" if shape[0] == 1 else f"{shape[0]} outputs"
            raise RangeError(f"The model has {outputs}, counted from 0. Received {index}.")
    if first == second:
        raise ConfigError(f"A margin is between two outputs. Received {first} twice.")
    weights = np.zeros(shape[0], np.float32)
    weights[first], weights[second] = 1.0, -1.0
    return weights
