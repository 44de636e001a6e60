"""The input spaces that come into question for the same images: the usual ones, and the one given."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from featureprobe.input_space import InputSpace, Values
from featureprobe.types import FloatArray

AS_GIVEN = "as given"
STANDARDIZED = "standardized"
_SAME = 0.02  # of a deviation: spaces closer than this are one
_CAFFE = (123.68, 116.779, 103.939)  # in the order of RGB
_TORCH = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_NARROW, _VISIBLE = 1.5, 0.02


@dataclass(frozen=True)
class Candidate:
    """A space that images may be meant in.

    Attributes:
        name: What people call it.
        space: From the pixel units of the images to model units.
        given: Whether it is the probe's own.
        also: Other names of the same numbers.
    """

    name: str
    space: InputSpace
    given: bool = False
    also: tuple[str, ...] = ()


def candidates(
    space: InputSpace, images: FloatArray, leading: InputSpace | None
) -> tuple[Candidate, ...]:
    """Return the spaces to compare, the given one first; those that agree on the images are one.

    Args:
        space: The probe's.
        images: (N, *spatial, C), pixel units.
        leading: What a leading Rescaling or Normalization layer of the model wants, or None.
    """
    found = [Candidate(AS_GIVEN, space, given=True)]
    seen = [_values(found[0], images)]
    for name, other in _usual(pixel_range(space, images), images, leading):
        candidate = Candidate(name, other)
        values = _values(candidate, images)
        same = next((k for k, own in enumerate(seen) if _agree(own, values)), None)
        if same is None:
            found.append(candidate)
            seen.append(values)
        elif found[same].name == AS_GIVEN:
            found[same] = replace(found[same], name=name)
        else:
            found[same] = replace(found[same], also=(*found[same].also, name))
    return tuple(found)


def pixel_range(space: InputSpace, images: FloatArray) -> tuple[float, float] | None:
    """Return the range of pixel units: that of the space, unless the images speak against it."""
    least, most = float(images.min()), float(images.max())
    seen = _range_of(least, most)
    if space.low is None or space.high is None:
        return seen
    low, high = float(space.low), float(space.high)
    reach = max(abs(low), abs(high))
    too_dark = least >= 0 and low == 0 and high >= 100 and _VISIBLE < most <= _NARROW
    too_bright = least >= 0 and reach <= 5 and 10 * reach < most <= 255
    return seen if too_dark or too_bright else (low, high)


def _range_of(least: float, most: float) -> tuple[float, float] | None:
    if least >= 0:
        if most <= _NARROW:
            return 0.0, 1.0
        return (0.0, 255.0) if 20 < most <= 256 else None
    return (-1.0, 1.0) if least >= -1.05 and most <= 1.05 else None


def _usual(
    ends: tuple[float, float] | None, images: FloatArray, leading: InputSpace | None
) -> Iterator[tuple[str, InputSpace]]:
    photos = images.shape[-1] == 3 and images.ndim > 3
    for name, space, own_order in _scales(ends, photos):
        yield name, space
        if photos:
            yield f"{name} {'RGB' if own_order == 'BGR' else 'BGR'}", _swapped(space)
    low, high = ends or (None, None)
    yield "identity", InputSpace.identity(low=low, high=high)
    if leading is not None and ends is not None and leading.low is not None:
        wanted = (leading.low, float(leading.high or 0.0))
        yield f"{_of(wanted)}, as its first layer wants", _onto(ends, wanted)
    axes = tuple(range(images.ndim - 1))
    deviation = images.std(axis=axes, dtype=np.float64)
    if (deviation > 0).all():
        mean = tuple(images.mean(axis=axes, dtype=np.float64).tolist())
        yield STANDARDIZED, InputSpace(mean, std=tuple(deviation.tolist()), low=low, high=high)


def _scales(
    ends: tuple[float, float] | None, photos: bool
) -> Iterator[tuple[str, InputSpace, str]]:
    if ends is None:
        return
    for wanted in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        yield _of(wanted), _onto(ends, wanted), "RGB"
    if photos:
        low, size = ends[0], (ends[1] - ends[0]) / 255
        mean = tuple(low + size * m for m in _CAFFE)
        made = InputSpace(mean, std=size, low=low, high=ends[1], spread=70.0)
        yield "caffe", _swapped(made), "BGR"
        mean, std = (tuple(255 * size * v for v in values) for values in _TORCH)
        mean = tuple(low + m for m in mean)
        yield "torch", InputSpace(mean, std=std, low=low, high=ends[1]), "RGB"


def _of(ends: tuple[float, float]) -> str:
    return f"{ends[0]:g}..{ends[1]:g}"


def _onto(ends: tuple[float, float], wanted: tuple[float, float]) -> InputSpace:
    """Return the space that takes one range to another."""
    scale = (ends[1] - ends[0]) / (wanted[1] - wanted[0])
    return InputSpace(ends[0] - scale * wanted[0], std=scale, low=ends[0], high=ends[1])


def _swapped(space: InputSpace) -> InputSpace:
    """Return a space of three channels that are fed in the reverse order, each scaled as it was."""
    order = None if space.order else (2, 1, 0)
    return replace(space, mean=_reversed(space.mean), std=_reversed(space.std), order=order)


def _reversed(values: Values) -> Values:
    return values[::-1] if isinstance(values, tuple) else values


def _values(candidate: Candidate, images: FloatArray) -> npt.NDArray[np.float64]:
    some = images[:: max(1, len(images) // 16)]
    return candidate.space.to_model(some).astype(np.float64)


def _agree(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> bool:
    """Whether two spaces make the same numbers, as seen from the deviation of either."""
    apart = float(np.sqrt(np.mean((first - second) ** 2)))
    return apart <= _SAME * min(float(first.std()), float(second.std()))
