"""Room of the patterns: what images of a class have in common, and what carries a decision.

What lives here: labelled activations (FCPs), frequencies and effects beside chance, exact shares of a
margin, ablations, classifiers by layer.
May import: `analysis.finding` and what lies below `analysis`; scipy and scikit-learn through `_extras`.
To add one: a file named after the question, a frozen `Finding` and the function that makes it; its view in
`<name>_view.py`, imported below.
"""

from featureprobe.analysis.patterns import (  # noqa: F401  (views register themselves)
    ablation_view,
    by_eye_view,
    class_profile_view,
    classes_view,
    contributions_view,
    follow_view,
    insertion_view,
    linear_probes_view,
    nets_view,
    patterns_view,
    unclear_view,
)
from featureprobe.analysis.patterns.ablation import Ablation, ablate
from featureprobe.analysis.patterns.by_eye import EyeComparison, compare_by_eye
from featureprobe.analysis.patterns.class_profile import ClassProfile, profile_classes
from featureprobe.analysis.patterns.classes import ClassComparison, compare_classes
from featureprobe.analysis.patterns.contributions import Contributions, split_margin
from featureprobe.analysis.patterns.follow import FollowedImages, follow
from featureprobe.analysis.patterns.insertion import Insertion, insert_patterns
from featureprobe.analysis.patterns.linear_probes import LinearProbes, linear_probes
from featureprobe.analysis.patterns.nets import NetComparison, compare_nets
from featureprobe.analysis.patterns.patterns import Patterns
from featureprobe.analysis.patterns.unclear import UnclearImages, unclear_images

__all__ = [
    "Ablation",
    "ClassComparison",
    "ClassProfile",
    "Contributions",
    "EyeComparison",
    "FollowedImages",
    "Insertion",
    "LinearProbes",
    "NetComparison",
    "Patterns",
    "UnclearImages",
    "ablate",
    "compare_by_eye",
    "compare_classes",
    "compare_nets",
    "follow",
    "insert_patterns",
    "linear_probes",
    "profile_classes",
    "split_margin",
    "unclear_images",
]
