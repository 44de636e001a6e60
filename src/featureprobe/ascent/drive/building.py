"""From an Ascent and its targets to a Drive: plan, compile, put together."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from featureprobe.ascent.drive.chunk_loop import Drive
from featureprobe.ascent.drive.compiled import compiled
from featureprobe.ascent.plan.group import Group
from featureprobe.ascent.plan.plan import make_plan
from featureprobe.ascent.problem.cropping import margin_of, why_full
from featureprobe.ascent.problem.resolved import Resolved
from featureprobe.ascent.problem.starts import Starts
from featureprobe.ascent.problem.window import Window
from featureprobe.ascent.settings.remedies import Remedy
from featureprobe.ascent.settings.settings import Settings
from featureprobe.ascent.step.each_input import for_each_input
from featureprobe.ascent.step.loop import Loop
from featureprobe.ascent.step.views import Views
from featureprobe.constraints.default import resolve
from featureprobe.input_space import InputSpace
from featureprobe.joint_space import JointSpace
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Floats


def build_plan(settings: Settings, solved: Sequence[Resolved], seed: int) -> tuple[Group, ...]:
    """Return targets in groups, on the part of the image that the recipe asks for."""
    full = why_full(settings)
    windows = [full or own.window(margin_of(settings)) for own in solved]
    return _planned(settings, solved, seed, windows)


def build_scoring(settings: Settings, solved: Sequence[Resolved]) -> tuple[Group, ...]:
    """Return targets in groups of one row each, in which images are scored: without regularizers.

    All places of a layer are scored by one pass over the full image, so crops that cover more than
    that together do not pay.
    """
    bare = replace(settings, starts=1, regularizers=())
    full = why_full(bare)
    windows = [full or own.window(0) for own in solved]
    parts = {(w.place, w.shape) for w in windows if isinstance(w, Window)}
    image = solved[0].probe.image_shape if solved else (0,)
    if sum(np.prod(shape) for _, shape in parts) > np.prod(image):
        windows = ["many crops are scored at once" for _ in solved]
    return _planned(bare, solved, 0, windows)


def _planned(
    settings: Settings, solved: Sequence[Resolved], seed: int, windows: Sequence[Window | str]
) -> tuple[Group, ...]:
    if solved:
        settings = for_each_input(settings, solved[0].probe.input_space)
    return make_plan(
        solved,
        starts=settings.starts,
        seed=seed,
        memory=settings.memory,
        windows=windows,
        views=_views(settings),
        whole=bool(settings.parameterization.shared),
    )


def build_drive(
    settings: Settings,
    probe: ModelProbe,
    groups: Sequence[Group],
    starts: Starts,
    digest: str,
    *,
    remedy: Remedy | None = None,
) -> Drive:
    """Return what drives a run.

    Args:
        settings: The settings.
        probe: The probe.
        groups: The targets in groups, from :func:`build_plan`.
        starts: Their starts.
        digest: Digest of the targets of the run.
        remedy: What is climbed instead of the targets.
    """
    space = probe.input_space
    settings, constraint = for_each_input(settings, space), resolve(settings.constraint, space)
    fixed = (
        settings.rule,
        settings.regularizers,
        _views(settings),
        settings.parameterization,
        constraint,
        settings.keep,
        space,
    )

    def loop(group: Group) -> Loop:
        return Loop(
            evaluation=group.evaluation,
            space=space,
            constraint=constraint,
            rule=settings.rule,
            parameterization=settings.parameterization,
            regularizers=settings.regularizers,
            views=_views(settings),
            keep_best=settings.keep == "best",
            shape=group.shape,
        )

    ready = tuple(group.starting(_means(group, starts, space)) for group in groups)
    if remedy is not None:
        ready = tuple(group.aimed(remedy) for group in ready)
    calls = tuple(compiled(group, fixed, loop) for group in ready)
    return Drive(ready, calls, starts.index.size, digest, settings.stop)


def _views(settings: Settings) -> Views:
    return Views(settings.transforms, settings.views)


def _means(group: Group, starts: Starts, space: InputSpace) -> FloatArray:
    """Return (rows of the group, 1, ..., 1) means of the start images over live pixels, model units.

    Of images that are optimized together, (rows of the group, 1, P, 1): each input has a mean of its own.
    """
    if isinstance(space, JointSpace):
        images, layer = space.split(starts.images), space.split(group.layer)
        each = {p.name: _mean(images[p.name], layer[p.name][..., :1]) for p in space.parts}
        full = {p.name: np.broadcast_to(each[p.name], images[p.name].shape) for p in space.parts}
        means = space.joined(full)
    else:
        means = _mean(starts.images, group.layer)
    return np.asarray(means[starts.index.ravel()[group.rows]], np.float32)


def _mean(images: FloatArray, layer: FloatArray) -> Floats:
    """Return (P, 1, ..., 1) means of images (P, *spatial, C) where ``layer`` (1, *spatial, 1) is not 0."""
    own = layer.astype(np.float64)[0, ..., 0]
    live = max(own.sum() * images.shape[-1], 1)
    axes = "hwd"[: own.ndim]
    means = np.einsum(f"p{axes}c,{axes}->p", images, own, optimize=True) / live
    return np.asarray(means.reshape(-1, *(1,) * (images.ndim - 1)))
