"""Room of the optima: how far a maximum can be trusted, the questions of article VII.

What lives here: how well a maximum is defined, what it owes to the recipe, what moves with it, one
node's optimum against its map's, an optimum taken apart into repetitions, parts and lower maps.
May import: `analysis.finding`, `analysis.patterns` and what lies below `analysis`; scipy through `_extras`.
To add one: a file named after the question, a frozen `Finding` and the function that makes it; its view in
`<name>_view.py`, imported below.
"""

from featureprobe.analysis.optima import (  # noqa: F401  (views register themselves)
    composition_view,
    decomposition_view,
    defined_view,
    node_map_view,
    parts_view,
    repetition_view,
    sensitivity_view,
    shift_view,
)
from featureprobe.analysis.optima.composition import Composition
from featureprobe.analysis.optima.decomposition import Decomposition, decompose
from featureprobe.analysis.optima.definedness import Definedness, definedness
from featureprobe.analysis.optima.node_map import NodeVsMap, node_vs_map
from featureprobe.analysis.optima.parts import Parts
from featureprobe.analysis.optima.repetition import Repetition
from featureprobe.analysis.optima.sensitivity import Sensitivity, sensitivity
from featureprobe.analysis.optima.shift import ShiftResponse, shift_response

__all__ = [
    "Composition",
    "Decomposition",
    "Definedness",
    "NodeVsMap",
    "Parts",
    "Repetition",
    "Sensitivity",
    "ShiftResponse",
    "decompose",
    "definedness",
    "node_vs_map",
    "sensitivity",
    "shift_response",
]
