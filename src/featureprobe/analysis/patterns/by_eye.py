"""What three images against three show to the eye, and how much of it chance shows as well."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Count, checked
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.patterns.patterns import Patterns, two_classes
from featureprobe.analysis.stats.frequency import active_above
from featureprobe.analysis.stats.null import band
from featureprobe.errors import ConfigError, RangeError
from featureprobe.types import Whole


@dataclass(frozen=True, eq=False, repr=False)
class EyeComparison(Finding):
    """Nodes that are active in all of a few images of one class and in none of another's.

    ``plot`` takes a figure only.

    Args:
        layer: Path of the layer.
        first: The class whose nodes are circled.
        second: The class that they are looked for in.
        size: Images of each class that are looked at.
        nodes: The circled nodes for the images given; empty when none were given.
        observed: (rounds,) circled nodes for ``size`` images drawn of each class.
        null: (rounds,) circled nodes when all images are drawn of both classes alike.
        independent: What the mean frequencies alone predict for the null, if nodes and images were
            independent: the sum of ``p**size * (1 - p)**size``.
        lasting: (rounds,) of the circled nodes of ``observed``, those that are also circled for
            ``size`` fresh images of each class.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> patterns = fp.analysis.Patterns.of(probe, images, labels, "Conv2D_3")
        >>> found = fp.analysis.compare_by_eye(patterns, 4, 9, size=2, rounds=50)
        >>> found.observed.shape
        (50,)
    """

    kind: ClassVar[str] = "eye_comparison"
    _shapes: ClassVar[str] = "nodes: _; observed: rounds; null: rounds; lasting: rounds"
    layer: str
    _: KW_ONLY
    first: int
    second: int
    size: int
    nodes: Whole
    observed: Whole
    null: Whole
    independent: float
    lasting: Whole

    @property
    def verdict(self) -> str:
        """Observed beside chance."""
        (low, high), (own_low, own_high) = band(self.null), band(self.observed)
        share = self.lasting.sum() / max(1, self.observed.sum())
        here = f"{len(self.nodes)} here; " if len(self.nodes) else ""
        return (
            f"{self.layer}, {self.size} images of {self.first} against {self.size} of {self.second}: "
            f"{here}{np.median(self.observed):.0f} circled nodes in the median ({own_low}-{own_high}), "
            f"{np.median(self.null):.0f} ({low}-{high}) by chance; {share:.0%} of them are circled "
            f"again for {self.size} fresh images of each."
        )

    @property
    def _size(self) -> tuple[float, float]:
        return 7.0, 3.8


@checked
def compare_by_eye(
    patterns: Patterns,
    first: int,
    second: int,
    *,
    images: tuple[Sequence[int], Sequence[int]] | None = None,
    size: int = 3,
    threshold: float = 0.0,
    rounds: Count = 1000,
    rng: Rng = 0,
) -> EyeComparison:
    """Circle nodes as one does by eye, and count how many circles mean nothing.

    A node is circled when it is active in all of ``size`` images of one class and in none of as many
    of the other. With so few images chance alone gives circles: under the null both groups are drawn
    from the images of both classes together.

    Args:
        patterns: Activations and labels.
        first: The class whose nodes are circled.
        second: The other class.
        images: Places of the images to circle for, of each class equally many; None: only drawn ones.
        size: Images of each class, where ``images`` does not say.
        threshold: A node is active above this activation.
        rounds: Draws.
        rng: Seed of the draws.

    Returns:
        Circles, observed and by chance.

    Raises:
        RangeError: When an image does not exist, or a class has fewer than ``2 * size``.
        ConfigError: When the classes are the same, or the images are not of them.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> patterns = fp.analysis.Patterns.of(probe, images, labels, "Conv2D_3")
        >>> found = compare_by_eye(patterns, 4, 9, rounds=200)
        >>> bool(np.median(found.null) > 0)  # circles that mean nothing
        True
    """
    two_classes(patterns, first, second)
    if images is not None:
        _check_images(patterns, (first, second), images)
        size = len(images[0])
    _checks.whole("size", size, least=1)
    own, other = (active_above(patterns.of_class(c), threshold) for c in (first, second))
    if min(len(own), len(other)) < 2 * size:
        raise RangeError(
            f"Two draws of {size} images need {2 * size} of each class. Received {len(own)} and "
            f"{len(other)}. Give more images, or a smaller size."
        )
    generator = np.random.default_rng(seed_from(rng))
    pooled = np.concatenate([own, other])
    observed, lasting = _circles_twice((own, other), size, rounds, generator)
    null, _ = _circles_twice((pooled,), size, rounds, generator)
    share = pooled.mean(axis=0)
    return EyeComparison(
        patterns.layer,
        first=int(first),
        second=int(second),
        size=size,
        nodes=_circled(active_above(patterns.nodes, threshold), images),
        observed=observed,
        null=null,
        independent=float((share**size * (1 - share) ** size).sum()),
        lasting=lasting,
    )


def _circled(
    active: npt.NDArray[np.bool_], images: tuple[Sequence[int], Sequence[int]] | None
) -> Whole:
    """Return the nodes that are active in all of some images and in none of others."""
    if images is None:
        return np.zeros(0, np.int64)
    return np.flatnonzero(
        active[list(images[0])].all(axis=0) & ~active[list(images[1])].any(axis=0)
    )


def _circles_twice(
    groups: tuple[npt.NDArray[np.bool_], ...], size: int, rounds: int, rng: np.random.Generator
) -> tuple[Whole, Whole]:
    """Return (rounds,) circled nodes, and how many of them are circled for fresh images as well.

    Of two groups ``2 * size`` images each are drawn; of a single one twice as many, dealt out.
    """
    counts, lasting = np.zeros(rounds, np.int64), np.zeros(rounds, np.int64)
    each = 4 * size // len(groups)
    for start in range(0, rounds, 64):
        some = min(64, rounds - start)
        drawn = [group[_draws(len(group), each, some, rng)] for group in groups]
        first, second, fresh_first, fresh_second = (
            (drawn[k % len(groups)][:, (k if len(groups) == 1 else k // 2) * size :][:, :size])
            for k in range(4)
        )
        circled = first.all(axis=1) & ~second.any(axis=1)
        again = fresh_first.all(axis=1) & ~fresh_second.any(axis=1)
        counts[start : start + some] = circled.sum(axis=1)
        lasting[start : start + some] = (circled & again).sum(axis=1)
    return counts, lasting


def _draws(count: int, size: int, rounds: int, rng: np.random.Generator) -> Whole:
    return np.stack([rng.choice(count, size, replace=False) for _ in range(rounds)])


def _check_images(
    patterns: Patterns, classes: tuple[int, int], images: tuple[Sequence[int], Sequence[int]]
) -> None:
    if len(images) != 2 or len(images[0]) != len(images[1]) or not len(images[0]):
        raise ConfigError(
            "images are two lists of places of equal length, one for each class. "
            f"Received: {images!r}."
        )
    for label, places in zip(classes, images, strict=True):
        for place in places:
            if not 0 <= place < len(patterns):
                raise RangeError(
                    f"A place of an image is 0..{len(patterns) - 1}. Received {place}."
                )
            if patterns.labels[place] != label:
                raise ConfigError(
                    f"Image {place} has the class {patterns.labels[place]}, not {label}. "
                    f"patterns.where({label}) lists the images of that class."
                )
