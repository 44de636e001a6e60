"""Keras' layers in all configurations that change what a position sees."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import tensorflow as tf
from keras import layers, ops

SHAPE = (9, 8, 3)


@dataclass(frozen=True)
class Case:
    """One configuration.

    Attributes:
        kind: Name of the class in keras.layers.
        config: Its arguments; a function makes parts that no two layers can share.
        tight: Whether what is claimed is what is seen, not only more.
        crops: Whether a node behind it has a crop.
        several: What inputs to call it with, made from one value; None for the value itself.
    """

    kind: str
    config: dict[str, Any] = field(default_factory=dict)
    tight: bool = True
    crops: bool = False
    several: Callable[[Any], Any] | None = None

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(f'{k}={_text(v)}' for k, v in self.config.items())})"

    def layer(self, kind: type | None = None) -> Any:
        """Return a new layer, maybe of another class."""
        made = getattr(layers, self.kind) if kind is None else kind
        return made(**{k: v() if _is_maker(v) else v for k, v in self.config.items()})

    def applied(self, value: Any, layer: Any = None) -> Any:
        """Call the layer on a value, or on what is made of it."""
        own = self.layer() if layer is None else layer
        given = value if self.several is None else self.several(value)
        return own(**given) if isinstance(given, dict) else own(given)


def _is_maker(value: Any) -> bool:
    return isinstance(value, functools.partial) and isinstance(value.func, type)


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array{value.shape}"
    if _is_maker(value):
        return str(value.func.__name__)
    return str(getattr(value, "__name__", value))


def beside(value: Any) -> list[Any]:
    """A value and a convolution of it."""
    return [value, layers.Conv2D(value.shape[-1], 3, padding="same")(value)]


def gated(value: Any) -> list[Any]:
    """A value and the means of its maps."""
    return [value, layers.GlobalAveragePooling2D(keepdims=True)(value)]


def over_rows(value: Any) -> list[Any]:
    """A value and one row for all."""
    return [value, layers.AveragePooling2D((value.shape[1], 1))(value)]


def flat(value: Any) -> list[Any]:
    """A value and a vector for all positions."""
    return [value, layers.Dense(value.shape[-1])(layers.Flatten()(value))]


def attended(value: Any) -> dict[str, Any]:
    """A value that asks and answers."""
    return {"query": value, "value": value}


def turned(values: Any) -> Any:
    """An activation of the user's own that looks elsewhere."""
    return ops.roll(values, 2, axis=1)


def case(
    kind: str, *, tight: bool = True, crops: bool = False, several: Any = None, **config: Any
) -> Case:
    """Return a configuration, its arguments as keywords."""
    return Case(kind, config, tight, crops, several)


part = functools.partial


def _convolutions() -> list[Case]:
    found = []
    for kind in ("Conv2D", "DepthwiseConv2D", "SeparableConv2D"):
        own = {} if kind == "DepthwiseConv2D" else {"filters": 3}
        for size, stride, padding in product((1, 2, 3, (4, 2)), (1, 2, 3), ("valid", "same")):
            found.append(
                case(kind, crops=True, kernel_size=size, strides=stride, padding=padding, **own)
            )
        for size, rate, padding in product((2, 3), (2, (1, 3)), ("valid", "same")):
            found.append(
                case(kind, crops=True, kernel_size=size, dilation_rate=rate, padding=padding, **own)
            )
        found += [
            case(kind, crops=True, kernel_size=3, activation=act, **own)
            for act in ("relu", "softmax", tf.nn.relu, ops.relu, part(layers.ReLU))
        ]
        found.append(case(kind, kernel_size=3, activation=part(layers.PReLU), **own))
        found.append(case(kind, kernel_size=3, activation=turned, tight=False, **own))
    found.append(case("Conv2D", crops=True, filters=3, kernel_size=3, groups=3))
    found.append(case("DepthwiseConv2D", crops=True, kernel_size=3, depth_multiplier=2))
    return found


