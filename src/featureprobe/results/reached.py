"""What an ascent reached: the arrays of a result, and what follows from them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from featureprobe._arguments import checked_methods
from featureprobe._hints import Hints
from featureprobe.errors import ConfigError, nearest
from featureprobe.joint_space import JointSpace
from featureprobe.results.by_input import axes_of, each_input, space_of
from featureprobe.results.recipe import Recipe, part_of
from featureprobe.results.state import AscentState
from featureprobe.types import FloatArray


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class Reached(Hints):
    """The fields of :class:`AscentResult`, which says what they are, without pictures and files."""

    images: FloatArray
    scores: FloatArray
    totals: FloatArray
    status: npt.NDArray[np.object_]
    certificates: FloatArray
    gradient_norms: FloatArray
    dead_thresholds: FloatArray
    score_trace: FloatArray
    total_trace: FloatArray
    term_trace: FloatArray
    gradient_trace: FloatArray
    certificate_trace: FloatArray
    snapshots: FloatArray
    snapshot_steps: npt.NDArray[np.int64]
    origins: npt.NDArray[np.object_]
    steps_done: npt.NDArray[np.int64]
    crops: tuple[str, ...]
    labels: tuple[str, ...]
    steps: int
    recipe: Recipe
    state: AscentState | None = None
    extras: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """The seed of the run, given or drawn."""
        return self.recipe.seed

    def __len__(self) -> int:
        return len(self.scores)

    def __repr__(self) -> str:
        counts = Counter(str(s) for s in self.status.ravel())
        endings = ", ".join(f"{n} {s}" for s, n in counts.most_common())
        targets, starts = self.scores.shape
        return (
            f"<AscentResult: {_count(targets, 'target')} x {_count(starts, 'start')}, "
            f"{_count(self.steps, 'step')}, seed {self.seed}: {endings}>"
        )

    def best_starts(self) -> npt.NDArray[np.int64]:
        """Return (T,) the start with the highest score of each target; NaN scores come last."""
        return np.asarray(np.argmax(np.nan_to_num(self.scores, nan=-np.inf), axis=1))

    def best(self) -> FloatArray:
        """Return (T, *spatial, C): for each target the image of its best start, pixel units.

        A dict of them by input name where several are optimized together.
        """
        at = np.arange(len(self)), self.best_starts()
        found: FloatArray = each_input(self.images, lambda values: values[at])
        return found

    def of_input(self, name: str) -> Self:
        """Return the result as one of several inputs saw it: its images are arrays; it has no state.

        Args:
            name: Of an input that was optimized together with others.

        Raises:
            ConfigError: When there is no such input.
        """
        space = space_of(self.recipe)
        if not isinstance(space, JointSpace):
            raise ConfigError(
                f"of_input is for results of several inputs; this one has a single image. Received: "
                f"{name!r}. Take its images as they are."
            )
        if name not in space.names:
            raise ConfigError(
                f"This result has no input {name!r}. {nearest(str(name), space.names)}"
            )
        arrays = dict(self.recipe.arrays)
        config = space.spaces[space.names.index(name)].to_config(arrays)
        return replace(
            self,
            images=self.images[name],  # type: ignore[call-overload]
            snapshots=self.snapshots[name],  # type: ignore[call-overload]
            recipe=replace(self.recipe, input_space=config, arrays=arrays),
            state=None,
        )

    def best_scores(self) -> FloatArray:
        """Return (T,) the scores of :meth:`best`."""
        return self.scores[np.arange(len(self)), self.best_starts()]

    def best_status(self) -> npt.NDArray[np.object_]:
        """Return (T,) the statuses of :meth:`best`."""
        return self.status[np.arange(len(self)), self.best_starts()]

    def to_uint8(self) -> npt.NDArray[np.uint8]:
        """Return the images rounded and clipped to 0..255, (T, S, *spatial, C) uint8; NaN is 0."""
        found: npt.NDArray[np.uint8] = each_input(self.images, _in_bytes)
        return found

    def __getitem__(self, targets: int | slice | Sequence[int]) -> Self:
        """Return the result of some targets only; it has no state."""
        chosen = np.atleast_1d(np.arange(len(self))[targets])
        by_row = {
            name: each_input(getattr(self, name), lambda values: values[chosen])
            for name in ("images", "scores", "totals", "status", "certificates",
                         "gradient_norms", "dead_thresholds", "origins", "steps_done")
        }  # fmt: skip
        by_step = {
            name: each_input(getattr(self, name), lambda values: values[:, chosen])
            for name in ("score_trace", "total_trace", "term_trace", "gradient_trace",
                         "certificate_trace", "snapshots")
        }  # fmt: skip
        return replace(
            self,
            **by_row,
            **by_step,
            extras={name: values[chosen] for name, values in self.extras.items()},
            labels=tuple(self.labels[t] for t in chosen),
            crops=tuple(self.crops[t] for t in chosen),
            recipe=part_of(self.recipe, chosen.tolist(), axes_of(self.images)),
            state=None,
        )


def _in_bytes(images: FloatArray) -> npt.NDArray[np.uint8]:
    return np.clip(np.rint(np.nan_to_num(images)), 0, 255).astype(np.uint8)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + "s" * (number != 1)
