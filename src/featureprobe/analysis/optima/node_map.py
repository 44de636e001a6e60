"""Single node against map: whether a map's optimum is its node's, repeated."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe._arguments import checked
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.optima.node_grid import checked_channels, checked_place, lattice_of
from featureprobe.analysis.optima.superposition import fit_copies, templates_of
from featureprobe.analysis.stats.ratios import gini, node_and_mean, ratio
from featureprobe.ascent.ascent import Ascent
from featureprobe.objectives.map_mean import MapMean
from featureprobe.objectives.node import Node
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Floats

SLACK = 1e-4  # relative: what float32 and another batch change in a score


@dataclass(frozen=True, eq=False, repr=False)
class NodeVsMap(Finding):
    """The optimum of one node and that of its map, for M maps.

    Option of ``plot``: ``channel``, the map whose pictures are drawn; None draws all maps.

    Args:
        layer: Path of the layer.
        channels: (M,) the maps.
        place: (row, column) of the node.
        alike: Whether all nodes have the same problem: they see no padding, and pixels are scaled
            alike. Else coherence has no bounds, and nodes are not held against each other.
        node_images: (M, H, W, C) the node's OIP, pixel units.
        map_images: (M, H, W, C) the map's OIP.
        cross: (M, 2, 2) activations: the first axis is the image (node's, map's), the second what
            answers (the node, the mean of the map).
        profile: (M, R, C) activation of each node at the map's OIP.
        certificates: (M, 2) of the searches, node and map; 1 at a stationary point.
        fits: (M, M) R^2 of the map OIP of row m by shifted copies of the node OIP of column k.
        weights: (M, R, C) of the copies of a map's own node OIP.
        superpositions: (M, H, W, C) the map OIP as these copies give it, pixel units.
        seed: Of the searches.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import node_vs_map
        >>> probe = fp.samples.mnist_probe()
        >>> ascent = fp.Ascent(steps=4, starts=1, search=None, remedies=())
        >>> found = node_vs_map(probe, "Conv2D_3", channels=[5, 6, 7], ascent=ascent)
        >>> found.coherence.shape, found.r2.shape, found.weights.shape
        ((3,), (3,), (3, 3, 3))
    """

    kind: ClassVar[str] = "node_vs_map"
    _shapes: ClassVar[str] = (
        "channels: M; node_images: M ...; map_images: M ...; cross: M 2 2; profile: M R C; "
        "certificates: M 2; fits: M M; weights: M R C; superpositions: M ..."
    )
    layer: str
    _: KW_ONLY
    channels: npt.NDArray[np.int64]
    place: tuple[int, int]
    alike: bool
    node_images: FloatArray
    map_images: FloatArray
    cross: Floats
    profile: FloatArray
    certificates: FloatArray
    fits: Floats
    weights: Floats
    superpositions: FloatArray
    seed: int

    @property
    def nodes(self) -> int:
        """Nodes of one map, P."""
        return int(np.prod(self.profile.shape[1:]))

    @property
    def coherence(self) -> Floats:
        """(M,) kappa, the map's best mean over the node's best activation; NaN for dead nodes.

        At the global optima of a layer without negative activations whose nodes are ``alike``, it lies
        in [1/P, 1]: 1/P since the node's OIP is an image for the map too, 1 since no node does better
        than its optimum. At 1 the windows agree on one image, at 1/P they exclude one another.
        """
        node, mean = self.cross[:, 0, 0], self.cross[:, 1, 1]
        return ratio(mean, node)

    @property
    def failed(self) -> npt.NDArray[np.bool_]:
        """(M,) whether a search has provably missed its maximum.

        The node's has, when it, or where nodes are ``alike`` any node, answers more to the map's OIP (as
        with a coherence above 1); the map's, when it answers more to the node's (as below 1/P).
        """
        best = self.cross[:, 1, 0]
        if self.alike:
            best = np.maximum(self.profile.max(axis=(1, 2)), best)
        node = best > (1 + SLACK) * self.cross[:, 0, 0]
        return np.asarray(node | (self.cross[:, 0, 1] > (1 + SLACK) * self.cross[:, 1, 1]))

    @property
    def r2(self) -> Floats:
        """(M,) share of the map OIP's variance over live pixels in copies of its own node OIP."""
        return np.asarray(np.diagonal(self.fits))

    @property
    def null(self) -> Floats:
        """(M, M - 1) the same with the node OIP of every other map."""
        count = len(self.channels)
        return self.fits[~np.eye(count, dtype=bool)].reshape(count, count - 1)

    @property
    def p(self) -> Floats:
        """(M,) share of maps whose node OIP explains the map OIP as well; never below 1/M."""
        better = (self.null >= self.r2[:, None] - 1e-9).sum(axis=1)
        return np.asarray((1 + better) / len(self.channels))

    @property
    def active(self) -> Floats:
        """(M,) share of nodes that answer (above 1e-6 of the strongest) to the map's OIP."""
        least = 1e-6 * np.maximum(self.profile.max(axis=(1, 2), keepdims=True), 0)
        return np.asarray((self.profile > least).mean(axis=(1, 2)))

    @property
    def gini(self) -> Floats:
        """(M,) how unequal these answers are, from 0 (all the same) to 1 - 1/P (one node alone)."""
        return gini(self.profile.reshape(len(self.profile), -1))

    @property
    def verdict(self) -> str:
        """How far windows agree, and how many map OIPs are superpositions."""
        living = np.isfinite(self.coherence)
        if not living.any():
            return f"{self.layer}: the node at {self.place} of none of {len(living)} maps answers."
        count, sums = int(living.sum()), int((self.p[living] < 0.01).sum())
        others = float(np.median(self.null)) if len(living) > 1 else np.nan
        least = f" (with {len(living)} maps p is at least {1 / len(living):.2g})"
        limit = "" if len(living) > 100 else least
        bounds = (
            f"1 = the {self.nodes} windows agree, {1 / self.nodes:.2f} = they exclude one another"
        )
        if not self.alike:
            bounds = "no bounds, since nodes see padding, or pixels that are scaled one by one"
        return (
            f"{self.layer}: medians over {count} maps: a map reaches {np.median(self.coherence[living]):.2f} "
            f"of its node's maximum ({bounds}), with {np.median(self.active[living]):.0%} of its nodes active; {sums} "
            f"map OIPs are superpositions of their own node's with p < 0.01{limit}, median R^2 "
            f"{np.median(self.r2[living]):.2f} against {others:.2f} of other maps' nodes; "
            f"{int(self.failed.sum())} searches provably failed."
        )

    @property
    def _size(self) -> tuple[float, float]:
        return 12.0, 4.8


