"""A copy of a probe's model: the user's own is never changed."""

from typing import Any

import keras

from featureprobe.errors import ModelError
from featureprobe.probe.model_probe import ModelProbe


def copied_model(probe: ModelProbe, advice: str, *, weights: bool = True) -> Any:
    """Return the model with its layers made anew.

    Args:
        probe: The opened model.
        advice: What to do where that fails; the end of the message.
        weights: Whether its weights are taken over; else they are as the layers' initializers make
            them.

    Raises:
        ModelError: When Keras cannot copy the model, such as one made by subclassing.
    """
    try:
        copy = keras.models.clone_model(probe.model)
    except (ValueError, TypeError, NotImplementedError) as cause:  # what Keras raises, by model
        raise ModelError(f"Keras cannot copy {probe.name!r}: {cause} {advice}") from cause
    if len(copy.weights) != len(probe.model.weights):
        raise ModelError(
            f"Keras does not build a copy of {probe.name!r}, a subclassed model. {advice}"
        )
    if weights:
        copy.set_weights(probe.model.get_weights())
    return copy
