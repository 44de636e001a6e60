"""The plan of a run: which targets go together, on what part of the image, with what numbers."""

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from featureprobe._randomness import run_key
from featureprobe._spatial import inner_axes
from featureprobe.ascent.plan.group import WORKERS, Group
from featureprobe.ascent.problem.masks import stack_masks
from featureprobe.ascent.problem.resolved import Resolved
from featureprobe.ascent.problem.window import Window
from featureprobe.ascent.step.evaluation import Evaluation
from featureprobe.ascent.step.target_arrays import array_bytes
from featureprobe.ascent.step.view_size import check_sizes, view_shape
from featureprobe.ascent.step.views import Views
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.probe.network.cropped_network import CroppedNetwork
from featureprobe.probe.network.network import Network
from featureprobe.types import FloatArray, ImageShape

_COPIES = 2  # forward values, the gradients under way, and what the convolutions need beside them
_ARRAYS = 3  # of a target: held once a target, gathered for a row, and what is made with it
_TWICE_BELOW = 8 * 2**20  # bytes of a row up to which running it twice costs next to nothing
_OF_VIEW = (
    4  # image-sized tensors of each further view: itself, its gradient, what they are made by
)
_IMAGES = 16  # image-sized tensors that a step holds: params, best, views, gradient, masks, ...


def make_plan(
    targets: Sequence[Resolved],
    *,
    starts: int,
    seed: int,
    memory: int,
    windows: Sequence[Window | str] | None = None,
    views: Views = Views(),  # noqa: B008  (a frozen value)
    whole: bool = False,
) -> tuple[Group, ...]:
    """Return the targets in groups of one structure, and one geometry, each.

    Args:
        targets: All targets.
        starts: Starts per target.
        seed: The run's seed.
        memory: Budget in bytes of what runs at a time.
        windows: The part of the image that each target is solved on, or why it is all of it; None
            for full images.
        views: What the net sees of each image.
        whole: Whether the starts of a target must not be parted, whatever its terms are.

    Raises:
        ShapeError: When views are not such that the net and the targets can do with them.
    """
    given = windows or [""] * len(targets)
    parts = [window if isinstance(window, Window) else None for window in given]
    grouped: dict[tuple[Hashable, object], list[int]] = {}
    for number, (target, part) in enumerate(zip(targets, parts, strict=True)):
        place = None if part is None else (part.crop.geometry, part.shape, part.inside)
        grouped.setdefault((target.key, place), []).append(number)
    return tuple(
        _group([targets[m] for m in members], [parts[m] for m in members], members,
               starts, seed, memory, views, whole=whole)
        for members in grouped.values()
    )  # fmt: skip


def _group(
    own: Sequence[Resolved],
    windows: Sequence[Window | None],
    members: Sequence[int],
    starts: int,
    seed: int,
    memory: int,
    views: Views,
    *,
    whole: bool,
) -> Group:
    probe, leaves, window = own[0].probe, own[0].leaves, windows[0]
    evaluation = Evaluation(_network(probe, window), probe.input_space, leaves)
    evaluation.network.prepare(evaluation.wanted)
    together = starts if whole or any(leaf.is_group for leaf in leaves) else 1
    shape = probe.image_shape if window is None else window.shape
    arrays = _ARRAYS * array_bytes(own[0].arrays, probe.network.dtype)
    cost = row_bytes(evaluation, shape) + arrays
    more = _bytes_of_views(own, evaluation, views)
    fitting = max(1, memory // WORKERS // ((cost + more) * together)) * together
    # Small images run twice rather than alone; crops do not, as time is what they are for.
    twice = cost <= _TWICE_BELOW and window is None
    return Group(
        evaluation=evaluation,
        # Where in its window the crop lies is a number of the trace.
        key=(own[0].key, None if window is None else (window.crop.geometry, shape)),
        rows=(np.array(members)[:, None] * starts + np.arange(starts)).ravel(),
        data=_numbers(own, windows, starts, seed) | _masks(own, windows, starts),
        most=max(2, fitting) if twice else fitting,
        twice=twice,
        together=together,
        arrays=tuple(target.arrays for target in own),
        layer=own[0].masks[0][None, ..., None],  # a group reads the same layers: they share it
        shape=shape,
        places=None if window is None else np.repeat([w.place for w in windows if w], starts, 0),
    )


def _network(probe: ModelProbe, window: Window | None) -> Network | CroppedNetwork:
    if window is None:
        return probe.network
    geometry = window.crop.geometry
    return probe.network.compiled(
        ("crop", geometry), lambda: CroppedNetwork(probe.network, geometry)
    )


def row_bytes(evaluation: Evaluation, shape: ImageShape) -> int:
    """Return the memory that one image of a chunk takes, in bytes.

    Args:
        evaluation: What it costs the net.
        shape: (*spatial, C) of what is climbed.
    """
    network = evaluation.network
    image = 4 * int(np.prod(shape))
    return _COPIES * network.bytes_per_image(evaluation.wanted) + _IMAGES * image


def _bytes_of_views(own: Sequence[Resolved], evaluation: Evaluation, views: Views) -> int:
    """Return the memory that the views of an image take, beyond a clean image's own, in bytes."""
    if not views.transforms:
        return 0
    network, wanted = own[0].probe.network, evaluation.wanted
    shape = view_shape(network, evaluation.space, views)
    check_sizes(network, [target.target for target in own], shape)
    clean, one = (network.bytes_per_image(wanted, size) for size in (network.image_shape, shape))
    further = (views.count - 1) * _OF_VIEW * 4 * int(np.prod(shape))
    return _COPIES * max(0, views.count * one - clean) + further


def _numbers(
    own: Sequence[Resolved], windows: Sequence[Window | None], starts: int, seed: int
) -> dict[str, npt.NDArray[np.generic]]:
    """Return weights, indices and keys of a group's rows, and where its crops lie in their windows."""
    window = windows[0]
    numbers = [t.numbers if window is None else t.numbers_on_crop for t in own]
    weights = np.array([t.weights for t in own], np.float32)
    found: dict[str, npt.NDArray[np.generic]] = {
        "weights": np.repeat(weights, starts, 0),
        "numbers": np.repeat(np.array(numbers, np.int32).reshape(len(own), -1), starts, 0),
        "keys": np.stack([run_key(seed, t.digest, s) for t in own for s in range(starts)]),
        "starts": np.asarray(starts, np.int32),
    }
    if window is not None and not window.is_crop:
        found["inside"] = np.array([window.inside], np.int32)
    return found


def _masks(
    own: Sequence[Resolved], windows: Sequence[Window | None], starts: int
) -> dict[str, npt.NDArray[np.generic]]:
    """Return the masks of a group's rows, cut like the images."""
    channels, layer = own[0].probe.image_shape[-1], own[0].masks[0]
    live = layer.sum() * channels
    fields = [_cut(t.masks[1], w) for t, w in zip(own, windows, strict=True)]
    field = stack_masks(fields, starts)
    covered = field.sum(axis=inner_axes(field.ndim), keepdims=True) * channels
    return {
        # Windows at several places: what they leave out differs, what they show of it may not.
        "layer": stack_masks([_cut(layer, w) for w in windows], starts).astype(np.float32),
        "field": field,
        "beyond": (live - covered).astype(np.float32),
        "count": np.full((1,) * field.ndim, max(live, 1), np.float32),
    }


def _cut(mask: FloatArray, window: Window | None) -> FloatArray:
    return mask if window is None else window.cut(mask)
