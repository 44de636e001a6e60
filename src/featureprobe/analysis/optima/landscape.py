"""What scores do between maxima, and around one: barriers and tuning curves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from featureprobe.ascent.ascent import Ascent
from featureprobe.ascent.drive.building import build_scoring
from featureprobe.ascent.plan.group import Group
from featureprobe.ascent.problem.masks import live_pixels, masks_of
from featureprobe.ascent.problem.resolved import resolved
from featureprobe.ascent.settings.chosen import choose
from featureprobe.ascent.starts.scoring import score_images
from featureprobe.constraints.base import Constraint
from featureprobe.constraints.default import resolve
from featureprobe.constraints.sphere import Sphere
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Floats

ANGLES = np.array([0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90], np.float64)  # degrees
SHARES = np.array([0, 2, 5, 10, 15, 20, 30, 40, 50, 60, 80, 100], np.float64)  # percent of the way
DIRECTIONS = 16
_WAY = np.linspace(0, 1, 33)


@dataclass(frozen=True, eq=False)
class Landscape:
    """The scores of targets on a constraint set. Images are in model units here.

    Attributes:
        probe: The opened model.
        targets: The targets.
        groups: Their plan, one row each.
        constraint: The set.
    """

    probe: ModelProbe
    targets: Sequence[Objective]
    groups: tuple[Group, ...]
    constraint: Constraint

    @classmethod
    def of(cls, ascent: Ascent, probe: ModelProbe, targets: Sequence[Objective]) -> "Landscape":
        """Return the landscape that an Ascent climbs."""
        solved = resolved(probe, targets)
        settings = choose(ascent, probe, targets).settings
        groups = build_scoring(settings, solved)
        return cls(probe, targets, groups, resolve(settings.constraint, probe.input_space))

    @property
    def round(self) -> bool:
        """Whether ways are measured in angles."""
        return isinstance(self.constraint, Sphere)

    def scores(self, number: int, images: FloatArray) -> Floats:
        """Return (N,) scores of images (N, *spatial, C) for one target, after the projection."""
        wanted, count = np.array([number]), len(self.targets)
        found = score_images(self.groups, images, self.constraint, count, wanted=wanted)
        return np.asarray(found[number], np.float64)

    def admissible(self, number: int, images: FloatArray) -> FloatArray:
        """Return the images of the set that stand for given ones, for a target's own field."""
        network, space = self.probe.network, self.probe.input_space
        live = live_pixels(network, *masks_of(network, self.targets[number]), space)
        given = tf.constant(images, network.dtype)
        return np.asarray(self.constraint.project(given, live, space))

    def barriers(self, number: int, images: FloatArray) -> Floats:
        """Return (n, n): how deep the valley between two maxima is, as a share of the lower one.

        The way is the straight line, projected: on the sphere the great circle, in the box, which
        is convex, the line itself. The diagonal is 0.
        """
        n = len(images)
        found, pairs = np.zeros((n, n)), [(a, b) for a in range(n) for b in range(a)]
        if not pairs:
            return found
        at = _outer(_WAY, images.ndim)
        ways = [(1 - at) * images[a] + at * images[b] for a, b in pairs]
        along = self.scores(number, np.concatenate(ways).astype(np.float32)).reshape(len(pairs), -1)
        lower = np.minimum(along[:, 0], along[:, -1])
        depth = (lower - along.min(axis=1)) / np.where(lower == 0, np.nan, np.abs(lower))
        for (a, b), value in zip(pairs, depth, strict=True):
            found[a, b] = found[b, a] = value
        return found

    def tuning(self, number: int, image: FloatArray, noise: FloatArray) -> Floats:
        """Return (len(ANGLES),): the mean score at growing distances from a maximum.

        Args:
            number: The target.
            image: (*spatial, C) the maximum.
            noise: (D, *spatial, C) what directions are made of.
        """
        others = self.admissible(number, noise)
        if self.round:
            ways = _turned(image - self.probe.input_space.center,
                           others - self.probe.input_space.center)  # fmt: skip
            ways += self.probe.input_space.center
        else:
            shares = _outer(SHARES, others.ndim + 1) / 100
            ways = np.asarray(image + shares * (others - image), np.float64)
        flat = ways.reshape(-1, *image.shape).astype(np.float32)
        return np.asarray(self.scores(number, flat).reshape(len(ways), -1).mean(axis=1))


def _turned(image: FloatArray, others: FloatArray) -> Floats:
    """Return (angles, D, *spatial, C): an image turned towards the part of others that is tangent."""
    norm = np.linalg.norm(image)
    along = _outer(np.tensordot(others, image, axes=image.ndim), others.ndim) / norm**2
    tangent = others - along * image
    lengths = np.linalg.norm(tangent.reshape(len(others), -1), axis=1)
    tangent *= norm / _outer(lengths, others.ndim)
    angles = _outer(np.deg2rad(ANGLES), others.ndim + 1)
    return np.asarray(np.cos(angles) * image + np.sin(angles) * tangent, np.float64)


def _outer(values: Floats, axes: int) -> Floats:
    """Return (n,) values as an array of so many axes that varies along the first."""
    return values.reshape(-1, *(1,) * (axes - 1))


def half_width(at: Floats, curve: Floats) -> float:
    """Return where a tuning curve falls to half of its first value; NaN where it does not."""
    below = np.flatnonzero(curve <= curve[0] / 2)
    if not curve[0] > 0 or not len(below):
        return float("nan")
    after, before = below[0], below[0] - 1
    share = (curve[before] - curve[0] / 2) / (curve[before] - curve[after])
    return float(at[before] + share * (at[after] - at[before]))
