"""What region of its inputs a call needs for a region of its output, and how it then runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from featureprobe.probe.fields.layer_rules import passage_of
from featureprobe.probe.fields.passages import Axes, Passage, Place
from featureprobe.probe.graph.call import Call

Span = tuple[int, int]
"""[first, stop) along one axis."""

Region = tuple[Span, ...]
"""One for each spatial axis."""

Pads = tuple[tuple[int, int], ...]
"""(before, after) for each spatial axis; empty for nothing."""

Picks = tuple[tuple[int, ...], ...]
"""What to take of a value along each spatial axis."""

Shapes = Mapping[int, tuple[int, ...]]

_NONE: Pads = ()


@dataclass(frozen=True)
class Needs:
    """What a call needs for a region of its output.

    Attributes:
        kind: How it runs; the words of :class:`passages.Passage`.
        regions: Region of each source; None for all of it.
        pads: What to pad before the call.
        picks: Positions to take along each axis: of the padded region itself, or of what the layer makes of it.
    """

    kind: str
    regions: tuple[Region | None, ...]
    pads: Pads = _NONE
    picks: Picks | None = None


def rule_of(call: Call, shapes: Shapes, rank: int) -> Callable[[Region], Needs | None] | None:
    """Return what takes a region of a call's output to what it needs; None when it needs all.

    Args:
        call: The call.
        shapes: Shapes of all values.
        rank: Spatial axes of the image.
    """
    if len(call.results) != 1 or len(shapes[call.results[0]]) != rank + 1:
        return None
    sources = tuple(shapes[number] for number in call.sources)
    passage = passage_of(Place(call, 0, sources, shapes[call.results[0]], rank))
    if passage is None or passage.run == "whole" or None in passage.readings:
        return None
    if passage.run == "pointwise":
        return lambda region: _pointwise(passage, region)
    return lambda region: _of_one(passage, region)


def _pointwise(passage: Passage, region: Region) -> Needs | None:
    spans = [_spans(axes, region) for axes in passage.readings if axes is not None]
    if None in spans:
        return None
    return Needs("pointwise", tuple(spans))


def _of_one(passage: Passage, region: Region) -> Needs | None:
    """Return what a call of one source needs; None for nothing but padding, which is rare."""
    axes = passage.readings[0]
    if axes is None:
        return None
    transposed = passage.run == "transposed"
    spans = _before_transposing(passage, axes, region) if transposed else _spans(axes, region)
    if spans is None or any(b <= 0 or a >= r.size for (a, b), r in zip(spans, axes, strict=True)):
        return None
    inside, pads = [], []
    for (first, stop), reading in zip(spans, axes, strict=True):
        inside.append((max(first, 0), min(stop, reading.size)))
        pads.append((max(-first, 0), max(stop - reading.size, 0)))
    own, padding = tuple(inside), tuple(pads)
    if passage.run in ("cut", "picked"):
        return Needs(passage.run, (own,), _NONE, _picks(passage, axes, region, own))
    if transposed:
        return Needs("transposed", (own,), padding, _picks(passage, axes, region, spans))
    return Needs(passage.run, (own,), padding)


def _spans(axes: Axes, region: Region) -> Region | None:
    """Return what a region reads, padding included; None when it reads nothing."""
    spans = [r.span(low, high) for r, (low, high) in zip(axes, region, strict=True)]
    found = tuple(span for span in spans if span is not None)
    return found if len(found) == len(spans) else None


def _before_transposing(passage: Passage, axes: Axes, region: Region) -> Region:
    """Return the inputs of a transposed convolution that cover a region, read or not.

    Where strides are wider than the kernel, some outputs read nothing; they are made all the same.
    """
    spans = []
    for reading, (factor, before), (low, high) in zip(axes, passage.cut, region, strict=True):
        stop = (high - 1 + before) // factor + 1
        known = reading.span(low, high)
        first = (low + before) // factor
        spans.append((first if known is None else min(known[0], first), stop))
    return tuple(spans)


def _picks(passage: Passage, axes: Axes, region: Region, own: Region) -> Picks:
    """Return which positions make the region of what there is, along each axis."""
    found = []
    for i, (low, high) in enumerate(region):
        if passage.run == "picked":
            found.append(tuple(int(at) - own[i][0] for at in axes[i].first[low:high]))
        else:
            factor, before = passage.cut[i]
            first = low + before - own[i][0] * factor
            found.append(tuple(range(first, first + high - low)))
    return tuple(found)
