"""Room of the engine: gradient ascent on objectives, many targets and starts at once.

What lives here: `Ascent`, and below it the stages of a run, each importing only those before it:
settings, problem, step, plan, drive, starts, outcome; `running.py` puts them together.
May import: the vocabulary rooms, constraints, evidence, probe, results and below.
To add a stage: a room of its own and its place in the contract of pyproject.toml.
Not here: update rules (`rules`) and constraint sets (`constraints`).
"""

from featureprobe.ascent.ascent import Ascent
from featureprobe.ascent.settings.converged import Converged
from featureprobe.ascent.settings.precursor import Precursor
from featureprobe.ascent.settings.remedies import PreActivation, RedirectedGradients, Remedy

__all__ = [
    "Ascent",
    "Converged",
    "PreActivation",
    "Precursor",
    "RedirectedGradients",
    "Remedy",
]
