"""Names of the classes of a model's output, checked against it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from featureprobe._kinds import is_whole, received
from featureprobe.errors import ConfigError, ModelError
from featureprobe.probe.network.network import Network
from featureprobe.types import OUTPUT


def class_names(
    labels: Sequence[str] | Mapping[int, str] | None, network: Network
) -> tuple[str, ...] | None:
    """Return one name for each class of the only output, or None when none were given.

    Raises:
        ConfigError: When they are no texts, too many or too few, or of classes that do not exist.
        ModelError: When the model has several outputs.
    """
    if labels is None:
        return None
    if len(network.graph.outputs) != 1:
        raise ModelError(
            f"labels name the classes of the model's only output. This model has "
            f"{len(network.graph.outputs)} outputs. Open it without labels, or probe a model of one output."
        )
    shape = network.shape_of(OUTPUT)
    count = shape[-1] if shape else 1
    if isinstance(labels, Mapping):
        return _of_numbers(labels, count)
    given: Any = labels.tolist() if isinstance(labels, np.ndarray) else labels
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(map(_is_text, given)):
        raise ConfigError(
            "labels are texts, one for each class, or a dict of texts by class number. Received: "
            f"{received(labels)}."
        )
    if len(given) != count:
        raise ConfigError(
            f"labels name each of the {count} classes of the output. Received {len(given)} names. "
            "Give all, or a dict {number: name} of some."
        )
    return tuple(given)


def fitting(names: tuple[str, ...] | None, network: Network) -> tuple[str, ...] | None:
    """Return the names where another net has as many classes, else None."""
    if names is None or len(network.graph.outputs) != 1:
        return None
    return names if network.shape_of(OUTPUT)[-1:] == (len(names),) else None


def _of_numbers(labels: Mapping[Any, Any], count: int) -> tuple[str, ...]:
    names = [str(number) for number in range(count)]
    for number, name in labels.items():
        if not is_whole(number) or not 0 <= number < count:
            raise ConfigError(
                f"The output has the classes 0..{count - 1}. labels name a class {number!r}. "
                "Count from 0, as whole numbers."
            )
        if not _is_text(name):
            raise ConfigError(f"The name of class {number} is a text. Received: {received(name)}.")
        names[number] = name
    return tuple(names)


def _is_text(name: object) -> bool:
    return isinstance(name, str) and bool(name)