def _transposed() -> list[Case]:
    found = []
    for size, stride, padding in product((1, 2, 3, 4, 5), (1, 2, 3), ("valid", "same")):
        for more in (None, 0, 1):
            # TensorFlow refuses what would be no larger than a window that is cut.
            cut = padding == "same" and more == 0 and size in (2, 4)
            if more is None or (more < stride and not cut):
                found.append(
                    case("Conv2DTranspose", crops=True, filters=3, kernel_size=size, strides=stride,
                         padding=padding, output_padding=more)
                )  # fmt: skip
    found.append(
        case(
            "Conv2DTranspose",
            crops=True,
            filters=2,
            kernel_size=(2, 3),
            strides=(3, 2),
            activation="relu",
        )
    )
    return found


def _pools() -> list[Case]:
    found = []
    for kind in ("MaxPooling2D", "AveragePooling2D"):
        for size, stride, padding in product((1, 2, 3, (3, 2)), (None, 1, 2, 3), ("valid", "same")):
            found.append(case(kind, crops=True, pool_size=size, strides=stride, padding=padding))
    for kind, keep in product(("GlobalMaxPooling2D", "GlobalAveragePooling2D"), (False, True)):
        found.append(case(kind, keepdims=keep))
    for kind, size in product(
        ("AdaptiveMaxPooling2D", "AdaptiveAveragePooling2D"), ((4, 3), (4, 5))
    ):
        found.append(case(kind, output_size=size))
    return found


def _sizes() -> list[Case]:
    found = [
        case("ZeroPadding2D", crops=True, padding=2),
        case("ZeroPadding2D", crops=True, padding=((1, 2), (0, 3))),
        case("Cropping2D", crops=True, cropping=((1, 2), (0, 3))),
        case("CenterCrop", crops=True, height=4, width=3),
        case("CenterCrop", crops=True, height=5, width=8),
        case("CenterCrop", height=12, width=12, tight=False),
        case("RandomCrop", height=9, width=8, tight=False),
    ]
    ways = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
    for size, way in product((2, 3, (4, 1)), ways):
        tight = way == "nearest" or (way == "bilinear" and size != 3)
        found.append(case("UpSampling2D", crops=True, size=size, interpolation=way, tight=tight))
    for (rows, cols), way, smooth in product(
        ((4, 4), (18, 16), (7, 11), (9, 8), (3, 20)), ways, (False, True)
    ):
        found.append(
            case(
                "Resizing",
                height=rows,
                width=cols,
                interpolation=way,
                antialias=smooth,
                tight=False,
            )
        )
    found += [
        case("Resizing", height=6, width=3, tight=False, **{name: True})
        for name in ("crop_to_aspect_ratio", "pad_to_aspect_ratio")
    ]
    found += [
        case("Reshape", target_shape=shape, tight=shape not in ((8, 9, 3), (9, 4, 6)))
        for shape in ((9, 8, 3), (9, 8, 3, 1), (72, 3), (-1,), (8, 9, 3), (9, 4, 6), (1, 1, -1))
    ]
    found += [case("Permute", dims=dims, tight=dims == (1, 2, 3), crops=dims == (1, 2, 3))
              for dims in ((1, 2, 3), (2, 1, 3), (3, 1, 2))]  # fmt: skip
    return [*found, case("Flatten")]


def _weighted() -> list[Case]:
    found = [case("Dense", crops=True, units=4, activation=a) for a in (None, "relu", "softmax")]
    found += [case("Dense", units=3, activation=turned, tight=False)]
    sums = (
        ("abcd,de->abce", (None, None, 4), None, True, True),
        ("abcd,de->abce", (None, None, 4), "e", True, True),
        ("abcd,de->abce", (9, None, 4), "be", True, False),
        ("...d,de->...e", (4,), None, True, True),
        ("abcd,bde->abce", (9, None, 4), None, True, False),
        ("abcd,cde->abce", (None, 8, 4), None, True, False),
        ("abcd,ce->abed", (None, 5, 3), None, False, False),
        ("abcd,be->aecd", (5, 8, 3), None, False, False),
        ("abcd,bf->afcd", (9, 8, 3), None, False, False),
        ("abcd,cd->ab", (9,), None, False, False),
    )
    for equation, shape, bias, tight, crops in sums:
        found.append(case("EinsumDense", equation=equation, output_shape=shape, bias_axes=bias,
                          tight=tight, crops=crops))  # fmt: skip
    return found


