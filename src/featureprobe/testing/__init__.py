"""Room of the contracts: what every ingredient must keep, as test classes for plug-in authors.

What lives here: one contract a file, tiny nets of fixed weights, steps, an example of every kind.
May import: every room; nothing imports it. It needs no pytest: contracts raise AssertionError.
To add a promise: a ``test_*`` method whose message says what to fix, and a sabotage twin for it in
`tests/contracts/sabotage/`; without one `test_contracts_bite.py` fails.
To add a kind: one line in `examples.py`. A room of its own needs a contract of its own.
"""

from featureprobe.testing.circuit import fooling_circuit
from featureprobe.testing.components import ComponentContract
from featureprobe.testing.decoys import decoy_images
from featureprobe.testing.examples import EXAMPLES, Example
from featureprobe.testing.initializers import InitializerContract
from featureprobe.testing.models import nested_cnn, tiny_cnn, tiny_probe, two_input_cnn
from featureprobe.testing.objectives import ObjectiveContract
from featureprobe.testing.parameterizations import ParameterizationContract
from featureprobe.testing.planted import (
    Planted,
    planted_alternatives,
    planted_shifts,
    planted_templates,
)
from featureprobe.testing.pulled import pull_to_decoys
from featureprobe.testing.regularizers import RegularizerContract
from featureprobe.testing.rules import UpdateRuleContract
from featureprobe.testing.steps import make_images, make_step
from featureprobe.testing.transforms import TransformContract

__all__ = [
    "EXAMPLES",
    "ComponentContract",
    "Example",
    "InitializerContract",
    "ObjectiveContract",
    "ParameterizationContract",
    "Planted",
    "RegularizerContract",
    "TransformContract",
    "UpdateRuleContract",
    "decoy_images",
    "fooling_circuit",
    "make_images",
    "make_step",
    "nested_cnn",
    "planted_alternatives",
    "planted_shifts",
    "planted_templates",
    "pull_to_decoys",
    "tiny_cnn",
    "tiny_probe",
    "two_input_cnn",
]
