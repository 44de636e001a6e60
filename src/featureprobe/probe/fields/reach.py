"""What pixels of one image axis the positions of a value see, as runs of neighbouring pixels.

A run is [first, stop). Most fields are one run; dilated windows leave holes and make several. Where
there would be very many, the holes are filled: a field may be too large, never too small.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import gcd, lcm

import numpy as np
import numpy.typing as npt

from featureprobe.probe.fields.readings import Reading
from featureprobe.probe.fields.runs import FAR, Runs, filled, merged

_MOST_RUNS = 2**22  # of one value; beyond, holes are filled
_MOST_PHASES = 512
_NOWHERE = 10**12  # begins where nothing is seen, which ends at minus that


@dataclass(frozen=True)
class Nominal:
    """Where fields lie if the image had no border.

    Position ``i * len(first) + phase`` sees ``[first[phase], stop[phase])`` moved by ``i * shift``.
    """

    first: tuple[int, ...]
    stop: tuple[int, ...]
    shift: int

    @property
    def size(self) -> int:
        """Pixels from the first to the last that a position sees, at most."""
        return max(0, *(b - a for a, b in zip(self.first, self.stop, strict=True)))

    def ends(self, position: int) -> tuple[int, int]:
        """Return [first, stop) of any position, also beyond the border."""
        turn, phase = divmod(position, len(self.first))
        return self.first[phase] + turn * self.shift, self.stop[phase] + turn * self.shift


@dataclass(frozen=True, eq=False)
class AxisField:
    """What the positions of one output axis see along the same image axis.

    Attributes:
        image: Pixels of the image.
        first: (positions, runs) where each run begins, in order; those that are not there, last.
        stop: (positions, runs) where each run ends.
        nominal: The same without the image's border; None when there is no rule to it.
    """

    image: int
    first: Runs
    stop: Runs
    nominal: Nominal | None = None

    @property
    def positions(self) -> int:
        """How many positions there are."""
        return len(self.first)

    @property
    def size(self) -> int | None:
        """Receptive field in pixels, before it is cut at the border; None without a fixed size."""
        return None if self.nominal is None else self.nominal.size

    @property
    def jump(self) -> float | None:
        """Pixels between the fields of neighbouring positions; None where that is not fixed."""
        if self.nominal is None or self.nominal.shift <= 0:
            return None
        return self.nominal.shift / len(self.nominal.first)

    @property
    def spans(self) -> npt.NDArray[np.int64]:
        """(positions, 2) the first pixel that each sees and the one behind the last; else 0, 0."""
        last = np.where(self.first < self.stop, self.stop, 0).max(axis=1)
        first = np.where(last > 0, self.first.min(axis=1), 0)
        return np.stack([first, last], axis=1).astype(np.int64)

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """(positions,) how many pixels each sees."""
        return np.asarray((self.stop.astype(np.int64) - self.first).sum(axis=1))

    @property
    def middles(self) -> npt.NDArray[np.float64]:
        """(positions,) mean of the pixels that each sees; 0 where it sees none."""
        first, stop = self.first.astype(np.float64), self.stop.astype(np.float64)
        sums = ((stop - first) * (first + stop - 1) / 2).sum(axis=1)
        return np.asarray(sums / np.maximum(self.counts, 1))

    @cached_property
    def everything(self) -> "AxisField":
        """The field of one position that sees what any position sees."""
        first, stop = merged(self.first.reshape(1, -1), self.stop.reshape(1, -1))
        return AxisField(self.image, first, stop)

    @property
    def reach(self) -> npt.NDArray[np.bool_]:
        """(positions, image) whether a position sees a pixel; large where the image is."""
        return np.array([self.seen(i) for i in range(self.positions)])

    def seen(self, position: int | None = None) -> npt.NDArray[np.bool_]:
        """Return (image,) whether a position sees each pixel; None: whether any does."""
        field = self.everything if position is None else self
        at = position or 0
        change = np.zeros(self.image + 1, np.int64)
        real = field.first[at] < field.stop[at]
        np.add.at(change, field.first[at][real], 1)
        np.add.at(change, field.stop[at][real], -1)
        return np.cumsum(change[:-1]) > 0


def pixels(size: int) -> AxisField:
    """Return the field of the image itself: each pixel sees itself."""
    at = np.arange(size, dtype=np.int32)[:, None]
    return AxisField(size, at, at + 1, Nominal((0,), (1,), 1))


def nothing(size: int, positions: int) -> AxisField:
    """Return the field of positions that see no pixel."""
    none = np.full((positions, 1), FAR)
    return AxisField(size, none, none)


def spread(field: AxisField, length: int) -> AxisField:
    """Return the field of positions that each see what any position of ``field`` sees."""
    whole = field.everything
    shape = (length, whole.first.shape[1])
    return _kept(
        whole.image, np.broadcast_to(whole.first, shape), np.broadcast_to(whole.stop, shape)
    )


def through(field: AxisField, reading: Reading) -> AxisField:
    """Return what the positions see that read positions of ``field``."""
    if reading.size != field.positions:
        return spread(field, reading.length)
    if reading.is_same:
        return field
    nominal = _nominal(field, reading)
    if (reading.first == 0).all() and (reading.stop == reading.size).all() and reading.step == 1:
        found = spread(field, reading.length)
        return AxisField(field.image, found.first, found.stop, nominal)
    if reading.step == 1 and _is_smooth(field):
        return AxisField(field.image, *_between(field, reading), nominal)
    first, stop = _collected(field, reading)
    return _kept(field.image, first, stop, nominal)


def union(fields: Sequence[AxisField]) -> AxisField:
    """Return what positions see that see all that their namesakes in ``fields`` see."""
    seeing = [f for f in fields if (f.first < f.stop).any()] or list(fields[:1])
    length = max(field.positions for field in fields)
    if all(field is seeing[0] for field in seeing) and seeing[0].positions == length:
        return seeing[0]
    same = [f if f.positions == length else spread(f, length) for f in seeing]
    first = np.concatenate([field.first for field in same], axis=1)
    stop = np.concatenate([field.stop for field in same], axis=1)
    return _kept(same[0].image, *merged(first, stop), _common(same))


def _common(fields: Sequence[AxisField]) -> Nominal | None:
    """Return the nominal field of a union."""
    known = [field.nominal for field in fields if field.nominal is not None]
    phases = lcm(*(len(n.first) for n in known))
    shifts = {n.shift * (phases // len(n.first)) for n in known}
    if len(known) < len(fields) or len(shifts) > 1 or phases > _MOST_PHASES:
        return None
    ends = [[n.ends(i) for n in known] for i in range(phases)]
    first = tuple(min(a for a, _ in at) for at in ends)
    return Nominal(first, tuple(max(b for _, b in at) for at in ends), shifts.pop())


def _nominal(field: AxisField, reading: Reading) -> Nominal | None:
    """Return the nominal field of what reads a field."""
    inner, period = field.nominal, reading.period
    if inner is None or period is None or period[0] > reading.length:
        return None
    own, shift = period
    phases = own * (len(inner.first) // gcd(len(inner.first), shift))
    if phases > _MOST_PHASES:
        return None
    first, stop = [], []
    for i in range(phases):
        turn, phase = divmod(i, own)
        low, high = (int(v[phase]) + turn * shift for v in (reading.first, reading.stop))
        taps = range(low, high, reading.step)
        # Fields move on regularly, so that the outermost ones tell the ends.
        count = len(inner.first)
        ends = [inner.ends(at) for at in {*taps[:count], *taps[-count:]}]
        first.append(min((a for a, _ in ends), default=_NOWHERE))
        stop.append(max((b for _, b in ends), default=-_NOWHERE))
    return Nominal(
        tuple(first), tuple(stop), inner.shift * shift * phases // own // len(inner.first)
    )


def _is_smooth(field: AxisField) -> bool:
    """Whether each position sees one run, and runs follow each other without holes."""
    first, stop = field.first[:, 0], field.stop[:, 0]
    return field.first.shape[1] == 1 and bool(
        (first < stop).all()
        and (np.diff(first) >= 0).all()
        and (np.diff(stop) >= 0).all()
        and (first[1:] <= stop[:-1]).all()
    )


def _between(field: AxisField, reading: Reading) -> tuple[Runs, Runs]:
    """Return the runs from the first position that is read to the last."""
    low = np.clip(reading.first, 0, reading.size)
    high = np.clip(reading.stop, 0, reading.size)
    none = low >= high
    first = field.first[np.minimum(low, reading.size - 1), 0]
    stop = field.stop[np.maximum(high, 1) - 1, 0]
    return np.where(none, FAR, first)[:, None], np.where(none, FAR, stop)[:, None]


def _collected(field: AxisField, reading: Reading) -> tuple[Runs, Runs]:
    """Return the runs of all positions that are read, tap by tap."""
    first = stop = np.full((reading.length, 1), FAR)
    for tap in range(0, int((reading.stop - reading.first).max(initial=0)), reading.step):
        at = reading.first + tap
        inside = (at < reading.stop) & (at >= 0) & (at < reading.size)
        place = np.where(inside, at, 0)
        lows = np.where(inside[:, None], field.first[place], FAR)
        highs = np.where(inside[:, None], field.stop[place], FAR)
        first, stop = merged(np.concatenate([first, lows], 1), np.concatenate([stop, highs], 1))
        if first.size > _MOST_RUNS:
            first, stop = filled(first, stop)
    return first, stop


def _kept(image: int, first: Runs, stop: Runs, nominal: Nominal | None = None) -> AxisField:
    if first.size > _MOST_RUNS and first.shape[1] > 1:
        first, stop = filled(first, stop)
    return AxisField(image, first, stop, nominal)
