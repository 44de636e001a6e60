"""Linear probes: how well simple classifiers tell classes apart, layer by layer."""

import time
import warnings
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Count, Layers, checked
from featureprobe._extras import need
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.patterns.patterns import checked_labels
from featureprobe.errors import DataError, RangeError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Floats

PIXELS = "pixels"
_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)  # inverse strengths of the L2 penalty that are tried


@dataclass(frozen=True, eq=False, repr=False)
class LinearProbes(Finding):
    """Accuracies of classifiers that read one layer, on images that they were not fitted on.

    ``plot`` takes a figure only; its bars are Wilson's intervals over all test images.

    Args:
        layers: Where they read; ``"pixels"`` is the image.
        classes: The classes told apart.
        images: Number of images.
        nearest_mean: (L, F) accuracy of the nearest class mean, for each of F folds.
        logistic: (L, F) accuracy of L2 logistic regression, its strength chosen inside each fold.
        control: (L, F) of the same logistic regression on labels that were dealt out at random.
        seconds: (L,) what each layer took.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> found = fp.analysis.linear_probes(probe, images, labels, ["Dense_2"], classes=(0, 1), folds=2)
        >>> bool(found.nearest_mean.mean() > 0.95)
        True
    """

    kind: ClassVar[str] = "separability"
    _shapes: ClassVar[str] = "nearest_mean: L F; logistic: L F; control: L F; seconds: L; layers: L"
    layers: tuple[str, ...]
    _: KW_ONLY
    classes: tuple[int, ...]
    images: int
    nearest_mean: Floats
    logistic: Floats
    control: Floats
    seconds: Floats

    @property
    def verdict(self) -> str:
        """Where the classes become separable."""
        mean, line = self.nearest_mean.mean(axis=1), self.logistic.mean(axis=1)
        parts = [
            f"{name} {a:.1%} / {b:.1%}" for name, a, b in zip(self.layers, mean, line, strict=True)
        ]
        return (
            f"Classes {', '.join(map(str, self.classes))}, nearest mean / logistic regression: "
            f"{'; '.join(parts)} (random labels: {self.control.mean():.1%})."
        )


@checked
def linear_probes(
    probe: ModelProbe,
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    layers: Layers,
    *,
    classes: Sequence[int] | None = None,
    folds: Count = 5,
    rng: Rng = 0,
) -> LinearProbes:
    """Fit simple classifiers on each layer, and see where classes become easy to tell apart.

    These are the linear probes of Alain and Bengio ("Understanding intermediate layers using linear
    classifier probes", 2016), with the nearest class mean beside them. Nodes are standardized on the images that a classifier is fitted on. Random labels show how well
    it could do by learning by heart (Hewitt and Liang, "Designing and interpreting probes with
    control tasks", 2019): on unseen images that is chance.

    Args:
        probe: The opened model.
        images: (N, H, W, C), pixel units.
        labels: (N,) classes.
        layers: Paths; ``"pixels"`` is the image itself.
        classes: Use these classes only; None: all.
        folds: Parts of the cross-validation, at least 2.
        rng: Seed of the folds and of the random labels.

    Returns:
        Accuracies by layer and fold.

    Raises:
        RangeError: When there is one class only, or a class has fewer than two images a fold.
        DataError: When no image has a class of ``classes``.
        MissingExtraError: Without scikit-learn, which ``featureprobe[analysis]`` brings.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> found = linear_probes(probe, images, labels, ["pixels", "Dense_1"], classes=(4, 9), folds=2)
        >>> found.logistic.shape
        (2, 2)
    """
    _checks.whole("folds", folds, least=2)
    pixels = _checks.images(images, probe.image_shape)
    numbers = checked_labels(labels, len(pixels))
    chosen = _told_apart(numbers, classes, folds)
    some = np.isin(numbers, chosen)
    pixels, own = pixels[some], numbers[some]
    seed, found, seconds = seed_from(rng), [], []
    for layer in layers:
        values = pixels if layer == PIXELS else probe.activations(pixels, layer)
        begin = time.perf_counter()
        found.append(_accuracies(np.asarray(values, np.float32), own, folds, seed))
        seconds.append(time.perf_counter() - begin)
    by_kind = np.array(found)  # (L, 3, F)
    return LinearProbes(
        tuple(layers),
        classes=tuple(int(c) for c in chosen),
        images=len(own),
        nearest_mean=by_kind[:, 0],
        logistic=by_kind[:, 1],
        control=by_kind[:, 2],
        seconds=np.array(seconds),
    )


def _told_apart(
    numbers: npt.NDArray[np.int64], classes: Sequence[int] | None, folds: int
) -> npt.NDArray[np.int64]:
    """Return the classes to be told apart, each with enough images, or raise a clear error."""
    chosen = np.unique(numbers) if classes is None else np.unique(np.asarray(classes))
    if len(chosen) < 2:
        raise RangeError(f"At least two classes are told apart. Received: {chosen.tolist()}.")
    absent = np.setdiff1d(chosen, numbers)
    if len(absent):
        raise DataError(
            f"No image has the class {absent[0]}. The classes are {np.unique(numbers).tolist()}."
        )
    few = min(int((numbers == c).sum()) for c in chosen)
    needed = max(2 * folds, 6)  # of what a fold leaves, three folds more choose the penalty
    if few < needed:
        raise RangeError(
            f"{folds} folds need {needed} images of every class. The smallest class has {few}. "
            "Give more images, or fewer folds."
        )
    return chosen


def _accuracies(
    values: FloatArray, labels: npt.NDArray[np.int64], folds: int, seed: int
) -> list[Any]:
    """Return accuracies of the nearest mean, of logistic regression, and of that on random labels."""
    select = need("sklearn.model_selection", what="linear_probes", extra="analysis")
    line = need("sklearn.linear_model", what="linear_probes", extra="analysis")
    scale = need("sklearn.preprocessing", what="linear_probes", extra="analysis").StandardScaler
    join = need("sklearn.pipeline", what="linear_probes", extra="analysis").make_pipeline
    near = need("sklearn.neighbors", what="linear_probes", extra="analysis").NearestCentroid
    inner = select.StratifiedKFold(3, shuffle=True, random_state=seed)
    logistic = select.GridSearchCV(
        join(scale(), line.LogisticRegression(max_iter=2000, tol=1e-3)),
        {"logisticregression__C": _PENALTIES}, cv=inner,
    )  # fmt: skip
    flat = values.reshape(len(values), -1)
    flat = flat[:, np.ptp(flat, axis=0) > 0]  # constant nodes tell nothing
    outer = select.StratifiedKFold(folds, shuffle=True, random_state=seed)
    dealt = np.random.default_rng(seed).permutation(labels)
    jobs = ((join(scale(), near()), labels), (logistic, labels), (logistic, dealt))
    with warnings.catch_warnings():
        # Nodes that are constant within a class are no trouble for means, but sklearn warns of them.
        warnings.filterwarnings("ignore", message="self.within_class_std_dev_")
        return [select.cross_val_score(model, flat, own, cv=outer) for model, own in jobs]
