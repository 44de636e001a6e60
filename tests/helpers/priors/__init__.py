"""Image priors that others could write: four parameterizations against the public contract alone."""

from priors.alpha_channel import AlphaChannel
from priors.cppn import CPPN
from priors.phase_only import PhaseOnly
from priors.shared_low_resolution import SharedLowResolution

__all__ = ["CPPN", "AlphaChannel", "PhaseOnly", "SharedLowResolution"]
