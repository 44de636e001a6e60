"""What score and image of a target owe to the recipe, beside what they owe to the seed."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from featureprobe import _checks
from featureprobe._arguments import Count, checked
from featureprobe._names import distinct
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.finding import Finding
from featureprobe.analysis.optima.climbing import check_ascent_given, layers_of
from featureprobe.analysis.optima.recipes import Factors, variants_of
from featureprobe.analysis.optima.visible import alike
from featureprobe.ascent.ascent import Ascent
from featureprobe.ascent.problem.targets import Targets, as_targets
from featureprobe.ascent.settings.chosen import choose
from featureprobe.ascent.settings.validation import check_probe
from featureprobe.objectives.base import Objective
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.types import FloatArray, Floats

SEEDS = 3
"""Other seeds of the base recipe: the null."""
LEAST_TARGETS = 5
"""With fewer targets, no factor is called stronger than a seed."""
LEAST_EFFECT = 0.02
"""A smaller loss of similarity is none, however sure it is."""
ROUNDS = 4000
_DRAWS = 20_000  # number of the seed of the bootstrap


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity(Finding):
    """Scores and images of T targets under V recipes, each with one thing changed.

    This is the sensitivity of optima to the recipe. It is not captum's ``sensitivity_max`` (Yeh et al.,
    2019), which says how far an attribution changes when the input is perturbed a little.

    Similarities are the highest correlation over shifts up to 4 pixels of the parts that the target
    sees, -1..1. NaN where a target is dead.

    Option of ``plot``: ``target``, the place or label of the one whose images are drawn; None draws all.

    Args:
        layer: Paths of the layers that are read.
        targets: (T,) labels.
        factors: (V,) what is changed, such as ``"blur"``.
        variants: (V,) to what, such as ``"none"``.
        base_scores: (T,) best scores of the base recipe.
        scores: (V, T) best scores of the variants.
        relative: (V, T) the same as shares of the base's; NaN on another constraint set, where
            scores are of another problem.
        similarity: (V, T) of the best image to the base's.
        null_relative: (S, T) best scores of the base with S other seeds, as shares of the base's.
        null_similarity: (S, T) of their images to the base's.
        effects: (V, 3) mean over targets of ``similarity`` less that of the null, and the ends of
            its interval: a bootstrap over targets, 95 % for all variants together.
        images: (1 + S + V, T, H, W, C) best images, pixel units: base, other seeds, variants.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import sensitivity
        >>> probe, base = fp.samples.mnist_probe(), fp.Ascent(steps=8, search=None)
        >>> sharp = {"blur": {"none": fp.Ascent(steps=8, search=None, regularizers=())}}
        >>> targets = fp.MapMean.each(probe, "Conv2D_3")[4:6]
        >>> found = sensitivity(probe, targets, factors=sharp, ascent=base, starts=1)
        >>> found.similarity.shape, found.null_similarity.shape
        ((1, 2), (3, 2))
    """

    kind: ClassVar[str] = "sensitivity"
    _shapes: ClassVar[str] = (
        "base_scores: T; targets: T; scores: V T; factors: V; variants: V; relative: V T; "
        "similarity: V T; null_relative: S T; null_similarity: S T; effects: V 3; images: _ "
        "T ..."
    )
    layer: str
    _: KW_ONLY
    targets: tuple[str, ...]
    factors: tuple[str, ...]
    variants: tuple[str, ...]
    base_scores: Floats
    scores: Floats
    relative: Floats
    similarity: Floats
    null_relative: Floats
    null_similarity: Floats
    effects: Floats
    images: FloatArray

    @property
    def names(self) -> tuple[str, ...]:
        """(V,) factor and variant as one text."""
        return tuple(f"{f}: {v}" for f, v in zip(self.factors, self.variants, strict=True))

    @property
    def stronger(self) -> npt.NDArray[np.bool_]:
        """(V,) which variants change images more than another seed does."""
        enough = np.isfinite(self.similarity).sum(axis=1) >= LEAST_TARGETS
        return np.asarray(enough & (self.effects[:, 2] < -LEAST_EFFECT))

    @property
    def verdict(self) -> str:
        """Which variants change images more than another seed does."""
        seed = _mean(self.null_similarity.ravel())
        rows = zip(self.names, self.similarity, strict=True)
        shown = [f"{name} ({_mean(row):.2f})" for name, row in rows]
        more, rest = ([text for text, yes in zip(shown, self.stronger, strict=True) if bool(yes) is kind]
                      for kind in (True, False))  # fmt: skip
        parts = [f"more than that changes {', '.join(more)}"] if more else []
        parts += [f"not more than that {', '.join(rest)}"] if rest else []
        said = "; ".join(parts)
        if np.isfinite(self.similarity).sum(axis=1).max() < LEAST_TARGETS:
            said = f"fewer than {LEAST_TARGETS} live targets are not tested: {', '.join(shown)}"
        count = len(self.targets)
        start = f"{self.layer}, {count} target{'s' * (count != 1)}: "
        if not np.isfinite(self.base_scores).any():
            return f"{start}none lives by the base recipe, so there is nothing to compare."
        if not np.isfinite(seed):
            return f"{start}none lives by another seed, so there is nothing to compare with."
        return f"{start}images of another seed correlate with the base's at {seed:.2f}; {said}."

    @property
    def _size(self) -> tuple[float, float]:
        return 10.0, 1.6 + 0.36 * len(self.variants)

    def _size_with(self, options: Mapping[str, Any]) -> tuple[float, float]:
        if options.get("target") is None:
            return self._size
        columns = -(-len(self.images) // 2)
        return max(6.0, 1.75 * columns), 4.8


@checked
def sensitivity(
    probe: ModelProbe,
    targets: Targets,
    *,
    factors: Factors | None = None,
    ascent: Ascent | None = None,
    starts: Count = 4,
    rng: Rng = 0,
    progress: bool | None = None,
) -> Sensitivity:
    """Change one thing of a recipe at a time, and see what becomes of scores and images.

    Inputs are not perturbed, and no attribution is judged: see :class:`Sensitivity`.

    Compared are the best of ``starts`` images of each target, with the same seed. The measure of
    what counts as change is the recipe itself with three other seeds: a variant is called stronger
    when its images are less like the base's than theirs are, by more than 0.02 on the mean over
    targets (with the interval of a bootstrap over targets, 95 % for all variants together by
    Bonferroni's rule).

    Args:
        probe: The opened model.
        targets: One objective or a list; fewer than five are not tested.
        factors: Recipes by factor and by name, such as ``{"blur": {"none": fp.Ascent(...)}}``; None
            varies the kind of start, the constraint set, the blur (none, the default one, strong:
            1.2 pixels every 8 steps to the end) and the steps (half, double).
        ascent: The base recipe.
        starts: Starts of each target, in all recipes.
        rng: Seed of the base and the variants; those of the null follow from it.
        progress: Show a bar for each run; None shows them on a terminal.

    Returns:
        Scores and similarities by recipe, beside the null.

    Raises:
        ConfigError: When factors are no Ascents by name, or none differs from the base.

    Source: article VII of the MNIST series (results depend on the start); Efron's bootstrap, 1979.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import sensitivity
        >>> probe, base = fp.samples.mnist_probe(), fp.Ascent(steps=8, search=None)
        >>> on_sphere = fp.Ascent(steps=8, search=None, constraint=fp.Sphere())
        >>> target = fp.MapMean("Conv2D_3", channel=5)
        >>> found = sensitivity(
        ...     probe, target, factors={"set": {"sphere": on_sphere}}, ascent=base, starts=1
        ... )
        >>> bool(np.isnan(found.relative[0, 0]))  # scores on two sets are not compared
        True
    """
    check_probe(probe)
    listed = as_targets(targets)
    _checks.whole("starts", starts, least=1)
    base = replace(check_ascent_given(ascent), starts=starts).chosen(probe, listed)
    seed, variants = seed_from(rng), variants_of(base, probe, listed, factors)
    seeds = [int(s) for s in np.random.SeedSequence(seed, spawn_key=(1,)).generate_state(SEEDS)]
    runs = [(base, seed), *((base, s) for s in seeds), *((v.ascent, seed) for v in variants)]
    reached = [_reached(a, probe, listed, s, progress) for a, s in runs]
    scores, images = (np.stack(part) for part in zip(*reached, strict=True))
    likeness = alike(probe, listed, images)
    sets = [choose(a, probe, listed).settings.constraint for a, _ in runs]
    other = np.array([own != sets[0] for own in sets])
    relative = np.where(other[:, None], np.nan, scores / scores[0])
    null, rest = slice(1, 1 + SEEDS), slice(1 + SEEDS, None)
    return Sensitivity(
        layers_of(listed),
        targets=distinct([target.label for target in listed]),
        factors=tuple(v.factor for v in variants),
        variants=tuple(v.name for v in variants),
        base_scores=scores[0],
        scores=scores[rest],
        relative=relative[rest],
        similarity=likeness[rest],
        null_relative=relative[null],
        null_similarity=likeness[null],
        effects=_effects(likeness[rest], likeness[null], seed),
        images=images,
    )


def _reached(
    ascent: Ascent, probe: ModelProbe, targets: Sequence[Objective], seed: int, bar: bool | None
) -> tuple[Floats, FloatArray]:
    """Return best scores (T,) and images (T, H, W, C), NaN where a target is dead."""
    result = ascent.run(probe, targets, rng=seed, progress=bar)
    scores = result.best_scores().astype(np.float64)
    alive = scores > result.dead_thresholds
    best = result.best()
    images = np.where(alive.reshape(-1, *(1,) * (best.ndim - 1)), best, np.nan)
    return np.where(alive, scores, np.nan), images.astype(np.float32)


def _effects(similarity: Floats, null: Floats, seed: int) -> Floats:
    """Return (V, 3): mean difference to the null, and the ends of its interval."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_DRAWS,)))
    tail, found = 0.025 / len(similarity), np.full((len(similarity), 3), np.nan)
    for row, values in enumerate(similarity - np.array([_mean(column) for column in null.T])):
        known = values[np.isfinite(values)]
        if len(known):
            means = known[rng.integers(len(known), size=(ROUNDS, len(known)))].mean(axis=1)
            found[row] = known.mean(), *np.quantile(means, [tail, 1 - tail])
    return found


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
