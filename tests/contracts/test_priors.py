"""Image priors that others could write keep the contract of parameterizations."""

from typing import Any

import pytest
from priors import CPPN, AlphaChannel, PhaseOnly, SharedLowResolution

from featureprobe import plugins
from featureprobe.testing import ParameterizationContract

PRIORS = [
    CPPN(hidden=6),
    AlphaChannel(contrast=1.0),
    PhaseOnly(decay=0.5),
    SharedLowResolution(side=3),
]
TESTS = [name for name in dir(ParameterizationContract) if name.startswith("test_")]


@pytest.mark.parametrize("name", TESTS)
@pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: type(prior).__name__)
def test_a_prior_keeps_its_contract(prior: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test of the contract passes."""
    monkeypatch.setitem(plugins._REGISTERED, prior.kind, type(prior))

    class Contract(ParameterizationContract):
        def make(self) -> Any:
            return prior

    getattr(Contract(), name)()
