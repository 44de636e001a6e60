"""Every kind of every open entry-point group keeps its contract."""

from collections.abc import Iterator

import pytest

from featureprobe import plugins, testing
from featureprobe.testing import ComponentContract, Example

CONTRACTS = {
    contract.group: contract
    for name in testing.__all__
    if name.endswith("Contract") and name != "ComponentContract"
    for contract in [getattr(testing, name)]
}
OPEN_GROUPS = [g.removeprefix("featureprobe.") for g in plugins.GROUPS if g != "featureprobe.parts"]


def _built_in_kinds() -> Iterator[tuple[str, str]]:
    """Give (group, kind) of everything that featureprobe itself offers, as the registry says."""
    for group in OPEN_GROUPS:
        for kind in plugins.names(group):
            if plugins.find(kind).__module__.startswith("featureprobe."):
                yield group, kind


KINDS = list(_built_in_kinds())


def _cases() -> Iterator[object]:
    for group, kind in KINDS:
        for number, example in enumerate(testing.EXAMPLES.get(kind, ())):
            for method in _tests_of(CONTRACTS[group]):
                yield pytest.param(group, example, method, id=f"{kind}{number}-{method[5:]}")


def _tests_of(contract: type[ComponentContract]) -> list[str]:
    return [name for name in dir(contract) if name.startswith("test_")]


def contract_of(group: str, example: Example) -> ComponentContract:
    """Return the group's contract, made for one example."""
    body = {"make": lambda self: example.component, **example.declared}
    contract: ComponentContract = type("Contract", (CONTRACTS[group],), body)()
    return contract


def test_every_open_group_has_a_contract() -> None:
    """A room without a contract would let its kinds through untested."""
    assert sorted(CONTRACTS) == sorted(OPEN_GROUPS)


@pytest.mark.parametrize(("group", "kind"), KINDS)
def test_every_kind_has_an_example(group: str, kind: str) -> None:
    """Each built-in kind has an example of its own class."""
    examples = testing.EXAMPLES.get(kind, ())
    assert examples, f"The kind {kind!r} of {group} has no example in testing/examples.py."
    assert all(type(e.component) is plugins.find(kind) for e in examples)


def test_examples_are_of_built_in_kinds_only() -> None:
    """An example of a kind that is not registered would never run."""
    assert set(testing.EXAMPLES) == {kind for _, kind in KINDS}


@pytest.mark.parametrize(("group", "example", "method"), list(_cases()))
def test_built_in_keeps_its_contract(group: str, example: Example, method: str) -> None:
    """One promise of a contract holds for one example of a built-in kind."""
    getattr(contract_of(group, example), method)()