def _normalized() -> list[Case]:
    found = [case("BatchNormalization", axis=a, crops=a in (-1, 3)) for a in (-1, 3, 1, 2)]
    axes = (-1, 3, 1, 2, (1, 2), (2, 3), (1, 2, 3), (-1,))
    found += [
        case(kind, axis=axis, crops=axis in (-1, 3, (-1,)))
        for kind in ("LayerNormalization", "RMSNormalization", "UnitNormalization", "Softmax")
        for axis in (axes if kind != "RMSNormalization" else (-1, 3))  # others fail in Keras
    ]
    found += [case("GroupNormalization", groups=g, axis=a, tight=False)
              for g, a in ((1, -1), (3, -1), (-1, -1), (3, 1), (2, 2))]  # fmt: skip
    frames = np.random.default_rng(2).normal(size=(9, 8, 3)).astype(np.float32)
    found += [
        case("Normalization", axis=-1, mean=[1.0, 2.0, 3.0], variance=[1.0, 2.0, 3.0], crops=True),
        case("Normalization", axis=None, mean=1.0, variance=2.0, crops=True),
        case("Normalization", axis=1, mean=[*range(9)], variance=[*range(1, 10)]),
        case("Normalization", axis=(1, 2, 3), mean=frames, variance=frames**2 + 1),
        case(
            "Normalization",
            axis=-1,
            mean=[1.0, 2.0, 3.0],
            variance=[1.0] * 3,
            invert=True,
            crops=True,
        ),
        case("Rescaling", scale=2.0, offset=-1.0, crops=True),
        case("Rescaling", scale=[1.0, 2.0, 3.0], crops=True),
        case("Rescaling", scale=frames),
        case("Rescaling", scale=1.0, offset=frames[:, :1, :1]),
        case("SpectralNormalization", layer=part(layers.Conv2D, 3, 3, strides=2)),
        case("SpectralNormalization", layer=part(layers.Dense, 3)),
        case("SpectralNormalization", layer=part(Rolling, 3, 3), tight=False),
    ]
    return found


class Rolling(layers.Conv2D):
    """A convolution of the user's own that turns the image over first."""

    def call(self, inputs: Any) -> Any:
        """Turn, and convolve."""
        return super().call(ops.roll(inputs, 4, axis=1))


def _activations() -> list[Case]:
    found = [
        case("Activation", activation=a, crops=True)
        for a in ("relu", "softmax", "linear", tf.nn.relu, ops.silu, tf.nn.softmax)
    ]
    found += [case("Activation", activation=turned, tight=False)]
    found += [case("Activation", activation=part(layers.Softmax, axis=1), tight=False)]
    found += [case(kind, crops=True) for kind in ("ReLU", "LeakyReLU", "ELU", "Identity")]
    found.append(case("Masking"))
    found += [case("PReLU", shared_axes=a, crops=a == [1, 2]) for a in (None, [1], [1, 2])]
    found += [
        case("Lambda", function=ops.relu, crops=True),
        case("Lambda", function=tf.nn.tanh, crops=True),
        case("Lambda", function=turned, tight=False),
        case("Lambda", function=ops.roll, arguments={"shift": 2, "axis": 1}, tight=False),
    ]
    return found


