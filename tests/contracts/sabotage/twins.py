"""A sabotage twin: a component broken on purpose, and the contract test that must reject it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from featureprobe.testing import ComponentContract


@dataclass(frozen=True)
class Twin:
    """One broken component.

    Attributes:
        contract: The contract of its room.
        method: The test that must reject it.
        make: Makes it.
        says: Regular expression that the message must match.
        declared: Class attributes of the contract.
        registered: Whether the registry knows its kind.
    """

    contract: type[ComponentContract]
    method: str
    make: Callable[[], Any]
    says: str
    declared: Mapping[str, Any] = field(default_factory=dict)
    registered: bool = True

    def test(self) -> ComponentContract:
        """Return the contract as a plug-in author would write it."""
        body = {"make": lambda contract: self.make(), **self.declared}
        made: ComponentContract = type("TestTwin", (self.contract,), body)()
        return made


def broken(base: type, **members: Any) -> type:
    """Return a frozen dataclass like ``base``, with its own kind and some members replaced."""
    body = {"kind": f"broken.{base.kind}", **members}
    return dataclass(frozen=True)(type(f"Broken{base.__name__}", (base,), body))
