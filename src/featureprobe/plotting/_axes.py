"""New figures, their size, and their bytes: the only place that imports pyplot."""

import io

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from featureprobe._arguments import checked
from featureprobe.errors import RangeError

Size = tuple[float, float]


class ShownOnce(Figure):
    """A pyplot figure that a notebook shows once, though a cell also returns it."""

    def _ipython_display_(self) -> None:
        """Show nothing where the notebook's backend shows the figure anyway, at the cell's end."""
        number = getattr(self, "number", None)
        if "inline" not in plt.get_backend() or number is None or not plt.fignum_exists(number):
            raise NotImplementedError  # to IPython: show it as any other figure


def axes_or_new(ax: Axes | None, figsize: Size | None = None) -> Axes:
    """Return ``ax``, or the Axes of a new pyplot figure with constrained layout.

    Args:
        ax: Axes to draw on; None makes a new figure.
        figsize: (width, height) in inches of a new figure; None takes matplotlib's default.
    """
    if ax is not None:
        return ax
    return plt.subplots(figsize=figsize, layout="constrained")[1]


def figure_or_new(figure: Figure | SubFigure | None, figsize: Size) -> Figure | SubFigure:
    """Return ``figure``, or a new pyplot figure of ``figsize`` inches with constrained layout."""
    if figure is not None:
        return figure
    return plt.figure(figsize=figsize, layout="constrained", FigureClass=ShownOnce)


def fit_size(width: float, height: float, *, margin: Size = (0.4, 0.7)) -> Size:
    """Return the figure size that holds a picture, shrunk to 16 x 9 inches where it is larger.

    Args:
        width: Width of the picture in inches at its natural size.
        height: Height of the picture in inches at its natural size.
        margin: (width, height) in inches of what stands around the picture.

    Returns:
        (width, height) in inches, margins included; the picture keeps its proportions.
    """
    scale = min(1.0, (16.0 - margin[0]) / width, (9.0 - margin[1]) / height)
    return max(width * scale + margin[0], 2.4), max(height * scale + margin[1], 1.2)


def drawing_points(ax: Axes) -> Size:
    """Return about how wide and high the drawing area of ``ax`` will be, in points (1/72 inch).

    The layout is made at drawing time, so this is an estimate: the present box, or nearly the
    whole figure where constrained layout will give it to this one Axes.
    """
    figure = ax.figure
    points = 72.0 / figure.dpi
    alone = isinstance(figure, Figure) and figure.axes == [ax]
    if alone and figure.get_layout_engine() is not None:
        whole = figure.bbox
        return max(whole.width * points - 40.0, 20.0), max(whole.height * points - 60.0, 20.0)
    return float(ax.bbox.width * points), float(ax.bbox.height * points)


@checked
def png_bytes(figure: Figure, *, dpi: float = 100.0) -> bytes:
    """Render a figure to PNG and close it.

    Args:
        figure: The figure; afterwards pyplot no longer holds it.
        dpi: Pixels per inch, positive.

    Returns:
        The content of a PNG file, as wanted by ``_repr_png_``.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from featureprobe.plotting import png_bytes
        >>> png_bytes(Figure(figsize=(1, 1)))[1:4]
        b'PNG'
    """
    if not 1 <= dpi <= 10_000:
        raise RangeError(f"dpi is a number, 1 to 10,000. Received: {dpi!r}. Use 72 to 300.")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    plt.close(figure)
    return buffer.getvalue()
