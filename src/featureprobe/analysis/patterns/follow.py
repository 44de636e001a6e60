"""Several images followed through the layers of a net, side by side on one scale."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Layers, checked
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.patterns.view_parts import pixel_range
from featureprobe.errors import ConfigError, UnknownLayerError, nearest
from featureprobe.image_source import source_of
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import OUTPUT, FloatArray

Nodes = Sequence[Sequence[int] | int] | npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class FollowedImages(Finding):
    """What chosen layers answer to several images.

    Options of ``plot``: ``rings`` (by layer and colour, the nodes to ring in every image: addresses
    or numbers, as ``ClassComparison.unique`` gives them), and ``columns``, ``scale`` and ``cmap`` as
    for ``plotting.show_maps``.

    Args:
        images: (K, H, W, C), pixel units.
        names: K texts, where the images come from.
        layers: By path, (K, ...) activations.
        predictions: (K, n) outputs of the model; (K, 0) when they are no vectors.
        low: Pixel units shown black.
        high: Pixel units shown white.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> found = fp.analysis.follow(probe, images[labels == 4][:3], ["Dense_1"])
        >>> rings = {"Dense_1": {"red": found.common("Dense_1")}}
        >>> len(found.plot(rings=rings).axes) > 3
        True
    """

    kind: ClassVar[str] = "followed_images"
    _shapes: ClassVar[str] = "images: K ...; names: K; layers: K ...; predictions: K _ | 0 ..."
    images: FloatArray
    _: KW_ONLY
    names: tuple[str, ...]
    layers: dict[str, FloatArray]
    predictions: FloatArray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    low: float = 0.0
    high: float = 255.0

    @property
    def verdict(self) -> str:
        """What the net takes the images for."""
        if not self.predictions.size:
            return f"{len(self.names)} images through {', '.join(self.layers)}."
        said = [
            f"{name}: {int(p.argmax())} ({float(p.max()):.1%})"
            for name, p in zip(self.names, self.predictions, strict=True)
        ]
        return f"Through {', '.join(self.layers)}. The net says {'; '.join(said)}."

    @checked
    def common(self, layer: str, *, threshold: float = 0.0) -> list[tuple[int, ...]]:
        """Return the nodes of a layer that are active in all of the images, to ring them.

        With few images much of this is chance, see ``compare_by_eye``.

        Args:
            layer: One of the layers followed.
            threshold: A node is active above this activation.
        """
        active = (self.of_layer(layer) > threshold).all(axis=0)
        return [tuple(int(i) for i in node) for node in np.argwhere(active)]

    def of_layer(self, layer: str) -> FloatArray:
        """Return the activations (K, ...) of one of the layers followed.

        Raises:
            UnknownLayerError: When it was not followed.
        """
        if layer not in self.layers:
            raise UnknownLayerError(
                f"{layer!r} was not followed. {nearest(str(layer), self.layers)}"
            )
        return self.layers[layer]

    @property
    def _size(self) -> tuple[float, float]:
        height = sum(height_of(values, 16) for values in self.layers.values()) + 2.4
        return min(24.0, 5.6 * len(self.names) + 1.0), height


def height_of(values: FloatArray, columns: int) -> float:
    """Return the height in inches of a layer's grids with so many maps a row."""
    rows = -(-int(values.shape[-1]) // columns)
    return 0.7 + rows * min(0.45, 5.0 / columns)


@checked
def follow(
    probe: ModelProbe,
    images: npt.ArrayLike,
    layers: Layers,
    *,
    names: Sequence[str] | None = None,
) -> FollowedImages:
    """Follow several images through a net: the grids of each layer side by side, on one scale.

    ``plot(rings={"Conv2D_3": {"red": nodes}})`` rings nodes of interest in every image.

    Args:
        probe: The opened model.
        images: (K, H, W, C), pixel units; K up to about 6 can be looked at.
        layers: Paths, from input to output.
        names: K names; None: where registered images come from.

    Returns:
        Images, activations and predictions.

    Raises:
        UnknownLayerError: When there is no such layer.
        ConfigError: When names differ in number, or no layer is given.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> found = follow(probe, images[labels == 4][:3], ["Conv2D_3", "Dense_1"])
        >>> found.layers["Conv2D_3"].shape
        (3, 3, 3, 128)
    """
    if isinstance(layers, str) or not len(layers):
        raise ConfigError(f"layers is a list of paths. Received: {layers!r}.")
    pixels = _checks.images(images, probe.image_shape)
    given = [str(source_of(image)) for image in pixels] if names is None else list(names)
    if len(given) != len(pixels):
        raise ConfigError(f"names are one for each of {len(pixels)} images. Received {len(given)}.")
    one_output = len(probe.network.graph.outputs) == 1
    wanted = [*layers, *([OUTPUT] if one_output else [])]
    values = probe.activations(pixels, wanted)
    output = values.get(OUTPUT)
    is_vector = output is not None and output.ndim == 2
    return FollowedImages(
        pixels,
        names=tuple(given),
        layers={path: values[path] for path in layers},
        predictions=output if is_vector and output is not None else np.zeros((0, 0), np.float32),
        **pixel_range(probe.input_space),
    )
