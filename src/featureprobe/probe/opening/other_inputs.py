"""The inputs of a model that are no image: a constant value for each, in its own dtype."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe._kinds import received
from featureprobe.errors import ConfigError, DataError, ModelError, ShapeError, nearest


def other_values(
    shapes: Mapping[str, tuple[int | None, ...]],
    image_input: str,
    given: Mapping[str, npt.ArrayLike] | None,
    dtypes: Mapping[str, str],
) -> dict[str, npt.NDArray[Any]]:
    """Return one constant value for each input that is no image, in that input's dtype.

    Raises:
        DataError: When values do not fit the dtype, such as fractions for an input of whole numbers.
        ModelError: When a value is missing or belongs to no input.
        ShapeError: When it has the wrong shape.
    """
    if not isinstance(given, Mapping | None):
        raise ConfigError(
            f"other_inputs gives a value for each input by its name. Received: {received(given)}. "
            "Pass a dict, such as other_inputs={'angle': 0.5}."
        )
    given = dict(given or {})
    wanted = [name for name in shapes if name != image_input]
    for name in given:
        if name not in wanted:
            raise ModelError(f"other_inputs has {name!r}. {nearest(name, wanted)}")
    missing = [name for name in wanted if name not in given]
    if missing:
        raise ModelError(
            f"The inputs {missing} need constant values while images are probed. "
            f"Pass other_inputs={{{missing[0]!r}: array of shape {shapes[missing[0]]}}}."
        )
    values = {name: _constant(name, given[name], dtypes[name]) for name in wanted}
    for name, value in values.items():
        if len(value.shape) != len(shapes[name]) or any(
            s is not None and s != v for s, v in zip(shapes[name], value.shape, strict=True)
        ):
            raise ShapeError(
                f"other_inputs[{name!r}] has the shape {shapes[name]}, without the batch axis. "
                f"Received: {value.shape}."
            )
    return values


def _constant(name: str, given: npt.ArrayLike, dtype: str) -> npt.NDArray[Any]:
    """Return the value of an input; floats at full width, which Keras narrows as the model wants."""
    value = np.asarray(given)
    if dtype == "string":
        return value.astype(str).astype(object)
    if value.dtype.kind not in "biuf":
        raise DataError(
            f"other_inputs[{name!r}] is an array of numbers. Received dtype {value.dtype}."
        )
    if "float" in dtype:
        return value.astype(np.float64 if dtype == "float64" else np.float32)
    with np.errstate(invalid="ignore"):
        whole = value.astype(dtype)
    if not np.array_equal(whole, value):
        raise DataError(
            f"other_inputs[{name!r}] has the dtype {dtype} in this model, which does not hold all "
            f"values that were given, such as {value.ravel()[(whole != value).ravel()][0]}. "
            "Give values of that dtype."
        )
    return whole
