"""RegularizerContract: what every regularizer keeps."""

from collections.abc import Sequence
from functools import reduce
from typing import ClassVar

import numpy as np
import tensorflow as tf

from featureprobe import _checks
from featureprobe._component import Component
from featureprobe._spatial import spatial_of
from featureprobe.ascent.ascent import Ascent
from featureprobe.ascent.step.image_step import ImageStep
from featureprobe.objectives.base import Objective
from featureprobe.regularizers.base import Regularizer
from featureprobe.testing._claims import attempt, claim, claim_close
from featureprobe.testing.operators import OperatorContract
from featureprobe.testing.steps import at_step, cut_step, make_images, make_step
from featureprobe.types import FloatArray, Tensor

_STEPS = (*range(1, 13), 16, 24, 25, 32, 48, 64)
_TRIED = 3  # of the steps at which it is due
_DRAWS = 8  # of which an operator that draws must change some image
_WIDER = 5  # pixels of a part of the image beyond what an operator reaches


class RegularizerContract(OperatorContract):
    """What holds for every regularizer.

    Example:
        >>> import featureprobe as fp
        >>> class TestBlur(fp.testing.RegularizerContract):
        ...     def make(self):
        ...         return fp.GaussianBlur(0.6, size=3)
        >>> TestBlur().test_is_finite_on_a_constant_image()
    """

    group: ClassVar[str] = "regularizers"
    base: ClassVar[type[Component]] = Regularizer

    def run(self, images: Tensor, step: ImageStep) -> Tensor:
        """Return the regularized images."""
        return self.make().apply(images, step)

    def setting(self) -> tuple[Ascent, Objective]:
        """Return an Ascent with the regularizer."""
        return self._ascent(regularizers=(self.make(),)), self._target()

    def test_nothing_beyond_its_reach_matters(self) -> None:
        """A pixel stays the same, whatever happens to pixels further away than ``reach``."""
        reach = self._reach()
        if reach is None:
            return
        images, step = self._large(reach)
        sizes = spatial_of(images.shape[1:])
        other = tf.constant(np.asarray(images)[::-1].copy())
        for index in self._some_due():
            now = at_step(step, tf.constant(index))
            for at in (_first(sizes), _middle(sizes), _aside(sizes)):
                moved = tf.where(_around(sizes, at, reach), images, other)
                own = (slice(None), *at)
                one, two = (self._made(given, now)[own] for given in (images, moved))
                claim_close(
                    two,
                    one,
                    f"{self.make()!r} says that it reaches {reach} pixels, but at step {index} a "
                    f"pixel changes with others that are further away. Say a larger reach, or None.",
                )

    def test_a_part_of_the_image_is_treated_as_within_the_image(self) -> None:
        """Cut out with ``reach`` pixels around, a part of the image becomes what it becomes there."""
        reach = self._reach()
        if reach is None:
            return
        images, step = self._large(reach)
        sizes, size = spatial_of(images.shape[1:]), 2 * reach + _WIDER
        for index in self._some_due():
            now = at_step(step, tf.constant(index))
            whole = self._made(images, now)
            for begin in _corners([length - size for length in sizes]):
                cut = (slice(None), *(slice(at, at + size) for at in begin))
                part = self._made(images[cut], cut_step(now, cut))
                inner = (_inner(at, size, n, reach) for at, n in zip(begin, sizes, strict=True))
                own = (slice(None), *inner)
                claim_close(
                    part[own],
                    whole[cut][own],
                    f"{self.make()!r} says that it reaches {reach} pixels, but at step {index} it "
                    "makes something else of a part of the image, with that many pixels around, than "
                    "of the image. What it does to a pixel may not depend on where that lies, on the "
                    "image's size, or on a draw of the image's shape. Leave reach at None.",
                )

    def test_it_is_due_when_it_does_something(self) -> None:
        """``due`` is a boolean scalar for any index, False where images stay as they are."""
        images, one = make_images(self.probe(), _DRAWS), self.make()
        step = make_step(self.probe(), _DRAWS)
        due = {index: self._due(index) for index in _STEPS}
        acts = {}
        for index in _STEPS:
            made = self._made(images, at_step(step, tf.constant(index)))
            acts[index] = bool(np.any(np.asarray(made) != np.asarray(images)))
        early = [index for index in _STEPS if acts[index] and not due[index]]
        claim(
            not early,
            f"{one!r} says that it is not due at the steps {early}, and changes images there. Return "
            "the images as they are where it is not due: "
            "tf.cond(self.due(step.index), run, lambda: images).",
        )
        idle = [index for index in _STEPS if due[index] and not acts[index]]
        claim(
            not idle or not any(acts.values()),
            f"{one!r} says that it is due at the steps {idle}, and does nothing there, as it does at "
            "others. Override due(index), so that the best image is kept anew after it ran; one that "
            "wraps another asks the other too: self.regularizer.due(index).",
        )

    def _reach(self) -> int | None:
        one = self.make()
        reach = attempt(lambda: one.reach, f"The reach of {one!r} cannot be had.")
        if reach is None:
            return None
        name = f"The reach of {type(one).__name__}"
        return attempt(lambda: _checks.whole(name, reach, least=0), "Say it in pixels.")

    def _some_due(self) -> list[int]:
        """Return the first steps at which it is due."""
        return [index for index in _STEPS if self._due(index)][:_TRIED]

    def _due(self, index: int) -> bool:
        one = self.make()
        hint = "index is a tensor: compare with tf.equal, combine with & and |; return a scalar."
        failing = f"{one!r}.due cannot be had for any index. {hint}"
        spec = [tf.TensorSpec((), tf.int32)]
        traced = attempt(
            lambda: tf.function(one.due, input_signature=spec, autograph=False)(index), failing
        )
        now = attempt(lambda: one.due(tf.constant(index)), failing)
        kept = [tf.convert_to_tensor(answer) for answer in (traced, now)]
        claim(
            all(answer.dtype == tf.bool and answer.shape.rank == 0 for answer in kept),
            f"{one!r}.due({index}) is {now!r}, no boolean scalar. {hint}",
        )
        claim(
            bool(kept[0]) == bool(kept[1]), f"{one!r}.due, traced once, is wrong at {index}. {hint}"
        )
        return bool(kept[0])

    def _large(self, reach: int) -> tuple[Tensor, ImageStep]:
        """Return images that are larger than what the operator reaches, and their step."""
        size = 2 * (2 * reach + _WIDER)
        own = self.probe().image_shape
        shape = (size + 1, *(size for _ in own[2:]), own[-1])
        return make_images(self.probe(), 3, shape=shape), make_step(self.probe(), 3, shape=shape)


