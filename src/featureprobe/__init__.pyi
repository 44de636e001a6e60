"""The public names and where they live: the one list, read by type checkers and by ``__init__.py``."""

from featureprobe import (
    analysis as analysis,
    plotting as plotting,
    plugins as plugins,
    samples as samples,
    testing as testing,
)
from featureprobe._component import (
    ArrayValue as ArrayValue,
    Component as Component,
    PerTarget as PerTarget,
    revive as revive,
)
from featureprobe.ascent import (
    Ascent as Ascent,
    Converged as Converged,
    PreActivation as PreActivation,
    Precursor as Precursor,
    RedirectedGradients as RedirectedGradients,
)
from featureprobe.constraints import (
    Box as Box,
    Sphere as Sphere,
)
from featureprobe.errors import (
    ConfigError as ConfigError,
    DataError as DataError,
    DivergedError as DivergedError,
    FeatureProbeError as FeatureProbeError,
    MissingExtraError as MissingExtraError,
    ModelError as ModelError,
    PluginError as PluginError,
    RangeError as RangeError,
    SaveError as SaveError,
    ShapeError as ShapeError,
    UnknownLayerError as UnknownLayerError,
    UnknownNameError as UnknownNameError,
)
from featureprobe.evidence import (
    Evidence as Evidence,
    Examples as Examples,
    ImageFolder as ImageFolder,
    LayerEvidence as LayerEvidence,
    fire_map as fire_map,
    receptive_box as receptive_box,
)
from featureprobe.grid import (
    ActivationGrid as ActivationGrid,
)
from featureprobe.image_source import (
    ImageSource as ImageSource,
    register_images as register_images,
)
from featureprobe.initializers import (
    FromImage as FromImage,
    FromImages as FromImages,
    InputInitializer as InputInitializer,
    Moved as Moved,
    MultiScaleNoise as MultiScaleNoise,
    PixelNoise as PixelNoise,
    SpectralNoise as SpectralNoise,
    initializer_from as initializer_from,
)
from featureprobe.input_space import (
    InputSpace as InputSpace,
)
from featureprobe.objectives import (
    Diversity as Diversity,
    GroupObjective as GroupObjective,
    InputNorm as InputNorm,
    Logit as Logit,
    MapMean as MapMean,
    Node as Node,
    Objective as Objective,
    PatternMatch as PatternMatch,
    Reach as Reach,
    Seen as Seen,
    TotalVariation as TotalVariation,
    WeightedSum as WeightedSum,
    objective_from as objective_from,
)
from featureprobe.parameterizations import (
    Fourier as Fourier,
    Parameterization as Parameterization,
    Pixels as Pixels,
)
from featureprobe.probe import (
    CheckedSpace as CheckedSpace,
    InputCheck as InputCheck,
    LayerRow as LayerRow,
    LayerTable as LayerTable,
    ModelProbe as ModelProbe,
)
from featureprobe.regularizers import (
    Clip as Clip,
    Every as Every,
    GaussianBlur as GaussianBlur,
    Regularizer as Regularizer,
    Standardize as Standardize,
    Until as Until,
    regularizer_from as regularizer_from,
)
from featureprobe.results import (
    AscentResult as AscentResult,
    AscentState as AscentState,
    Recipe as Recipe,
    Status as Status,
    StepInfo as StepInfo,
)
from featureprobe.rules import (
    Adam as Adam,
    Backtracking as Backtracking,
    Momentum as Momentum,
    NormalizedGradient as NormalizedGradient,
    UpdateRule as UpdateRule,
)
from featureprobe.step import (
    Live as Live,
    Step as Step,
)
from featureprobe.transforms import (
    Jitter as Jitter,
    Noise as Noise,
    Transform as Transform,
    transform_from as transform_from,
)
from featureprobe.types import (
    OUTPUT as OUTPUT,
    Index as Index,
    Read as Read,
    Tensor as Tensor,
    UnitStatistic as UnitStatistic,
)

__version__: str
