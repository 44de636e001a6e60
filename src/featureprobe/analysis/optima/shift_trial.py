"""Run one image under all shifts, and measure what comes of it."""

from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe.analysis.optima.node_grid import Lattice, all_moves
from featureprobe.errors import RangeError, ShapeError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Floats, Mask

MOST = 12  # pixels, the usual largest shift
_BLOCK_BYTES = 64 * 2**20  # what the moved copies of one block take


class Shifted(NamedTuple):
    """One image under all shifts.

    Attributes:
        nodes: (k, S, S, R, C) activations of the maps asked for.
        inside: (S, S) whether the content stays.
        error: Largest equivariance error, relative; NaN when nothing compares.
        compared: Pairs of positions that compare.
    """

    nodes: FloatArray
    inside: Mask
    error: float
    compared: int


def checked_shift(max_shift: int | None, probe: ModelProbe) -> int:
    """Return the largest shift; None stands for 12 pixels, or as many as half of the image has.

    Raises:
        RangeError: When it is below 1, or not below the image's size.
    """
    smallest = min(probe.image_shape[:2])
    if smallest < 2:
        raise RangeError(
            f"Images are moved along both axes. Received images of {probe.image_shape[:2]} pixels. "
            "Probe a model of larger images."
        )
    if max_shift is None:
        return max(1, min(MOST, (smallest - 1) // 2))
    if _checks.whole("max_shift", max_shift, least=1) >= smallest:
        raise RangeError(
            f"max_shift is below the image's size {probe.image_shape[:2]}. Received: {max_shift}. "
            f"Give 1 to {smallest - 1}."
        )
    return max_shift


def paired(count: int, maps: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Return the maps that each of ``count`` images is shown to.

    Raises:
        ShapeError: When images and maps do not go together.
    """
    if count == 1:
        return [maps]
    if len(maps) not in (1, count):
        raise ShapeError(
            f"{count} images and {len(maps)} maps make no pairs. Give as many images as "
            "channels=, one image, or one map."
        )
    return list(np.broadcast_to(maps, count)[:, None])


def run_shifts(
    probe: ModelProbe,
    image: FloatArray,
    layer: str,
    lattice: Lattice,
    maps: npt.NDArray[np.int64],
    ground: FloatArray,
    max_shift: int,
) -> Shifted:
    """Return what maps of a layer answer to an image (H, W, C) under all shifts."""
    own = np.where(lattice.live[..., None], image, ground)
    views = all_moves(own, ground, max_shift)
    rows = max(1, _BLOCK_BYTES // (views.shape[1] * image.nbytes))
    kept, nodes = {}, []
    wanted = [range(-(max_shift // p) * p, max_shift + 1, p) for p in lattice.period]
    for first in range(0, len(views), rows):
        part = np.moveaxis(views[first : first + rows], 2, -1)
        shape = part.shape[:2]
        found = probe.activations(part.reshape(-1, *image.shape), layer)
        found = found.reshape(*shape, *found.shape[1:])
        nodes.append(found[..., maps])
        for down, right in product(*wanted):
            if first <= max_shift + down < first + shape[0]:
                kept[down, right] = found[max_shift + down - first, max_shift + right].copy()
    error, compared = equivariance(kept, lattice)
    joined = np.moveaxis(np.concatenate(nodes), -1, 0)
    return Shifted(
        np.ascontiguousarray(joined), stays(own, ground, lattice.live, max_shift), error, compared
    )


def equivariance(answers: dict[tuple[int, int], FloatArray], lattice: Lattice) -> tuple[float, int]:
    """Return the largest relative difference of nodes that see the same, and how many pairs do.

    Args:
        answers: (R, C, maps) by shift (down, right), multiples of the lattice's period.
        lattice: The layer's lattice.
    """
    base, largest, compared = answers[0, 0], 0.0, 0
    rows, cols = (np.flatnonzero(uncut) for uncut in lattice.uncut)
    for (down, right), found in answers.items():
        if (down, right) == (0, 0):
            continue
        offsets = [
            d // p * m for d, p, m in zip((down, right), lattice.period, lattice.moves, strict=True)
        ]
        own = [at[np.isin(at + by, at)] for at, by in zip((rows, cols), offsets, strict=True)]
        if len(own[0]) and len(own[1]):
            partner = found[np.ix_(own[0] + offsets[0], own[1] + offsets[1])]
            largest = max(largest, float(np.abs(partner - base[np.ix_(*own)]).max()))
            compared += len(own[0]) * len(own[1])
    scale = float(np.abs(base).max())
    return (largest / scale if scale > 0 else largest) if compared else np.nan, compared


def stays(image: FloatArray, ground: FloatArray, live: Mask, max_shift: int) -> Mask:
    """Return (S, S): whether all content stays among the live pixels."""
    content = (np.abs(image - ground) > 1e-6 * float(np.ptp(image))).any(axis=2) & live
    moves = all_moves(content[..., None].astype(np.float32), 0, max_shift)
    kept = np.einsum("ijchw,hw->ij", moves, live.astype(np.float32))
    return np.asarray(kept == content.sum())


def fitted_slope(places: npt.NDArray[np.int64], inside: Mask, period: int, size: int) -> Floats:
    """Return (K,) nodes a pixel: the line that, rounded to nodes, lies nearest by least squares.

    It ends at the map's border, where the strongest node stays while the image moves on. Of all lines
    that lie as near, which rounding makes many, the middle slope is taken.

    Args:
        places: (K, S) place of the strongest node along the axis; -1 for none.
        inside: (K, S) shifts that keep the content.
        period: Pixels of a jump.
        size: Nodes along the axis.
    """
    shifts = np.arange(places.shape[1]) - places.shape[1] // 2
    slopes = np.linspace(-4, 4, 161) / period
    found = np.full(len(places), np.nan)
    for k, (place, stay) in enumerate(zip(places, inside, strict=True)):
        usable = stay & (place >= 0)
        if not usable.any() or np.ptp(shifts[usable]) < period:
            usable = (np.abs(shifts) <= period) & (place >= 0)
        if usable.sum() > 1:
            at = shifts[usable][np.argmin(np.abs(shifts[usable]))]
            start = place[shifts == at] + np.linspace(-3, 3, 49)
            lines = start[:, None] + slopes[:, None, None] * (shifts[usable] - at)
            nodes = np.rint(np.clip(lines, 0, size - 1))
            gap = ((nodes - place[usable]) ** 2).sum(axis=2).min(axis=1)
            found[k] = np.median(slopes[gap == gap.min()]) if np.ptp(place[usable]) else 0.0
    return found


def half_width(lines: Floats) -> Floats:
    """Return (K,) the distance at which responses (K, S) fall below 1/2, over both directions."""
    max_shift = lines.shape[1] // 2
    sides = [[_crossing(line[max_shift::step]) for step in (1, -1)] for line in lines]
    return np.asarray(np.mean(sides, axis=1))


def _crossing(values: Floats) -> float:
    if np.isnan(values).any():
        return np.nan
    below = np.flatnonzero(values < 0.5)
    if not len(below):
        return float(len(values) - 1)
    first = int(below[0])  # at least 1, since the response starts at 1
    return float(first - (0.5 - values[first]) / (values[first - 1] - values[first]))
