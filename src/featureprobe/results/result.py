"""AscentResult: the images that were reached, and how far to believe them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from featureprobe._arguments import checked_methods
from featureprobe._hints import Hints
from featureprobe.errors import DivergedError
from featureprobe.results import pictures
from featureprobe.results.recipe import Recipe
from featureprobe.results.state import AscentState
from featureprobe.results.status import Status
from featureprobe.results.storage import read_result, write_result
from featureprobe.types import FloatArray


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class AscentResult(Hints):
    """What an ascent reached: T targets, S starts each.

    Images are in pixel units, float32 and not clipped. Scores are those of the very images that are
    returned. Traces hold steps + 1 entries: of the start image, of the image after step 1, and so on.

    Attributes:
        images: (T, S, H, W, C) kept images.
        scores: (T, S) objective without penalties; NaN where nothing finite was seen.
        totals: (T, S) what was climbed, penalties and group terms included.
        status: (T, S) of :class:`Status`.
        certificates: (T, S) 1 at a stationary point of the constraint set.
        gradient_norms: (T, S) norm of the tangent gradient, score units per spread.
        dead_thresholds: (T,) scores at or below which a target counts as dead; -inf for none.
        score_trace: (steps + 1, T, S).
        total_trace: (steps + 1, T, S).
        term_trace: (steps + 1, T, S, terms), unweighted; NaN where a target has fewer terms.
        gradient_trace: (steps + 1, T, S).
        certificate_trace: (steps + 1, T, S).
        snapshots: (K, T, S, H, W, C) images of ``record_every``; K may be 0.
        snapshot_steps: (K,) steps of the snapshots.
        origins: (T, S) one text each: what it took to find the start.
        steps_done: (T, S) steps of each image; fewer than ``steps`` where it arrived early.
        crops: One text a target: the crop that it was climbed on, or why it was the full image.
        labels: One short text a target.
        steps: Steps done.
        recipe: The run as a value.
        state: Where the run can be resumed; None after loading what was saved without it.

    Example:
        >>> import featureprobe as fp
        >>> probe = fp.samples.mnist_probe()
        >>> targets = fp.MapMean.each(probe, "Conv2D_3")[:3]
        >>> result = fp.Ascent(steps=4, starts=2).run(probe, targets, rng=7)
        >>> result.best().shape, result.scores.shape
        ((3, 28, 28, 1), (3, 2))
        >>> [str(status) for status in result.best_status()]
        ['rising', 'rising', 'rising']
    """

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

    @property
    def seed(self) -> int:
        """The seed of the run, given or drawn."""
        return self.recipe.seed

    def __len__(self) -> int:
        return len(self.images)

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
        """Return (T, H, W, C): for each target the image of its best start, pixel units."""
        return self.images[np.arange(len(self)), self.best_starts()]

    def best_scores(self) -> FloatArray:
        """Return (T,) the scores of :meth:`best`."""
        return self.scores[np.arange(len(self)), self.best_starts()]

    def best_status(self) -> npt.NDArray[np.object_]:
        """Return (T,) the statuses of :meth:`best`."""
        return self.status[np.arange(len(self)), self.best_starts()]

    def to_uint8(self) -> npt.NDArray[np.uint8]:
        """Return the images rounded and clipped to 0..255, (T, S, H, W, C) uint8; NaN is 0."""
        rounded = np.rint(np.nan_to_num(self.images))
        return np.clip(rounded, 0, 255).astype(np.uint8)

    def table(self, count: int | None = None) -> str:
        """Return a text table of targets: best score, certificate, status, and what to try.

        Args:
            count: How many targets to list; None lists all.
        """
        return pictures.table(self, count)

    def raise_if_failed(self) -> Self:
        """Return this result, or raise when a target has no finite image at all.

        Raises:
            DivergedError: Naming the targets whose every start diverged.
        """
        failed = np.flatnonzero((self.status == Status.DIVERGED).all(axis=1))
        if failed.size:
            raise DivergedError(
                f"All starts diverged for: {', '.join(self.labels[t] for t in failed[:5])}. "
                + Status.DIVERGED.advice
            )
        return self

    def plot(self, *, ax: Axes | None = None, contrast: bool = False, **kwargs: Any) -> Axes:
        """Draw the best image of each target as one mosaic with number, score and status.

        Args:
            ax: Axes to draw on; None makes a new figure.
            contrast: Stretch the contrast of each image; see ``featureprobe.plotting.stretch``.
            **kwargs: As for ``featureprobe.plotting.show_mosaic``, such as ``columns``.
        """
        return pictures.mosaic(self, ax=ax, contrast=contrast, **kwargs)

    def plot_trace(self, *, ax: Axes | None = None, **kwargs: Any) -> Axes:
        """Draw the score of each target's best start over the steps.

        Args:
            ax: Axes to draw on; None makes a new figure.
            **kwargs: As for ``featureprobe.plotting.show_trace``.
        """
        return pictures.trace(self, ax=ax, **kwargs)

    def animate(
        self, path: str | Path, *, target: int = 0, start: int | None = None, **kwargs: Any
    ) -> None:
        """Write the snapshots of one ascent as an animation, ``.gif`` or ``.webp``.

        Args:
            path: The file to write.
            target: Number of the target.
            start: Number of the start; None takes the best one.
            **kwargs: As for ``featureprobe.plotting.save_animation``.

        Raises:
            RangeError: When there are no snapshots, or no such target or start.
        """
        pictures.animation(self, path, target=target, start=start, **kwargs)

    def save_images(
        self, folder: str | Path, *, contrast: bool = False, upscale: int = 4
    ) -> list[Path]:
        """Write the best image of each target as a PNG file.

        Args:
            folder: Where to; it is made when missing.
            contrast: Stretch the contrast of each image.
            upscale: Screen pixels per image pixel.

        Returns:
            The files, one a target.
        """
        return pictures.files(self, Path(folder), contrast=contrast, upscale=upscale)

    def save(self, path: str | Path, *, state: bool = False) -> None:
        """Write the result to one ``.npz`` file, without pickle.

        Args:
            path: Ends in ``.npz``; its folder exists.
            state: Keep the state too: from it, another process can resume the run.
        """
        write_result(path, self, state=state)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what :meth:`save` wrote; nothing in the file is ever executed.

        Raises:
            DataError: When the file is missing, truncated, or not a result.
            ConfigError: When it comes from another version of the format.
        """
        return cls(**read_result(path))

    def __getitem__(self, targets: int | slice | Sequence[int]) -> Self:
        """Return the result of some targets only; it has no state."""
        chosen = np.atleast_1d(np.arange(len(self))[targets])
        by_row = {
            name: getattr(self, name)[chosen]
            for name in ("images", "scores", "totals", "status", "certificates",
                         "gradient_norms", "dead_thresholds", "origins", "steps_done")
        }  # fmt: skip
        by_step = {
            name: getattr(self, name)[:, chosen]
            for name in ("score_trace", "total_trace", "term_trace", "gradient_trace",
                         "certificate_trace", "snapshots")
        }  # fmt: skip
        objectives = tuple(self.recipe.objectives[t] for t in chosen)
        return replace(
            self,
            **by_row,
            **by_step,
            labels=tuple(self.labels[t] for t in chosen),
            crops=tuple(self.crops[t] for t in chosen),
            recipe=replace(self.recipe, objectives=objectives),
            state=None,
        )

    def _repr_png_(self) -> bytes:
        return pictures.png(self)

    def _repr_html_(self) -> str:
        return pictures.html_text(self)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + "s" * (number != 1)
