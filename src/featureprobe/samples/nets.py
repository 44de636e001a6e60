"""Two trainings of one small CNN on MNIST, which differ only in their seed."""

from typing import Any, Literal, TypeAlias

import keras

from featureprobe._arguments import checked
from featureprobe.errors import ConfigError
from featureprobe.input_space import InputSpace
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.samples.bundled import checked_file, manifest_entry

NetName: TypeAlias = Literal["a", "b"]
"""Names the bundled training."""

_FILES = {"a": "mnist_cnn_a.keras", "b": "mnist_cnn_b.keras"}


@checked
def mnist_cnn(which: NetName = "a") -> Any:
    """Load a bundled CNN: three convolutions, a small MLP, 208,982 parameters.

    The layers are ``Conv2D_1`` (32 maps, 26 x 26), ``Max_Pool_1``, ``Conv2D_2`` (64 maps, 11 x 11),
    ``Max_Pool_2``, ``Conv2D_3`` (128 maps, 3 x 3), ``Flatten``, ``Dense_1`` (100 nodes) and
    ``Dense_2`` (10 nodes, softmax). Both nets recognise more than 99.2 % of the MNIST test set. The
    net expects standardized images, model units; :func:`mnist_probe` takes care of that.

    Args:
        which: ``"a"`` or ``"b"``, two trainings that differ only in their seed.

    Returns:
        A new ``keras.Model``, not compiled: float32 (N, 28, 28, 1) in, (N, 10) probabilities out.

    Raises:
        ConfigError: When there is no such net.
        DataError: When the bundled file is missing or damaged.

    Example:
        >>> net = mnist_cnn("b")
        >>> net.name, net.count_params()
        ('mnist_cnn_b', 208982)
    """
    with checked_file(_file_of(which)) as path:
        return keras.saving.load_model(path, compile=False, safe_mode=True)


@checked
def mnist_probe(which: NetName = "a") -> ModelProbe:
    """Open a bundled CNN for probing, with the input space that it was trained in.

    Args:
        which: ``"a"`` or ``"b"``, as in :func:`mnist_cnn`.

    Returns:
        A new probe; it takes images (N, 28, 28, 1) in pixel units, 0..255.

    Raises:
        ConfigError: When there is no such net.
        DataError: When the bundled file is missing or damaged.

    Example:
        >>> from featureprobe.samples import mnist_digits
        >>> images, _ = mnist_digits()
        >>> mnist_probe().activations(images[:3], "Conv2D_3").shape
        (3, 3, 3, 128)
    """
    pixels = manifest_entry(_file_of(which))["pixels"]
    return ModelProbe(mnist_cnn(which), input_space=InputSpace(**pixels))


def _file_of(which: str) -> str:
    if which not in _FILES:
        raise ConfigError(
            f"There is no bundled net of that name. Received: {which!r}. Ask for 'a' or 'b'."
        )
    return _FILES[which]
