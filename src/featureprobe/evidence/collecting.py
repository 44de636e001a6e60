"""The one pass over a data set: running totals of all units, and the images that are worth keeping."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe.evidence.image_bar import counted
from featureprobe.evidence.layer_evidence import MEASURES, Answers, LayerEvidence
from featureprobe.evidence.sketch import QuantileSketch
from featureprobe.evidence.sources import Batch, batches
from featureprobe.evidence.streams import length
from featureprobe.evidence.tops import Tops
from featureprobe.evidence.unit_values import LayerAnswers, answering, batch_size, most_axes
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Whole


class Totals:
    """Running totals of one number an image, for U units."""

    def __init__(self, units: int, top: int) -> None:
        self.count = 0
        self.mean = np.zeros(units)
        self.squares = np.zeros(units)  # of deviations from the mean
        self.least = np.full(units, np.inf, np.float32)
        self.active = np.zeros(units)
        self.tops = Tops(units, top)
        self.sketch = QuantileSketch(units)

    def add(self, values: FloatArray, nodes: Whole, first: int) -> None:
        """Add values (n, U) of the images from ``first`` on."""
        wide, n = values.astype(np.float64), len(values)
        mean = wide.mean(axis=0)
        # Chan, Golub and LeVeque's update: no difference of large sums.
        step = mean - self.mean
        self.squares += ((wide - mean) ** 2).sum(axis=0)
        self.squares += step**2 * self.count * n / (self.count + n)
        self.mean += step * n / (self.count + n)
        self.count += n
        self.least = np.minimum(self.least, values.min(axis=0))
        self.active += (values > 0).sum(axis=0)
        self.tops.add(values, nodes, first)
        self.sketch.add(values)

    def answers(self, sampled: FloatArray) -> Answers:
        """Return the totals, with the values of the sampled images (R, U)."""
        kept, weights = self.sketch.kept()
        return Answers(
            mean=self.mean,
            std=np.sqrt(self.squares / self.count),
            least=self.least,
            active=self.active / self.count,
            top_values=self.tops.values,
            top_images=self.tops.images,
            top_nodes=self.tops.nodes,
            kept=kept,
            weights=weights,
            sampled=sampled,
        )


class Sample:
    """A uniform sample of R images of a stream: those with the smallest of random numbers."""

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self.images = np.empty(0, np.int64)
        self._keys = np.empty(0)
        self._rng = np.random.default_rng(seed)
        self._values: dict[tuple[str, str], FloatArray] = {}

    def add(self, first: int, answers: dict[str, LayerAnswers]) -> None:
        """Offer the images of a batch from ``first`` on."""
        fresh = self._rng.random(len(next(iter(answers.values())).peak))
        keys = np.concatenate([self._keys, fresh])
        chosen = np.sort(np.argsort(keys, kind="stable")[: self.size])
        self._keys = keys[chosen]
        self.images = np.concatenate([self.images, first + np.arange(len(fresh))])[chosen]
        for path, made in answers.items():
            for by, new in (("peak", made.peak), ("mean", made.mean)):
                old = self._values.get((path, by), np.empty((0, new.shape[1]), np.float32))
                self._values[path, by] = np.concatenate([old, new])[chosen]

    def values(self, path: str, by: str) -> FloatArray:
        """Return (R, U) of a layer."""
        return self._values[path, by]


class Gallery:
    """The images that somebody still refers to, as they were stored."""

    def __init__(self) -> None:
        self.images: dict[int, npt.NDArray[Any]] = {}
        self.names: dict[int, str] = {}

    def update(self, batch: Batch, wanted: set[int]) -> None:
        """Let go what is not wanted any more, and take in what is wanted of a batch."""
        for gone in self.images.keys() - wanted:
            del self.images[gone], self.names[gone]
        for number in wanted - self.images.keys():
            self.images[number] = batch.stored[number - batch.first].copy()
            self.names[number] = batch.name_of(number - batch.first)


def chosen_layers(probe: ModelProbe, layers: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return paths as a tuple; for None all layers with weights that answer with maps or nodes.

    Raises:
        ConfigError: When there is none.
    """
    if layers is None:
        rows, most = probe.summary().rows, most_axes(probe)
        layers = [r.path for r in rows if r.parameters and 1 <= len(r.shape) <= most]
    return (layers,) if isinstance(layers, str) else _checks.some(layers, "layers")


def collect(
    probe: ModelProbe,
    data: Any,
    layers: Sequence[str],
    *,
    top: int,
    sample: int,
    seed: int,
    limit: int | None = None,
    progress: bool | None = None,
) -> tuple[dict[str, LayerEvidence], Gallery, Whole, int]:
    """Run a data set through the net once.

    Returns:
        Evidence by layer, the images kept, the positions of the sampled ones, number of images.
    """
    answer = answering(probe, layers)
    totals = {
        (path, by): Totals(probe.shape_of(path)[-1], top)
        for path in layers
        for by in _measures(probe, path)
    }
    chosen, gallery, count = Sample(sample, seed), Gallery(), 0
    size = batch_size(probe, layers)
    read = batches(data, probe.image_shape, size, limit=limit)
    for batch in counted(read, length(data, limit), progress):
        made = answer(batch.images, batch.first)
        for path, own in made.items():
            for by in _measures(probe, path):
                totals[path, by].add(getattr(own, by), own.node, batch.first)
        chosen.add(batch.first, made)
        gallery.update(batch, _wanted(totals.values(), chosen))
        count += len(batch.images)
    found = {p: _layer(probe, p, count, totals, chosen) for p in layers}
    return found, gallery, chosen.images, count


def _measures(probe: ModelProbe, path: str) -> tuple[str, ...]:
    """A dense node has one value: no peak and mean of several."""
    return MEASURES if len(probe.shape_of(path)) > 1 else MEASURES[:1]


def _wanted(totals: Iterable[Totals], chosen: Sample) -> set[int]:
    numbers = [np.unique(t.tops.images) for t in totals]
    return set(np.concatenate([*numbers, chosen.images]).tolist())


def _layer(
    probe: ModelProbe,
    path: str,
    count: int,
    totals: dict[tuple[str, str], Totals],
    chosen: Sample,
) -> LayerEvidence:
    graph, fields = probe.network.graph, probe.network.fields
    spans = tuple(field.spans for field in fields[graph.number_of(path)])
    own = {by: totals[path, by].answers(chosen.values(path, by)) for by in _measures(probe, path)}
    return LayerEvidence(
        layer=path,
        kind=type(graph.call_of(path).layer).__name__,
        shape=probe.shape_of(path),
        count=count,
        peak=own["peak"],
        mean=own.get("mean", own["peak"]),
        spans=spans,
    )
