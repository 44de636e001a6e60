"""Pictures of arrays: maps of a layer, images, mosaics, traces, predictions, animations.

What lives here: functions on numpy arrays that draw on the Axes given (or on new ones) and return
them, and functions that write image files. May import: numpy, matplotlib, Pillow,
``featureprobe.errors``, ``featureprobe.types``. To add one: a file named after the picture, a
function ``show_...(array, *, ax=None) -> Axes`` that starts with ``axes_or_new`` and never
calls ``show``, ``gca`` or changes rcParams or its input; then a line in ``__all__`` and a test.
"""

from featureprobe.plotting._axes import png_bytes
from featureprobe.plotting.export import save_animation, save_planes, save_png
from featureprobe.plotting.images import clip_to_display, show_image, stretch
from featureprobe.plotting.maps import show_maps
from featureprobe.plotting.mosaic import show_mosaic
from featureprobe.plotting.overlay import show_overlay
from featureprobe.plotting.predictions import show_prediction
from featureprobe.plotting.rings import ring_nodes
from featureprobe.plotting.series import show_series
from featureprobe.plotting.series_mosaic import show_series_mosaic
from featureprobe.plotting.side_by_side import show_grids_side_by_side
from featureprobe.plotting.tiles import constant_maps, standardize_maps, tile, untile
from featureprobe.plotting.traces import show_trace
from featureprobe.plotting.volumes import show_volume

__all__ = [
    "clip_to_display",
    "constant_maps",
    "png_bytes",
    "ring_nodes",
    "save_animation",
    "save_planes",
    "save_png",
    "show_grids_side_by_side",
    "show_image",
    "show_maps",
    "show_mosaic",
    "show_overlay",
    "show_prediction",
    "show_series",
    "show_series_mosaic",
    "show_trace",
    "show_volume",
    "standardize_maps",
    "stretch",
    "tile",
    "untile",
]
