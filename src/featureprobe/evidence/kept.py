"""What was kept of a data set: top and sampled images, unit by unit."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import checked_methods
from featureprobe._hints import Hints
from featureprobe._names import visible
from featureprobe.errors import UnknownLayerError, nearest
from featureprobe.evidence.examples import Examples
from featureprobe.evidence.layer_evidence import LayerEvidence, _check_unit
from featureprobe.evidence.percentiles import percentiles
from featureprobe.results.result import AscentResult


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class Kept(Hints):
    """The fields of :class:`Evidence`, which says what they are, without pictures and files."""

    _: KW_ONLY
    layers: Mapping[str, LayerEvidence]
    images: npt.NDArray[Any]
    indices: npt.NDArray[np.int64]
    names: tuple[str, ...]
    sample: npt.NDArray[np.int64]
    count: int
    model: str = ""
    fingerprint: str = ""
    skipped: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        layers = ", ".join(f"{visible(path)} ({own.units})" for path, own in self.layers.items())
        left = f", {len(self.skipped)} files skipped" if self.skipped else ""
        return f"<Evidence of {visible(self.model)}: {layers}; {self.count:,} images{left}>"

    def __getitem__(self, layer: str) -> LayerEvidence:
        if layer not in self.layers:
            raise UnknownLayerError(
                f"No evidence was collected for {layer!r}. {nearest(str(layer), self.layers)}"
            )
        return self.layers[layer]

    def top(self, layer: str, unit: int, *, by: str = "peak") -> Examples:
        """Return the images that excite a unit most, strongest first.

        Args:
            layer: Path of the layer.
            unit: Number of the map or node.
            by: ``"peak"``: by the map's strongest node, with what it sees; ``"mean"``: by the
                map's mean, with all that the map sees.

        Raises:
            UnknownLayerError, RangeError, ConfigError: For what was not collected.
        """
        own, answers = self[layer], self[layer].measure(by)
        _check_unit(unit, own.units)
        nodes = answers.top_nodes[unit] if by == "peak" else None
        return self._examples(own, unit, answers.top_images[unit], answers.top_values[unit], nodes)

    def spread(self, layer: str, unit: int, count: int = 8, *, by: str = "mean") -> Examples:
        """Return whole images spread evenly over the ranks of a unit's answers, strongest first.

        The top examples show what a unit likes best; these show what it likes at all. They come
        from the uniform sample, so the first is not the top of the data set.

        Args:
            layer: Path of the layer.
            unit: Number of the map or node.
            count: How many, at least 2.
            by: ``"mean"`` or ``"peak"``.

        Raises:
            UnknownLayerError, RangeError, ConfigError: For what was not collected.
        """
        own, answers = self[layer], self[layer].measure(by)
        _check_unit(unit, own.units)
        _checks.whole("count", count, least=2)
        order = np.argsort(-(values := answers.sampled[:, unit]), kind="stable")
        places = order[np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)]
        return self._examples(own, unit, self.sample[places], values[places], None)

    def percentiles(self, result: AscentResult) -> npt.NDArray[np.float64]:
        """Return where the scores of an ascent stand among the answers to real images.

        Args:
            result: Of ``MapMean`` targets, of ``Node`` targets of dense layers, and of objectives that say
                that they are a map's mean, its strongest node or a dense node (``shown_unit``);
                others are NaN.

        Returns:
            (targets, starts), 0..100: the percentage of images that score at most as much.
        """
        return percentiles(self.layers, result)

    def _examples(
        self,
        own: LayerEvidence,
        unit: int,
        numbers: npt.NDArray[np.int64],
        scores: npt.NDArray[np.float32],
        nodes: npt.NDArray[np.int64] | None,
    ) -> Examples:
        places = np.searchsorted(self.indices, numbers)
        boxes = np.tile(own.whole_box, (len(numbers), 1))
        if nodes is not None:
            boxes = np.array([own.box_of(int(node)) for node in nodes], np.int64)
        return Examples(
            unit=f"{own.layer} {'map' if len(own.shape) > 1 else 'node'} {unit}",
            images=self.images[places],
            scores=scores,
            indices=numbers,
            names=tuple(self.names[p] for p in places),
            boxes=boxes,
            field=own.field if nodes is not None else _size(own.whole_box),
        )


def _size(box: tuple[int, ...]) -> tuple[int, ...]:
    """Return the size of a box along each axis."""
    rank = len(box) // 2
    return tuple(stop - first for first, stop in zip(box[:rank], box[rank:], strict=True))
