"""What TensorFlow says of other people's code in a traced function, in our words."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from featureprobe.errors import ConfigError, FeatureProbeError, ModelError

_LIBRARIES = ("tensorflow", "keras", "featureprobe", "numpy", "contextlib")


@contextmanager
def traced_code() -> Iterator[None]:
    """Raise ConfigError where numpy, ``if`` or ``float`` is used on a tensor that has no value yet.

    And ModelError where a layer's name keeps it from being traced.

    An objective, regularizer or transform is traced once, as a graph, and then run many times.
    """
    try:
        yield
    except FeatureProbeError:
        raise
    except ValueError as cause:
        if "scope name" not in str(cause):
            raise
        raise ModelError(
            f"TensorFlow cannot run a layer of this name, as model.predict cannot either: {cause} "
            "Rebuild the model with another name for that layer."
        ) from cause
    except (NotImplementedError, TypeError, AttributeError) as cause:
        if "ymbolic" not in str(cause):
            raise
        raise ConfigError(
            f"What is climbed is traced by TensorFlow as a graph, whose tensors have no values yet: "
            f"numpy, float() and Python's `if` cannot be used on them{_place(cause)}. Write "
            "tf.reduce_mean for np.mean, tf.where for `if`."
        ) from cause


def _place(cause: BaseException) -> str:
    """Return where in the user's code it happened, as the end of a sentence."""
    frames = [
        frame
        for frame in traceback.extract_tb(cause.__traceback__)
        if not any(f"/{name}" in frame.filename.replace("\\", "/") for name in _LIBRARIES)
    ]
    return f" (line {frames[-1].lineno} of {frames[-1].name})" if frames else ""
