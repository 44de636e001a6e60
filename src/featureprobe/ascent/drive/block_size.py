"""How many steps one compiled call does: enough to cost nothing, few enough to stay responsive."""

import time
from dataclasses import dataclass, field

_SECONDS = 1.0  # between two looks at the clock, the progress bar and Ctrl-C
_FIRST, _MOST = 4, 256


@dataclass
class BlockSizes:
    """Sizes of the next blocks, from how long the last one took.

    Results do not depend on them: the loop's steps know only their index.

    Args:
        steps: Steps in all.
        every: Blocks also end at multiples of these: for snapshots, and to see who has arrived.
    """

    steps: int
    every: tuple[int, ...] = ()
    _size: int = field(default=_FIRST, init=False)
    _since: float | None = field(default=None, init=False)

    def next(self, done: int) -> int:
        """Return the size of the block that follows ``done`` steps."""
        now = time.perf_counter()
        if self._since is not None:
            per_step = max((now - self._since) / self._size, 1e-6)
            # Grown slowly: the first block holds the tracing, and machines have moods.
            self._size = int(min(max(1, _SECONDS / per_step), 4 * self._size, _MOST))
        self._since = now
        size = min(self._size, self.steps - done)
        for period in self.every:
            size = min(size, period - done % period)
        self._size = max(1, size)
        return self._size
