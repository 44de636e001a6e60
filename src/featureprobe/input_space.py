"""InputSpace: between the numbers of an image file and the numbers that a network wants."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Self, cast

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import checked
from featureprobe._component import ArrayValue, Component
from featureprobe._kinds import is_number, received, refuse_masks
from featureprobe.errors import ConfigError, RangeError
from featureprobe.types import FloatArray

Values = float | tuple[float, ...] | ArrayValue
"""One number, one per channel, or one per pixel (*spatial, C)."""

_LEAST_SPREADS = 2.5  # that standardized data ranges over
_FLOATS = ("float16", "float32", "float64")
_TYPICAL_SPREAD = 0.275  # standard deviation of photographs, about 70 of 255


@dataclass(frozen=True)
class InputSpace(Component):
    """The map between pixel units and model units, with the range of both.

    ``model = (pixel[..., order] - mean) / std``, and the exact inverse.

    Args:
        mean: Subtracted: one number, one per channel (in the model's channel order), or an
            ``ArrayValue`` (*spatial, C) for per-pixel standardization.
        std: Divided by, greater than 0; like ``mean``.
        low: Smallest pixel value, pixel units; None when the range is open.
        high: Largest pixel value, pixel units.
        order: The pixel channel that each model channel takes; ``(2, 1, 0)`` feeds BGR from RGB.
        center: Mean of typical data in model units, one number. Default: 0 where data is
            centred (``mean`` is not 0), else the middle of the range, else 0.
        spread: Standard deviation of typical data in model units, > 0; rates and noise are
            multiples of it. Default: 0.275 of the range in model units, as for photographs; 1 where
            data is standardized (``std`` is not 1, and the range is more than 2.5), or has no range.
        assumed: Where these numbers come from, when nobody gave them.

    Raises:
        ConfigError: When numbers are missing, of the wrong shape or not finite.
        RangeError: When ``low >= high``, ``std <= 0`` or ``spread <= 0``.

    Example:
        >>> space = InputSpace(mean=33.3, std=78.6, low=0, high=255)
        >>> space.to_model([[[33.3]]])
        array([[[0.]]], dtype=float32)
    """

    kind: ClassVar[str] = "input_space"
    mean: Values = 0.0
    _: KW_ONLY
    std: Values = 1.0
    low: float | None = None
    high: float | None = None
    order: tuple[int, ...] | None = None
    center: float = cast(float, None)  # None is replaced below: what is read is always a number
    spread: float = cast(float, None)
    assumed: str = ""

    def __post_init__(self) -> None:
        for name in ("mean", "std"):
            object.__setattr__(self, name, _values(name, getattr(self, name)))
        if np.min(_array(self.std)) <= 0:
            raise RangeError(f"std must be greater than 0. Received: {self.std!r}.")
        for name in ("low", "high", "center", "spread"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _checks.number(name, getattr(self, name)))
        if not isinstance(self.assumed, str):
            raise ConfigError(f"assumed is a text. Received: {received(self.assumed)}.")
        self._check_range()
        if self.order is not None:
            object.__setattr__(self, "order", _permutation(self.order))
        if self.center is None:
            object.__setattr__(self, "center", self._typical_center())
        if self.spread is None:
            object.__setattr__(self, "spread", self._typical_spread())
        _checks.number("spread", self.spread, above=0.0)

    def _check_range(self) -> None:
        if (self.low is None) != (self.high is None):
            raise ConfigError(
                f"A range needs both ends. Received: low={self.low!r}, high={self.high!r}. "
                "Give both, or none for an open range."
            )
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise RangeError(
                f"low must be smaller than high. Received: low={self.low!r}, high={self.high!r}. "
                "Swap them."
            )

    def _typical_center(self) -> float:
        if np.any(_array(self.mean) != 0) or self.low is None or self.high is None:
            return 0.0
        return float(np.mean((self.low + self.high) / 2 / _array(self.std)))

    def _typical_spread(self) -> float:
        if self.low is None or self.high is None:
            return 1.0
        # Standardized data has a range of three spreads and more, no data one of less than two.
        span = float(np.mean((self.high - self.low) / _array(self.std)))
        standardized = np.any(_array(self.std) != 1) and span > _LEAST_SPREADS
        return 1.0 if standardized else _TYPICAL_SPREAD * span

    @property
    def even(self) -> bool:
        """Whether all pixels of a channel are scaled alike."""
        given = [_array(values) for values in (self.mean, self.std)]
        return all(v.ndim < 2 or bool((v == v.reshape(-1, v.shape[-1])[0]).all()) for v in given)

    @classmethod
    @checked
    def identity(cls, *, low: float | None = None, high: float | None = None) -> Self:
        """Return the space of a model that takes pixel values as they are."""
        return cls(low=low, high=high)

    @classmethod
    def caffe(cls) -> Self:
        """Return the space of Keras' ``caffe`` preprocessing: RGB 0..255 to centred BGR."""
        return cls((103.939, 116.779, 123.68), low=0.0, high=255.0, order=(2, 1, 0), spread=70.0)

    @classmethod
    def tf(cls) -> Self:
        """Return the space of Keras' ``tf`` preprocessing: 0..255 to -1..1."""
        return cls(127.5, std=127.5, low=0.0, high=255.0, spread=70.0 / 127.5)

    @classmethod
    def torch(cls) -> Self:
        """Return the space of Keras' ``torch`` preprocessing: ImageNet mean and deviation."""
        mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        return cls(
            tuple(255 * m for m in mean), std=tuple(255 * s for s in std), low=0.0, high=255.0
        )

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray] | None:
        """Smallest and largest model values, broadcastable to (*spatial, C); None when open."""
        if self.low is None or self.high is None:
            return None
        ends = [
            (np.float64(v) - _array(self.mean)) / _array(self.std) for v in (self.low, self.high)
        ]
        return np.asarray(ends[0], np.float32), np.asarray(ends[1], np.float32)

    def to_model(self, images: npt.ArrayLike, dtype: str = "float32") -> FloatArray:
        """Return images (..., *spatial, C) in model units: float16, float32 or float64."""
        if not isinstance(dtype, str) or dtype not in _FLOATS:
            raise ConfigError(f"dtype must be one of {_FLOATS}. Received: {received(dtype)}.")
        values = _checks.numbers(images, "images")
        if self.order is not None:
            self._check_channels(values.shape)
            values = values[..., list(self.order)]
        _checks.scalable(values, _array(self.mean), _array(self.std))
        return ((values - _array(self.mean)) / _array(self.std)).astype(dtype)

    def to_pixels(self, images: npt.ArrayLike) -> FloatArray:
        """Return images (..., *spatial, C) in pixel units, float32, not clipped."""
        values = _checks.numbers(images, "images")
        _checks.scalable(values, _array(self.mean), _array(self.std))
        values = values * _array(self.std) + _array(self.mean)
        if self.order is not None:
            self._check_channels(values.shape)
            values = values[..., list(np.argsort(self.order))]
        return values.astype(np.float32)

    def describe(self) -> str:
        """Return one sentence on the range and the units, with what was assumed."""
        reach = "any value" if self.low is None else f"{self.low:g}..{self.high:g}"
        origin = f" (assumed: {self.assumed})" if self.assumed else ""
        return f"Pixels take {reach}; one spread is {self.spread:g} model units{origin}."

    @checked
    def check_shape(self, shape: Sequence[int]) -> None:
        """Raise ConfigError when images of ``shape`` (*spatial, C) do not fit this space."""
        for name in ("mean", "std"):
            own = _array(getattr(self, name)).shape
            try:
                fits = np.broadcast_shapes(own, tuple(shape)) == tuple(shape)
            except ValueError:
                fits = False
            if not fits:
                raise ConfigError(
                    f"{name} of the InputSpace has the shape {own}, images have {tuple(shape)}. "
                    "Give one number, one per channel, or one per pixel."
                )
        if self.order is not None:
            self._check_channels(shape)

    def _check_channels(self, shape: Sequence[int]) -> None:
        if not shape or len(self.order or ()) != shape[-1]:
            raise ConfigError(
                f"order={self.order} is for {len(self.order or ())} channels, images have "
                f"the shape {tuple(shape)}. Give one entry a channel."
            )


