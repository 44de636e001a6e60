"""Evidence: what the images of a data set excite, unit by unit."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure, SubFigure

from featureprobe import _checks
from featureprobe._arguments import Count, checked_methods
from featureprobe._hints import Hints
from featureprobe._names import visible
from featureprobe._randomness import Rng, seed_from
from featureprobe.errors import ConfigError, UnknownLayerError, nearest
from featureprobe.evidence import pictures, storage
from featureprobe.evidence.collecting import chosen_layers, collect
from featureprobe.evidence.examples import Examples
from featureprobe.evidence.folder import ImageFolder
from featureprobe.evidence.judging import percentiles
from featureprobe.evidence.layer_evidence import LayerEvidence, _check_unit
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.result import AscentResult


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class Evidence(Hints):
    """What real images say about the maps and nodes of some layers; made by ``Evidence.collect``.

    Args:
        layers: By path.
        images: (M, H, W, C) the images referred to, pixel units, in the dtype of the data set.
        indices: (M,) their positions in the data set, increasing.
        names: M texts, where they come from.
        sample: (R,) positions of a uniform sample of the data set.
        count: Number of images seen.
        model: Name of the model.
        fingerprint: sha256 of the model, as ``probe.fingerprint``.
        skipped: Files that could not be read, and why.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, _) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> evidence = fp.Evidence.collect(probe, images[:200], ["Conv2D_3", "Dense_1"], top=4)
        >>> evidence
        <Evidence of mnist_cnn_a: Conv2D_3 (128), Dense_1 (100); 200 images>
        >>> evidence.top("Conv2D_3", 5).scores.shape
        (4,)
    """

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

    @classmethod
    def collect(
        cls,
        probe: ModelProbe,
        data: Any,
        layers: str | Sequence[str] | None = None,
        *,
        top: Count = 16,
        sample: Count = 256,
        rng: Rng = 0,
        limit: Count | None = None,
        progress: bool | None = None,
    ) -> Self:
        """Run a data set through the net, once, and keep what it says about every unit.

        Memory does not grow with the number of images.

        Args:
            probe: The opened model.
            data: Images in pixel units: an array (N, H, W, C) or what is sliced like one, a
                ``tf.data.Dataset``, an :class:`ImageFolder`, or an iterable of images or batches,
                alone, before their labels in a tuple, or as the entry ``"image"`` of a dict.
            layers: Paths; None: all layers that have weights and answer with maps or nodes.
            top: Examples kept of each unit, at least 1.
            sample: Images kept of a uniform sample, at least 1.
            rng: Seed of the sample.
            limit: Images to read at most; what never ends needs one.
            progress: Count images on a bar; None does so on a terminal, from a second on.

        Raises:
            UnknownLayerError: When there is no such layer.
            ShapeError, DataError: When an image does not fit, is not finite, or cannot be read.
        """
        chosen = chosen_layers(probe, layers)
        found, gallery, sampled, count = collect(
            probe, data, chosen, top=top, sample=sample, seed=seed_from(rng), limit=limit,
            progress=progress,
        )  # fmt: skip
        numbers = sorted(gallery.images)
        return cls(
            layers=found,
            images=np.stack([gallery.images[n] for n in numbers]),
            indices=np.array(numbers, np.int64),
            names=tuple(gallery.names[n] for n in numbers),
            sample=sampled,
            count=count,
            model=probe.name,
            fingerprint=probe.fingerprint,
            skipped=data.skipped if isinstance(data, ImageFolder) else {},
        )

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
        own, answers = self[layer], self[layer].of(by)
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
        own, answers = self[layer], self[layer].of(by)
        _check_unit(unit, own.units)
        _checks.whole("count", count, least=2)
        order = np.argsort(-(values := answers.sampled[:, unit]), kind="stable")
        places = order[np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)]
        return self._examples(own, unit, self.sample[places], values[places], None)

    def percentiles(self, result: AscentResult) -> npt.NDArray[np.float64]:
        """Return where the scores of an ascent stand among the answers to real images.

        Args:
            result: Of ``MapMean`` targets, or of ``Node`` targets of dense layers; others are NaN.

        Returns:
            (targets, starts), 0..100: the percentage of images that score at most as much.
        """
        return percentiles(self.layers, result)

    def plot(
        self,
        layer: str,
        units: int | Sequence[int],
        *,
        result: AscentResult | None = None,
        count: int = 8,
        by: str = "peak",
        figure: Figure | SubFigure | None = None,
    ) -> Figure | SubFigure:
        """Show what real images say about some units, beside what an ascent made of them.

        A row a unit: its OIP when there is one, its top examples (what the strongest node sees), and
        how its answers are spread over the data set, with the OIP's score. That curve is of what the
        label of its axis names: with ``MapMean`` targets of the mean over the map, as the OIP is
        scored, whatever the examples are ranked by.

        Args:
            layer: Path of the layer.
            units: A number, or several.
            result: The OIPs: a result with ``MapMean`` or ``Node`` targets; units that it lacks have
                an empty cell.
            count: Top examples of each unit; at most as many as were kept.
            by: What examples are ranked by, and without a result the curve is of; see :meth:`top`.
            figure: Figure to draw on; None makes a new one.

        Returns:
            The figure.
        """
        chosen = [units] if isinstance(units, int) else list(units)
        if not chosen:
            raise ConfigError("units is a number or a list of some. Received an empty list.")
        return pictures.draw(self, layer, chosen, result=result, count=count, by=by, figure=figure)

    def save(self, path: str | Path) -> None:
        """Write the evidence with its images as ``.npz``.

        Raises:
            DataError: When the name has another ending, or its folder is missing.
        """
        storage.write_evidence(path, self)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            DataError: When the file is missing, damaged, or something else.
            ConfigError: When it has another schema.
        """
        return cls(**storage.read_evidence(path))

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
            field=own.field if nodes is not None else tuple(boxes[0, 2:] - boxes[0, :2]),
        )
