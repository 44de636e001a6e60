"""Several images followed through the layers of a net, side by side on one scale."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.colors import Colormap
from matplotlib.figure import Figure, SubFigure

from featureprobe import _checks
from featureprobe._arguments import Layers, checked
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.patterns.drawing import pixel_range
from featureprobe.errors import ConfigError, UnknownLayerError, nearest
from featureprobe.image_source import source_of
from featureprobe.plotting import ring_nodes, show_grids_side_by_side
from featureprobe.plotting.maps import Scale
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
        active = (self._of(layer) > threshold).all(axis=0)
        return [tuple(int(i) for i in node) for node in np.argwhere(active)]

    def _of(self, layer: str) -> FloatArray:
        if layer not in self.layers:
            raise UnknownLayerError(
                f"{layer!r} was not followed. {nearest(str(layer), self.layers)}"
            )
        return self.layers[layer]

    def _draw(
        self,
        figure: Figure | SubFigure,
        *,
        rings: Mapping[str, Mapping[str, Nodes]] | None = None,
        columns: int = 16,
        scale: Scale = "layer",
        cmap: str | Colormap = "viridis",
    ) -> None:
        """Draw a row a layer.

        Args:
            figure: Where.
            rings: By layer and colour, the nodes to ring in every image.
            columns: Maps per row.
            scale: As for ``plotting.show_maps``.
            cmap: Likewise.
        """
        for layer in rings or {}:
            self._of(layer)
        heights = [
            self._height(path, columns) + 2.2 * (k == 0) for k, path in enumerate(self.layers)
        ]
        parts = figure.subfigures(len(self.layers), 1, height_ratios=heights, squeeze=False)[:, 0]
        for number, (path, values) in enumerate(self.layers.items()):
            parts[number].suptitle(path, x=0.01, ha="left", fontsize=11)
            head: dict[str, Any] = {}
            if number == 0:
                head = {"inputs": self.images, "titles": list(self.names)}
                head["predictions"] = self.predictions if self.predictions.size else None
            show_grids_side_by_side(
                list(values), figure=parts[number], columns=columns, low=self.low, high=self.high,
                scale=scale, cmap=cmap, **head,
            )  # fmt: skip
            mosaics = [
                ax for ax in parts[number].axes if ax.images and ax.images[0].cmap.name != "gray"
            ]
            own = [ax for ax in mosaics if ax.images[0].get_array().ndim == 2][: len(self.names)]
            for color, nodes in ((rings or {}).get(path) or {}).items():
                for ax in own:
                    ring_nodes(ax, values.shape[1:], nodes, columns=columns, color=color)

    def _height(self, path: str, columns: int) -> float:
        rows = -(-int(self.layers[path].shape[-1]) // columns)
        return 0.7 + rows * min(0.45, 5.0 / columns)

    @property
    def _size(self) -> tuple[float, float]:
        height = sum(self._height(path, 16) for path in self.layers) + 2.4
        return min(24.0, 5.6 * len(self.names) + 1.0), height


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
