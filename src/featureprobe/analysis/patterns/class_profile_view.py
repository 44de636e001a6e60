"""The picture of a ClassProfile."""

from matplotlib.figure import Figure, SubFigure

from featureprobe.analysis.finding import draw
from featureprobe.analysis.patterns.class_profile import ClassProfile
from featureprobe.analysis.patterns.view_parts import draw_counts


@draw.register
def draw_class_profile(found: ClassProfile, figure: Figure | SubFigure) -> None:
    """Draw common and unique nodes of each class beside chance."""
    left, right = figure.subplots(1, 2)
    for ax, which, count in ((left, 0, found.common), (right, 1, found.unique)):
        counts = {
            f"class {c}": (len(count(c)), found.null[:, row, which])
            for row, c in enumerate(found.classes)
        }
        words = ("common to the class", "common to it and rare in all others")
        draw_counts(counts, f"nodes of {found.layer} {words[which]}", ax=ax)
