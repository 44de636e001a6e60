"""The picture of a Patterns."""

from collections.abc import Sequence

from matplotlib.colors import Colormap
from matplotlib.figure import Figure, SubFigure

from featureprobe.analysis.finding import draw
from featureprobe.analysis.patterns.patterns import Patterns
from featureprobe.plotting import show_grids_side_by_side
from featureprobe.plotting.maps import Scale


@draw.register
def draw_patterns(
    found: Patterns,
    figure: Figure | SubFigure,
    *,
    classes: Sequence[int] | None = None,
    columns: int = 16,
    scale: Scale = "layer",
    cmap: str | Colormap = "viridis",
) -> None:
    """Draw the mean pattern of each class."""
    chosen = found.classes[:4] if classes is None else classes
    if classes is None and len(found.classes) > len(chosen):
        some = f"{found.layer}: {len(chosen)} of {len(found.classes)} classes; plot(classes=...)"
        figure.suptitle(some, x=0.01, ha="left", fontsize=10)
    show_grids_side_by_side(
        [found.mean_of(c) for c in chosen],
        titles=[f"mean of class {c}" for c in chosen],
        figure=figure, columns=columns, scale=scale, cmap=cmap,
    )  # fmt: skip
