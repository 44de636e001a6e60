"""Whether there is one maximum, a few, a plateau, or none that two starts agree on."""

from collections.abc import Sequence

import numpy as np

from featureprobe import _checks
from featureprobe._arguments import Count, checked
from featureprobe._names import distinct
from featureprobe._randomness import Rng, seed_from
from featureprobe.analysis.optima.climbing import (
    check_alone,
    check_ascent_given,
    climb,
    kinds_of,
    layers_of,
    names_of,
    shares_of,
)
from featureprobe.analysis.optima.defined import Definedness
from featureprobe.analysis.optima.landscape import ANGLES, SHARES, Landscape
from featureprobe.analysis.optima.maxima import describe_maxima
from featureprobe.ascent.ascent import Ascent
from featureprobe.ascent.problem.targets import Targets, as_targets
from featureprobe.ascent.settings.validation import check_probe
from featureprobe.initializers.base import InputInitializer
from featureprobe.probe.model_probe import ModelProbe

__all__ = ["Definedness", "definedness"]


@checked
def definedness(
    probe: ModelProbe,
    targets: Targets,
    *,
    starts: Count = 50,
    ascent: Ascent | None = None,
    initializers: Sequence[InputInitializer] | InputInitializer | None = None,
    rng: Rng = 0,
    progress: bool | None = None,
) -> Definedness:
    """Climb each target from many independent starts, and see how far the ends agree.

    A start is good when it ends at most 5 % below the best one. Good ends are joined to clusters
    by average linkage, from a mean similarity of 0.9 on. Similarity is the highest correlation over
    shifts up to 4 pixels of what the target sees, with its sign: a map's mean is often the same for
    an image and its shifted copy, so such ties are one maximum here. What a shift moves over the
    edge counts as different. The first rule that fits gives the word:

    - ``dead``: no start ends alive.
    - ``undefined``: fewer than 5 good starts, so nothing can be said of maxima.
    - ``unique``: one cluster holds at least 90 % of the good starts.
    - ``plateau``: between the largest clusters (four at most, of equal ones those with the best
      scores) no barrier reaches 5 %.
    - ``few``: at most 8 maxima, by Chao1, and an unseen mass of at most 0.1.
    - ``undefined``: more maxima than that; more starts would go on showing new ones.

    The best score is that of these starts, so one at least is always good. All is said of the given
    recipe, constraint set and kinds of starts; a climb that stops early, or blurs to its end, makes
    maxima look less defined than they are.

    Args:
        probe: The opened model.
        targets: One objective or a list.
        starts: Starts of each target, shared out evenly among the initializers.
        ascent: The recipe; its own ``search`` is left out, since a search picks starts.
        initializers: What draws the starts; None: the Ascent's own, or else pixel noise,
            multi-scale noise and spectral noise. ``fp.FromImages(images)`` adds natural images.
        rng: Seed of starts, runs and directions.
        progress: Show a bar for each initializer; None shows them on a terminal.

    Returns:
        Scores, clusters, barriers, tuning curves and a word for each target.

    Raises:
        ConfigError: When the starts of a target would not be independent, more than a tenth of them
            are copies, or something is no initializer or no Ascent.
        RangeError: When there are fewer starts than initializers, or fewer than two.
        MissingExtraError: Without scipy, which ``featureprobe[analysis]`` brings.

    Source: questions of article VII of the MNIST series; barriers between minima as in Draxler et
    al., "Essentially no barriers in neural network energy landscape", 2018.

    Example:
        >>> import featureprobe as fp
        >>> from featureprobe.analysis.optima import definedness
        >>> probe = fp.samples.mnist_probe()
        >>> target = fp.MapMean("Conv2D_3", channel=5)
        >>> found = definedness(probe, target, starts=12, ascent=fp.Ascent(steps=24))
        >>> print(found.describe(0))  # doctest: +ELLIPSIS
        Conv2D_3 channel 5, 12 starts: ...
    """
    check_probe(probe)
    listed, recipe = as_targets(targets), check_ascent_given(ascent)
    check_alone(listed)
    _checks.whole("starts", starts, least=2)
    kinds, seed = kinds_of(recipe, initializers, starts), seed_from(rng)
    ends = climb(recipe, probe, listed, kinds, starts, seed=seed, progress=progress)
    landscape = Landscape.of(recipe, probe, listed)
    return Definedness(
        layers_of(listed),
        targets=distinct([target.label for target in listed]),
        constraint=landscape.constraint.kind,
        kinds=names_of(kinds),
        kind_of=np.repeat(np.arange(len(kinds)), shares_of(starts, len(kinds))),
        scores=ends.scores,
        start_alive=ends.start_alive,
        alive=ends.alive,
        remedies=ends.remedies,
        distances=ANGLES if landscape.round else SHARES,
        **describe_maxima(ends, landscape, seed),
    )
