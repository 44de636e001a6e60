"""Many independent starts of many kinds, each climbed by itself."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from featureprobe.ascent.ascent import Ascent
from featureprobe.ascent.problem.starts import DRAWN, draw_images
from featureprobe.errors import ConfigError, RangeError
from featureprobe.initializers.base import InputInitializer
from featureprobe.initializers.multi_scale_noise import MultiScaleNoise
from featureprobe.initializers.pixel_noise import PixelNoise
from featureprobe.initializers.spectral_noise import SpectralNoise
from featureprobe.objectives.base import Objective, reads_of
from featureprobe.objectives.structure import leaf_of, terms_of
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.results.result import AscentResult
from featureprobe.results.status import Status
from featureprobe.types import FloatArray, Mask

KINDS: tuple[InputInitializer, ...] = (PixelNoise(), MultiScaleNoise(), SpectralNoise())


@dataclass(frozen=True, eq=False)
class Ends:
    """Where T targets got to from R starts each.

    Attributes:
        images: (T, R, H, W, C) pixel units.
        scores: (T, R).
        start_alive: (T, R) whether the target answered to the start as it was drawn.
        alive: (T, R) whether it answers to the end.
        remedies: (T, R) texts: what brought a silent start to life; empty for nothing.
    """

    images: FloatArray
    scores: FloatArray
    start_alive: Mask
    alive: Mask
    remedies: npt.NDArray[np.str_]


def check_ascent_given(ascent: Ascent | None) -> Ascent:
    """Return the given Ascent, or the default one, or raise ConfigError."""
    if ascent is not None and not isinstance(ascent, Ascent):
        raise ConfigError(
            f"ascent is an Ascent. Received: {ascent!r}. Pass fp.Ascent(steps=64), or leave it out."
        )
    return Ascent() if ascent is None else ascent


def check_alone(targets: Sequence[Objective]) -> None:
    """Raise ConfigError where the starts of a target pull at each other."""
    for target in targets:
        if any(leaf_of(term).is_group for _, term in terms_of(target)):
            raise ConfigError(
                "Starts are counted as independent draws, which those of a group objective are "
                f"not. Received: {target!r}. Leave out its group term, such as fp.Diversity."
            )


def kinds_of(
    ascent: Ascent,
    initializers: Sequence[InputInitializer] | InputInitializer | None,
    starts: int,
) -> tuple[InputInitializer, ...]:
    """Return the kinds of starts: given ones, else the Ascent's own one, else ``KINDS``."""
    initializer = ascent.initializer
    own = (initializer,) if isinstance(initializer, InputInitializer) else KINDS
    given: tuple[object, ...] = (initializers,)
    if isinstance(initializers, Iterable):
        given = tuple(initializers)
    kinds = (
        own if initializers is None else tuple(k for k in given if isinstance(k, InputInitializer))
    )
    if not kinds or (initializers is not None and len(kinds) < len(given)):
        raise ConfigError(
            "initializers are one or more InputInitializers. Received: "
            f"{initializers!r}. Pass (fp.PixelNoise(), fp.MultiScaleNoise()), or leave it out."
        )
    if starts < len(kinds):
        raise RangeError(
            f"Each of the {len(kinds)} initializers draws at least one start. Received: starts="
            f"{starts}. Give more starts, or fewer initializers."
        )
    return kinds


def names_of(kinds: Sequence[InputInitializer]) -> tuple[str, ...]:
    """Return a short name for each kind; what occurs twice is numbered."""
    names = [type(kind).__name__ for kind in kinds]
    often, seen, found = Counter(names), Counter[str](), []
    for name in names:
        seen[name] += 1
        found.append(f"{name} {seen[name]}" if often[name] > 1 else name)
    return tuple(found)


def layers_of(targets: Sequence[Objective]) -> str:
    """Return the paths of the layers that targets read, as one text."""
    return ", ".join(dict.fromkeys(read.layer for target in targets for read in reads_of(target)))


def shares_of(starts: int, kinds: int) -> list[int]:
    """Return how many starts each kind gets, as even as can be."""
    return [len(range(kind, starts, kinds)) for kind in range(kinds)]


def climb(
    ascent: Ascent,
    probe: ModelProbe,
    targets: Sequence[Objective],
    kinds: Sequence[InputInitializer],
    starts: int,
    *,
    seed: int,
    progress: bool | None,
) -> Ends:
    """Climb every target from its own ``starts``, a run for each kind of start.

    Without a search: a search picks starts, and what it picks says nothing of how often a maximum
    is found. Kinds have seeds of their own; with a common one, their noise would be the same.
    """
    ascent = ascent.chosen(probe, targets)  # so that the kinds of starts are all that differs
    shares = shares_of(starts, len(kinds))
    seeds = [
        int(np.random.SeedSequence(seed, spawn_key=(k,)).generate_state(1)[0])
        for k in range(len(kinds))
    ]
    _check_apart(probe, kinds, seeds, shares)
    parts = []
    for number, count in enumerate(shares):
        recipe = replace(
            ascent, search=None, starts=count, initializer=kinds[number], record_every=None
        )
        result = recipe.run(probe, targets, rng=seeds[number], progress=progress)
        if (result.status == Status.INTERRUPTED).any():
            raise KeyboardInterrupt
        parts.append(_ends(result))
    names = Ends.__dataclass_fields__
    return Ends(**{n: np.concatenate([getattr(p, n) for p in parts], axis=1) for n in names})


def _check_apart(
    probe: ModelProbe,
    kinds: Sequence[InputInitializer],
    seeds: Sequence[int],
    shares: Sequence[int],
) -> None:
    """Raise ConfigError where more than a tenth of the starts are copies of others."""
    drawn = [
        draw_images([kind], probe, seed, range(count))
        for kind, seed, count in zip(kinds, seeds, shares, strict=True)
    ]
    different = len({image.tobytes() for images in drawn for image in images})
    if different < 0.9 * sum(shares):
        raise ConfigError(
            f"Starts are counted as independent draws. Received: {', '.join(names_of(kinds))}, which "
            f"draw only {different} different images for {sum(shares)} starts. Give more images, or "
            "noise on them, such as fp.FromImages(images, noise=0.3)."
        )


def _ends(result: AscentResult) -> Ends:
    limits = result.dead_thresholds[:, None]
    remedies = np.array(
        [
            [str(text).removeprefix(DRAWN).removeprefix("; ") for text in row]
            for row in result.origins
        ]
    )
    return Ends(
        images=result.images,
        scores=result.scores,
        start_alive=(result.score_trace[0] > limits) & (remedies == ""),
        alive=result.scores > limits,  # not where the score is NaN
        remedies=remedies,
    )
