"""Shift response: how a map's answer changes when the image moves."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import checked
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.optima.node_grid import (
    Lattice,
    background_of,
    checked_channels,
    lattice_of,
)
from featureprobe.analysis.optima.shift_trial import (
    Shifted,
    checked_shift,
    fitted_slope,
    half_width,
    paired,
    run_shifts,
)
from featureprobe.analysis.stats.ratios import ratio
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Floats, Whole

NEAR = 2  # pixels: the invariance index looks at shifts up to here


def shown_as(channels: npt.NDArray[np.int64]) -> str:
    """Return what pairs of an image and a map are: maps, or, where one map sees several, images."""
    return "maps" if len(np.unique(channels)) == len(channels) else "images"


@dataclass(frozen=True, eq=False, repr=False)
class ShiftResponse(Finding):
    """What K maps answer to their images under all shifts of up to ``max_shift`` pixels.

    Arrays over shifts have S = 2 max_shift + 1 rows and columns: down and to the right, from -max_shift on.

    Option of ``plot``: ``index``, the place of the one that is drawn; None draws the median of all.

    Args:
        layer: Path of the layer.
        channels: (K,) the maps.
        nodes: (K, S, S, R, C) activation of each node of the map.
        inside: (K, S, S) whether the content stays where it reaches the layer.
        background: (K, channels of an image) the constant beneath the content, pixel units.
        period: (rows, columns) pixels after which nodes stand where others stood: the jump.
        moves: (rows, columns) by how many nodes they have moved then.
        equivariance_error: (K,) largest difference between two nodes that see the same after moves by
            multiples of the jump (all maps, nodes with their whole receptive field in the image),
            relative to the layer's largest activation; NaN where none compare.
        compared: Pairs of positions that were compared.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import shift_response
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> found = shift_response(probe, images[:2], "Conv2D_3", channels=[5, 6], max_shift=4)
        >>> found.response.shape, found.nodes.shape
        ((2, 9, 9), (2, 9, 9, 3, 3))
    """

    kind: ClassVar[str] = "shift_response"
    _shapes: ClassVar[str] = "channels: K; nodes: K S S R C; inside: K S S; background: K _"
    layer: str
    _: KW_ONLY
    channels: Whole
    nodes: FloatArray
    inside: npt.NDArray[np.bool_]
    background: FloatArray
    period: tuple[int, int]
    moves: tuple[int, int]
    equivariance_error: Floats
    compared: int

    @property
    def max_shift(self) -> int:
        """The largest shift, pixels."""
        return int(self.nodes.shape[1] // 2)

    @property
    def maps(self) -> Floats:
        """(K, S, S) mean activation of the map."""
        return np.asarray(self.nodes.mean(axis=(3, 4), dtype=np.float64))

    @property
    def response(self) -> Floats:
        """(K, S, S) the map's mean relative to the unshifted one; NaN where that is not above 0."""
        return ratio(self.maps, self.maps[:, self.max_shift, self.max_shift, None, None])

    @property
    def path(self) -> Whole:
        """(K, S, S, 2) row and column of the node that answers most; -1 where none is above 0."""
        flat = self.nodes.reshape(*self.nodes.shape[:3], -1)
        places = np.stack(np.unravel_index(flat.argmax(axis=3), self.nodes.shape[3:]), axis=-1)
        return np.asarray(np.where(flat.max(axis=3)[..., None] > 0, places, -1), np.int64)

    @property
    def slope(self) -> Floats:
        """(K, 2) nodes that the strongest node moves a pixel, along rows and columns.

        Fitted by least squares over shifts along one axis: those that keep the content inside where
        these span a whole jump, else those of up to one jump; the line ends at the map's border.
        Expected is ``moves / period``.
        """
        at, path = self.max_shift, self.path
        places, stays = (
            (path[:, :, at, 0], path[:, at, :, 1]),
            (self.inside[..., at], self.inside[:, at]),
        )
        sizes = self.nodes.shape[3:]
        found = [fitted_slope(places[i], stays[i], self.period[i], sizes[i]) for i in (0, 1)]
        return np.stack(found, axis=1)

    @property
    def modulation(self) -> Floats:
        """(K,) ``(max - min) / (max + min)`` of the map over shifts of 0 to jump - 1, both axes."""
        ends = [min(self.max_shift + p, self.nodes.shape[1]) for p in self.period]
        part = self.maps[:, self.max_shift : ends[0], self.max_shift : ends[1]].reshape(
            len(self.maps), -1
        )
        high, low = part.max(axis=1), part.min(axis=1)
        return ratio(high - low, high + low)

    @property
    def half_width(self) -> Floats:
        """(K, 2) pixels along rows and columns after which the response falls below one half.

        Interpolated, and the mean of both directions; ``max_shift`` where it does not fall that far.
        """
        at, found = self.max_shift, self.response
        return np.stack([half_width(found[:, :, at]), half_width(found[:, at])], axis=1)

    @property
    def invariance(self) -> Floats:
        """(K,) mean response over shifts of up to two pixels, 1 where they change nothing."""
        near = slice(max(0, self.max_shift - NEAR), self.max_shift + NEAR + 1)
        return np.asarray(self.response[:, near, near].mean(axis=(1, 2)))

    @property
    def verdict(self) -> str:
        """How far the answer bears shifts, and whether nodes move as they must."""
        answering = int(np.isfinite(self.invariance).sum())
        if not answering:
            return f"{self.layer}: none of {len(self.nodes)} maps answers to its unshifted image."
        width = np.nanmedian(self.half_width)
        far = "not within" if width >= self.max_shift else f"at {width:.1f} of"
        compare = "no two nodes see the same at multiples of the jump"
        if self.compared:
            error = np.nanmax(self.equivariance_error)
            compare = f"at multiples of the jump nodes move over with an error of {error:.1g}"
        return (
            f"{self.layer} (jump {self.period[0]} x {self.period[1]} px), "
            f"{f'medians over {answering} {shown_as(self.channels)}' if answering > 1 else '1 map'}: {np.nanmedian(self.invariance):.2f} of the activation is left "
            f"over shifts of up to {NEAR} px, it falls to one half {far} {self.max_shift} px, and shifts "
            f"within one jump modulate it by {np.nanmedian(self.modulation):.2f}; {compare}."
        )

    @property
    def _size(self) -> tuple[float, float]:
        return 11.5, 4.4