def _first(sizes: Sequence[int]) -> tuple[int, ...]:
    return tuple(0 for _ in sizes)


def _middle(sizes: Sequence[int]) -> tuple[int, ...]:
    return tuple(size // 2 for size in sizes)


def _aside(sizes: Sequence[int]) -> tuple[int, ...]:
    return (sizes[0] - 1, *(size // 3 for size in sizes[1:]))


def _corners(last: Sequence[int]) -> list[tuple[int, ...]]:
    """Return where parts of the image begin: at its first end, near it, at its last ones."""
    near = tuple(range(1, len(last) + 1))
    return [_first(last), near, (last[0], *(3 for _ in last[1:])), tuple(last)]


def _around(sizes: Sequence[int], place: Sequence[int], reach: int) -> FloatArray:
    """Return (1, *spatial, 1): whether a pixel is within reach of one."""
    along = (np.abs(np.arange(n) - at) <= reach for n, at in zip(sizes, place, strict=True))
    return np.asarray(reduce(np.logical_and.outer, along)[None, ..., None])


def _inner(first: int, size: int, image: int, reach: int) -> slice:
    """Return what of a part is further than ``reach`` from an end that is not the image's own."""
    low = 0 if first == 0 else reach
    return slice(low, size if first + size == image else size - reach)
