"""Room of the contracts: what every ingredient must keep, as test classes for plug-in authors.

What lives here: one contract a file, tiny nets with fixed weights, steps, an example of every kind.
May import: every room; nothing imports it. Needs no pytest: contracts raise AssertionError.
To add a promise: a ``test_*`` method with a message that says what to fix, and its sabotage twin in
`tests/contracts/test_contracts_bite.py`. To add a kind: one line in `examples.py`.
"""

from featureprobe.testing.components import ComponentContract
from featureprobe.testing.examples import EXAMPLES, Example
from featureprobe.testing.initializers import InitializerContract
from featureprobe.testing.models import nested_cnn, tiny_cnn, tiny_probe, two_input_cnn
from featureprobe.testing.objectives import ObjectiveContract
from featureprobe.testing.parameterizations import ParameterizationContract
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
    "RegularizerContract",
    "TransformContract",
    "UpdateRuleContract",
    "make_images",
    "make_step",
    "nested_cnn",
    "tiny_cnn",
    "tiny_probe",
    "two_input_cnn",
]
