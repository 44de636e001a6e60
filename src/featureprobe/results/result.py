"""AscentResult: the images that were reached, and how far to believe them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from featureprobe._archive import Packed
from featureprobe._arguments import checked_methods
from featureprobe.errors import DivergedError
from featureprobe.results import result_view
from featureprobe.results.reached import Reached
from featureprobe.results.result_file import pack_result, read_result, unpack_result, write_result
from featureprobe.results.status import Status


@checked_methods
@dataclass(frozen=True, eq=False, repr=False)
class AscentResult(Reached):
    """What an ascent reached: T targets, S starts each.

    Images are in pixel units, float32 and not clipped. Scores are those of the very images that are
    returned. Traces hold steps + 1 entries: of the start image, of the image after step 1, and so on.

    Attributes:
        images: (T, S, *spatial, C) kept images.
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
        snapshots: (K, T, S, *spatial, C) images of ``record_every``; K may be 0.
        snapshot_steps: (K,) steps of the snapshots.
        origins: (T, S) one text each: what it took to find the start.
        steps_done: (T, S) steps of each image; fewer than ``steps`` where it arrived early.
        crops: One text a target: the crop that it was climbed on, or why it was the full image.
        labels: One short text a target.
        steps: Steps done.
        recipe: The run as a value.
        state: Where the run can be resumed; None after loading what was saved without it.
        extras: (T, S, ...) by name: what the parameterization renders beside the kept images, such
            as alpha.

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

    def table(self, count: int | None = None) -> str:
        """Return a text table of targets: best score, certificate, status, and what to try.

        Args:
            count: How many targets to list; None lists all.
        """
        return result_view.table(self, count)

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

        A series is drawn as a curve, with those of the other starts behind it; of a single target, all
        starts have a curve each. Of a volume or video, three slices are shown.

        Args:
            ax: Axes to draw on; None makes a new figure.
            contrast: Stretch the contrast of each image; see ``featureprobe.plotting.stretch``. A
                series gets a scale of its own.
            **kwargs: As for ``featureprobe.plotting.show_mosaic``, such as ``columns``, and
                ``plane=`` or ``at=`` of volumes; of series, as for ``show_series_mosaic``.
        """
        return result_view.mosaic(self, ax=ax, contrast=contrast, **kwargs)

    def plot_trace(self, *, ax: Axes | None = None, **kwargs: Any) -> Axes:
        """Draw the score of each target's best start over the steps.

        Args:
            ax: Axes to draw on; None makes a new figure.
            **kwargs: As for ``featureprobe.plotting.show_trace``.
        """
        return result_view.trace(self, ax=ax, **kwargs)

    def animate(
        self, path: str | Path, *, target: int = 0, start: int | None = None, **kwargs: Any
    ) -> None:
        """Write the snapshots of one ascent as an animation, ``.gif`` or ``.webp``.

        Of volumes, three slices are shown; ``plotting.save_planes`` goes through one of them.

        Args:
            path: The file to write.
            target: Number of the target.
            start: Number of the start; None takes the best one.
            **kwargs: As for ``featureprobe.plotting.save_animation``.

        Raises:
            RangeError: When there are no snapshots, or no such target or start.
        """
        result_view.animation(self, path, target=target, start=start, **kwargs)

    def save_images(
        self, folder: str | Path, *, contrast: bool = False, upscale: int = 4
    ) -> list[Path]:
        """Write the best image of each target as a PNG file; of series, their curves with axes.

        Args:
            folder: Where to; it is made when missing.
            contrast: Stretch the contrast of each image.
            upscale: Screen pixels per image pixel; curves have none.

        Returns:
            The files, one a target.
        """
        return result_view.files(self, Path(folder), contrast=contrast, upscale=upscale)

    def save(self, path: str | Path, *, state: bool = False) -> None:
        """Write the result to one ``.npz`` file, without pickle.

        Args:
            path: Ends in ``.npz``; its folder exists.
            state: Keep the state too: from it, another process can resume the run.
        """
        write_result(path, self, state=state)

    def pack(self, *, state: bool = False) -> Packed:
        """Return the result as a JSON header and arrays by name, to be stored anywhere.

        Args:
            state: Keep the state too, as :meth:`save` does.

        Returns:
            (header, arrays): JSON values, and arrays of numbers; these are the result's own, read-only.

        Example:
            >>> import json
            >>> import featureprobe as fp
            >>> probe = fp.samples.mnist_probe()
            >>> result = fp.Ascent(steps=2, starts=1).run(probe, fp.Logit(4), rng=7)
            >>> header, arrays = result.pack()
            >>> store = {"header": json.dumps(header), **{n: a.tobytes() for n, a in arrays.items()}}
            >>> bool((fp.AscentResult.unpack(header, arrays).images == result.images).all())
            True
        """
        return pack_result(self, state=state)

    @classmethod
    def unpack(
        cls, header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]
    ) -> Self:
        """Return the result that :meth:`pack` packed; arrays are not copied.

        Raises:
            DataError: When something is missing or garbled, or it is no result.
            ConfigError: When it comes from another version of the format.
        """
        return cls(**unpack_result(header, arrays))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what :meth:`save` wrote; nothing in the file is ever executed.

        Raises:
            DataError: When the file is missing, truncated, or not a result.
            ConfigError: When it comes from another version of the format.
        """
        return cls(**read_result(path))

    def _repr_png_(self) -> bytes:
        return result_view.png(self)

    def _repr_html_(self) -> str:
        return result_view.html_text(self)
