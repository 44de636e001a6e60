"""Layers that change nothing at inference, as dropout and augmentation, or only where pixels lie."""

from typing import Any

import keras

from featureprobe.probe.layers.keras_own import is_keras_own

IDLE = (
    "Identity", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout", "GaussianNoise",
    "ActivityRegularization", "AugMix", "CutMix", "MaxNumBoundingBoxes", "MixUp",
    "RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter",
    "RandomContrast", "RandomElasticTransform", "RandomErasing", "RandomFlip",
    "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective",
    "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear",
    "RandomTranslation", "RandomZoom", "Solarization",
)  # fmt: skip
"""Names of the classes in keras.layers."""


def is_idle(layer: Any) -> bool:
    """Whether a layer hands its input on at inference, and is known to."""
    if not is_keras_own(layer):
        return False
    if type(layer) is keras.layers.Pipeline:
        return all(map(is_idle, layer.layers))
    if type(layer) is keras.layers.Activation:
        return layer.activation is keras.activations.linear
    return type(layer).__name__ in (*IDLE, "StochasticDepth")


_FRAMING = (
    "Resizing", "CenterCrop", "RandomCrop", "Cropping1D", "Cropping2D", "Cropping3D",
    "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "UpSampling1D", "UpSampling2D", "UpSampling3D",
    "Resize",  # keras.ops.image.resize
)  # fmt: skip


def is_framing(layer: Any) -> bool:
    """Whether a layer only resizes, crops or pads images: their range stays what it is."""
    return is_keras_own(layer) and type(layer).__name__ in _FRAMING
