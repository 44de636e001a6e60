"""Composition: which lower maps a target's value is made of, exactly."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from featureprobe import _checks
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.optima.target_score import shares_of_nodes
from featureprobe.probe.graph.call import Call
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.probe.network.network import Network
from featureprobe.probe.network.rows import check_single
from featureprobe.types import FloatArray, Floats, Tensor, UnitStatistic

IMAGE = "image"
_ADDED = ("bias", "beta", "moving_mean")  # variables that add a constant
EXACT = 1e-5


@dataclass(frozen=True, eq=False, repr=False)
class Composition(Finding):
    """The shares of the maps of the layer below in what a target answers to one image.

    A share is the sum over a map's positions of activation times slope.

    Option of ``plot``: ``count``, how many maps are drawn.

    Args:
        lower: Path of the layer below, or ``"image"`` for the image itself, in model units.
        shares: (M,) shares in the pre-activation: of a map its mean over all nodes.
        bias: Share of what is added between the layers.
        total: The pre-activation as the net computes it.
        score_shares: (M,) shares in the score, that is after the activation: closed nodes have none.
            Behind a curved activation, such as tanh, they do not add up to it (``splits_score``).
        score_bias: Likewise.
        score: The score.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import decompose
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> target = fp.MapMean("Conv2D_3", channel=5)
        >>> found = decompose(probe, images[0], target, rounds=20).composition
        >>> found.lower, found.shares.shape, found.exact
        ('Max_Pool_2', (64,), True)
    """

    kind: ClassVar[str] = "composition"
    _shapes: ClassVar[str] = "shares: M; score_shares: M"
    lower: str
    _: KW_ONLY
    shares: Floats
    bias: float
    total: float
    score_shares: Floats
    score_bias: float
    score: float

    @property
    def error(self) -> float:
        """Sum of shares and bias less the pre-activation, over the sum of their magnitudes."""
        size = np.abs(self.shares).sum() + abs(self.bias) + 1e-30
        return float(abs(self.shares.sum() + self.bias - self.total) / size)

    @property
    def exact(self) -> bool:
        """Whether shares and bias give the pre-activation, since what lies between is piecewise linear."""
        return self.error <= EXACT

    @property
    def splits_score(self) -> bool:
        """Whether shares and bias give the score too; behind a curved activation, as tanh, they do not."""
        size = np.abs(self.score_shares).sum() + abs(self.score_bias) + abs(self.score) + 1e-30
        left = self.score_shares.sum() + self.score_bias - self.score
        return bool(abs(left) <= EXACT * size)

    def largest(self, count: int = 8) -> npt.NDArray[np.int64]:
        """Return the lower maps with the largest shares in the score, by magnitude.

        Where the score has none (it is 0, or does not split), those with the largest shares in the
        pre-activation.

        Args:
            count: How many.
        """
        _checks.whole("count", count, least=1)
        return np.argsort(-np.abs(self._ranked), kind="stable")[:count]

    @property
    def _ranked(self) -> Floats:
        split = self.splits_score and self.score_shares.any()
        return self.score_shares if split else self.shares

    @property
    def verdict(self) -> str:
        """Who carries the target's value."""
        size = np.sort(np.abs(self._ranked))[::-1]
        half = int(np.searchsorted(np.cumsum(size), size.sum() / 2)) + 1
        how = "exactly" if self.exact else f"only roughly (off by {self.error:.1g})"
        names = ", ".join(str(k) for k in self.largest(3))
        return (
            f"The value{'' if self.splits_score else ' before the activation'} splits {how} into maps of {self.lower}: {half} of {len(size)} make half of "
            f"all shares, the largest are {names}."
        )

    @property
    def _size(self) -> tuple[float, float]:
        return 5.0, 4.0


def composition_of(probe: ModelProbe, image: FloatArray, unit: UnitStatistic) -> Composition:
    """Return the shares of the nearest lower convolution or pooling layer, at an image (H, W, C)."""
    network = probe.network
    check_single(network.rows, "Shares are of one image")
    lower, calls = _below(network, unit.layer)
    model = probe.input_space.to_model(image[None])
    values = model if lower == IMAGE else network.run(model, ((lower, False),))[0]
    weights = shares_of_nodes(unit, probe.shape_of(unit.layer))
    network.prepare(((unit.layer, True),))
    pre, score = (
        _split(
            network,
            (lower, unit.layer),
            calls,
            tf.constant(values, network.dtype),
            weights,
            before=before,
        )
        for before in (True, False)
    )
    score = pre if unit.pre else score
    return Composition(
        lower,
        shares=pre.shares,
        bias=pre.bias,
        total=pre.total,
        score_shares=score.shares,
        score_bias=score.bias,
        score=score.total,
    )


class _Split(NamedTuple):
    """A value as shares of lower maps (M,) and a bias."""

    shares: Floats
    bias: float
    total: float


def _split(
    network: Network,
    ends: tuple[str, str],
    calls: tuple[Call, ...],
    values: Tensor,
    weights: FloatArray,
    *,
    before: bool,
) -> _Split:
    """Return activation times slope, summed by map, and the biases times their slopes.

    Args:
        network: The net.
        ends: The layer that has the shares, and the one that is shared out.
        calls: What leads from one to the other.
        values: (1, H, W, maps) of the first.
        weights: Of the second's nodes, in the score.
        before: Whether before the second's activation.
    """
    lower, layer = ends
    added = [getattr(call.layer, name, None) for call in calls for name in _ADDED]
    biases = list({id(v): v.value for v in added if v is not None}.values())
    # A variable outside of a tape's trace has its slope by forward mode, without touching it.
    with tf.autodiff.ForwardAccumulator(biases, [tf.identity(b) for b in biases]) as ahead:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            known = network.constants(values)
            if lower == IMAGE:
                known |= network.feeding.shown(values)
            else:
                given = tf.cast(values, network.dtype_inside(lower))
                known[network.graph.number_of(lower)] = given
            last = network.graph.run_between(calls, known, layer)
            last = last if before else known[network.graph.number_of(layer)]
            total = tf.reduce_sum(tf.cast(last, values.dtype) * tf.cast(weights, values.dtype))
        bias = ahead.jvp(total, tf.UnconnectedGradients.ZERO)
    slopes = np.asarray(tape.gradient(total, values), np.float64)
    shares = (slopes * np.asarray(values, np.float64))[0].reshape(-1, values.shape[-1]).sum(axis=0)
    return _Split(shares, float(bias), float(total))


def _below(network: Network, layer: str) -> tuple[str, tuple[Call, ...]]:
    """Return the nearest lower layer with maps that all paths go through, and the calls after it."""
    graph = network.graph
    needed, steps = graph.needed(((layer, True),)), graph.steps_before(((layer, True),))
    for candidate in reversed(needed[:-1]):
        kind = type(candidate.layer).__name__
        number = candidate.results[0]
        if not any(word in kind for word in ("Conv", "Pool")) or len(candidate.results) > 1:
            continue
        if steps.get(number, "same") != "same":
            continue  # the value before the activation of what follows is made here
        calls = _between(network, needed, number) if len(network.shapes[number]) == 3 else None
        if calls is not None:
            return candidate.path, calls
    return IMAGE, needed


def _between(network: Network, needed: tuple[Call, ...], number: int) -> tuple[Call, ...] | None:
    """Return the calls that lead from a value to the last one; None when a path avoids the value."""
    wanted, found = set(needed[-1].results), []
    for call in reversed(needed):
        if number not in call.results and wanted & set(call.results):
            wanted |= set(call.sources)
            found.append(call)
    return None if wanted & set(network.image_inputs) else tuple(reversed(found))
