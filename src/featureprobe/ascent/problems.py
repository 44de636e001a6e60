"""Problems: what must be solved for a list of targets, each once.

All interior nodes of a map are one problem: the same function of the crop, at other places.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from featureprobe.ascent.cropping import crop_of
from featureprobe.ascent.live import masks_of
from featureprobe.ascent.settings import Settings
from featureprobe.objectives.base import Objective
from featureprobe.objectives.node import Node
from featureprobe.probe.crop_plan import Crop
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray

_Place = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Problems:
    """The distinct problems of a run, and how targets follow from them.

    Attributes:
        targets: One target for each problem: it is what is climbed.
        index: (targets of the run,) the problem of each.
        moves: For each target of the run, from where to where its problem's crop is moved; None
            where it lies where it belongs.
        layers: (H, W) masks of the pixels that reach the layer, of those targets that are moved.
        center: What pixels hold that reach nothing, model units.
    """

    targets: tuple[Objective, ...]
    index: npt.NDArray[np.int64]
    moves: tuple[tuple[_Place, _Place, _Place] | None, ...]
    layers: dict[int, FloatArray]
    center: float

    def image(self, number: int, solved: FloatArray) -> FloatArray:
        """Return the images (S, H, W, C) of one target of the run.

        Args:
            number: Which target.
            solved: (problems, S, H, W, C) model units.
        """
        own, move = solved[self.index[number]], self.moves[number]
        return own if move is None else _moved(own, self.layers[number], self.center, *move)


def as_problems(settings: Settings, probe: ModelProbe, targets: Sequence[Objective]) -> Problems:
    """Return what must be solved for targets that fit the model."""
    numbers: dict[Objective, int] = {}
    index, moves = [], []
    for target in targets:
        solved, move = _problem_of(settings, probe, target)
        index.append(numbers.setdefault(solved, len(numbers)))
        moves.append(move)
    return Problems(
        tuple(numbers),
        np.array(index),
        tuple(moves),
        {n: masks_of(probe.network, targets[n])[0] for n, move in enumerate(moves) if move},
        probe.input_space.typical_center,
    )


def _problem_of(
    settings: Settings, probe: ModelProbe, target: Objective
) -> tuple[Objective, tuple[_Place, _Place, _Place] | None]:
    """Return the node in the middle of the map that is the same problem, and the way from it."""
    crop = crop_of(settings, probe, target)
    if not (isinstance(target, Node) and isinstance(crop, Crop)):
        return target, None
    rows, cols = probe.shape_of(target.layer)[:2]
    middle = replace(target, row=rows // 2, col=cols // 2)
    other = crop_of(settings, probe, middle)
    if not isinstance(other, Crop) or other.geometry != crop.geometry:
        return target, None
    height, width, _ = crop.geometry.shape
    return middle, None if middle == target else (other.place, crop.place, (height, width))


def _moved(
    images: FloatArray, layer: FloatArray, center: float, old: _Place, new: _Place, size: _Place
) -> FloatArray:
    """Return images (S, H, W, C) whose crop lies elsewhere."""
    there = tuple(slice(first, first + length) for first, length in zip(old, size, strict=True))
    here = tuple(slice(first, first + length) for first, length in zip(new, size, strict=True))
    around = layer > 0
    around[there] = False
    rows, cols = np.argwhere(around)[0]  # outside the crop there is one constant
    constant = images[:, rows, cols][:, None, None]
    full = np.where(layer[:, :, None] > 0, constant, center)
    full = np.broadcast_to(full, images.shape).astype(images.dtype)
    full[:, here[0], here[1]] = images[:, there[0], there[1]]
    return full
