"""What is recorded of a run: found out before it, so that nothing of it can cost a result."""

import platform
import sys
from collections.abc import Sequence
from typing import Any

from featureprobe._component import Arrays, ArrayValue
from featureprobe._names import distinct
from featureprobe.ascent.problem.given_starts import given_images
from featureprobe.ascent.settings.chosen import Chosen
from featureprobe.errors import ConfigError
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.recipe import Recipe
from featureprobe.results.state import AscentState
from featureprobe.types import FloatArray

_PACKAGES = ("featureprobe", "tensorflow", "keras", "numpy")


def recipe_of(
    chosen: Chosen, probe: ModelProbe, targets: Sequence[Objective], state: AscentState
) -> Recipe:
    """Return the recipe of a run that is at ``state``.

    Raises:
        ConfigError: When a part of it cannot be recorded.
    """
    arrays: Arrays = {}
    given = given_images(state, probe.input_space)
    chosen.settings.digest()  # all of it can be written as JSON
    model: dict[str, Any] = {
        "name": probe.name,
        "fingerprint": probe.fingerprint,
        "image_shape": list(probe.image_shape),
    }
    return Recipe(
        ascent=chosen.settings.to_config(arrays),
        objectives=tuple(target.to_config(arrays) for target in targets),
        seed=state.seed,
        input_space=probe.input_space.to_config(arrays),
        model=model,
        versions=versions(),
        arrays=arrays,
        start_images=None if given is None else _recorded(given, arrays),
        why=chosen.why,
    )


def _recorded(images: FloatArray, arrays: Arrays) -> dict[str, str]:
    """Return what stands for an array in a config; the array is put into ``arrays``."""
    value = ArrayValue(images)
    arrays[value.sha256] = value.array
    return {"array": value.sha256}


def labels_of(targets: Sequence[Objective]) -> tuple[str, ...]:
    """Return one text for each target, of which no two are equal.

    Raises:
        ConfigError: When a label is no text.
    """
    labels = tuple(target.label for target in targets)
    for target, label in zip(targets, labels, strict=True):
        if not isinstance(label, str):
            raise ConfigError(
                f"The label of a target is a text. Received: {label!r} from "
                f"{type(target).__name__}. Return a str from its label property."
            )
    return distinct(labels)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages, as the modules themselves tell them.

    Not the installed distributions: TensorFlow comes under several names.
    """
    known = {name: getattr(sys.modules.get(name), "__version__", None) for name in _PACKAGES}
    return {
        "python": platform.python_version(),
        **{name: str(version or "unknown") for name, version in known.items()},
    }
