"""Remedies: what brings a silent target back to life before its ascent begins.

A start from which a target is silent has gradient 0, so no step can move it. A remedy climbs
something with a gradient for a few steps; the ascent then begins from there, on its own objective.
The user's model is not touched.
"""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from featureprobe import _checks
from featureprobe._component import Component


class Remedy(Component):
    """Something to climb where the objective itself has no gradient.

    A closed choice of :class:`RedirectedGradients` and :class:`PreActivation`.

    Attributes:
        steps: Steps at most.
        name: What it is called in a result.
        redirects: Whether gradients pass closed activations.
        looks_before: Whether the greatest values before the activation are climbed.
    """

    steps: int
    name: ClassVar[str]
    redirects: ClassVar[bool] = False
    looks_before: ClassVar[bool] = False


@dataclass(frozen=True)
class RedirectedGradients(Remedy):
    """Let gradients through closed activations where they would open them.

    Forward nothing changes. Backward, a ReLU that is closed passes a gradient that asks for more,
    a ReLU6 at its upper end one that asks for less; other activations likewise where they are flat.

    Args:
        steps: Steps at most, at least 1.

    Source: Olah, Mordvintsev and Schubert 2017 (Lucid's redirected ReLU).

    Example:
        >>> RedirectedGradients(steps=8)
        RedirectedGradients(steps=8)
    """

    kind: ClassVar[str] = "redirected_gradients"
    name: ClassVar[str] = "redirected gradients"
    redirects: ClassVar[bool] = True
    _: KW_ONLY
    steps: int = 24

    def __post_init__(self) -> None:
        _checks.whole("steps", self.steps, least=1)


@dataclass(frozen=True)
class PreActivation(Remedy):
    """Climb the value before the activation, of the node of a map that is nearest to firing.

    One node that fires is enough for a gradient, and some maps have nodes that no image excites
    all at once. Layers whose activation cannot be taken off are read as they are.

    Args:
        steps: Steps at most, at least 1.

    Example:
        >>> PreActivation(steps=8)
        PreActivation(steps=8)
    """

    kind: ClassVar[str] = "pre_activation"
    name: ClassVar[str] = "climbing before the activation"
    looks_before: ClassVar[bool] = True
    _: KW_ONLY
    steps: int = 24

    def __post_init__(self) -> None:
        _checks.whole("steps", self.steps, least=1)
