"""Draw start images: one key a start, shared by all targets."""

import numpy as np

from featureprobe import _checks
from featureprobe._randomness import start_generator
from featureprobe.ascent.validation import check_probe
from featureprobe.errors import DataError
from featureprobe.initializers.base import InputInitializer
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray


def draw_starts(
    initializer: InputInitializer, probe: ModelProbe, seed: int, starts: int
) -> FloatArray:
    """Return (starts, H, W, C) in model units, before the projection.

    Raises:
        ShapeError: When the initializer draws another shape.
        DataError: When it draws values that are not finite.
    """
    check_probe(probe)
    shape, space = probe.image_shape, probe.input_space
    drawn = []
    for number in range(starts):
        image = initializer.draw(shape, space, start_generator(seed, number))
        drawn.append(_checks.images(image, shape, what="start images")[0])
    images = space.to_model(np.stack(drawn))
    if not np.isfinite(images).all():
        raise DataError("Start images must be finite in model units. Check the InputSpace.")
    return images
