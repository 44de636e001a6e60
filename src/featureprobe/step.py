"""What regularizers, transforms and rules see of the step that they run in."""

from collections.abc import Sequence
from typing import Protocol

from featureprobe.input_space import InputSpace
from featureprobe.types import Tensor


class Live(Protocol):
    """Which pixels can matter to a target; masks have a leading 1 where all images share them."""

    @property
    def layer(self) -> Tensor:
        """(1 or N, *spatial, 1) 1.0 where a pixel can reach the read layers at all, else 0.0."""

    @property
    def field(self) -> Tensor:
        """(1 or N, *spatial, 1) 1.0 inside the receptive field of what the target reads."""

    @property
    def count(self) -> Tensor:
        """(1 or N, 1, ..., 1) number of live values, that is live pixels times channels."""


class Step(Protocol):
    """What a regularizer, transform or rule may know about the step it runs in."""

    @property
    def index(self) -> Tensor:
        """int32 scalar tensor; steps are counted from 1."""

    @property
    def space(self) -> InputSpace:
        """The probe's input space; ``space.spread`` is one deviation, in model units."""

    @property
    def gradient(self) -> Tensor:
        """(N, *spatial, C) gradient of the total by the image, tangent to the constraint set.

        None for transforms, which run before it exists.
        """

    @property
    def live(self) -> Live:
        """The live pixels."""

    @property
    def count(self) -> Tensor:
        """(1 or N, 1, ..., 1) over how many values a rule takes a root mean square.

        They are the live pixels' where parameters stand for any image, else the parameters'.
        """

    def spread(self, name: str) -> float | Tensor:
        """Return one spread of a parameter: a number, or a tensor that broadcasts against it.

        For pixels it is ``space.spread``.
        """

    def feasible(self, direction: Tensor) -> Tensor:
        """Return a direction of the parameters without what the constraint set would take back.

        In a box that is what pushes pixels at an end of the range further out, on the sphere what
        leaves the sphere. Parameters that are not the pixels themselves keep their direction.
        """

    def uniform(self, shape: Sequence[int], *, stream: int = 0) -> Tensor:
        """Draw ``(N, *shape)`` float32 in [0, 1) with one key per image.

        Args:
            shape: Shape of one image's draw.
            stream: Draws of one component in one step with different streams are independent.

        Returns:
            The same numbers for the same seed, target, start, step and stream, in any batch.
        """

    def normal(self, shape: Sequence[int], *, stream: int = 0) -> Tensor:
        """Draw ``(N, *shape)`` float32 standard normal numbers; see :meth:`uniform`."""
