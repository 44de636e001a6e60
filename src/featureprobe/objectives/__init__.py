"""Room of the objectives: what an image climbs towards, and what it pays for.

What lives here: the algebra, map and node objectives, penalties, group objectives; one idea a file.
May import: `_component`, `_checks`, `types`, `errors` and TensorFlow; no room beside it, no engine.
To add one: a file named after the idea, a frozen dataclass with `kind`, `reads` and `value`, one
entry-point line in pyproject.toml, one example in `testing.examples`. The contract test runs by
itself.
"""

from featureprobe.objectives.base import GroupObjective, Objective, WeightedSum
from featureprobe.objectives.diversity import Diversity
from featureprobe.objectives.input_norm import InputNorm
from featureprobe.objectives.lifted import objective_from
from featureprobe.objectives.logit import Logit
from featureprobe.objectives.map_mean import MapMean
from featureprobe.objectives.node import Node
from featureprobe.objectives.pattern_match import PatternMatch
from featureprobe.objectives.reach import Reach
from featureprobe.objectives.seen import Seen
from featureprobe.objectives.total_variation import TotalVariation

__all__ = [
    "Diversity",
    "GroupObjective",
    "InputNorm",
    "Logit",
    "MapMean",
    "Node",
    "Objective",
    "PatternMatch",
    "Reach",
    "Seen",
    "TotalVariation",
    "WeightedSum",
    "objective_from",
]
