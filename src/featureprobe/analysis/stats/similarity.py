"""How alike two representations are: debiased CKA, maps matched one to one, images up to a shift."""

import numpy as np
import numpy.typing as npt

from featureprobe._extras import need
from featureprobe.types import FloatArray, Floats, Whole


def gram(values: FloatArray) -> Floats:
    """Return (N, N) inner products of the rows of (N, ...), with nothing on the diagonal."""
    flat = values.reshape(len(values), -1)
    flat = flat - flat.mean(axis=0)
    found: Floats = (flat @ flat.T).astype(np.float64)
    np.fill_diagonal(found, 0.0)
    return found


def unbiased_hsic(first: Floats, second: Floats) -> float:
    """Return the unbiased estimate of the Hilbert-Schmidt independence criterion.

    Source: Song et al., "Feature selection via dependence maximization", 2012, eq. 5.

    Args:
        first: (N, N) with a zero diagonal, N at least 4.
        second: Likewise.
    """
    n = len(first)
    own, other = first.sum(axis=0), second.sum(axis=0)
    trace = float(np.vdot(first, second))
    total = own.sum() * other.sum() / ((n - 1) * (n - 2))
    return float((trace + total - 2 / (n - 2) * own @ other) / (n * (n - 3)))


def debiased_cka(first: Floats, second: Floats) -> float:
    """Return the debiased linear CKA of two Gram matrices, 1 for equal ones, about 0 by chance.

    Source: Kornblith et al., "Similarity of neural network representations revisited", 2019, with
    the unbiased HSIC as in Nguyen et al. 2021.
    """
    norm = unbiased_hsic(first, first) * unbiased_hsic(second, second)
    return unbiased_hsic(first, second) / np.sqrt(norm) if norm > 0 else 0.0


def shift_similarity(first: npt.ArrayLike, second: npt.ArrayLike, *, max_shift: int = 4) -> Floats:
    """Return (A, B): the largest normalized correlation of images over small shifts, -1..1.

    Args:
        first: (A, *spatial, C).
        second: (B, *spatial, C).
        max_shift: Shifts of up to so many pixels along each axis; beyond an image is its mean.
    """
    unit, other = _centred(first), _centred(second)
    flat = other.reshape(len(other), -1)
    found = np.full((len(unit), len(flat)), -1.0, np.float32)
    spatial = unit.shape[1:-1]
    wide = np.pad(unit, ((0, 0), *((max_shift, max_shift),) * len(spatial), (0, 0)))
    # Products of matrices: quicker than Fourier transforms.
    for begins in np.ndindex(*(2 * max_shift + 1,) * len(spatial)):
        where = tuple(slice(b, b + size) for b, size in zip(begins, spatial, strict=True))
        np.maximum(found, wide[:, *where].reshape(len(unit), -1) @ flat.T, out=found)
    return found.astype(np.float64)


def _centred(images: npt.ArrayLike) -> FloatArray:
    """Return images less their mean, of norm 1, in float32; constant ones are 0."""
    flat = np.asarray(images, np.float32)
    axes = tuple(range(1, flat.ndim))
    flat = flat - flat.mean(axis=axes, keepdims=True, dtype=np.float64)
    norm = np.sqrt((flat**2).sum(axis=axes, keepdims=True))
    return np.asarray(flat / np.where(norm > 0, norm, 1), np.float32)


def match_maps(first: FloatArray, second: FloatArray) -> tuple[Whole, Floats]:
    """Return for each map of the first net its match in the second, and their correlation."""
    assign = need("scipy.optimize", what="compare_nets", extra="analysis").linear_sum_assignment
    flat = [_standard(v.reshape(-1, v.shape[-1])) for v in (first, second)]
    together = (flat[0].T @ flat[1]).astype(np.float64) / len(flat[0])
    rows, cols = assign(-together)
    return cols.astype(np.int64), together[rows, cols]


def _standard(values: FloatArray) -> FloatArray:
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1), np.float32)
