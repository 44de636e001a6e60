"""Patterns: what one layer answers to labelled images, node by node (FCPs)."""

import math
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import checked
from featureprobe.analysis.finding import Finding
from featureprobe.errors import ConfigError, DataError, RangeError, ShapeError
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class Patterns(Finding):
    """The activations of one layer for labelled images.

    The pattern across all maps of a layer for one image is its *FCP* (filter correlation pattern).

    Options of ``plot``: ``classes`` (None: the first four), and ``columns``, ``scale`` and ``cmap``
    as for ``plotting.show_maps``.

    Args:
        layer: Path of the layer.
        values: (N, H, W, C) or (N, n), activations.
        labels: (N,) whole numbers, the class of each image.

    Raises:
        ShapeError: When labels and activations differ in number.
        DataError: When a value is NaN or infinite, or labels are no whole numbers.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> patterns = Patterns.of(probe, images[:300], labels[:300], "Conv2D_3")
        >>> patterns.nodes.shape, patterns.address(1151)
        ((300, 1152), (2, 2, 127))
        >>> patterns.mean_of(4).shape
        (3, 3, 128)
    """

    kind: ClassVar[str] = "patterns"
    _shapes: ClassVar[str] = "values: N ...; labels: N"
    layer: str
    _: KW_ONLY
    values: FloatArray
    labels: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        values = _checks.numbers(self.values, "Activations")
        object.__setattr__(self, "values", values)
        if values.ndim < 2 or values.dtype.kind != "f":
            raise ShapeError(
                f"Patterns are activations (N, H, W, C) or (N, n), float. Received {values.shape}, "
                f"{values.dtype}. Take what probe.activations(images, layer) returns."
            )
        object.__setattr__(self, "labels", checked_labels(self.labels, len(values)))
        if not np.isfinite(values).all():
            bad = int(np.argmin(np.isfinite(values).reshape(len(values), -1).all(axis=1)))
            raise DataError(
                f"Activations must be finite. {self.layer!r} answers to image {bad} with NaN or "
                "infinite values. Check that image and the weights of the model."
            )
        super().__post_init__()

    @classmethod
    @checked
    def of(
        cls, probe: ModelProbe, images: npt.ArrayLike, labels: npt.ArrayLike, layer: str
    ) -> Self:
        """Compute the patterns of a layer.

        Args:
            probe: The opened model.
            images: (N, H, W, C), pixel units.
            labels: (N,) classes.
            layer: Path of the layer.

        Raises:
            UnknownLayerError, ShapeError, DataError: As for ``probe.activations``; and when labels
                and images differ in number.
        """
        pixels = _checks.images(images, probe.image_shape)
        checked_labels(labels, len(pixels))
        values = probe.activations(pixels, layer)
        values.setflags(write=False)  # ours alone: no copy is needed
        return cls(layer, values=values, labels=np.asarray(labels))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def nodes(self) -> FloatArray:
        """(N, J) all nodes of the layer in one row, channels last."""
        return self.values.reshape(len(self.values), -1)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one image's pattern."""
        return self.values.shape[1:]

    @property
    def classes(self) -> tuple[int, ...]:
        """The classes that occur, rising."""
        return tuple(int(c) for c in np.unique(self.labels))

    @checked
    def address(self, node: int) -> tuple[int, ...]:
        """Return (row, col, channel) or (index,) of a node of :attr:`nodes`.

        Raises:
            RangeError: When there is no such node.
        """
        return address_of(node, self.shape)

    @checked
    def of_class(self, label: int) -> FloatArray:
        """Return (n, J) the nodes for the images of a class.

        Raises:
            DataError: When no image has this class.
        """
        return self.nodes[self.where(label)]

    @checked
    def where(self, label: int) -> npt.NDArray[np.int64]:
        """Return the places of the images of a class; see :meth:`of_class` for errors."""
        places = np.flatnonzero(self.labels == label)
        if not len(places):
            raise DataError(
                f"No image has the class {label!r}. The classes are {list(self.classes)}."
            )
        return places

    @checked
    def mean_of(self, label: int) -> FloatArray:
        """Return the mean pattern of a class, its prototype, in the layer's shape."""
        return np.asarray(self.of_class(label).mean(axis=0).reshape(self.shape), np.float32)

    @property
    def verdict(self) -> str:
        """What is held."""
        counts = ", ".join(f"{c}: {int((self.labels == c).sum())}" for c in self.classes)
        return f"{self.layer}, {len(self)} images ({counts})."

    @property
    def _size(self) -> tuple[float, float]:
        return min(20.0, 6.0 * min(4, len(self.classes)) + 1.0), 4.2


def address_of(node: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the indices of a node that is counted in one row, channels last."""
    total = math.prod(shape)
    if _checks.whole("node", node, least=0) >= total:
        raise RangeError(f"The layer has {total} nodes, counted from 0. Received {node}.")
    return tuple(int(i) for i in np.unravel_index(node, shape))


def checked_labels(labels: npt.ArrayLike, count: int) -> npt.NDArray[np.int64]:
    """Return labels as int64 (count,), or raise one clear error."""
    listed = isinstance(labels, list | tuple) and any(isinstance(v, str | bytes) for v in labels)
    if listed or (isinstance(labels, np.ndarray) and labels.dtype.kind in "US"):
        raise DataError(
            f"labels are whole numbers. Received texts, such as {np.ravel(labels)[:3].tolist()}. "
            "Number the classes: np.unique(labels, return_inverse=True)[1]."
        )
    array = _checks.numbers(labels, "labels")
    if array.ndim != 1 or len(array) != count:
        raise ShapeError(
            f"labels hold one class for each of the {count} images. Received the shape "
            f"{array.shape}. One-hot labels: pass labels.argmax(axis=1)."
        )
    if array.dtype.kind not in "iu" and not (
        array.dtype.kind == "f" and np.isfinite(array).all() and (array == array.round()).all()
    ):
        raise DataError(
            f"labels are whole numbers. Received dtype {array.dtype}, such as {array[:3].tolist()}. "
            "Number the classes: np.unique(labels, return_inverse=True)[1]."
        )
    return array.astype(np.int64)


def two_classes(patterns: Patterns, first: int, second: int) -> None:
    """Raise ConfigError when two classes to be compared are one, DataError when one is empty."""
    if first == second:
        raise ConfigError(
            f"Two classes are compared. Received {first!r} twice. Give another class."
        )
    patterns.where(first)
    patterns.where(second)
    _checks.whole("classes that occur", len(patterns.classes), least=2)


def enough_of(patterns: Patterns, label: int) -> FloatArray:
    """Return the nodes for a class, of which two halves can be compared."""
    nodes = patterns.of_class(label)
    if len(nodes) < 4:
        images = f"{len(nodes)} image{'s' * (len(nodes) != 1)}"
        raise DataError(f"Class {label} has {images}; at least 4 are needed. Give more.")
    return nodes
