"""What was compiled for a net is kept for the next run, up to a number of traces."""

from collections import OrderedDict
from collections.abc import Callable
from threading import RLock
from typing import Any, TypeVar

from featureprobe._tracing import traced_code

_Made = TypeVar("_Made")

MOST = 32
"""Traces that are kept from run to run; each takes about 10 MB on a small net."""

_OF_RUNS = ("ascent", "scoring", "crop")  # what a run asks for again and again


class Compiling:
    """Keeps what was compiled for a network, by key: what was used last, and all of the present run.

    Args:
        home: The network that keeps it; None for itself.
        place: Put before the keys there.
    """

    def __init__(self, home: "Compiling | None" = None, place: Any = None) -> None:
        self._home, self._place = home, place
        self._small: dict[Any, Any] = {}
        self._traces: OrderedDict[Any, tuple[Any, int, str]] = OrderedDict()
        self._runs = 0
        self._lock = RLock()
        self.traces = 0  # how often an ascent was traced on this net; targets share traces

    def begin_run(self) -> None:
        """Say that what was used so far may be dropped when others take its place."""
        self._runs += 1

    def remembered(self, key: Any, make: Callable[[], _Made]) -> _Made:
        """Return what ``make`` gives, made once for each hashable ``key``; for small things."""
        if key not in self._small:
            self._small[key] = make()
        found: _Made = self._small[key]
        return found

    def compiled(self, key: Any, make: Callable[[], _Made]) -> _Made:
        """Return what ``make`` gives, made once for each ``key``, a tuple whose first entry is a kind.

        It is made anew after :data:`MOST` others were used since, and a new run has begun.
        """
        return self._kept(key, key[0], make)

    def _kept(self, key: Any, kind: str, make: Callable[[], _Made]) -> _Made:
        if self._home is not None:
            return self._home._kept((self._place, key), kind, make)
        with self._lock:
            held = self._traces.get(key)
        if held is None:
            with traced_code():
                made: _Made = make()
        else:
            made = held[0]
        with self._lock:
            self._traces[key] = (made, self._runs, kind)
            self._traces.move_to_end(key)
            self._drop()
        return made

    def _drop(self) -> None:
        """Drop what was used longest ago, but nothing that the present run may ask for again."""
        many = len(self._traces) - MOST
        for key, (_, run, kind) in list(self._traces.items()) if many > 0 else ():
            if many > 0 and (run < self._runs or kind not in _OF_RUNS):
                del self._traces[key]
                many -= 1
