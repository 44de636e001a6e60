"""Which nodes the decision needs: nodes replaced by their mean, or nothing but them kept."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Count, Share, checked
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.patterns.contributions import margin_weights
from featureprobe.analysis.patterns.patterns import Patterns, two_classes
from featureprobe.errors import ConfigError, DataError, ShapeError, nearest
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.probe.network.tail import tail_of
from featureprobe.types import FloatArray, Floats

RANDOM = "random"  # the name of the control


@dataclass(frozen=True, eq=False, repr=False)
class Ablation(Finding):
    """Accuracy between two classes when nodes are taken out of a layer, or all others are.

    ``plot`` takes a figure only.

    Args:
        layer: Path of the layer.
        first: A class.
        second: The other class.
        sizes: (S,) how many nodes are taken out, or kept.
        removed: By ranking, (R, S) accuracy with the first nodes of the ranking at their mean; R is
            1, or the number of random rankings under ``"random"``.
        kept: By ranking, (R, S) accuracy with all but the first nodes at their mean.
        removed_margin: By ranking, (R, S) mean signed margin, logits.
        full: Accuracy with all nodes.
        nodes: Number of nodes J.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> patterns = fp.analysis.Patterns.of(probe, images[:300], labels[:300], "Dense_1")
        >>> shares = fp.analysis.split_margin(probe, images[:300], "Dense_1", 4, 9).mean
        >>> found = fp.analysis.ablate(probe, patterns, 4, 9, {"share": shares}, random=3)
        >>> found.area("share") < found.area("random")
        True
    """

    kind: ClassVar[str] = "ablation"
    _shapes: ClassVar[str] = "sizes: S; removed: _ S; kept: _ S; removed_margin: _ S"
    layer: str
    _: KW_ONLY
    first: int
    second: int
    sizes: npt.NDArray[np.int64]
    removed: dict[str, Floats]
    kept: dict[str, Floats]
    removed_margin: dict[str, Floats]
    full: float
    nodes: int

    @checked
    def enough(self, ranking: str, share: Share = 0.99) -> int | None:
        """Return the fewest nodes tried that keep ``share`` of the full accuracy; None for none.

        Raises:
            ConfigError: When there is no such ranking.
        """
        reached = np.flatnonzero(self._of(self.kept, ranking).mean(axis=0) >= share * self.full)
        return int(self.sizes[reached[0]]) if len(reached) else None

    @checked
    def area(self, ranking: str) -> float:
        """Return the mean accuracy over the sizes (logarithmic) as nodes of a ranking are removed.

        Low means that the ranking finds what the decision needs.

        Raises:
            ConfigError: When there is no such ranking.
        """
        curve, x = self._of(self.removed, ranking).mean(axis=0), np.log(self.sizes)
        return float(np.trapezoid(curve, x) / (x[-1] - x[0])) if len(x) > 1 else float(curve[0])

    def _of(self, curves: Mapping[str, Floats], ranking: str) -> Floats:
        if ranking not in curves:
            raise ConfigError(f"There is no ranking {ranking!r}. {nearest(str(ranking), curves)}")
        return curves[ranking]

    @property
    def verdict(self) -> str:
        """Which ranking finds what the decision needs, and how little is enough."""
        names = [name for name in self.removed if name != RANDOM]
        best = min(names, key=self.area)
        parts = []
        for name in (*names, RANDOM):
            few = self.enough(name)
            parts.append(f"{name} {'more than tried' if few is None else few}")
        return (
            f"{self.layer}, {self.first} against {self.second}: taking nodes out hurts most in the "
            f"order of {best}; nodes that keep 99 % of the accuracy, of {self.nodes}: "
            f"{', '.join(parts)}."
        )

    @property
    def _size(self) -> tuple[float, float]:
        return 10.0, 4.0


@checked
def ablate(
    probe: ModelProbe,
    patterns: Patterns,
    first: int,
    second: int,
    rankings: Mapping[str, npt.ArrayLike],
    *,
    sizes: Sequence[int] | None = None,
    random: Count = 20,
    rng: Rng = 0,
) -> Ablation:
    """Take nodes out in several orders, and keep nothing but them, and see what that does.

    A node that is taken out has its mean over both classes, each counted alike. Random orders are
    the control. A ranking by selectivity is often a poor one (Leavitt and Morcos 2020).

    Args:
        probe: The opened model.
        patterns: Activations and labels of a layer that all paths to the output go through.
        first: Number of an output, which is a class.
        second: Number of the other.
        rankings: By name, one number a node (J,) or of the layer's shape: the larger its magnitude,
            the earlier it is taken. Means of ``split_margin``, Cliff's delta, selectivity, ...
        sizes: How many nodes to take; None: 1, 2, 4, ... and all.
        random: Random orders.
        rng: Their seed.

    Returns:
        The curves.

    Raises:
        ModelError: When a path to the output avoids the layer.
        ShapeError: When a ranking does not fit the layer.
        DataError: When a class has no image.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> patterns = fp.analysis.Patterns.of(probe, images[:300], labels[:300], "Conv2D_3")
        >>> shares = fp.analysis.split_margin(probe, images[:300], "Conv2D_3", 4, 9).mean
        >>> found = ablate(probe, patterns, 4, 9, {"share": shares}, random=2)
        >>> found.full > 0.9
        True
    """
    two_classes(patterns, first, second)
    weights = margin_weights(probe, first, second)
    total = patterns.nodes.shape[1]
    orders = {name: [_order(name, values, total)] for name, values in rankings.items()}
    if RANDOM in orders or not orders:
        raise ConfigError(
            f"rankings name at least one order; {RANDOM!r} is the control's name. "
            f"Received: {list(rankings)}."
        )
    _checks.whole("random", random, least=1)
    generator = np.random.default_rng(seed_from(rng))
    orders[RANDOM] = [generator.permutation(total) for _ in range(random)]
    counts = _sizes(sizes, total)
    trial = _Trial(probe, patterns, first, second, weights)
    curves = {
        name: np.array([[trial.both(order, n) for n in counts] for order in some])
        for name, some in orders.items()
    }  # (R, S, 3)
    return Ablation(
        patterns.layer,
        first=int(first),
        second=int(second),
        sizes=counts,
        removed={name: c[..., 0] for name, c in curves.items()},
        kept={name: c[..., 1] for name, c in curves.items()},
        removed_margin={name: c[..., 2] for name, c in curves.items()},
        full=trial.outcome(trial.values)[0],
        nodes=total,
    )


class _Trial:
    """The images of two classes, run through the rest of the net with changed nodes."""

    def __init__(
        self, probe: ModelProbe, patterns: Patterns, first: int, second: int, weights: FloatArray
    ) -> None:
        self.tail, self.weights, self.shape = (
            tail_of(probe.network, patterns.layer),
            weights,
            patterns.shape,
        )
        own, other = patterns.of_class(first), patterns.of_class(second)
        self.values = np.concatenate([own, other])
        self.signs = np.concatenate([np.ones(len(own)), -np.ones(len(other))])
        self.balance = np.where(self.signs > 0, 0.5 / len(own), 0.5 / len(other))
        self.mean = 0.5 * (own.mean(axis=0) + other.mean(axis=0))

    def both(self, order: npt.NDArray[np.int64], count: int) -> tuple[float, float, float]:
        """Return accuracy without, accuracy with nothing but, and margin without some nodes."""
        some = order[:count]
        without, only = self.values.copy(), np.tile(self.mean, (len(self.values), 1))
        without[:, some] = self.mean[some]
        only[:, some] = self.values[:, some]
        accuracy, margin = self.outcome(without)
        return accuracy, self.outcome(only)[0], margin

    def outcome(self, nodes: FloatArray) -> tuple[float, float]:
        """Return accuracy and mean signed margin, both classes counted alike."""
        logits = self.tail.logits(nodes.reshape(-1, *self.shape))
        signed = self.signs * (logits.astype(np.float64) @ self.weights)
        return float(((signed > 0) * self.balance).sum()), float((signed * self.balance).sum())


def _order(name: str, values: npt.ArrayLike, total: int) -> npt.NDArray[np.int64]:
    flat = np.abs(np.asarray(values, np.float64)).ravel()
    if len(flat) != total:
        raise ShapeError(
            f"The ranking {name!r} needs one number for each of the {total} nodes. "
            f"Received the shape {np.shape(values)}."
        )
    if not np.isfinite(flat).all():
        raise DataError(
            f"The ranking {name!r} has {int((~np.isfinite(flat)).sum())} NaN or infinite values. "
            "Give every node a finite number, such as 0."
        )
    return np.argsort(-flat, kind="stable")


def _sizes(sizes: Sequence[int] | None, total: int) -> npt.NDArray[np.int64]:
    if sizes is None:
        return np.array([*(2**k for k in range(total.bit_length()) if 2**k < total), total])
    if not len(sizes):
        raise ConfigError("sizes are whole numbers, at least one. Received an empty list.")
    for size in sizes:
        _checks.whole("sizes", size, least=1)
    return np.unique(np.minimum(np.asarray(sizes, np.int64), total))
