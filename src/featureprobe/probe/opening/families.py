"""What nets of keras.applications want as input, known by their first layers.

Each family is known by names and sizes of layers that stand in its first blocks, so that a net that
was cut off, renamed, nested in another model or cloned is known too. What stands between the images and its
first convolution is tried out on plain colours: nothing, or the family's own preprocessing as operations.
With anything else in front, or when two families fit, nothing is assumed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import tensorflow as tf

from featureprobe.input_space import InputSpace
from featureprobe.probe.graph.call import Call
from featureprobe.probe.network.network import Network
from featureprobe.types import FloatArray

_COLOURS = (
    (0.0, 0.0, 0.0),
    (255.0, 255.0, 255.0),
    (250.0, 20.0, 60.0),
    (30.0, 240.0, 90.0),
    (70.0, 110.0, 220.0),
)
_CLOSE = 1e-3  # of the spread of what the colours become


@dataclass(frozen=True)
class Layer:
    """What is known of a layer of a family.

    Attributes:
        kind: Its class.
        sizes: Attributes that it has, such as ``filters``.
    """

    kind: str
    sizes: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, layer: Any) -> bool:
        """Whether a layer is of this kind, and of these sizes."""
        return type(layer).__name__ == self.kind and all(
            getattr(layer, name, None) == size for name, size in self.sizes.items()
        )


@dataclass(frozen=True)
class Family:
    """A family of nets.

    Attributes:
        name: As people call it.
        mode: Name of the preprocessing.
        space: Makes the space of its input.
        layers: What it holds, by name; a name that begins with ``*`` may begin with anything.
        lacks: Names of layers that it does not hold.
        equal: Names of two layers that have as many filters.
        chained: Pairs of names of layers, of which the second takes what the first makes.
    """

    name: str
    mode: str
    space: Callable[[], InputSpace]
    layers: Mapping[str, Layer]
    lacks: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()
    chained: tuple[tuple[str, str], ...] = ()

    def is_in(self, calls: Mapping[str, Call]) -> bool:
        """Whether a net, given by its calls by name of their layer, holds this family's layers."""
        held = {name: _named(name, calls) for name in self.layers}
        if any(call is None for call in held.values()) or any(name in calls for name in self.lacks):
            return False
        for first, second in self.chained:
            if not set(calls[first].results) & set(calls[second].sources):
                return False
        fit = all(layer.fits(held[name].layer) for name, layer in self.layers.items())  # type: ignore[union-attr]
        return fit and len({calls[name].layer.filters for name in self.equal}) < 2


def _named(name: str, calls: Mapping[str, Call]) -> Call | None:
    if not name.startswith("*"):
        return calls.get(name)
    return next((call for own, call in calls.items() if own.endswith(name[1:])), None)


def _conv(filters: int | None, size: int, step: int = 1) -> Layer:
    known = {"kernel_size": (size, size), "strides": (step, step)}
    return Layer("Conv2D", known if filters is None else known | {"filters": filters})


_NORM, _DEPTHWISE, _JOIN = (
    Layer("BatchNormalization"),
    Layer("DepthwiseConv2D"),
    Layer("Concatenate"),
)

