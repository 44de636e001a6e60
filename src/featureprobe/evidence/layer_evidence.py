"""What real images say about the units of one layer."""

import math
from dataclasses import KW_ONLY, dataclass

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Share, checked
from featureprobe.errors import ConfigError, RangeError
from featureprobe.types import FloatArray

MEASURES = ("peak", "mean")


@dataclass(frozen=True, eq=False, repr=False)
class Answers:
    """One number an image, for each of U units: how it is spread over a data set.

    Args:
        mean: (U,) mean over images, activations.
        std: (U,) standard deviation over images.
        least: (U,) smallest value.
        active: (U,) share of images with a value above 0, 0..1.
        top_values: (U, k) the largest values, falling.
        top_images: (U, k) positions of their images in the data set.
        top_nodes: (U, k) the node that gave the value, counted row by row; 0 for dense nodes.
        kept: (U, M) values that stand for all, see ``quantile``.
        weights: (M,) how many images each column of ``kept`` stands for.
        sampled: (R, U) values of the sampled images.
    """

    _: KW_ONLY
    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]
    least: FloatArray
    active: npt.NDArray[np.float64]
    top_values: FloatArray
    top_images: npt.NDArray[np.int64]
    top_nodes: npt.NDArray[np.int64]
    kept: FloatArray
    weights: npt.NDArray[np.float64]
    sampled: FloatArray

    def __repr__(self) -> str:
        return f"<Answers of {len(self.mean)} units, {int(self.weights.sum())} images>"

    @property
    def largest(self) -> FloatArray:
        """(U,) the largest value."""
        return self.top_values[:, 0]

    def quantile(self, share: npt.ArrayLike) -> FloatArray:
        """Return the values that a share of all images does not exceed.

        Exact for up to 1,024 images; beyond, the share is off by less than 0.005 for up to 10^6.

        Args:
            share: A number or an array (Q,), 0..1.

        Returns:
            (U,), or (Q, U).

        Raises:
            RangeError: When a share lies outside 0..1.
        """
        shares = _checks.numbers(share, "share").astype(np.float64)
        if not ((shares >= 0) & (shares <= 1)).all():
            raise RangeError(f"A share lies in 0..1. Received: {share!r}.")
        order = np.argsort(self.kept, axis=1, kind="stable")
        ranked = np.take_along_axis(self.kept, order, axis=1)
        ranks = np.cumsum(self.weights[order], axis=1)
        wanted = np.ceil(shares.reshape(-1, 1) * ranks[0, -1]).clip(1)
        places = np.array([[np.searchsorted(r, w) for r in ranks] for w in wanted[:, 0]])
        found = np.take_along_axis(ranked, places.T, axis=1).T
        return found[0] if shares.ndim == 0 else found

    @checked
    def strong(self, share: Share = 0.99) -> float:
        """Return the value that a share of all answers of all units does not exceed.

        Args:
            share: 0..1.
        """
        values = self.kept.ravel()
        order = np.argsort(values, kind="stable")
        ranks = np.cumsum(np.broadcast_to(self.weights, self.kept.shape).ravel()[order])
        return float(values[order][np.searchsorted(ranks, share * ranks[-1])])

    @checked
    def percentile(self, unit: int, score: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the percentage of images with a value of at most ``score``.

        Among the top examples the count is exact, so 100 means above every image.

        Args:
            unit: Number of the unit.
            score: A number or an array, activations.

        Returns:
            0..100, of the shape of ``score``; NaN where that is.

        Raises:
            RangeError: When there is no such unit.
        """
        _check_unit(unit, len(self.mean))
        scores = _checks.numbers(score, "score").astype(np.float64)
        total = self.weights.sum()
        order = np.argsort(self.kept[unit])
        ranks = np.concatenate([[0.0], np.cumsum(self.weights[order])])
        below = ranks[np.searchsorted(self.kept[unit][order], scores, side="right")]
        top = self.top_values[unit]
        above = len(top) - np.searchsorted(top[::-1], scores, side="right")
        share = np.where(scores >= top[-1], (total - above) / total, below / total)
        return np.where(np.isnan(scores), np.nan, 100.0 * share)


@dataclass(frozen=True, eq=False, repr=False)
class LayerEvidence:
    """What the images of a data set excite in one layer: maps, or nodes of a dense layer.

    Args:
        layer: Path of the layer.
        kind: What the layer is, such as ``"Conv2D"``.
        shape: Its output shape without the batch axis.
        count: Number of images.
        peak: Of a map's strongest node; of a dense node its value.
        mean: Of the mean over a map's nodes, as ``fp.MapMean`` scores it; of a dense node its value.
        spans: For each spatial axis of the image (positions, 2): the first place along it that each
            position of the maps sees, and the one behind the last.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> conv = fp.Evidence.collect(probe, images[:100], "Conv2D_3", top=4)["Conv2D_3"]
        >>> conv.units, conv.measure("mean").top_values.shape
        (128, (128, 4))
        >>> conv.silent().tolist()  # maps that none of these images excites
        [79]
    """

    _: KW_ONLY
    layer: str
    kind: str
    shape: tuple[int, ...]
    count: int
    peak: Answers
    mean: Answers
    spans: tuple[npt.NDArray[np.int64], ...]

    def __repr__(self) -> str:
        word = "maps" if len(self.shape) > 1 else "nodes"
        return f"<LayerEvidence of {self.layer}: {self.units} {word}, {self.count} images>"

    @property
    def units(self) -> int:
        """Number of maps, or of dense nodes."""
        return self.shape[-1]

    @checked
    def measure(self, by: str) -> Answers:
        """Return ``peak`` or ``mean``.

        Raises:
            ConfigError: For another word.
        """
        if by not in MEASURES:
            raise ConfigError(f"by is 'peak' or 'mean'. Received: {by!r}.")
        return self.peak if by == "peak" else self.mean

    def silent(self) -> npt.NDArray[np.int64]:
        """Return the numbers of the units that no image of the data set excites.

        Their value is the same for all images, and not above 0. Units of linear layers, of tanh and the
        like that vary below 0 respond, and are not among them.
        """
        return np.flatnonzero((self.peak.largest <= 0) & (self.peak.largest == self.peak.least))

    @property
    def whole_box(self) -> tuple[int, ...]:
        """What any node of the layer sees, (top, left, bottom, right) in pixels; see ``box_of``."""
        seen = [axis[axis[:, 1] > axis[:, 0]] for axis in self.spans]
        ends = [(int(a[:, 0].min()), int(a[:, 1].max())) if len(a) else (0, 0) for a in seen]
        return (*(first for first, _ in ends), *(stop for _, stop in ends))

    @property
    def field(self) -> tuple[int, ...]:
        """(rows, cols) of what one node sees, where the border does not cut it; one number an axis."""
        return tuple(int((axis[:, 1] - axis[:, 0]).max()) for axis in self.spans)

    @checked
    def box_of(self, node: int) -> tuple[int, ...]:
        """Return what a node sees: (top, left, bottom, right) in pixels.

        Of a series it is (start, stop), of a volume (plane, top, left, plane, bottom, right): where it
        begins along each axis, then where it ends, exclusive.

        Args:
            node: Number of the node in its map, row by row; 0 for dense nodes.

        Raises:
            RangeError: When there is no such node.
        """
        places = self.shape[:-1]
        count = math.prod(places)
        if not 0 <= node < count:
            raise RangeError(f"{self.layer!r} has {count} nodes a map. Received {node}.")
        if places != tuple(map(len, self.spans)):
            return self.whole_box  # of a layer with other axes, what each node sees is not known
        ends = [axis[i] for axis, i in zip(self.spans, np.unravel_index(node, places), strict=True)]
        return (*(int(first) for first, _ in ends), *(int(stop) for _, stop in ends))


def _check_unit(unit: int, units: int) -> None:
    if not 0 <= _checks.whole("unit", unit, least=0) < units:
        raise RangeError(f"unit is 0..{units - 1}. Received {unit}. Give another one.")
