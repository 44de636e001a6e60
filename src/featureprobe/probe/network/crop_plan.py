"""The smallest part of the image that some reads depend on, planned from the layer graph.

Backwards from what is read, each value gets the region that its consumers need. What cannot be cut
into regions (a flattening, a global pooling, a layer that is not known here) needs its input whole
and runs as it is, so that a plan is right for any net, and merely useless for some.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from featureprobe.probe.fields.crop_rules import Needs, Pads, Picks, Region, rule_of
from featureprobe.probe.graph.call import Call
from featureprobe.probe.network.network import Network
from featureprobe.types import ImageShape, Read

WORTH = 0.75
"""A crop of more than this share of the pixels saves next to nothing."""

Slice = tuple[tuple[int, int], tuple[int, int]]
"""Start and length for rows and columns, counted within what a value is kept of."""


@dataclass(frozen=True)
class CropStep:
    """How one call runs on regions.

    Attributes:
        path: The call.
        kind: ``"whole"``, or how a region is computed; see :class:`passages.Passage`.
        slices: For each source, what to take of it; None for all.
        pads: What to pad before the call: (before, after) for rows and columns.
        picks: Rows and columns to take, as in :class:`crop_rules.Needs`.
    """

    path: str
    kind: str
    slices: tuple[Slice | None, ...]
    pads: Pads
    picks: Picks | None = None


@dataclass(frozen=True)
class Geometry:
    """Everything that a cropped problem is made of, without where it lies.

    Targets of equal geometry are the same function of their crops.

    Attributes:
        shape: (h, w, C) of the crop.
        steps: How each call runs, in order.
    """

    shape: ImageShape
    steps: tuple[CropStep, ...]


@dataclass(frozen=True)
class Crop:
    """Where a target's problem lies.

    Attributes:
        place: First row and column of the crop in the image.
        geometry: What it is, wherever it lies.
        offsets: (layer, (row, col)) pairs: what to take off a read's row and column, so that it
            addresses the cropped output.
    """

    place: tuple[int, int]
    geometry: Geometry
    offsets: tuple[tuple[str, tuple[int, int]], ...]


def plan_crop(network: Network, reads: Sequence[Read]) -> Crop | str:
    """Return the crop for what a target reads, or why the full image is needed.

    Args:
        network: The net.
        reads: All reads of the target.
    """
    if network.rows is not None:
        return f"the model takes {network.rows.size} images at a time"
    regions, whole = _read_regions(network, reads)
    wanted = tuple((read.layer, read.pre) for read in reads)
    steps: list[tuple[Call, Needs]] = []
    for call in reversed(network.graph.needed(wanted)):
        rule, region = rule_of(call, network.shapes), regions.get(call.results[0])
        needs = None if rule is None or region is None else rule(region)
        if needs is None:
            whole.append(call.path)
            needs = Needs("whole", (None,) * len(call.sources))
            for number in call.results:
                _extend(network, regions, number, None)
        for number, need in zip(call.sources, needs.regions, strict=True):
            _extend(network, regions, number, need)
        steps.append((call, needs))
    return _crop(network, reads, regions, list(reversed(steps)), whole)


def _read_regions(
    network: Network, reads: Sequence[Read]
) -> tuple[dict[int, Region | None], list[str]]:
    """Return the regions of what is read, and the layers that have none."""
    regions: dict[int, Region | None] = {}
    whole = []
    for read in reads:
        number = network.graph.number_of(read.layer)
        shape = network.shapes[number]
        if len(shape) != 3:
            whole.append(read.layer)
            _extend(network, regions, number, None)
            continue
        axes = zip((read.row, read.col), shape[:2], strict=True)
        rows, cols = ((0, n) if i is None else (int(i), int(i) + 1) for i, n in axes)
        _extend(network, regions, number, (rows, cols))
    return regions, whole


def _extend(
    network: Network, regions: dict[int, Region | None], number: int, need: Region | None
) -> None:
    """Make a value's region large enough for one more consumer; None is all of it."""
    shape = network.shapes[number]
    if len(shape) != 3:
        regions[number] = None
        return
    full: Region = ((0, shape[0]), (0, shape[1]))
    need = full if need is None else need
    old = regions.get(number)
    if old is None:
        regions[number] = need
        return
    rows, cols = ((min(a[0], b[0]), max(a[1], b[1])) for a, b in zip(old, need, strict=True))
    regions[number] = (rows, cols)


def _crop(
    network: Network,
    reads: Sequence[Read],
    regions: dict[int, Region | None],
    steps: Sequence[tuple[Call, Needs]],
    whole: Sequence[str],
) -> Crop | str:
    height, width, channels = network.image_shape
    region = _of_images(network, regions)
    others = [n for n in network.graph.inputs if n in regions and n not in network.image_inputs]
    if region is None or others:
        return "it depends on another input than the image"
    (top, bottom), (left, right) = region
    if (bottom - top) * (right - left) > WORTH * height * width:
        if whole:
            return f"{whole[0]!r} depends on the whole image"
        return (
            f"the receptive field is {bottom - top} x {right - left} of {height} x {width} pixels"
        )
    made = []
    for call, needs in steps:
        kept = (regions.get(number) for number in call.sources)
        slices = tuple(_within(need, have) for need, have in zip(needs.regions, kept, strict=True))
        made.append(CropStep(call.path, needs.kind, slices, needs.pads, needs.picks))
    geometry = Geometry((bottom - top, right - left, channels), tuple(made))
    offsets = []
    for read in reads:
        of_layer = regions[network.graph.number_of(read.layer)]
        if of_layer is not None:
            offsets.append((read.layer, (of_layer[0][0], of_layer[1][0])))
    return Crop((top, left), geometry, tuple(dict.fromkeys(offsets)))


def _of_images(network: Network, regions: dict[int, Region | None]) -> Region | None:
    """Return the region of the image that all inputs that take it need, and give it to all of them."""
    given = [number for number in network.image_inputs if number in regions]
    for number in given[1:]:
        _extend(network, regions, given[0], regions[number])
    region = regions[given[0]] if given else None
    regions.update(dict.fromkeys(network.image_inputs, region))
    return region


def _within(need: Region | None, have: Region | None) -> Slice | None:
    """Return a region as start and length within a larger one; None where it is all of it."""
    if need is None or have is None or need == have:
        return None
    rows, cols = ((n[0] - h[0], n[1] - n[0]) for n, h in zip(need, have, strict=True))
    return rows, cols
