"""Evidence: what the images of a data set excite, unit by unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure, SubFigure

from featureprobe._archive import Packed
from featureprobe._arguments import Count, checked_methods
from featureprobe._randomness import Rng, seed_from
from featureprobe.errors import ConfigError
from featureprobe.evidence import evidence_file, examples_view
from featureprobe.evidence.collecting import chosen_layers, collect
from featureprobe.evidence.folder import ImageFolder
from featureprobe.evidence.kept import Kept
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.result import AscentResult


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class Evidence(Kept):
    """What real images say about the maps and nodes of some layers; made by ``Evidence.collect``.

    Args:
        layers: By path.
        images: (M, *spatial, C) the images referred to, pixel units, in the dtype of the data set.
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
            data: Images in pixel units: an array (N, *spatial, C) or what is sliced like one, a
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
        label of its axis names: what the OIP is scored by, such as the mean over the map with
        ``MapMean`` targets, whatever the examples are ranked by.

        Args:
            layer: Path of the layer.
            units: A number, or several.
            result: The OIPs: a result with ``MapMean`` or ``Node`` targets, or others that say which
                unit they show (``shown_unit``); units that it lacks have an empty cell.
            count: Top examples of each unit; at most as many as were kept.
            by: What examples are ranked by, and without a result the curve is of; see :meth:`top`.
            figure: Figure to draw on; None makes a new one.

        Returns:
            The figure.
        """
        chosen = [units] if isinstance(units, int) else list(units)
        if not chosen:
            raise ConfigError("units is a number or a list of some. Received an empty list.")
        return examples_view.draw(
            self, layer, chosen, result=result, count=count, by=by, figure=figure
        )

    def save(self, path: str | Path) -> None:
        """Write the evidence with its images as ``.npz``.

        Raises:
            DataError: When the name has another ending, or its folder is missing.
        """
        evidence_file.write_evidence(path, self)

    def pack(self) -> Packed:
        """Return the evidence as a JSON header and arrays by name, to be stored anywhere.

        Returns:
            (header, arrays): JSON values, and arrays of numbers; these are the evidence's own,
            read-only.
        """
        return evidence_file.pack_evidence(self)

    @classmethod
    def unpack(
        cls, header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]
    ) -> Self:
        """Return the evidence that :meth:`pack` packed; arrays are not copied.

        Raises:
            DataError: When something is missing or garbled, or it is no evidence.
            ConfigError: When it has another schema.
        """
        return cls(**evidence_file.unpack_evidence(header, arrays))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            DataError: When the file is missing, damaged, or something else.
            ConfigError: When it has another schema.
        """
        return cls(**evidence_file.read_evidence(path))
