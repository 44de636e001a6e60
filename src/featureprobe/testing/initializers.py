"""InitializerContract: what every initializer keeps."""

from typing import ClassVar

import numpy as np

from featureprobe._component import Component
from featureprobe.ascent.ascent import Ascent
from featureprobe.initializers.base import InputInitializer
from featureprobe.input_space import InputSpace
from featureprobe.objectives.base import Objective
from featureprobe.testing._claims import attempt, claim, claim_finite
from featureprobe.testing.components import ComponentContract
from featureprobe.types import FloatArray, ImageShape

_SHAPES: dict[int, tuple[ImageShape, ...]] = {
    1: ((1, 1), (7, 3), (9, 1), (300, 2)),
    2: ((1, 1, 1), (5, 7, 3), (9, 4, 1), (12, 10, 2), (28, 28, 1)),
    3: ((1, 1, 1, 1), (5, 7, 4, 3), (9, 4, 2, 1), (3, 28, 20, 1)),
}


class InitializerContract(ComponentContract):
    """What holds for every initializer.

    Attributes:
        random: Whether other randomness gives another image; False for a given image.
        shapes: Image shapes to draw, for an initializer of one size; none given stands for several
            of ``rank`` spatial axes.

    Example:
        >>> import featureprobe as fp
        >>> class TestPixelNoise(fp.testing.InitializerContract):
        ...     def make(self):
        ...         return fp.PixelNoise(0.5)
        >>> TestPixelNoise().test_gives_finite_float32_images_of_any_shape()
    """

    group: ClassVar[str] = "initializers"
    base: ClassVar[type[Component]] = InputInitializer
    random: ClassVar[bool] = True
    shapes: ClassVar[tuple[ImageShape, ...]] = ()

    def test_gives_finite_float32_images_of_any_shape(self) -> None:
        """Images are (*spatial, C) float32 arrays, finite, for odd and oblong shapes."""
        one = self.make()
        for shape in self._shapes:
            image = self._drawn(shape, 0)
            claim(
                isinstance(image, np.ndarray) and image.dtype == np.float32,
                f"{one!r} draws {type(image).__name__} of dtype {getattr(image, 'dtype', None)}. "
                "Return a NumPy array of float32: image.astype(np.float32).",
            )
            claim(
                image.shape == shape,
                f"{one!r} draws an image of shape {image.shape} when asked for {shape}.",
            )
            claim_finite(image, f"{one!r} draws an image of shape {shape} that is not finite.")

    def test_same_rng_same_image(self) -> None:
        """All randomness comes from the generator that is given."""
        first, second = (self._drawn(self._shapes[-1], 5) for _ in range(2))
        claim(
            np.array_equal(first, second),
            f"{self.make()!r} draws two images from equal generators. Use only the `rng` that "
            "draw() is given; no generator of your own, no np.random functions.",
        )

    def test_other_rng_other_image(self) -> None:
        """Another generator gives another image, unless ``random`` is False."""
        first, second = (self._drawn(self._shapes[-1], seed) for seed in (5, 6))
        same = np.array_equal(first, second)
        what = "the same image" if same else "different images"
        claim(
            same is not self.random,
            f"{self.make()!r} draws {what} from different generators, but random = {self.random} "
            "is declared in the test. Draw from `rng`, or correct the declaration.",
        )

    def test_leaves_the_global_numpy_generator_alone(self) -> None:
        """``np.random``'s own state is neither used nor changed."""
        before = np.random.get_state(legacy=False)  # noqa: NPY002  (what must not change)
        self._drawn(self._shapes[-1], 5)
        after = np.random.get_state(legacy=False)  # noqa: NPY002
        claim(
            repr(before) == repr(after),
            f"{self.make()!r} changes the state of np.random. Draw from the `rng` that is given.",
        )

    def setting(self) -> tuple[Ascent, Objective]:
        """Return an Ascent that starts from the initializer's images."""
        return self._ascent(initializer=self.make()), self._target()

    @property
    def _shapes(self) -> tuple[ImageShape, ...]:
        return self.shapes or _SHAPES[self.rank]

    def _drawn(self, shape: ImageShape, seed: int) -> FloatArray:
        space = InputSpace(110.0, std=55.0, low=0.0, high=255.0)
        return attempt(
            lambda: self.make().draw(shape, space, np.random.default_rng(seed)),
            f"{self.make()!r} cannot draw an image of shape {shape}.",
        )
