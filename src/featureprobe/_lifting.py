"""Plain functions as components: they run, and are recorded as provenance only."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn

import numpy.typing as npt

from featureprobe.errors import ConfigError


class Lifted:
    """Mixed into components that hold a plain function as ``function``."""

    kind: ClassVar[str]
    function: Callable[..., Any]

    def to_config(self, arrays: dict[str, npt.NDArray[Any]] | None = None) -> dict[str, Any]:
        """Return where the function came from; it cannot be revived."""
        return provenance(self.kind, self.function)

    @classmethod
    def _rebuild(cls, config: Mapping[str, Any]) -> NoReturn:
        """Refuse to revive: a file must never say which code to run."""
        raise ConfigError(
            f"This recipe used the plain function {config.get('function')!r}, which a file cannot "
            "bring back. Write it as a class (see the how-to 'Write a plug-in'), or lift the "
            "function again and run with that."
        )


def provenance(kind: str, function: Callable[..., Any]) -> dict[str, Any]:
    """Return what is recorded of a function: its name and the hash of its bytecode."""
    name = f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', '?')}"
    code = getattr(function, "__code__", None)
    # Not the constants: they may hold code objects, whose repr has an address.
    digest = hashlib.sha256(code.co_code if code else name.encode()).hexdigest()
    return {"kind": kind, "function": name, "code_sha256": digest}