@checked
def shift_response(
    probe: ModelProbe,
    images: npt.ArrayLike,
    layer: str,
    *,
    channels: npt.ArrayLike | None = None,
    max_shift: int | None = None,
    background: npt.ArrayLike | None = None,
) -> ShiftResponse:
    """Move images pixel by pixel over a constant background, and see what maps answer.

    As many images as maps make pairs; one image is shown to all maps, one map sees all images.

    A layer with the jump j sees an image moved by j pixels as its nodes moved by one, exactly, where a
    node's receptive field is in the image whole (and pixels are scaled alike): ``equivariance_error``.

    Args:
        probe: The opened model.
        images: (N, H, W, C) or (H, W, C), pixel units: OIPs, or images.
        layer: Path of a layer with maps.
        channels: Numbers of maps; None: all.
        max_shift: The largest shift in pixels, at least 1; None: 12, or less for images below 25 pixels.
        background: A number, or one a channel, pixel units; pixels that cannot reach the layer have it
            too. None: of each image the most frequent value of the outermost pixels that can, if at
            least half of them have it, else the input space's mean.

    Returns:
        The answers under all shifts.

    Raises:
        ShapeError: When images do not fit, the layer has no maps, or images and maps do not pair up.
        RangeError: When there is no such map, or ``max_shift`` is below 1.
        ModelError: When the layer has no jump.

    Source: the test of translation in article VII of the MNIST series, done for all shifts.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import shift_response
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> found = shift_response(probe, images[0], "Conv2D_3", max_shift=8)
        >>> found.response.shape, bool(found.equivariance_error.max() < 1e-5)
        ((128, 17, 17), True)
    """
    lattice = lattice_of(probe, layer)
    pixels = _checks.images(images, probe.image_shape)
    asked, reach = checked_channels(channels, lattice), checked_shift(max_shift, probe)
    grounds = [background_of(image, probe, lattice.live, background) for image in pixels]
    own = paired(len(pixels), asked)
    runs = [
        run_shifts(probe, image, layer, lattice, maps, ground, reach)
        for image, maps, ground in zip(pixels, own, grounds, strict=True)
    ]
    return _assembled(layer, lattice, runs, np.concatenate(own), grounds)


def _assembled(
    layer: str, lattice: Lattice, runs: list[Shifted], channels: Whole, grounds: list[FloatArray]
) -> ShiftResponse:
    """Put the runs of all images together, one entry a pair."""
    nodes = np.concatenate([run.nodes for run in runs])
    each = [len(run.nodes) for run in runs]
    return ShiftResponse(
        layer,
        channels=channels.copy(),
        nodes=nodes,
        inside=np.repeat([run.inside for run in runs], each, axis=0),
        background=np.repeat(np.stack(grounds), each, axis=0),
        period=lattice.period,
        moves=lattice.moves,
        equivariance_error=np.repeat([run.error for run in runs], each),
        compared=runs[0].compared,
    )