def _idle() -> list[Case]:
    plain = (
        "AugMix", "CutMix", "MixUp", "RandAugment", "RandomElasticTransform",
        "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomPerspective",
    )  # fmt: skip
    factor = (
        "RandomBrightness", "RandomColorDegeneration", "RandomContrast", "RandomGrayscale",
        "RandomHue", "RandomInvert", "RandomRotation", "RandomSaturation", "RandomSharpness",
        "Solarization",
    )  # fmt: skip
    found = [case(kind, crops=True) for kind in ("RandomColorJitter", "RandomShear", *plain)]
    found += [
        case(kind, factor=0.5, crops=True)
        if kind not in ("Solarization", "RandomGrayscale", "RandomInvert")
        else case(kind, crops=True)
        for kind in factor
    ]
    found += [
        case("RandomPosterization", factor=4, crops=True),
        case("RandomTranslation", height_factor=0.3, width_factor=0.3, crops=True),
        case("RandomZoom", height_factor=0.3, crops=True),
        case("MaxNumBoundingBoxes", max_number=2, crops=True),
        case("Dropout", rate=0.5, crops=True),
        case("SpatialDropout2D", rate=0.5, crops=True),
        case("AlphaDropout", rate=0.5, crops=True),
        case("GaussianDropout", rate=0.5, crops=True),
        case("GaussianNoise", stddev=1.0, crops=True),
        case("ActivityRegularization", l2=0.1, crops=True),
        case("Pipeline", layers=[layers.RandomFlip(), layers.RandomZoom(0.2)], crops=True),
        case("Pipeline", layers=[layers.RandomFlip(), layers.CenterCrop(9, 8)], tight=False),
        case("Pipeline", layers=[layers.AutoContrast()], tight=False),
        case("AutoContrast", tight=False),
        case("ContrastLimitedAdaptiveHistogramEqualization", tight=False),
    ]
    return found


def _joined() -> list[Case]:
    found = []
    for kind in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
        found.append(case(kind, crops=True, several=beside))
        # Which of two is smaller depends on the image.
        tight = kind not in ("Maximum", "Minimum")
        found += [case(kind, several=way, tight=tight) for way in (gated, over_rows, flat)]
    found += [
        case("Concatenate", axis=a, several=beside, crops=a in (-1, 3), tight=a in (-1, 3))
        for a in (-1, 3, 1, 2)
    ]
    found += [
        case("Dot", axes=(3, 3), several=beside, tight=False),
        case("MultiHeadAttention", num_heads=1, key_dim=2, attention_axes=(1, 2), several=attended),
        case(
            "MultiHeadAttention",
            num_heads=1,
            key_dim=2,
            attention_axes=2,
            several=attended,
            tight=False,
        ),
        case("TimeDistributed", layer=part(layers.Dense, 3)),
        case("TimeDistributed", layer=part(layers.Conv1D, 3, 3), tight=False),
        case("TimeDistributed", layer=part(layers.LayerNormalization, axis=1), tight=False),
        case("TimeDistributed", layer=part(layers.Activation, turned), tight=False),
        case("ConvLSTM1D", filters=2, kernel_size=3, return_sequences=True, tight=False),
        case(
            "Bidirectional", layer=part(layers.ConvLSTM1D, 2, 3, return_sequences=True), tight=False
        ),
    ]
    return found


CASES: tuple[Case, ...] = (
    *_convolutions(), *_transposed(), *_pools(), *_sizes(), *_weighted(), *_normalized(),
    *_activations(), *_idle(), *_joined(),
)  # fmt: skip

# Layers that take no images of floats, or whose reach nothing is known of: they may look anywhere.
ANYWHERE = (
    "AdditiveAttention", "Attention", "Equalization", "CategoryEncoding", "Discretization",
    "Embedding", "FeatureSpace", "FlaxLayer", "GroupedQueryAttention", "Hashing", "HashedCrossing",
    "InputLayer", "IntegerLookup", "JaxLayer", "Layer", "MelSpectrogram", "ReversibleEmbedding",
    "STFTSpectrogram", "StringLookup", "TFSMLayer", "TextVectorization", "TorchModuleWrapper",
    "Wrapper",
    # Of other dimensions.
    *(f"{kind}{n}D" for n in (1, 3) for kind in (
        "AdaptiveAveragePooling", "AdaptiveMaxPooling", "AveragePooling", "Conv", "Cropping",
        "GlobalAveragePooling", "GlobalMaxPooling", "MaxPooling", "SpatialDropout", "UpSampling",
        "ZeroPadding",
    )),
    "Conv1DTranspose", "Conv3DTranspose", "DepthwiseConv1D", "SeparableConv1D", "ConvLSTM2D",
    "ConvLSTM3D", "RepeatVector",
    # Recurrent.
    "GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "SimpleRNN", "SimpleRNNCell", "StackedRNNCells",
)  # fmt: skip
