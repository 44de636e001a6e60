"""The smallest part of the image that some reads depend on, planned from the layer graph.

Backwards from what is read, each value gets the region that its consumers need. What cannot be cut
into regions (a flattening, a global pooling, a layer that is not known here) needs its input whole
and runs as it is, so that a plan is right for any net, and merely useless for some.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from featureprobe._spatial import Size, axis_of, size_text, spatial_of
from featureprobe.probe.fields.crop_rules import Needs, Pads, Picks, Region, rule_of
from featureprobe.probe.graph.call import Call
from featureprobe.probe.network.network import Network
from featureprobe.types import ImageShape, Read

WORTH = 0.75
"""A crop of more than this share of the pixels saves next to nothing."""

Slice = tuple[tuple[int, int], ...]
"""Start and length along each spatial axis, counted within what a value is kept of."""


@dataclass(frozen=True)
class CropStep:
    """How one call runs on regions.

    Attributes:
        path: The call.
        kind: ``"whole"``, or how a region is computed; see :class:`passages.Passage`.
        slices: For each source, what to take of it; None for all.
        pads: What to pad before the call: (before, after) for each spatial axis; empty for nothing.
        picks: Positions to take, as in :class:`crop_rules.Needs`.
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
        shape: (*spatial, C) of the crop.
        steps: How each call runs, in order.
    """

    shape: ImageShape
    steps: tuple[CropStep, ...]


@dataclass(frozen=True)
class Crop:
    """Where a target's problem lies.

    Attributes:
        place: Where the crop begins in the image, along each spatial axis.
        geometry: What it is, wherever it lies.
        offsets: (layer, numbers) pairs: what to take off a read's place along each spatial axis, so
            that it addresses the cropped output.
    """

    place: Size
    geometry: Geometry
    offsets: tuple[tuple[str, Size], ...]


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
    rank = len(network.image_shape) - 1
    for call in reversed(network.graph.needed(wanted)):
        rule, region = rule_of(call, network.shapes, rank), regions.get(call.results[0])
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
        if len(shape) != len(network.image_shape):
            whole.append(read.layer)
            _extend(network, regions, number, None)
            continue
        region = [(0, length) for length in spatial_of(shape)]
        for name, index in zip(read.axes, read.indices, strict=True):
            axis = axis_of(name, len(shape))
            if axis is not None and axis < len(region):
                region[axis] = (int(index), int(index) + 1)
        _extend(network, regions, number, tuple(region))
    return regions, whole


def _extend(
    network: Network, regions: dict[int, Region | None], number: int, need: Region | None
) -> None:
    """Make a value's region large enough for one more consumer; None is all of it."""
    shape = network.shapes[number]
    if len(shape) != len(network.image_shape):
        regions[number] = None
        return
    full: Region = tuple((0, length) for length in spatial_of(shape))
    need = full if need is None else need
    old = regions.get(number)
    if old is None:
        regions[number] = need
        return
    both = zip(old, need, strict=True)
    regions[number] = tuple((min(a[0], b[0]), max(a[1], b[1])) for a, b in both)


def _crop(
    network: Network,
    reads: Sequence[Read],
    regions: dict[int, Region | None],
    steps: Sequence[tuple[Call, Needs]],
    whole: Sequence[str],
) -> Crop | str:
    image = spatial_of(network.image_shape)
    region = _of_images(network, regions)
    others = [n for n in network.graph.inputs if n in regions and n not in network.image_inputs]
    if region is None or others:
        return "it depends on another input than the image"
    size = tuple(stop - first for first, stop in region)
    if prod(size) > WORTH * prod(image):
        if whole:
            return f"{whole[0]!r} depends on the whole image"
        return f"the receptive field is {' x '.join(map(str, size))} of {size_text(image)}"
    made = []
    for call, needs in steps:
        kept = (regions.get(number) for number in call.sources)
        slices = tuple(_within(need, have) for need, have in zip(needs.regions, kept, strict=True))
        made.append(CropStep(call.path, needs.kind, slices, needs.pads, needs.picks))
    geometry = Geometry((*size, network.image_shape[-1]), tuple(made))
    offsets = []
    for read in reads:
        of_layer = regions[network.graph.number_of(read.layer)]
        if of_layer is not None:
            offsets.append((read.layer, tuple(first for first, _ in of_layer)))
    place = tuple(first for first, _ in region)
    return Crop(place, geometry, tuple(dict.fromkeys(offsets)))


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
    return tuple((n[0] - h[0], n[1] - n[0]) for n, h in zip(need, have, strict=True))
