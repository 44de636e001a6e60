"""Room of the analyses: what patterns and pictures say, each as arrays, a plot and one sentence.

What lives here: findings (frozen results); in `patterns` what images of a class have in common and what
carries a decision, in `optima` how far a maximum can be trusted, in `quality` what pictures are worth.
May import: `ascent`, `evidence`, `samples` and below.
To add one: a function named after the question, which returns a frozen subclass of `Finding` with a
`kind` and a `verdict`; its view, registered with `finding.draw`; its name in `__all__`; a test against a
known truth.
"""

from featureprobe.analysis.finding import Finding, draw, load, unpack
from featureprobe.analysis.optima import (
    Composition,
    Decomposition,
    Definedness,
    NodeVsMap,
    Parts,
    Repetition,
    Sensitivity,
    ShiftResponse,
    decompose,
    definedness,
    node_vs_map,
    sensitivity,
    shift_response,
)
from featureprobe.analysis.patterns import (
    Ablation,
    ClassComparison,
    ClassProfile,
    Contributions,
    EyeComparison,
    FollowedImages,
    Insertion,
    LinearProbes,
    NetComparison,
    Patterns,
    UnclearImages,
    ablate,
    compare_by_eye,
    compare_classes,
    compare_nets,
    follow,
    insert_patterns,
    linear_probes,
    profile_classes,
    split_margin,
    unclear_images,
)
from featureprobe.analysis.quality import QualityProfile, assess
from featureprobe.analysis.untrained import untrained

__all__ = [
    "Ablation",
    "ClassComparison",
    "ClassProfile",
    "Composition",
    "Contributions",
    "Decomposition",
    "Definedness",
    "EyeComparison",
    "Finding",
    "FollowedImages",
    "Insertion",
    "LinearProbes",
    "NetComparison",
    "NodeVsMap",
    "Parts",
    "Patterns",
    "QualityProfile",
    "Repetition",
    "Sensitivity",
    "ShiftResponse",
    "UnclearImages",
    "ablate",
    "assess",
    "compare_by_eye",
    "compare_classes",
    "compare_nets",
    "decompose",
    "definedness",
    "draw",
    "follow",
    "insert_patterns",
    "linear_probes",
    "load",
    "node_vs_map",
    "profile_classes",
    "sensitivity",
    "shift_response",
    "split_margin",
    "unclear_images",
    "unpack",
    "untrained",
]