@checked
def node_vs_map(
    probe: ModelProbe,
    layer: str,
    *,
    channels: npt.ArrayLike | None = None,
    ascent: Ascent | None = None,
    row: int | None = None,
    col: int | None = None,
    rng: Rng = 0,
    progress: bool | None = None,
) -> NodeVsMap:
    """Climb one node and the mean of its map, for many maps at once, and compare the optima.

    A map's mean is the mean of P copies of one function, a jump apart. So its optimum may be the
    node's, repeated: the fit ``map OIP ~ sum_k w_k T_k(node OIP) + c`` over live pixels tells, beside
    that with other maps' node OIPs; copies are the node OIP less its constant outside, moved.

    Args:
        probe: The opened model.
        layer: Path of a layer with maps.
        channels: Numbers of maps; None: all. The p of a superposition cannot be below 1/M, since the
            null consists of the other maps.
        ascent: The recipe for both searches; None: ``Ascent()``.
        row: Row of the node; None: the middle.
        col: Column of it, likewise.
        rng: Seed of the searches.
        progress: As for ``Ascent.run``.

    Returns:
        The comparison; its bounds hold where nodes are ``alike``.

    Raises:
        ShapeError: When the layer has no maps.
        RangeError: When there is no such map, row or column.
        ModelError: When nodes lie at no whole number of pixels.

    Source: the question "single node or map" of article VII of the MNIST series.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import node_vs_map
        >>> probe = fp.samples.mnist_probe()
        >>> ascent = fp.Ascent(steps=8, starts=1, search=None, remedies=())
        >>> found = node_vs_map(probe, "Conv2D_3", channels=range(20, 24), ascent=ascent)
        >>> bool((found.fits <= 1).all()), found.place
        (True, (1, 1))
    """
    lattice = lattice_of(probe, layer, on_pixels=True)
    maps, seed = checked_channels(channels, lattice), seed_from(rng)
    place = checked_place(row, col, lattice)
    recipe = Ascent() if ascent is None else ascent
    nodes = [Node(layer, row=place[0], col=place[1], channel=int(c)) for c in maps]
    means = [MapMean(layer, channel=int(c)) for c in maps]
    runs = [recipe.run(probe, t, rng=seed, progress=progress) for t in (nodes, means)]
    images = [np.nan_to_num(run.best()) for run in runs]
    every = np.arange(len(maps))
    answers = [probe.activations(batch, layer)[every, :, :, maps] for batch in images]
    fitted = fit_copies(images[1], templates_of(probe, layer, images[0], place), lattice, place)
    ends = [run.certificates[every, run.best_starts()] for run in runs]
    return NodeVsMap(
        layer,
        channels=maps,
        place=place,
        alike=lattice.whole and probe.input_space.even,
        node_images=images[0],
        map_images=images[1],
        cross=np.stack([node_and_mean(values, place) for values in answers], axis=1),
        profile=answers[1],
        certificates=np.stack(ends, axis=1),
        fits=fitted.r2,
        weights=fitted.weights,
        superpositions=fitted.images,
        seed=seed,
    )