FAMILIES = (
    Family(
        "VGG", "caffe", InputSpace.caffe,
        {"block1_conv1": _conv(64, 3), "block1_conv2": _conv(64, 3), "block2_conv1": _conv(128, 3),
         "block2_conv2": _conv(128, 3)},
        chained=(("block1_conv1", "block1_conv2"), ("block2_conv1", "block2_conv2")),
    ),
    Family(
        "ResNet", "caffe", InputSpace.caffe,
        {"conv1_conv": _conv(64, 7, 2), "conv1_bn": _NORM, "conv2_block1_1_conv": _conv(64, 1),
         "conv2_block1_2_conv": _conv(64, 3), "conv2_block1_3_conv": _conv(256, 1)},
        lacks=("conv2_block1_preact_bn", "conv2_block1_concat"),
    ),
    Family(
        "ResNetV2", "tf", InputSpace.tf,
        {"conv1_conv": _conv(64, 7, 2), "conv2_block1_preact_bn": _NORM,
         "conv2_block1_1_conv": _conv(64, 1), "conv2_block1_2_conv": _conv(64, 3)},
        lacks=("conv1_bn",),
    ),
    Family(
        "DenseNet", "torch", InputSpace.torch,
        {"conv1_conv": _conv(64, 7, 2), "conv1_bn": _NORM, "conv2_block1_1_conv": _conv(128, 1),
         "conv2_block1_2_conv": _conv(32, 3), "conv2_block1_concat": _JOIN},
    ),
    Family(
        "MobileNet", "tf", InputSpace.tf,
        {"conv1": _conv(None, 3, 2), "conv1_bn": _NORM, "conv_dw_1": _DEPTHWISE,
         "conv_pw_1": _conv(None, 1)},
    ),
    Family(
        "MobileNetV2", "tf", InputSpace.tf,
        {"Conv1": _conv(None, 3, 2), "bn_Conv1": _NORM, "expanded_conv_depthwise": _DEPTHWISE,
         "expanded_conv_project": _conv(None, 1)},
    ),
    Family(
        "MobileNetV3", "tf", InputSpace.tf,
        {"conv": _conv(16, 3, 2), "conv_bn": _NORM, "expanded_conv_depthwise": _DEPTHWISE,
         "expanded_conv_project": _conv(None, 1)},
    ),
    # The B nets of this family, which want other numbers, have fewer filters in their first block.
    Family(
        "EfficientNetV2", "tf", InputSpace.tf,
        {"stem_conv": _conv(None, 3, 2), "stem_bn": _NORM, "block1a_project_conv": _conv(None, 3)},
        equal=("stem_conv", "block1a_project_conv"),
    ),
    Family(
        "InceptionV3", "tf", InputSpace.tf,
        {"mixed0": _JOIN, "mixed1": _JOIN, "mixed2": _JOIN},
    ),
    Family(
        "InceptionResNetV2", "tf", InputSpace.tf,
        {"mixed_5b": _JOIN, "block35_1_mixed": _JOIN, "block35_1_conv": _conv(320, 1)},
    ),
    Family(
        "Xception", "tf", InputSpace.tf,
        {"block1_conv1": _conv(32, 3, 2), "block1_conv1_bn": _NORM, "block1_conv2": _conv(64, 3),
         "block2_sepconv1": Layer("SeparableConv2D", {"filters": 128})},
    ),
    Family(
        "NASNet", "tf", InputSpace.tf,
        {"stem_conv1": _conv(None, 3, 2), "stem_bn1": _NORM,
         "reduction_conv_1_stem_1": _conv(None, 1)},
    ),
    Family(
        "ConvNeXt", "torch", InputSpace.torch,
        {"*_stem_conv": _conv(None, 4, 4), "*_stem_layernorm": Layer("LayerNormalization"),
         "*_downsampling_conv_0": _conv(None, 2, 2)},
    ),
)  # fmt: skip


def space_of_family(network: Network, rows: int | None) -> InputSpace | None:
    """Return the space that a net of keras.applications wants, which says that it was assumed; else None.

    Args:
        network: The net; what stands before its first convolution is run on a few images.
        rows: How many images it takes at a time, where it says so.
    """
    calls: dict[str, Call] = {}
    for call in network.graph.calls:
        calls.setdefault(str(getattr(call.layer, "name", "")), call)
    found = [family for family in FAMILIES if family.is_in(calls)]
    stem = next((c for c in network.graph.calls if type(c.layer).__name__ == "Conv2D"), None)
    if len(found) != 1 or stem is None or network.image_shape[-1:] != (3,):
        return None
    family, colours = found[0], np.asarray(_COLOURS, np.float32)
    reached = _what_reaches(network, stem, colours, rows)
    wanted = family.space()
    known = f"its layers are those of keras.applications' {family.name}"
    if reached is not None and _agree(reached, colours):
        return replace(
            wanted, assumed=f"{known}, which wants {family.mode!r} preprocessing of 0..255"
        )
    if reached is not None and _agree(reached, wanted.to_model(colours)):
        origin = f"{known}, behind its own {family.mode!r} preprocessing of 0..255"
        return InputSpace(low=0.0, high=255.0, assumed=origin)
    return None


def _what_reaches(
    network: Network, stem: Call, colours: FloatArray, rows: int | None
) -> FloatArray | None:
    """Return (K, 3) what plain colours have become where they reach a net's first convolution."""
    source = stem.sources[0]
    if source in network.image_inputs:
        return colours
    path = next(
        (n for c in network.graph.calls for n, r in zip(c.names, c.results) if r == source), None
    )
    if path is None or network.shape_of(path)[-1] != 3:
        return None
    reached = []
    for colour in colours:
        images = np.broadcast_to(colour, (rows or 1, *network.image_shape))
        made = network.at_once(tf.constant(images, network.dtype), [(path, False)])[0]
        values = np.asarray(made)[0]
        reached.append(values[tuple(size // 2 for size in values.shape[:-1])])
    return np.asarray(reached, np.float32)


def _agree(reached: FloatArray, wanted: FloatArray) -> bool:
    return float(np.abs(reached - wanted).max()) <= _CLOSE * float(wanted.std())
