"""How right a net's answers are: labels as people have them, and figures of each image."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._kinds import received
from featureprobe.errors import ConfigError, ShapeError
from featureprobe.types import FloatArray, Floats

Ending: TypeAlias = Literal["shares", "gates", "values"]
"""What an output holds: shares of classes, numbers from 0 to 1 each by itself, or any values."""

Truth: TypeAlias = npt.NDArray[Any]
MANY_CLASSES = 20  # from here on, the five highest are looked at, too
_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class Right:
    """What the right answers are.

    Attributes:
        kind: ``"classes"``: ``truth`` (N, ..., K) is True for what is right; ``"gates"``: ``truth`` is 0 or 1,
            each by itself; ``"values"``: ``truth`` is the value.
        truth: In the shape of the outputs.
    """

    kind: Literal["classes", "gates", "values"]
    truth: Truth

    def figures(self, outputs: FloatArray, ending: Ending) -> dict[str, Floats]:
        """Return ``accuracy`` and ``top5`` (where there are such) and ``loss`` (N,) of each image."""
        if self.kind == "values":
            apart = (outputs.astype(np.float64) - self.truth) ** 2
            return {"loss": _of_each(apart)}
        if self.kind == "gates":
            p = outputs.astype(np.float64)
            p = p if ending != "values" else 1 / (1 + np.exp(-np.clip(p, -60, 60)))
            right = np.asarray((p > 0.5) == (self.truth > 0.5))
            missed = np.where(self.truth > 0.5, p, 1 - p)
            return {
                "accuracy": _of_each(right),
                "loss": _of_each(-np.log(np.maximum(missed, _LEAST))),
            }
        p = shares_of(outputs, ending)
        told = np.take_along_axis(self.truth, p.argmax(axis=-1)[..., None], axis=-1)
        hit = np.maximum((p * self.truth).sum(axis=-1), _LEAST)
        found = {"accuracy": _of_each(told), "loss": _of_each(-np.log(hit))}
        if p.shape[-1] >= MANY_CLASSES:
            first = np.argsort(-p, axis=-1, kind="stable")[..., :5]
            found["top5"] = _of_each(np.take_along_axis(self.truth, first, axis=-1).any(axis=-1))
        return found


def shares_of(outputs: FloatArray, ending: Ending) -> Floats:
    """Return outputs (..., K) as shares of classes that add up to 1."""
    values = outputs.astype(np.float64)
    if ending == "values":
        raised = np.exp(values - values.max(axis=-1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=-1, keepdims=True))
    values = np.maximum(values, 0.0)
    return np.asarray(values / np.maximum(values.sum(axis=-1, keepdims=True), _LEAST))


def right_answers(
    labels: Any, shape: tuple[int, ...], names: Sequence[str] | None, count: int, ending: Ending
) -> Right:
    """Return what ``labels`` say about an output.

    Args:
        labels: Class numbers (N, ...), one-hot rows (N, ..., K), names, several of either for an image of
            which any is right, or values.
        shape: Of the output of one image.
        names: Of the classes.
        count: Of the images.
        ending: What the output holds.

    Raises:
        ShapeError: When there are more or fewer labels than images, or they do not fit the output.
        ConfigError: When a class does not exist, or names are given that the probe does not know.
    """
    if isinstance(labels, Mapping | str) or not np.iterable(labels):
        raise ShapeError(f"labels hold one entry for each image. Received: {received(labels)}.")
    listed: Any = labels if hasattr(labels, "shape") else list(labels)
    if len(listed) != count:
        raise ShapeError(
            f"labels hold one entry for each image. Received {len(listed)} labels and {count} images."
        )
    if _are_named_or_several(listed):
        return _of_entries(listed, shape, names)
    array = _checks.numbers(
        np.asarray(listed, np.float64) if _are_flags(listed) else listed, "labels"
    )
    if not np.isfinite(array).all():
        raise ConfigError("labels must be finite. Received NaN or infinite ones. Leave those out.")
    return _of_numbers(array, (count, *shape), ending)


def _are_flags(listed: Any) -> bool:
    return bool(np.asarray(listed).dtype == np.bool_) if hasattr(listed, "dtype") else False


def _are_named_or_several(listed: Any) -> bool:
    if isinstance(listed, np.ndarray):
        return listed.dtype.kind in "UO"
    if any(isinstance(entry, str | set) for entry in listed):
        return True
    lengths = {len(entry) if isinstance(entry, tuple | list) else 0 for entry in listed}
    return len(lengths) > 1 or any(isinstance(part, str) for part in np.ravel(listed).tolist())


def _of_entries(listed: Any, shape: tuple[int, ...], names: Sequence[str] | None) -> Right:
    """Return the right classes where entries are names, or several classes of which any is right."""
    if len(shape) != 1 or shape[0] < 2:
        raise ShapeError(
            f"Names, or several classes an image, are for a vector of classes; the output has {shape}. "
            "Give labels in the output's own shape."
        )
    truth = np.zeros((len(listed), shape[0]), np.bool_)
    for place, entry in enumerate(listed):
        for one in entry if isinstance(entry, tuple | list | set) else (entry,):
            truth[place, _numbers_of(one, shape[0], names)] = True
    return Right("classes", truth)


def _numbers_of(entry: Any, count: int, names: Sequence[str] | None) -> list[int]:
    if not isinstance(entry, str):
        return [_checked_number(entry, count)]
    if names is None:
        raise ConfigError(
            f"labels are names, such as {entry!r}, but the probe does not know any. Open it with "
            "fp.ModelProbe(model, labels=[...]), or give class numbers."
        )
    found = [number for number, name in enumerate(names) if name == entry]
    if not found:
        raise ConfigError(f"No class is called {entry!r}. See probe.labels, or give its number.")
    return found


def _checked_number(entry: Any, count: int) -> int:
    whole = np.ndim(entry) == 0 and not isinstance(entry, bool) and int(entry) == entry
    if not whole or not 0 <= entry < count:
        raise ConfigError(
            f"labels are class numbers 0..{count - 1}. Received: {entry!r}. "
            "Numbers that begin at 1 become so by labels - 1."
        )
    return int(entry)


def _of_numbers(array: Truth, wanted: tuple[int, ...], ending: Ending) -> Right:
    classes, flags = wanted[-1], bool(np.isin(array, (0, 1)).all())
    if array.shape == wanted and classes > 1:
        if (array >= 0).all() and np.allclose(array.sum(axis=-1), 1, atol=1e-3):
            return Right("classes", array.argmax(axis=-1)[..., None] == np.arange(classes))
        return Right("gates" if flags and ending != "values" else "values", array)
    own = array.reshape(wanted[:-1]) if array.shape == (*wanted[:-1], 1) else array
    if own.shape != wanted[:-1]:
        raise ShapeError(
            f"labels {array.shape} do not fit the outputs {wanted}. Give class numbers "
            f"{wanted[:-1]}, or values in the shape of the outputs."
        )
    if classes == 1:
        gates = flags and ending == "gates"
        return Right("gates" if gates else "values", own[..., None])
    bad = own[(own != np.round(own)) | (own < 0) | (own >= classes)]
    if bad.size:
        _checked_number(bad.flat[0].item(), classes)
    return Right("classes", own[..., None] == np.arange(classes))


def ending_of(outputs: FloatArray) -> Ending:
    """Say what outputs (N, ..., K) hold, as far as their numbers tell."""
    if outputs.min() < -_NEAR or outputs.max() > 1 + _NEAR:
        return "values"
    adds_up = outputs.shape[-1] > 1 and np.allclose(outputs.sum(axis=-1), 1, atol=1e-2)
    return "shares" if adds_up else "gates"


_NEAR = 1e-3
Shares: TypeAlias = Callable[[FloatArray], Floats]


def _of_each(values: Any) -> Floats:
    """Return the mean of each image's values, (N,)."""
    return np.asarray(values.reshape(len(values), -1).mean(axis=1), np.float64)
