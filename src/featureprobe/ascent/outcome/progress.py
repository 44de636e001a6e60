"""The progress bar: when asked, or on a terminal."""

import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
from tqdm import tqdm

from featureprobe.types import FloatArray


@dataclass(frozen=True, eq=False)
class Glance:
    """What a progress bar shows: steps done, and (targets, starts) scores of the kept images."""

    index: int
    scores: FloatArray


class Progress:
    """A bar over image-steps; silent unless ``show``.

    Args:
        steps: Steps to do.
        rows: Images that climb.
        show: Draw it; None draws on a terminal only.
    """

    def __init__(self, steps: int, rows: int, show: bool | None) -> None:
        visible = sys.stderr.isatty() if show is None else show
        self._bar: Any = tqdm(
            total=steps,
            disable=not visible,
            desc=f"{rows} images",
            unit="step",
            file=sys.stderr,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def at(self, info: Glance) -> None:
        """Show how far the run is, and its median score."""
        finite = info.scores[np.isfinite(info.scores)]
        if finite.size:
            self._bar.set_postfix(score=f"{np.median(finite):.4g}", refresh=False)
        self._bar.update(info.index - self._bar.n)
