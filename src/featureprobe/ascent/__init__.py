"""Room of the engine: climb objectives for many targets and starts at once.

What lives here: Ascent, and under it, each importing only those before it, settings (values),
problem (what is solved), step (what one step does), plan (what runs together), drive (how it
runs), outcome (what came of it), starts (where it begins). May import: the vocabulary rooms, probe,
results and below. Must not import: samples, testing.
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
