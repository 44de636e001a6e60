"""Ctrl-C is held back while a run works, until a moment at which nothing is lost."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

NOTHING_YET = "Stopped before these steps were done; there is no result yet."

_holding: list["HeldInterrupts"] = []  # innermost last; signals belong to the whole process


class HeldInterrupts:
    """Within it, Ctrl-C only makes :func:`interrupted` true; a second one interrupts at once.

    Only where Ctrl-C would raise ``KeyboardInterrupt``, and only in the main thread, to which it
    comes; a handler of the user's own stays as it is.
    """

    def __init__(self) -> None:
        self.came = False
        self._held = False

    def __enter__(self) -> Self:
        self._held = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self._held:
            _holding.append(self)
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._held:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _holding.remove(self)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True


def interrupted() -> bool:
    """Whether Ctrl-C came and was held back; asked between two pieces of work."""
    here = threading.current_thread() is threading.main_thread()
    return here and bool(_holding) and _holding[-1].came


def stop_if_interrupted() -> None:
    """Raise KeyboardInterrupt if Ctrl-C was held back: where there is nothing yet to be lost."""
    if interrupted():
        raise KeyboardInterrupt(NOTHING_YET)
