"""From parameters to the images that are evaluated, and back with their gradient."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.ascent.step.parameters import Extras, Parameters
from featureprobe.constraints.base import Constraint
from featureprobe.constraints.live_pixels import LivePixels
from featureprobe.parameterizations.base import Params
from featureprobe.types import Tensor

Picture = tuple[Tensor, Extras]
"""Images (N, *spatial, C), projected, and their extras."""

PullBack = Callable[[Tensor, Extras], Params]
"""From gradients by images and extras to that by the parameters."""


@dataclass(frozen=True, eq=False)
class Rendering:
    """A parameterization whose images are brought onto a constraint set.

    Args:
        parameters: The parameterization.
        constraint: The set. Images of an exact parameterization are on it already.
    """

    parameters: Parameters
    constraint: Constraint

    def clean(self, params: Params, live: LivePixels) -> Picture:
        """Return what is scored, kept and shown."""
        images, extras = self.parameters.render(params)
        if self.parameters.carried:
            images = self.constraint.project(images, live, self.parameters.space)
        return images, extras

    def drawn(self, params: Params, step: ImageStep) -> tuple[Picture, PullBack]:
        """Return what is climbed in a step, and what carries gradients back to the parameters."""
        if self.parameters.are_pixels:
            return (params["pixels"], {}), lambda gradient, _: {"pixels": gradient}
        free, space = self.parameters.free(params), self.parameters.space
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(free)
            images, extras = self.parameters.render(params | free, step)

        def pull_back(gradient: Tensor, beside: Extras) -> Params:
            if self.parameters.carried:
                gradient = self.constraint.pull_back(gradient, images, step.live, space)
            made, given = [images, *(extras[n] for n in beside)], [gradient, *beside.values()]
            zero = tf.UnconnectedGradients.ZERO
            return tape.gradient(made, free, output_gradients=given, unconnected_gradients=zero)  # type: ignore[no-any-return]

        if self.parameters.carried:
            return (self.constraint.project(images, step.live, space), extras), pull_back
        return (images, extras), pull_back

    def clean_beside(self, params: Params, step: ImageStep, drawn: Picture) -> Picture:
        """Return the clean picture; the very one that was drawn in a step where it is the same."""
        same = not self.parameters.depend_on_step(params, step)
        return drawn if same else self.clean(params, step.live)