def _array(values: Values) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _permutation(order: object) -> tuple[int, ...]:
    if isinstance(order, np.ndarray):
        order = order.tolist()
    given = tuple(order) if isinstance(order, Sequence) else ()
    whole = all(isinstance(i, int | np.integer) for i in given)
    if not given or not whole or sorted(given) != list(range(len(given))):
        raise ConfigError(
            f"order is a permutation of the channels. Received: {order!r}. "
            "Give (2, 1, 0) for a model that wants BGR."
        )
    return tuple(int(i) for i in given)


def _values(name: str, given: object) -> Values:
    refuse_masks(given, name)
    given = given[()] if isinstance(given, np.ndarray) else given  # without axes: a number
    if isinstance(given, ArrayValue):
        result: Values = given
    elif isinstance(given, np.ndarray) and given.ndim > 1:
        result = ArrayValue(given)
    elif is_number(given):
        result = float(cast(float, given))
    elif isinstance(given, tuple | list | np.ndarray) and len(given) > 0:
        result = tuple(_checks.number(f"A value of {name}", v) for v in given)
    else:
        raise ConfigError(
            f"{name} is a number, one per channel, or one per pixel. Received: {received(given)}."
        )
    if not _array(result).size or not np.isfinite(_array(result)).all():
        raise ConfigError(
            f"{name} holds at least one number, and finite ones. Received: {received(given)}."
        )
    return result
