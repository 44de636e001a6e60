"""The words for how well a maximum is defined, and the rules behind them."""

GOOD_GAP = 0.05
"""A start is good when its score is at most this share below the best one of its target."""
ALIKE = 0.9
"""Clusters of images are one maximum from this mean similarity on."""
MOST_SHIFT = 4
"""Similarity is the highest over shifts of up to so many pixels."""
PICTURES = 4
"""So many clusters, from the largest down, have their picture kept and their barriers measured."""
ENOUGH = 5
"""Fewer good starts say nothing of how many maxima there are."""
UNIQUE_SHARE = 0.9
"""A maximum is unique when its cluster holds at least this share of the good starts."""
FLAT_BARRIER = 0.05
"""Maxima with lower barriers between them are one plateau."""
FEW = 8
"""Up to so many maxima (Chao1) are few."""
MOST_UNSEEN = 0.1
"""Above this unseen mass (Good-Turing), more starts would go on showing new maxima."""

WORDS = ("unique", "few", "plateau", "undefined", "dead")


def word(
    alive: int, good: int, largest: float, barrier: float, maxima: float, unseen: float
) -> str:
    """Return the word for one target; the first rule that fits decides.

    Args:
        alive: Starts that end alive.
        good: Starts that are good.
        largest: Share of the good starts in the largest cluster.
        barrier: The highest barrier between the largest clusters.
        maxima: How many there are, by Chao1.
        unseen: Unseen mass.
    """
    if not alive:
        return "dead"
    if good < ENOUGH:
        return "undefined"
    if largest >= UNIQUE_SHARE:
        return "unique"
    if barrier < FLAT_BARRIER:
        return "plateau"
    return "few" if maxima <= FEW and unseen <= MOST_UNSEEN else "undefined"
