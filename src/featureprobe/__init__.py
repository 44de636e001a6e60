"""featureprobe: what do the maps and nodes of a trained convolutional network answer to?

A :class:`ModelProbe` opens a trained Keras model. An :class:`ActivationGrid` shows what its maps
answer to an image. An :class:`Ascent` runs the question backwards: from an
:class:`InputInitializer` it climbs an :class:`Objective` under :class:`Regularizer` operators until
the image shows what a map or node answers to; the :class:`AscentResult` says how far to believe it.

Importing this package loads no TensorFlow: names are looked up when they are used.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from featureprobe import analysis, plotting, plugins, samples, testing
    from featureprobe._component import ArrayValue, Component, revive
    from featureprobe.ascent import (
        Ascent,
        Converged,
        PreActivation,
        Precursor,
        RedirectedGradients,
    )
    from featureprobe.constraints import Box, Sphere
    from featureprobe.errors import (
        ConfigError,
        DataError,
        DivergedError,
        FeatureProbeError,
        MissingExtraError,
        ModelError,
        PluginError,
        RangeError,
        SaveError,
        ShapeError,
        UnknownLayerError,
        UnknownNameError,
    )
    from featureprobe.evidence import (
        Evidence,
        Examples,
        ImageFolder,
        LayerEvidence,
        fire_map,
        receptive_box,
    )
    from featureprobe.grid import ActivationGrid
    from featureprobe.image_source import ImageSource, register_images
    from featureprobe.initializers import (
        FromImage,
        FromImages,
        InputInitializer,
        Moved,
        MultiScaleNoise,
        PixelNoise,
        SpectralNoise,
        initializer_from,
    )
    from featureprobe.input_space import InputSpace
    from featureprobe.objectives import (
        Diversity,
        GroupObjective,
        InputNorm,
        Logit,
        MapMean,
        Node,
        Objective,
        PatternMatch,
        Seen,
        TotalVariation,
        WeightedSum,
        objective_from,
    )
    from featureprobe.parameterizations import Fourier, Parameterization, Pixels
    from featureprobe.probe import LayerRow, LayerTable, ModelProbe
    from featureprobe.regularizers import (
        Clip,
        Every,
        GaussianBlur,
        Regularizer,
        Standardize,
        Until,
        regularizer_from,
    )
    from featureprobe.results import AscentResult, AscentState, Recipe, Status, StepInfo
    from featureprobe.rules import Adam, Backtracking, Momentum, NormalizedGradient, UpdateRule
    from featureprobe.step import Live, Step
    from featureprobe.transforms import Jitter, Noise, Transform, transform_from
    from featureprobe.types import OUTPUT, Index, Read, Tensor

_HOMES = {
    "_component": ("ArrayValue", "Component", "revive"),
    "ascent": ("Ascent", "Converged", "PreActivation", "Precursor", "RedirectedGradients"),
    "constraints": ("Box", "Sphere"),
    "errors": ("ConfigError", "DataError", "DivergedError", "FeatureProbeError", "ModelError",
               "MissingExtraError", "PluginError", "RangeError", "SaveError", "ShapeError",
               "UnknownLayerError", "UnknownNameError"),
    "evidence": ("Evidence", "Examples", "ImageFolder", "LayerEvidence", "fire_map",
                 "receptive_box"),
    "grid": ("ActivationGrid",),
    "image_source": ("ImageSource", "register_images"),
    "initializers": ("FromImage", "FromImages", "InputInitializer", "Moved", "MultiScaleNoise",
                     "PixelNoise", "SpectralNoise", "initializer_from"),
    "input_space": ("InputSpace",),
    "objectives": ("Diversity", "GroupObjective", "InputNorm", "Logit", "MapMean", "Node",
                   "Objective", "PatternMatch", "Seen", "TotalVariation", "WeightedSum", "objective_from"),
    "parameterizations": ("Fourier", "Parameterization", "Pixels"),
    "probe": ("LayerRow", "LayerTable", "ModelProbe"),
    "regularizers": ("Clip", "Every", "GaussianBlur", "Regularizer", "Standardize", "Until",
                     "regularizer_from"),
    "results": ("AscentResult", "AscentState", "Recipe", "Status", "StepInfo"),
    "rules": ("Adam", "Backtracking", "Momentum", "NormalizedGradient", "UpdateRule"),
    "transforms": ("Jitter", "Noise", "Transform", "transform_from"),
    "step": ("Live", "Step"),
    "types": ("OUTPUT", "Index", "Read", "Tensor"),
}  # fmt: skip
_ROOMS = ("analysis", "plotting", "plugins", "samples", "testing")
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "OUTPUT", "ActivationGrid", "Adam", "ArrayValue", "Ascent", "AscentResult", "AscentState",
    "Backtracking", "Box", "Clip", "Component", "ConfigError", "Converged", "DataError", "DivergedError",
    "Diversity", "Every", "Evidence", "Examples", "FeatureProbeError", "Fourier", "FromImage", "FromImages",
    "GaussianBlur", "GroupObjective", "ImageFolder", "ImageSource", "Index", "InputInitializer", "InputNorm",
    "InputSpace", "Jitter", "LayerEvidence", "LayerRow", "LayerTable", "Live", "Logit", "MapMean", "MissingExtraError", "ModelError",
    "ModelProbe", "Momentum", "Moved", "MultiScaleNoise", "Node", "Noise", "NormalizedGradient",
    "Objective", "Parameterization", "PatternMatch", "PixelNoise", "Pixels", "PluginError", "PreActivation",
    "Precursor", "RangeError", "Read", "Recipe", "RedirectedGradients", "Regularizer",
    "SaveError", "Seen", "ShapeError", "SpectralNoise", "Sphere", "Standardize", "Status", "Step", "StepInfo",
    "Tensor", "TotalVariation", "Transform", "UnknownLayerError", "UnknownNameError", "Until", "UpdateRule",
    "WeightedSum", "__version__", "analysis", "fire_map", "initializer_from", "objective_from", "plotting",
    "plugins", "receptive_box", "register_images", "regularizer_from", "revive", "samples", "testing", "transform_from",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"featureprobe.{name}")
    if name in _HOME_OF:
        value = getattr(importlib.import_module(f"featureprobe.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'featureprobe' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
