"""What the maps of one layer answer to one image."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from featureprobe import _checks
from featureprobe._arguments import checked
from featureprobe._hints import Hints
from featureprobe._kinds import received
from featureprobe._names import in_html, in_picture, visible
from featureprobe.errors import ConfigError, DataError, ShapeError
from featureprobe.image_source import ImageSource
from featureprobe.plotting import (
    constant_maps,
    png_bytes,
    show_grids_side_by_side,
    show_maps,
    tile,
)
from featureprobe.plotting.maps import columns_for, natural_size
from featureprobe.plotting.tiles import plane_of
from featureprobe.types import FloatArray

_RANKS = {"array": (1, 2, 3, 4), "image": (2, 3, 4), "prediction": (1,)}


@dataclass(frozen=True, eq=False, repr=False)
class ActivationGrid(Hints):
    """The activations of all maps of one layer for one image: a filter correlation pattern (FCP).

    The arrays are read-only float32 copies: nothing that draws can change the activations.

    Args:
        array: (H, W, C) maps, (D, H, W, C) maps of a 3-D layer, (L, C) strips of a 1-D layer, or (n,)
            nodes of a dense layer.
        layer: Path of the layer.
        kind: What the layer is, such as ``"Conv2D"``.
        image: (*spatial, C) the input in pixel units, or None.
        prediction: (n,) output of the model for the image, or None.
        source: Where the image comes from, or None.
        labels: n names of the classes of ``prediction``, or None.

    Raises:
        ShapeError: When an array has another rank or is empty, or there are more or fewer labels than
            predictions.
        DataError: When a value is NaN or infinite.

    Example:
        >>> import numpy as np
        >>> from featureprobe.grid import ActivationGrid
        >>> grid = ActivationGrid(np.eye(3)[..., None] * np.arange(4), "conv", kind="Conv2D")
        >>> grid
        <ActivationGrid of conv (Conv2D): 4 maps of 3 x 3, 1 constant, values 0 to 3>
        >>> grid.dead
        array([ True, False, False, False])
        >>> grid.plot(columns=2).images[0].get_array().shape
        (6, 6)
    """

    instead: ClassVar[Mapping[str, str]] = {
        "save": "np.save(path, grid.array) for the numbers, grid.plot().figure.savefig(path) for the picture",
        "savefig": "grid.plot().figure.savefig(path)",
        "show": "grid.plot()",
        "shape": "grid.array.shape",
    }
    array: FloatArray
    layer: str
    _: KW_ONLY
    kind: str = ""
    image: FloatArray | None = None
    prediction: FloatArray | None = None
    source: ImageSource | str | None = None
    labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("layer", "kind"):
            if not isinstance(given := getattr(self, name), str):
                raise ConfigError(
                    f"{name} of an ActivationGrid is a text. Received: {received(given)}."
                )
        if not isinstance(self.source, ImageSource | str | None):
            raise ConfigError(
                "source of an ActivationGrid is a text or an ImageSource. Received: "
                f"{received(self.source)}. Give the image's name."
            )
        for name, ranks in _RANKS.items():
            value = getattr(self, name)
            if value is not None or name == "array":
                object.__setattr__(self, name, _frozen(value, name, ranks))
        volume = self.image is not None and self.image.ndim == 4
        if self.array.ndim == 4 and len(self.array) == 1 and not volume:
            raise _misshapen("array", self.array.shape, _RANKS["array"])
        if self.labels is not None:
            object.__setattr__(self, "labels", _names(self.labels, self.prediction))

    @property
    def predicted(self) -> str | None:
        """What the model takes the image for, its name or its number; None without a prediction."""
        if self.prediction is None:
            return None
        number = int(self.prediction.argmax())
        return str(number) if self.labels is None else self.labels[number]

    @property
    def n_maps(self) -> int:
        """The number of maps (or strips, or nodes)."""
        return int(self.array.shape[-1])

    @property
    def dead(self) -> npt.NDArray[np.bool_]:
        """(C,) bool, the maps that show nothing of this image, see ``plotting.constant_maps``.

        A map is meant that is constant over its nodes, most often all zero; a node, when it is
        zero. Whether another image would wake it up is not known here.
        """
        return constant_maps(self.array)

    @checked
    def image_grid(self, columns: int = 8, *, plane: int | None = None) -> FloatArray:
        """Return the maps as one array, row by row.

        Args:
            columns: Maps per row, at least 1.
            plane: Of a 3-D layer, the number of the plane; None: where the maps, each on its own
                scale, are strongest together.

        Returns:
            A new (rows * H, columns * W) float32 array of activations; cells after the last map
            are NaN. See ``plotting.tile``.

        Raises:
            RangeError: When ``columns`` is below 1, or there is no such plane.
            ConfigError: When a plane is asked of another layer.
        """
        return tile(plane_of(self.array, plane)[0], columns).astype(np.float32, copy=False)

    @checked
    def plot(self, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Show all maps as one mosaic.

        Args:
            ax: Axes to draw on; None makes a new figure.
            **options: Keywords of ``plotting.show_maps``: ``columns=None``, ``plane=None`` (of a
                3-D layer), ``scale="layer"``, ``cmap="viridis"``, ``vmin``, ``vmax``, ``numbers``, ``colorbar``, ``title``.

        Returns:
            The Axes.

        Raises:
            RangeError, ConfigError, ShapeError: For options out of range.
        """
        return show_maps(self.array, ax=ax, **({"title": self._title} | options))

    @staticmethod
    @checked
    def compare(
        grids: Sequence["ActivationGrid"],
        *,
        figure: Figure | SubFigure | None = None,
        **options: Any,
    ) -> Figure | SubFigure:
        """Show one layer's grids for several images side by side, on one scale.

        Images and predictions are shown above the grids when all of the grids have them.

        Args:
            grids: At least one grid, all of the same layer and shape.
            figure: Figure or SubFigure to draw on; None makes a new figure.
            **options: Keywords of ``plotting.show_grids_side_by_side``: ``columns=None``,
                ``plane=None``, ``scale="layer"``, ``cmap``, ``labels``, ``titles``, ``low``, ``high``.

        Returns:
            The figure.

        Raises:
            ConfigError: When the grids belong to several layers.
            ShapeError: When there is no grid, or when shapes differ.

        Example:
            >>> import numpy as np
            >>> from featureprobe.grid import ActivationGrid
            >>> grids = [ActivationGrid(np.eye(3)[..., None] * k, "conv") for k in (1, 2)]
            >>> len(ActivationGrid.compare(grids).axes)  # two grids, one colour bar
            3
        """
        layers = sorted({grid.layer for grid in grids})
        if len(layers) > 1:
            raise ConfigError(
                f"Grids of one layer can be compared. Received grids of {layers}. "
                "Activations of different layers have no common scale; compare them one by one."
            )
        images = [grid.image for grid in grids if grid.image is not None]
        vectors = [grid.prediction for grid in grids if grid.prediction is not None]
        names = {grid.labels for grid in grids}
        named = {"labels": grids[0].labels} if len(names) == 1 and None not in names else {}
        titles = [_source_text(grid.source) or f"image {k}" for k, grid in enumerate(grids)]
        return show_grids_side_by_side(
            [grid.array for grid in grids],
            inputs=images if len(images) == len(grids) else None,
            predictions=vectors if len(vectors) == len(grids) else None,
            figure=figure,
            **({"titles": titles} | named | options),
        )

    @property
    def _size_text(self) -> str:
        word = {1: "node", 2: "strip"}.get(self.array.ndim, "map") + "s" * (self.n_maps != 1)
        size = " x ".join(map(str, self.array.shape[:-1]))
        return f"{self.n_maps} {word}" + (f" of {size}" if size else "")

    @property
    def _title(self) -> str:
        source = _source_text(self.source)
        named = f"{in_picture(self.layer)}: {self._size_text}"
        return named + (f", {in_picture(source)}" if source else "")

    def __repr__(self) -> str:
        parts = [self._size_text]
        if silent := int(self.dead.sum()):
            parts.append(f"{silent} {'zero' if self.array.ndim == 1 else 'constant'}")
        parts.append(f"values {self.array.min():.4g} to {self.array.max():.4g}")
        if source := _source_text(self.source):
            parts.append(f"for {visible(source)}")
        if self.labels is not None and self.prediction is not None:
            parts.append(f"predicted {visible(self.predicted, 40)} {self.prediction.max():.3g}")
        kind = f" ({visible(self.kind)})" if self.kind else ""
        return f"<ActivationGrid of {visible(self.layer)}{kind}: {', '.join(parts)}>"

    def _repr_png_(self) -> bytes:
        maps, _ = plane_of(self.array, None)
        size = natural_size(maps, columns_for(maps), colorbar=True)
        figure = Figure(figsize=size, layout="constrained")
        self.plot(ax=figure.add_subplot())
        return png_bytes(figure, dpi=72.0)

    def _repr_html_(self) -> str:
        data = base64.b64encode(self._repr_png_()).decode("ascii")
        text = in_html(repr(self)[1:-1])
        image = f'<img alt="{text}" src="data:image/png;base64,{data}">'
        return f"<figure>{image}<figcaption>{text}</figcaption></figure>"


