"""How much of a score a small change of the picture leaves: shifts, turns, sizes, noise, blur."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from featureprobe._extras import need
from featureprobe.analysis.quality.natural import Natural
from featureprobe.analysis.quality.units import UnitScore
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Whole

CHANGES = ("shift 1", "shift 2", "rotation 5", "scale 5 %", "noise 0.1", "noise 0.2",
            "blur 0.5", "blur 1")  # fmt: skip
NATURAL = 9  # top examples that the same is asked of
_LIMIT = 2**27  # numbers of changed images at a time

Views = Callable[[FloatArray], list[FloatArray]]


def changes_of(rank: int) -> tuple[str, ...]:
    """Return the changes that images of so many spatial axes are put to: a series is not turned."""
    return tuple(change for change in CHANGES if rank > 1 or change != "rotation 5")


def kept_shares(
    probe: ModelProbe,
    pictures: FloatArray,
    score: UnitScore,
    units: Whole,
    natural: Natural,
    seed: int,
) -> tuple[FloatArray, FloatArray]:
    """Return what pictures keep of their scores under each change, and what natural images keep.

    Args:
        probe: The opened model.
        pictures: (K, *spatial, C), pixel units.
        score: How images are scored.
        units: (K,) the unit of each.
        natural: Natural images; their nine top examples of each unit are changed likewise.
        seed: Of the noise.

    Returns:
        (K, changes) each, the mean over the views of a change, as a share of the unchanged score;
        NaN where that is not positive.
    """
    views = _changes(probe, seed)
    own = _shares(probe, pictures, score, units, views)
    tops = natural.top(units, NATURAL)
    found = [
        _shares(probe, np.asarray(natural.images[tops[:, n]], np.float32), score, units, views)
        for n in range(tops.shape[1])
    ]
    # The mean over examples that score at all; a unit that nothing excites has none.
    examples = np.stack(found)
    counted = np.isfinite(examples)
    total = np.where(counted, examples, 0).sum(axis=0)
    return own, np.where(counted.any(axis=0), total / np.maximum(counted.sum(axis=0), 1), np.nan)


def _shares(
    probe: ModelProbe, images: FloatArray, score: UnitScore, units: Whole, views: dict[str, Views]
) -> FloatArray:
    size = max(1, _LIMIT // (images[0].size * 8))
    parts = [
        _some_shares(probe, images[k : k + size], score, units[k : k + size], views)
        for k in range(0, len(images), size)
    ]
    return np.concatenate(parts)


def _some_shares(
    probe: ModelProbe, images: FloatArray, score: UnitScore, units: Whole, views: dict[str, Views]
) -> FloatArray:
    row = np.arange(len(images))
    before = score.of(probe, images)[row, units].astype(np.float64)
    base = np.where(before > 0, before, np.nan)
    shares = []
    for change in changes_of(images.ndim - 2):
        after = [score.of(probe, view)[row, units] for view in views[change](images)]
        shares.append(np.mean(after, axis=0) / base)
    return np.stack(shares, axis=1)


def _changes(probe: ModelProbe, seed: int) -> dict[str, Views]:
    """Return for each change a function from images to its views; beyond the border is the border.

    Volumes and videos are turned within their planes. Shifts, sizes and blur are along all axes.
    """
    ndimage = need("scipy.ndimage", what="Robustness", extra="analysis")
    space, rank = probe.input_space, len(probe.image_shape) - 1

    def rotated(images: FloatArray) -> list[FloatArray]:
        angles = np.deg2rad([-5.0, 5.0])
        made = []
        for a in angles:
            matrix = np.eye(rank)
            matrix[-2:, -2:] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
            made.append(_turned(images, matrix))
        return made

    def blurred(images: FloatArray, sigma: float) -> list[FloatArray]:
        return [ndimage.gaussian_filter(images, (0, *(sigma,) * rank, 0))]

    def noisy(images: FloatArray, share: float) -> list[FloatArray]:
        draw = np.random.default_rng(seed)
        noise = [draw.normal(size=images.shape[1:]).astype(np.float32) for _ in range(4)]
        values, size = space.to_model(images), share * space.spread
        return [space.to_pixels(values + size * n) for n in noise]

    return {
        "shift 1": lambda images: _shifted(images, 1),
        "shift 2": lambda images: _shifted(images, 2),
        "rotation 5": rotated,
        "scale 5 %": lambda images: [_turned(images, np.eye(rank) * s) for s in (0.95, 1.05)],
        "noise 0.1": lambda images: noisy(images, 0.1),
        "noise 0.2": lambda images: noisy(images, 0.2),
        "blur 0.5": lambda images: blurred(images, 0.5),
        "blur 1": lambda images: blurred(images, 1.0),
    }  # fmt: skip


def _shifted(images: FloatArray, most: int) -> list[FloatArray]:
    """Return images moved by ``most`` along each axis, either way."""
    spatial = images.shape[1:-1]
    wide = np.pad(images, ((0, 0), *((most, most),) * len(spatial), (0, 0)), mode="edge")
    moved = []
    for axis in range(len(spatial)):
        for begin in (0, 2 * most):
            begins = [begin if k == axis else most for k in range(len(spatial))]
            where = tuple(slice(b, b + size) for b, size in zip(begins, spatial, strict=True))
            moved.append(wide[:, *where])
    return moved


def _turned(images: FloatArray, matrix: npt.NDArray[np.float64]) -> FloatArray:
    """Return images (N, *spatial, C) mapped by a matrix of places about their centre."""
    ndimage = need("scipy.ndimage", what="Robustness", extra="analysis")
    whole = np.eye(images.ndim)
    whole[1:-1, 1:-1] = matrix
    centre = np.array([0, *(np.array(images.shape[1:-1]) - 1) / 2, 0])
    offset = centre - whole @ centre
    return np.asarray(ndimage.affine_transform(images, whole, offset, order=1, mode="nearest"))
