"""The same net, untrained: what the architecture alone does is the null of what training did."""

import keras

from featureprobe._arguments import checked
from featureprobe._randomness import Rng, seed_from
from featureprobe.probe.copying import copied_model
from featureprobe.probe.model_probe import ModelProbe

_ADVICE = (
    "Open an untrained model of the same architecture yourself: "
    "fp.ModelProbe(model, input_space=probe.input_space)."
)


@checked
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
    copy = copied_model(probe, _ADVICE, weights=False)
    seed = seed_from(rng)
    fresh = []
    for number, weights in enumerate(copy.get_weights()):
        draw = keras.initializers.GlorotUniform(seed=(seed + 7919 * number) % 2**31)
        kernel = weights.ndim > 1
        fresh.append(keras.ops.convert_to_numpy(draw(weights.shape)) if kernel else weights)
    copy.set_weights(fresh)
    return probe.reopened(copy)
