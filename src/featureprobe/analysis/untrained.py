"""The same net, untrained: what the architecture alone does is the null of what training did."""

from typing import Any

import keras

from featureprobe._randomness import Rng, seed_from
from featureprobe.errors import ModelError
from featureprobe.probe.model_probe import ModelProbe


def untrained(probe: ModelProbe, *, rng: Rng = 0) -> ModelProbe:
    """Open a copy of a model with fresh random weights.

    Kernels are drawn by Glorot and Bengio's uniform rule (2010), Keras' default; what has one axis or
    none (biases, the state of normalizations) is as the layers' own initializers make it.

    Args:
        probe: The opened model; it is not changed.
        rng: Seed of the weights.

    Returns:
        A probe of the copy: same layers, same paths, same input space.

    Raises:
        ModelError: When Keras cannot copy the model, such as one made by subclassing.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> guesses = fp.analysis.untrained(probe, rng=1).predict(images).argmax(axis=1)
        >>> bool((guesses == labels).mean() < 0.4)
        True
    """
    copy = _copy_of(probe)
    seed = seed_from(rng)
    fresh = []
    for number, weights in enumerate(copy.get_weights()):
        draw = keras.initializers.GlorotUniform(seed=(seed + 7919 * number) % 2**31)
        kernel = weights.ndim > 1
        fresh.append(keras.ops.convert_to_numpy(draw(weights.shape)) if kernel else weights)
    copy.set_weights(fresh)
    return ModelProbe(copy, input_space=probe.input_space)


def _copy_of(probe: ModelProbe) -> Any:
    """Return the model with its layers made anew."""
    advice = (
        "Open an untrained model of the same architecture yourself: "
        "fp.ModelProbe(model, input_space=probe.input_space)."
    )
    try:
        copy = keras.models.clone_model(probe.model)
    except (ValueError, TypeError, NotImplementedError) as cause:
        raise ModelError(f"Keras cannot copy {probe.name!r}: {cause} {advice}") from cause
    if len(copy.weights) != len(probe.model.weights):
        raise ModelError(
            f"Keras does not build a copy of {probe.name!r}, a subclassed model. {advice}"
        )
    return copy
