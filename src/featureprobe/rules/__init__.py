"""Room of the update rules: from a gradient to the next parameters.

What lives here: the contract and the rules, one a file; scaling that no small gradient breaks.
May import: `_component`, `_checks`, `step`, `types`, `errors`, TensorFlow.
To add one: a file named after it, a frozen dataclass with `kind`, `init` and `update`, one
entry-point line in pyproject.toml, one example in `testing.examples`.
"""

from featureprobe.rules.adam import Adam
from featureprobe.rules.backtracking import Backtracking
from featureprobe.rules.base import UpdateRule
from featureprobe.rules.momentum import Momentum
from featureprobe.rules.normalized_gradient import NormalizedGradient

__all__ = ["Adam", "Backtracking", "Momentum", "NormalizedGradient", "UpdateRule"]
