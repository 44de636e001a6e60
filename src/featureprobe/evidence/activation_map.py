"""Where in an image a map fires."""

import numpy as np
import numpy.typing as npt

from featureprobe import _checks, _spatial
from featureprobe._arguments import checked
from featureprobe.errors import RangeError, ShapeError
from featureprobe.probe.fields.reach import AxisField
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray


@checked
def fire_map(probe: ModelProbe, image: npt.ArrayLike, layer: str, channel: int) -> FloatArray:
    """Return a map's activations on the pixels of an image, for an overlay.

    Each node stands at the middle of what it sees; between these places values are interpolated
    linearly, beyond the outermost they stay (Bau et al., "Network dissection", 2017, likewise). A
    node answers to all of its receptive field, so look at the place as a centre, not as an outline;
    ``receptive_box`` tells the extent. ``plotting.show_overlay`` draws it.

    Args:
        probe: The opened model.
        image: (*spatial, C), pixel units.
        layer: Path of a layer with maps of as many axes as the image.
        channel: Number of the map.

    Returns:
        float32 (*spatial), activations: (H, W) of an image, (L,) of a series, (D, H, W) of a volume.

    Raises:
        ShapeError: When the layer has no maps, or the image does not fit.
        RangeError: When the layer has no such map.

    Example:
        >>> import featureprobe as fp
        >>> probe = fp.samples.mnist_probe()
        >>> images, _ = fp.samples.mnist_digits()
        >>> fp.fire_map(probe, images[0], "Conv2D_3", 5).shape
        (28, 28)
    """
    shape = probe.shape_of(layer)
    if len(shape) != len(probe.image_shape):
        raise ShapeError(
            f"A fire map needs a layer with maps {_spatial.shape_words(len(probe.image_shape) - 1)}, "
            f"but {layer!r} gives {shape}. Dense nodes see the whole image."
        )
    if not 0 <= _checks.whole("channel", channel, least=0) < shape[-1]:
        raise RangeError(f"{layer!r} has {shape[-1]} maps, counted from 0. Received {channel}.")
    pixels = _checks.images(image, probe.image_shape, what="image")
    if len(pixels) != 1:
        raise ShapeError(f"A fire map is of one image. Received {len(pixels)}; pass images[0].")
    found = probe.activations(pixels, layer)[0, ..., channel].astype(np.float64)
    fields = probe.network.fields[probe.network.graph.number_of(layer)]
    for axis, (field, size) in enumerate(
        zip(fields, _spatial.spatial_of(probe.image_shape), strict=True)
    ):
        found = np.apply_along_axis(_spread, axis, found, np.arange(size), _middles(field))
    return np.asarray(found, np.float32)


def _spread(
    line: npt.NDArray[np.float64],
    at: npt.NDArray[np.int64],
    middles: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the values of one line of nodes, interpolated at the pixels ``at``."""
    return np.interp(at, middles, line)


def _middles(field: AxisField) -> npt.NDArray[np.float64]:
    """Return the middle of what each position sees; increasing, as interpolation wants it."""
    middles, seen = field.middles, field.counts
    if field.jump is not None and field.size is not None and len(middles) > 1:
        # At the border fields are cut, and their middles with them: continue the regular grid.
        full = np.flatnonzero(seen == seen.max())
        middles = middles[full[0]] + field.jump * (np.arange(len(middles)) - full[0])
    return np.asarray(np.maximum.accumulate(middles), np.float64)
