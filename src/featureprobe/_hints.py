"""Names that people try on our objects, and what they look for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from featureprobe.errors import UnknownNameError, nearest


class Hints:
    """Mixed into public values: a name that they lack ends in a sentence that says what to write.

    Attributes:
        instead: By name that people try, what does it.
    """

    instead: ClassVar[Mapping[str, str]] = {}

    if not TYPE_CHECKING:  # with it, type checkers would take any name for known

        def __getattr__(self, name: str) -> Any:
            """Raise UnknownNameError; Python's own protocols get a plain AttributeError."""
            kind = type(self).__name__
            if name.startswith("_"):
                raise AttributeError(f"{kind!r} object has no attribute {name!r}")
            known = [n for n in dir(type(self)) if not n.startswith("_") and n != "instead"]
            known += [n for n in vars(self) if not n.startswith("_")]
            way = type(self).instead.get(name)
            advice = f"Write {way}." if way else nearest(name, dict.fromkeys(known))
            raise UnknownNameError(f"{kind} has no {name!r}. {advice}")
