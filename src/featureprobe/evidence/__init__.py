"""Room of the evidence: what real images say about every map and node.

What lives here: one streaming pass over a data set (statistics, quantiles, top examples, a sample),
the pixels that a node sees, and where in an image a map fires.
May import: `probe`, `objectives`, `results`, `plotting` and below. Must not import: `ascent`.
To add a figure of units: a running total in `collecting.py`, a field in `layer_evidence.py`, its name
in `evidence_file.py`, a test against brute force on a subset.
"""

from featureprobe.evidence.activation_map import fire_map
from featureprobe.evidence.boxes import receptive_box
from featureprobe.evidence.evidence import Evidence
from featureprobe.evidence.examples import Examples
from featureprobe.evidence.folder import ImageFolder
from featureprobe.evidence.layer_evidence import Answers, LayerEvidence

__all__ = [
    "Answers",
    "Evidence",
    "Examples",
    "ImageFolder",
    "LayerEvidence",
    "fire_map",
    "receptive_box",
]
