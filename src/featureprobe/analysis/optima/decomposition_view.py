"""The picture of a Decomposition."""

from matplotlib.figure import Figure, SubFigure

from featureprobe.analysis.finding import draw
from featureprobe.analysis.optima.composition_view import draw_shares
from featureprobe.analysis.optima.decomposition import Decomposition
from featureprobe.analysis.optima.parts_view import draw_overlay, draw_values
from featureprobe.analysis.optima.repetition_view import draw_autocorrelation, draw_transforms
from featureprobe.analysis.optima.shift_view import headed
from featureprobe.plotting import show_image


@draw.register
def draw_decomposition(found: Decomposition, figure: Figure | SubFigure) -> None:
    """Draw the image, its repetition, its parts and its composition."""
    axes = figure.subplots(2, 3)
    show_image(found.image, ax=axes[0, 0], contrast=True, title=found.label)
    draw_autocorrelation(found.repetition, ax=axes[0, 1])
    draw_transforms(found.repetition, ax=axes[0, 2])
    draw_overlay(found.parts, ax=axes[1, 0])
    draw_values(found.parts, ax=axes[1, 1])
    draw_shares(found.composition, ax=axes[1, 2])
    headed(figure, found.verdict, width=170)
