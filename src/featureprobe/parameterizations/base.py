"""Parameterization: between images and the numbers that an ascent changes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from featureprobe._component import Component
from featureprobe.input_space import InputSpace
from featureprobe.step import Step
from featureprobe.types import ImageShape, Tensor

Params = dict[str, Tensor]
"""Tensors with a leading N, by name."""

Rendered: TypeAlias = Tensor | tuple[Tensor, Mapping[str, Tensor]]
"""Images (N, *spatial, C), or images and extras by name, tensors (N, ...)."""


class Parameterization(Component, ABC):
    """How an image is made from the numbers that the ascent changes.

    Implement :meth:`fit` and :meth:`render` in a frozen dataclass with its own ``kind``, say whether
    it is ``exact``, and override :meth:`spreads` where a parameter is not measured like a pixel.
    Like everywhere, image k may not depend on its neighbours in the batch.

    Attributes:
        exact: Whether fit, then render gives the same image (to float rounding), whatever the key.
            Regularizers and the projection then act on the clean image, which is fitted again after
            each step; so the image must say all that there is to know, extras included. If False,
            parameters are fitted once, to the start image; search, trials, keeping and polishing
            carry parameters, regularizers are refused, and only the rendered image is projected.
        constants: Names of parameters that stay as ``fit`` made them: no gradient, no step. They may
            have any numeric dtype.
        shared: Names of parameters that all starts of a target have in common. Each image has its own
            copy, made equal to that of the target's first start; the gradients are summed over the
            starts, and every step leaves the copies equal. What is kept is then one step for all
            starts of a target, the one with the highest mean total. Needs ``exact = False``.

    Example:
        >>> import featureprobe as fp
        >>> from dataclasses import dataclass
        >>> from typing import ClassVar
        >>> import tensorflow as tf
        >>> @dataclass(frozen=True)
        ... class Transparent(fp.Parameterization):
        ...     kind: ClassVar[str] = "mylab.transparent"
        ...     exact: ClassVar[bool] = False  # the image alone does not tell alpha
        ...     def fit(self, images, shape, space, keys):
        ...         return {"color": images, "logit": 2.0 + tf.zeros_like(images[..., :1])}
        ...     def render(self, params, step):
        ...         alpha = tf.sigmoid(params["logit"])
        ...         background = tf.zeros_like(params["color"])
        ...         if step is not None:  # during the ascent the background is noise
        ...             background = step.space.spread * step.normal(background.shape[1:])
        ...         return alpha * params["color"] + (1 - alpha) * background, {"alpha": alpha}
        ...     def spreads(self, shape, space):
        ...         return {"logit": 1.0}
        >>> probe = fp.samples.mnist_probe()
        >>> ascent = fp.Ascent(steps=4, starts=2, regularizers=(), parameterization=Transparent())
        >>> ascent.run(probe, fp.MapMean("Conv2D_3", channel=5), rng=7).extras["alpha"].shape
        (1, 2, 28, 28, 1)
    """

    exact: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ()
    shared: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def fit(self, images: Tensor, shape: ImageShape, space: InputSpace, keys: Tensor) -> Params:
        """Return the parameters that show images, or come near them.

        Args:
            images: (N, *spatial, C) model units, in the net's float dtype.
            shape: (*spatial, C), as integers.
            space: The probe's input space.
            keys: (N, 2) int32, one key per image, for ``tf.random.stateless_*``: what is drawn must
                follow from them alone. Start k has the same key for all targets.

        Returns:
            Tensors (N, ...) by name; floats, unless they are constants.
        """

    @abstractmethod
    def render(self, params: Params, step: Step | None) -> Rendered:
        """Return the images of parameters; differentiable.

        Args:
            params: What :meth:`fit` gives, constants included.
            step: The step, to draw from or to go by its index; None for the clean image, the one
                that is scored, kept and shown. The gradient is taken of the image in the step.

        Returns:
            (N, *spatial, C) in model units, or a tuple of that and extras: tensors (N, ...) by name, the
            same names with and without a step. Objectives find them in ``seen.extras``, users in
            ``AscentResult.extras``.
        """

    def spreads(self, shape: ImageShape, space: InputSpace) -> Mapping[str, float | Tensor]:
        """Return what one spread of each parameter is, by name: rules scale their steps by it.

        Those left out count like pixels: ``space.spread``.

        Args:
            shape: (*spatial, C).
            space: The probe's input space.

        Returns:
            Numbers above 0, or arrays that broadcast against a parameter (N, ...).
        """
        return {}