def _source_text(source: ImageSource | str | None) -> str:
    return "" if source is None else str(source)


def _names(labels: object, prediction: FloatArray | None) -> tuple[str, ...]:
    given = labels.tolist() if isinstance(labels, np.ndarray) else labels
    names = tuple(given) if isinstance(given, tuple | list) else ()
    if prediction is None or not all(isinstance(name, str) for name in names):
        raise ConfigError(
            "labels of an ActivationGrid are texts that name the classes of its prediction. Received: "
            f"{received(labels)}{'' if prediction is not None else ', and no prediction'}."
        )
    if len(names) != len(prediction):
        raise ShapeError(
            f"labels of an ActivationGrid name each class. Received {len(names)} names for "
            f"{len(prediction)} classes."
        )
    return names


def _frozen(value: npt.ArrayLike, name: str, ranks: tuple[int, ...]) -> FloatArray:
    array = np.array(_checks.numbers(value, f"{name} of an ActivationGrid"), dtype=np.float32)
    if array.ndim not in ranks or array.size == 0:
        raise _misshapen(name, array.shape, ranks)
    if not np.isfinite(array).all():
        raise DataError(
            f"{name} of an ActivationGrid must be finite. Received NaN or infinite values. "
            "Check the image and the weights of the model."
        )
    array.setflags(write=False)
    return array


def _misshapen(name: str, shape: tuple[int, ...], ranks: tuple[int, ...]) -> ShapeError:
    return ShapeError(
        f"{name} of an ActivationGrid must have rank {' or '.join(map(str, ranks))} and hold "
        f"values. Received the shape {shape}. Give one image's array, as in batch[0]."
    )
