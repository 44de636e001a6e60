"""Precursor: how long to search for starts, and among what."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from featureprobe import _checks
from featureprobe._component import Component
from featureprobe.errors import ConfigError
from featureprobe.initializers.base import InputInitializer
from featureprobe.initializers.moved import Moved
from featureprobe.initializers.multi_scale_noise import MultiScaleNoise
from featureprobe.initializers.pixel_noise import PixelNoise
from featureprobe.initializers.spectral_noise import SpectralNoise

MIX: tuple[InputInitializer, ...] = (  # what excites most maps of the nets that we measured
    MultiScaleNoise((3, 5, 7, 14)),
    Moved(MultiScaleNoise((3, 5, 7, 14))),
    MultiScaleNoise((7, 14, 28)),
    SpectralNoise(1.0),
    MultiScaleNoise((3, 5)),
    SpectralNoise(2.0),
    MultiScaleNoise((14, 28), weights=(2.0, 1.0)),
    PixelNoise(),
)


@dataclass(frozen=True)
class Precursor(Component):
    """Score many candidates for all targets at once, and give each target its own best starts.

    A deep map is silent on most noise, and a silent start has no gradient to climb. One forward
    pass of a candidate serves all targets of a layer, at a fraction of a step's cost. Targets that
    no candidate excites get further rounds, each with twice the candidates of the one before.

    Args:
        initializers: The initializers that draw the candidates, in turn. None given stands for the
            ``Ascent``'s initializer, or, where that is None, for a mix of pixel noise, several
            length scales, 1/f noise, and moved and magnified copies. With
            ``fp.FromImages(images)`` it searches natural images.
        candidates: Candidates of the first round, at least 1.
        rounds: Rounds at most, at least 1. Rounds after the first are for targets that are still
            dead.
        trials: Candidates of each target that are tried out: each runs ``trial_steps`` steps of the
            ascent, and the best become the starts. Where an ascent is after a few steps says much more about where it
            will end than its start does. With fewer than ``Ascent.starts``, none is tried out.
        trial_steps: Steps of the trial, at least 1.

    Source: articles X and XI of the MNIST series (a precursor run over random images).

    Example:
        >>> import featureprobe as fp
        >>> search = Precursor(initializers=(fp.PixelNoise(), fp.MultiScaleNoise((3, 7))), candidates=64)
        >>> len(search.initializers), search.rounds
        (2, 5)
    """

    kind: ClassVar[str] = "precursor"
    renamed: ClassVar[Mapping[str, str]] = {
        "of": "initializers",
        "climbs": "trials",
        "climb_steps": "trial_steps",
    }
    initializers: tuple[InputInitializer, ...] = ()
    _: KW_ONLY
    candidates: int = 256
    rounds: int = 5
    trials: int = 24
    trial_steps: int = 8

    def __post_init__(self) -> None:
        given = (
            self.initializers
            if isinstance(self.initializers, tuple | list)
            else (self.initializers,)
        )
        object.__setattr__(self, "initializers", tuple(given))
        if not all(isinstance(i, InputInitializer) for i in self.initializers):
            raise ConfigError(
                f"Precursor searches among what initializers draw. Received: initializers={self.initializers!r}. "
                "Pass initializers=(fp.MultiScaleNoise(), fp.PixelNoise()), or leave it out."
            )
        for name in ("candidates", "rounds", "trial_steps"):
            _checks.whole(name, getattr(self, name), least=1)
        _checks.whole("trials", self.trials, least=0)
