"""Contracts bite: components broken on purpose are rejected by the test that is meant for them."""

import ast
import sys
from pathlib import Path

import pytest

from featureprobe import plugins, testing
from featureprobe.testing import ComponentContract

sys.path.insert(0, str(Path(__file__).parent / "sabotage"))

import broken_climbing
import broken_components
import broken_images
import broken_objectives
from twins import Twin

TWINS: list[Twin] = [
    twin
    for module in (broken_components, broken_objectives, broken_images, broken_climbing)
    for twin in module.TWINS
]
CONTRACTS: list[type[ComponentContract]] = [
    getattr(testing, name) for name in testing.__all__ if name.endswith("Contract")
]


@pytest.mark.parametrize("twin", TWINS, ids=lambda t: f"{t.contract.__name__}-{t.method[5:]}")
def test_the_intended_test_rejects_it(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken component fails the test that promises it, with a message that says why."""
    if twin.registered and twin.method != broken_components.VALUE:
        cls = type(twin.make())
        monkeypatch.setitem(plugins._REGISTERED, cls.kind, cls)
    with pytest.raises(AssertionError, match=twin.says):
        getattr(twin.test(), twin.method)()


def test_every_contract_test_has_a_twin() -> None:
    """No promise goes without a component that breaks it."""
    rejecting = {getattr(twin.contract, twin.method) for twin in TWINS}
    missing = [
        f"{contract.__name__}.{name}"
        for contract in CONTRACTS
        for name in dir(contract)
        if name.startswith("test_") and getattr(contract, name) not in rejecting
    ]
    assert not missing, f"Add sabotage twins for {missing}."


def test_every_contract_test_says_what_it_promises() -> None:
    """Each contract test has a docstring; pytest shows it to plug-in authors."""
    tests = [getattr(c, name) for c in CONTRACTS for name in dir(c) if name.startswith("test_")]
    assert tests
    assert all(test.__doc__ for test in tests)


@pytest.mark.parametrize(
    "file", sorted(Path(testing.__file__).parent.glob("*.py")), ids=lambda f: f.name
)
def test_contracts_need_no_pytest_and_no_assert_statement(file: Path) -> None:
    """Contracts raise by themselves, so that they bite under any runner and ``python -O``."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    assert not [node.lineno for node in nodes if isinstance(node, ast.Assert)]
    imported = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    imported += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    assert not [name for name in imported if name.split(".")[0] in ("pytest", "hypothesis")]
