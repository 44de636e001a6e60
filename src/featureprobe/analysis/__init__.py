"""Room of the analyses: what patterns and pictures say, each as arrays, a plot and one sentence.

What lives here: findings (frozen results), and in `patterns` what images of a class have in common and
what carries a decision. May import: `ascent`, `evidence`, `samples` and below.
To add one: a function named after the question, which returns a frozen subclass of `Finding` with a
`kind`, a `verdict` and `_draw`; its name in `__all__`; a test against a known truth.
"""

from featureprobe.analysis.finding import Finding, load
from featureprobe.analysis.patterns import (
    Ablation,
    ClassComparison,
    ClassProfile,
    Contributions,
    EyeComparison,
    FollowedImages,
    Insertion,
    NetComparison,
    Patterns,
    Separability,
    UnclearImages,
    ablate,
    compare_by_eye,
    compare_classes,
    compare_nets,
    follow,
    insert_patterns,
    profile_classes,
    separate,
    split_margin,
    unclear_images,
)
from featureprobe.analysis.quality import QualityProfile, assess
from featureprobe.analysis.untrained import untrained

__all__ = [
    "Ablation",
    "ClassComparison",
    "ClassProfile",
    "Contributions",
    "EyeComparison",
    "Finding",
    "FollowedImages",
    "Insertion",
    "NetComparison",
    "Patterns",
    "QualityProfile",
    "Separability",
    "UnclearImages",
    "ablate",
    "assess",
    "compare_by_eye",
    "compare_classes",
    "compare_nets",
    "follow",
    "insert_patterns",
    "load",
    "profile_classes",
    "separate",
    "split_margin",
    "unclear_images",
    "untrained",
]
