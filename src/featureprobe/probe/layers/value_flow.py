"""What layers do to the values that they are given: keep them, make new ones, or something between.

Only Keras' own layers and operations are known; of anything else nothing can be said.
"""

from functools import partial
from typing import Any, Literal

import keras
import numpy as np

from featureprobe.probe.layers.keras_own import is_keras_own, is_pointwise_function

Kind = Literal["probability", "gate", "unknown", "plain"]

# Each output value is an input value: passed on, moved, repeated, left out or cast.
_KEEPING = (
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianNoise",
    "GaussianDropout", "AlphaDropout", "ActivityRegularization", "Identity", "Reshape", "Flatten",
    "Permute", "RepeatVector", "Cropping1D", "Cropping2D", "Cropping3D",
    # Operations of keras.ops.
    "Squeeze", "ExpandDims", "Transpose", "Swapaxes", "Moveaxis", "GetItem", "Slice", "Split",
    "Hsplit", "Vsplit", "Dsplit", "ArraySplit", "Unstack", "Flip", "Fliplr", "Flipud", "Rot90",
    "Roll", "Ravel", "Tile", "Repeat", "BroadcastTo", "Take", "Copy", "StopGradient",
    "ConvertToTensor", "DepthToSpace", "SpaceToDepth",
)  # fmt: skip
_JOINING = ("Concatenate", "Stack", "Hstack", "Vstack", "Dstack")  # likewise, of several inputs
_MERGING = ("Add", "Average", "Multiply", "Maximum", "Minimum")  # likewise, layers given one input
APPLYING = ("TimeDistributed", "SpectralNormalization")
"""Wrappers that do what their layer does."""
_UPSAMPLING = ("UpSampling1D", "UpSampling2D", "UpSampling3D")
# Weighted sums over many inputs, with weights that were learned or computed.
_MAKING = (
    "Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D",
    "SeparableConv1D", "SeparableConv2D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose",
    "Embedding", "ReversibleEmbedding", "MultiHeadAttention", "GroupedQueryAttention", "Attention",
    "AdditiveAttention", "Dot", "Matmul", "Einsum", "Tensordot", "Inner", "Vdot", "Conv",
    "DepthwiseConv", "SeparableConv", "ConvTranspose", "DotProductAttention",
)  # fmt: skip
_FOREIGN = (
    "Lambda", "TFSMLayer", "TorchModuleWrapper", "FlaxLayer", "JaxLayer", "Pipeline", "RNN",
    "Bidirectional", "StackedRNNCells", "Wrapper", "Map", "Scan", "AssociativeScan", "Switch",
    "WhileLoop", "ForiLoop", "Cond", "VectorizedMap",
)  # fmt: skip


def keeps_values(layer: Any, sources: int) -> bool:
    """Whether every output value is an input value, so that the layer can move others alike.

    Args:
        layer: A layer or operation.
        sources: How many tensors it is given.
    """
    name = type(layer).__name__
    if not is_keras_own(layer):
        return False
    if name == "TimeDistributed":
        return keeps_values(layer.layer, sources)
    if name in _JOINING:
        return True
    alone = name in _MERGING and isinstance(layer, keras.Layer)
    return sources == 1 and (name in _KEEPING or alone or _is_told_to_keep(layer))


def makes_values(layer: Any) -> bool:
    """Whether a layer mixes its inputs into values of another meaning, as a Dense layer does."""
    if not is_keras_own(layer):
        return False
    name = type(layer).__name__
    return makes_values(layer.layer) if name in APPLYING else name in _MAKING


def is_known(layer: Any) -> bool:
    """Whether a layer or operation is one of Keras' own that runs no code of others."""
    return is_keras_own(layer) and type(layer).__name__ not in _FOREIGN


def kind_of_function(function: Any) -> Kind:
    """Say what an activation makes: probabilities, numbers from 0 to 1 each by itself, or neither.

    Args:
        function: An activation, or an activation layer or operation.
    """
    if isinstance(function, keras.layers.Activation):
        return kind_of_function(function.activation)
    while isinstance(function, partial):
        function = function.func
    own = is_known(function) if isinstance(function, keras.Operation) else None
    if not (is_pointwise_function(function) if own is None else own):
        return "unknown"
    name = str(getattr(function, "__name__", type(function).__name__)).lower()
    if any(word in name for word in ("softmax", "sparsemax")) or name in _EXPONENTIALS:
        return "probability"
    return "gate" if "sigmoid" in name else "plain"


_EXPONENTIALS = ("exp", "exp2", "exponential")  # a softmax or a sigmoid, by hand


def _is_told_to_keep(layer: Any) -> bool:
    """Whether a layer that would change values was told to leave them."""
    name = type(layer).__name__
    if name == "Activation":
        return layer.activation in (None, keras.activations.linear)
    if name == "Cast":
        return "float" in str(layer.dtype)
    if name == "Rescaling":
        return bool(np.all(np.equal(layer.scale, 1)) and np.all(np.equal(layer.offset, 0)))
    return name in _UPSAMPLING and getattr(layer, "interpolation", "nearest") == "nearest"
