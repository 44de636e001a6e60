"""Repetition: whether an image repeats itself under shifts, rotations and reflections."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe.analysis.finding import Finding
from featureprobe.analysis.stats.surrogates import overlap_correlation, radial_surrogates
from featureprobe.types import Floats, Whole

TRANSFORMS = {
    "rotated by 90": lambda x: np.rot90(x, 1, axes=(1, 2)),  # by 270 it is the same comparison
    "rotated by 180": lambda x: np.rot90(x, 2, axes=(1, 2)),
    "left for right": lambda x: x[:, :, ::-1],
    "upside down": lambda x: x[:, ::-1],
}
_FARTHEST = 24  # lags beyond it are of no use and many


@dataclass(frozen=True, eq=False, repr=False)
class Repetition(Finding):
    """Self-similarity of the live area of one image, beside surrogates with its radial spectrum.

    ``plot`` takes a figure only.

    Args:
        autocorrelation: (2 a + 1, 2 b + 1) cosine of the image, less its mean, with itself moved by
            up to a rows and b columns, over what overlaps.
        rise: Same shape: by how much it lies above the lowest value on the straight way from lag 0;
            0 in the main lobe, along a straight stroke, and where it is not above 0 itself.
        p: Same shape: share of surrogates that rise so high above what is usual *at any lag*.
        p_any: The smallest of them: whether the image repeats itself under any shift.
        predicted: (n, 2) lags that the layer's jump predicts: its multiples.
        p_predicted: The smallest p among these lags alone; NaN without any.
        transforms: By name, (2,): the best correlation of the image with its transformed copy over
            small shifts, and the share of surrogates that do as well.
        rounds: Surrogates.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import decompose
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> target = fp.MapMean("Conv2D_3", channel=5)
        >>> found = decompose(probe, images[0], target, rounds=20).repetition
        >>> found.autocorrelation.shape, len(found.predicted)
        ((27, 27), 24)
    """

    kind: ClassVar[str] = "repetition"
    _shapes: ClassVar[str] = (
        "autocorrelation: a b; rise: a b; p: a b; predicted: _ 2; transforms: 2"
    )
    autocorrelation: Floats
    _: KW_ONLY
    rise: Floats
    p: Floats
    p_any: float
    predicted: Whole
    p_predicted: float
    transforms: dict[str, Floats]
    rounds: int

    @property
    def max_lags(self) -> tuple[int, int]:
        """The largest lags, rows and columns."""
        rows, cols = self.autocorrelation.shape
        return rows // 2, cols // 2

    @property
    def lags(self) -> Whole:
        """(n, 2) lags of peaks with p < 0.05, the shortest first; of two opposite ones one."""
        peaks = _peaks(self.rise) & (self.p < 0.05)
        found = np.argwhere(peaks) - self.max_lags
        found = found[(found[:, 0] > 0) | ((found[:, 0] == 0) & (found[:, 1] > 0))]
        return np.asarray(found[np.argsort(np.hypot(*found.T), kind="stable")])

    @property
    def verdict(self) -> str:
        """What repeats."""
        alike = [name for name, (_, p) in self.transforms.items() if p < 0.05]
        if len(self.lags):
            first = ", ".join(f"({r}, {c})" for r, c in self.lags[:3])
            text = f"The image repeats itself at lags (rows, columns) of {first} px (p = {self.p_any:.2g})"
        else:
            text = (
                f"The image repeats itself no more than a texture as smooth (p = {self.p_any:.2g})"
            )
        if len(self.predicted):
            text += f", at the multiples of the jump with p = {self.p_predicted:.2g}"
        return text + (f"; like itself {', '.join(alike)}." if alike else "; like no turned copy.")


def repetition_of(
    patch: npt.NDArray[np.float32],
    jump: tuple[int, int] | None,
    rounds: int,
    rng: np.random.Generator,
) -> Repetition:
    """Return the self-similarity of a patch (H, W, C), with p from ``rounds`` surrogates.

    The statistic at a lag is its *rise* (see :class:`Repetition`), in standard deviations over image
    and surrogates together at this lag; p compares it with the largest one of each surrogate, so that
    looking at all lags costs nothing extra. Image and surrogates are treated alike throughout.
    """
    centred = patch.astype(np.float64) - patch.mean(axis=(0, 1), dtype=np.float64)
    if centred.std() > 0:
        centred /= centred.std()
    pool = np.concatenate([centred[None], radial_surrogates(centred, rounds, rng)])
    max_lags = _limits(patch.shape[:2], jump)
    own = overlap_correlation(pool, pool, max_lags)
    rise = _rises(own)
    usual, spread = rise.mean(axis=0), rise.std(axis=0)
    spread = np.maximum(spread, np.median(spread) + 1e-12)
    clear = (rise - usual) / spread
    largest = clear[1:].max(axis=(1, 2))
    p = (1 + (largest[:, None, None] >= clear[0]).sum(axis=0)) / (1 + rounds)
    lags = _multiples(jump, max_lags)
    at = tuple((lags + max_lags).T)
    return Repetition(
        own[0],
        rise=rise[0],
        p=p,
        p_any=float(p.min()),
        predicted=lags,
        p_predicted=_rank(clear[:, *at].max(axis=1)) if len(lags) else float("nan"),
        transforms={name: _alike(pool, turn) for name, turn in TRANSFORMS.items()},
        rounds=rounds,
    )


def _limits(size: tuple[int, ...], jump: tuple[int, int] | None) -> tuple[int, int]:
    """Return the largest lags: half of the patch, and no more than is of use."""
    wanted = [max(_FARTHEST, 2 * j) for j in jump or (1, 1)]
    return min(size[0] // 2, wanted[0]), min(size[1] // 2, wanted[1])


def _multiples(jump: tuple[int, int] | None, max_lags: tuple[int, int]) -> Whole:
    """Return (n, 2) lags at multiples of the jump, of two opposite ones only the first."""
    if jump is None or max(jump) < 2:  # every lag is a multiple of 1
        return np.zeros((0, 2), np.int64)
    rows, cols = (np.arange(-(m // j) * j, m + 1, j) for m, j in zip(max_lags, jump, strict=True))
    grid = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1).reshape(-1, 2)
    return np.asarray(grid[(grid[:, 0] > 0) | ((grid[:, 0] == 0) & (grid[:, 1] > 0))], np.int64)


def _rises(values: Floats) -> Floats:
    """Return by how much each lag lies above the lowest value on its straight way from lag 0."""
    shape = values.shape[1:]
    centre = np.array(shape) // 2
    lags = np.moveaxis(np.indices(shape), 0, -1) - centre
    lowest = values.copy()
    farthest = int(np.abs(lags).max())
    for step in range(1, farthest):
        share = np.minimum(step / np.maximum(np.abs(lags).max(axis=2), 1), 1.0)
        at = np.rint(share[..., None] * lags).astype(int) + centre
        lowest = np.minimum(lowest, values[:, at[..., 0], at[..., 1]])
    return np.asarray(np.where(values > 0, values - lowest, 0.0))


def _peaks(values: Floats) -> npt.NDArray[np.bool_]:
    """Return which values are above 0 and no smaller than their eight neighbours."""
    padded = np.pad(values, 1, constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    return np.asarray((values > 0) & (values >= around.max(axis=(2, 3)) - 1e-9))


def _alike(pool: Floats, turn: Any) -> Floats:
    """Return the best correlation with the turned copy, and its p; on the middle square."""
    side = min(pool.shape[1:3])
    rows, cols = ((n - side) // 2 for n in pool.shape[1:3])
    square = pool[:, rows : rows + side, cols : cols + side]
    most = min(side // 4, _FARTHEST)
    best = overlap_correlation(square, turn(square), (most, most)).max(axis=(1, 2))
    return np.array([best[0], _rank(best)])


def _rank(values: Floats) -> float:
    """Return the share of all values that reach the first one."""
    return float((values >= values[0]).mean())
