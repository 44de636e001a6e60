"""The inputs of a model that are no image: a constant value for each, in its own dtype."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe._kinds import received, refuse_masks
from featureprobe.errors import ConfigError, DataError, ModelError, ShapeError
from featureprobe.probe.opening.input_names import InputNames

_WHAT = "other_inputs"


def others_by_name(given: object, names: InputNames) -> dict[str, Any]:
    """Return what was given for inputs, by their names.

    Raises:
        ConfigError: When it is no dict.
        ModelError: When it has a value for no input.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"other_inputs gives a value for each input by its name. Received: {received(given)}. "
            "Pass a dict, such as other_inputs={'angle': 0.5}."
        )
    return names.by_name(given, _WHAT)


def undeclared_dtypes(model: Any, given: Mapping[str, Any]) -> dict[str, str]:
    """Return the dtypes of whole numbers and booleans that were given where a model declares none.

    A subclassed model does not say that an input takes token ids: what is given says it.
    """
    if getattr(model, "inputs", None):
        return {}
    found = {name: np.asarray(value).dtype for name, value in given.items()}
    return {name: dtype.name for name, dtype in found.items() if dtype.kind in "biu"}


def other_values(
    shapes: Mapping[str, tuple[int | None, ...]],
    images: Collection[str],
    given: Mapping[str, Any],
    dtypes: Mapping[str, str],
) -> dict[str, npt.NDArray[Any]]:
    """Return one constant value for each input that is no image, in that input's dtype.

    Args:
        shapes: Of all inputs by name, without the batch axis.
        images: Names of those that take images.
        given: Values by name, without the batch axis or in a batch of one.
        dtypes: Of all inputs by name.

    Raises:
        DataError: When values do not fit the dtype, such as fractions for an input of whole numbers.
        ModelError: When a value is missing, or belongs to an input that takes images.
        ShapeError: When it has the wrong shape.
    """
    wanted = [name for name in shapes if name not in images]
    for name in given:
        if name in images:
            raise ModelError(
                f"other_inputs has {name!r}, the input that takes images. "
                + (f"Give values for {wanted} alone." if wanted else "Leave it out.")
            )
    missing = [name for name in wanted if name not in given]
    if missing:
        raise ModelError(
            f"The inputs {missing} need constant values while images are probed. "
            f"Pass other_inputs={{{missing[0]!r}: array of shape {shapes[missing[0]]}}}."
        )
    return {
        name: _in_shape(name, _constant(name, given[name], dtypes[name]), shapes[name])
        for name in wanted
    }


def _in_shape(
    name: str, value: npt.NDArray[Any], shape: tuple[int | None, ...]
) -> npt.NDArray[Any]:
    """Return a value without its batch axis, if it has one of a single row."""
    if value.ndim == len(shape) + 1 and len(value) == 1:
        value = value[0]
    if value.ndim != len(shape) or any(
        s is not None and s != v for s, v in zip(shape, value.shape, strict=True)
    ):
        raise ShapeError(
            f"other_inputs[{name!r}] has the shape {shape}, without the batch axis or in a batch of "
            f"one. Received: {value.shape}."
        )
    return value


def _constant(name: str, given: Any, dtype: str) -> npt.NDArray[Any]:
    """Return the value of an input; floats at full width, which Keras narrows as the model wants."""
    refuse_masks(given, f"other_inputs[{name!r}]")
    try:
        value = np.asarray(given)
    except ValueError as cause:  # rows of different lengths
        raise ShapeError(
            f"other_inputs[{name!r}] is one array. Received rows of different lengths: {cause}"
        ) from cause
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
