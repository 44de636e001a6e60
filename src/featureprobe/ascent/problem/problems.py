"""Problems: what must be solved for a list of targets, each once.

All interior nodes of a map are one problem: the same function of the crop, at other places.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from featureprobe._spatial import part_of
from featureprobe.ascent.problem.cropping import margin_of, why_full, window_of
from featureprobe.ascent.problem.resolved import Move, Resolved
from featureprobe.ascent.problem.score_floors import ScoreFloors
from featureprobe.ascent.problem.targets import check_reads
from featureprobe.ascent.problem.window import Window
from featureprobe.ascent.settings.settings import Settings
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray


@dataclass(frozen=True, eq=False)
class Problems:
    """The distinct problems of a run, and how targets follow from them.

    Attributes:
        solved: Each problem once: it is what is climbed.
        index: (targets of the run,) the problem of each.
        moves: For each target of the run, from where to where its problem's crop is moved; None
            where it lies where it belongs.
        layers: (*spatial,) masks of the pixels that reach the layer, of those targets that are moved.
        windows: The part of the image that each target of the run is solved on, or why it is all of it.
        center: What pixels hold that reach nothing, model units.
    """

    solved: tuple[Resolved, ...]
    index: npt.NDArray[np.int64]
    moves: tuple[Move | None, ...]
    layers: dict[int, FloatArray]
    windows: tuple[Window | str, ...]
    center: float

    def image(self, number: int, solved: FloatArray) -> FloatArray:
        """Return the images (S, *spatial, C) of one target of the run.

        Args:
            number: Which target.
            solved: (problems, S, *spatial, C) model units.
        """
        own, move = solved[self.index[number]], self.moves[number]
        return own if move is None else _moved(own, self.layers[number], self.center, move)


def resolve_targets(
    settings: Settings, probe: ModelProbe, targets: Sequence[Objective], *, apart: bool = False
) -> Problems:
    """Return what must be solved for the targets of a run.

    Args:
        settings: The settings.
        probe: The probe.
        targets: The targets.
        apart: Whether each is solved by itself, equal ones too, as each has starts of its own.

    Raises:
        FeatureProbeError: When a target does not fit the model or the recipe.
    """
    for target in targets:
        check_reads(probe, target)
    floors, full = ScoreFloors(probe), why_full(settings)
    margin = 0 if full else margin_of(settings)
    known = {
        target: Resolved(probe, target, floors, joined=not (apart or full), margin=margin)
        for target in dict.fromkeys(targets)
    }
    each = [known[target] for target in targets]
    solved: dict[Objective, Resolved] = {}
    for own in each:
        solved.setdefault(own.target, own)
    numbers = {target: number for number, target in enumerate(solved)}
    index = np.array([numbers[own.target] for own in each])
    return Problems(
        solved=tuple(each if apart else solved.values()),
        index=np.arange(len(each)) if apart else index,
        moves=tuple(own.move for own in each),
        layers={number: own.masks[0] for number, own in enumerate(each) if own.move},
        windows=tuple(window_of(settings, own) for own in each),
        center=probe.input_space.center,
    )


def _moved(images: FloatArray, layer: FloatArray, center: float, move: Move) -> FloatArray:
    """Return images (S, *spatial, C) whose crop lies elsewhere."""
    old, new, size = move
    there, here = part_of(old, size), part_of(new, size)
    around = layer > 0
    around[there] = False
    outside = np.argwhere(around)[0]  # outside the crop there is one constant
    constant = images[:, *outside].reshape(len(images), *[1] * layer.ndim, images.shape[-1])
    full = np.where(layer[..., None] > 0, constant, center)
    full = np.broadcast_to(full, images.shape).astype(images.dtype)
    full[:, *here] = images[:, *there]
    return full
