"""Room of the optima: how far a maximum can be trusted, the questions of article VII.

What lives here: how well a maximum is defined (many starts, distinct maxima, barriers between them), and
what score and image owe to the recipe.
May import: `analysis.finding`, `analysis.patterns` and what lies below `analysis`; scipy through `_extras`.
To add one: a file named after the question, a frozen `Finding` and the function that makes it.
"""

from featureprobe.analysis.optima.definedness import Definedness, definedness
from featureprobe.analysis.optima.sensitivity import Sensitivity, sensitivity

__all__ = ["Definedness", "Sensitivity", "definedness", "sensitivity"]
