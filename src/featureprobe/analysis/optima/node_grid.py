"""Lattice: where the nodes of a layer with maps look, and what a move of the image does to them."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe.errors import ModelError, RangeError, ShapeError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Mask, Read


@dataclass(frozen=True, eq=False)
class Lattice:
    """The nodes of a layer's maps as a lattice over the image; rows first, then columns.

    Attributes:
        shape: (rows, columns, maps) of the layer.
        period: Pixels after which the lattice comes to lie on itself.
        moves: By how many nodes it moves then; 1 but for layers that are finer than the image.
        uncut: By axis, (positions,) whether a node's receptive field lies within the image whole.
        live: (H, W) pixels that reach the layer.
    """

    shape: tuple[int, int, int]
    period: tuple[int, int]
    moves: tuple[int, int]
    uncut: tuple[Mask, Mask]
    live: Mask

    @property
    def nodes(self) -> int:
        """Nodes of one map."""
        return self.shape[0] * self.shape[1]

    @property
    def whole(self) -> bool:
        """Whether all nodes see image alone, no padding."""
        return all(bool(whole.all()) for whole in self.uncut)


def lattice_of(probe: ModelProbe, layer: str, *, on_pixels: bool = False) -> Lattice:
    """Return the lattice of a layer.

    Args:
        probe: The opened model.
        layer: Path of the layer.
        on_pixels: Whether neighbours have to lie whole pixels apart.

    Raises:
        UnknownLayerError: When there is no such layer.
        ShapeError: When the layer has no maps.
        ModelError: When its nodes lie at no regular distance, as behind a layer of unknown kind.
    """
    shape = probe.shape_of(layer)
    check_pictures(probe, "Shifts along rows and columns")
    if len(shape) != 3:
        raise ShapeError(
            f"The layer {layer!r} has no maps: its output has the shape {shape}. "
            "Choose a convolution or pooling layer of probe.summary()."
        )
    network = probe.network
    fields = network.fields[network.graph.number_of(layer)]
    if any(axis.jump is None or axis.size is None for axis in fields):
        raise ModelError(
            f"The nodes of {layer!r} have no regular distance in the image, so a shift moves them "
            "nowhere in particular. Choose a layer with a jump in probe.summary()."
        )
    steps = [Fraction(axis.jump or 1).limit_denominator(64) for axis in fields]
    if on_pixels and any(step.denominator > 1 for step in steps):
        raise ModelError(
            f"The nodes of {layer!r} lie no whole pixels apart, so copies cannot be moved to them. "
            "Choose a layer with a whole jump in probe.summary()."
        )
    uncut = [np.diff(axis.spans, axis=1)[:, 0] == axis.size for axis in fields]
    return Lattice(
        shape,
        (steps[0].numerator, steps[1].numerator),
        (steps[0].denominator, steps[1].denominator),
        (uncut[0], uncut[1]),
        network.live_box(Read(layer)) > 0,
    )


def check_pictures(probe: ModelProbe, what: str) -> None:
    """Raise ShapeError unless a model's images have rows and columns, and nothing else.

    Args:
        probe: The opened model.
        what: What needs them, at the beginning of a sentence.
    """
    if len(probe.image_shape) != 3:
        raise ShapeError(
            f"{what} are of images (rows, columns, channels). The images of this model are "
            f"{probe.image_shape}. Ask fp.analysis.definedness, sensitivity or assess, which go along "
            "any number of axes."
        )


def checked_channels(channels: npt.ArrayLike | None, lattice: Lattice) -> npt.NDArray[np.int64]:
    """Return the numbers of maps as an array; None stands for all.

    Raises:
        RangeError: When there is no such map, or none is asked for.
    """
    count = lattice.shape[2]
    if channels is None:
        return np.arange(count)
    found = np.atleast_1d(_checks.numbers(channels, "channels"))
    whole = found.ndim == 1 and found.dtype.kind in "iu" and len(found) > 0
    if not whole or found.min() < 0 or found.max() >= count:
        raise RangeError(
            f"channels are numbers of maps, 0 to {count - 1}. Received: {channels!r}. "
            "Leave it out for all maps."
        )
    return found.astype(np.int64)


def checked_place(row: int | None, col: int | None, lattice: Lattice) -> tuple[int, int]:
    """Return the row and column of a node; None stands for the middle.

    Raises:
        RangeError: When there is no such row or column.
    """
    places = []
    for name, given, size in zip(("row", "col"), (row, col), lattice.shape):
        whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
        if given is not None and not (whole and 0 <= given < size):
            raise RangeError(
                f"{name} is from 0 to {size - 1}. Received: {given!r}. Leave it out for the middle."
            )
        places.append((size - 1) // 2 if given is None else int(given))
    return places[0], places[1]


def background_of(
    image: FloatArray, probe: ModelProbe, live: Mask, given: npt.ArrayLike | None = None
) -> FloatArray:
    """Return the constant (C,) that an image's content stands on, pixel units.

    The rule: the most frequent value of the outermost live pixels, when at least half of them have
    it; else the input space's mean, which is where dead pixels of OIPs stand.

    Args:
        image: (H, W, C), pixel units.
        probe: The opened model.
        live: (H, W) pixels that reach the layer; those beyond them say nothing of the image.
        given: A number or (C,) values to use instead.

    Raises:
        ShapeError: When ``given`` is neither.
    """
    channels = image.shape[2]
    if given is not None:
        values = np.asarray(given)
        if values.shape not in ((), (channels,)) or values.dtype.kind not in "uif":
            raise ShapeError(
                f"background is a number or one a channel ({channels}), pixel units. "
                f"Received: {given!r}. Leave it out for the image's own."
            )
        for value in values.ravel():
            _checks.number("background", value.item())
        return np.broadcast_to(values, (channels,)).astype(np.float32)
    rows, cols = np.flatnonzero(live.any(axis=1)), np.flatnonzero(live.any(axis=0))
    rim = live.copy()
    rim[rows[0] + 1 : rows[-1], cols[0] + 1 : cols[-1]] = False
    values, counts = np.unique(image[rim], axis=0, return_counts=True)
    if 2 * counts.max() >= rim.sum():
        return np.asarray(values[counts.argmax()], np.float32)
    space = probe.input_space
    centre = space.to_pixels(np.full(image.shape, space.center, np.float32))
    return np.asarray(centre.mean(axis=(0, 1)), np.float32)


def all_moves(values: npt.NDArray[np.generic], fill: npt.ArrayLike, max_shift: int) -> FloatArray:
    """Return a view (2 max_shift + 1, 2 max_shift + 1, C, H, W) of an image under all shifts.

    Entry (i, j) is the content moved down by ``i - max_shift`` and right by ``j - max_shift`` pixels; what
    leaves the frame is lost, what is uncovered is ``fill``.
    """
    height, width, channels = values.shape
    padded = np.empty((height + 2 * max_shift, width + 2 * max_shift, channels), values.dtype)
    padded[...] = fill
    padded[max_shift : max_shift + height, max_shift : max_shift + width] = values
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(0, 1))
    return np.asarray(windows[::-1, ::-1])


def moved(values: FloatArray, rows: int, cols: int, fill: npt.ArrayLike = 0.0) -> FloatArray:
    """Return an image (H, W, C) with its content moved down and right; see :func:`all_moves`."""
    max_shift = max(abs(rows), abs(cols))
    found = np.moveaxis(
        all_moves(values, fill, max_shift)[max_shift + rows, max_shift + cols], 0, -1
    )
    return np.array(found, np.float32)
