"""Quotients: values divided by what is made of all of them, as a softmax by hand ends.

Such values sum to 1, or have length 1: one of them rises when others fall, so that it is no logit,
whatever was done to the values before.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from keras import tree

from featureprobe.probe.graph.call import Call, Slot
from featureprobe.probe.layers.keras_own import is_keras_own
from featureprobe.probe.layers.value_flow import makes_values

_DIVIDING = ("Divide", "TrueDivide", "DivideNoNan", "FloorDivide")
_NORMALIZING = ("UnitNormalization", "Normalize")  # by the norm of what they are given
_INVERTING = (*_DIVIDING, "Reciprocal", "Rsqrt", "Power")  # what a product may divide by

Makers = Mapping[int, Call]
"""What makes each value, by number."""


def divides_by_all(makers: Makers, call: Call, unmixed: Callable[[int], frozenset[int]]) -> bool:
    """Whether a call divides values by what is made of several of the same values.

    Of vectors, as the outputs of classifiers are: maps and tokens are normalized on their way. A division
    by a constant, of each value by something of its own, or by what is made of other values, such as
    the norm of the features before a head, is none.

    Args:
        makers: The graph.
        call: The call.
        unmixed: Returns a value and what it is made of, as far as its values are told apart.
    """
    name = type(call.layer).__name__
    vectors = all(sum(size != 1 for size in shape) <= 1 for shape in call.shapes)
    if not vectors or not is_keras_own(call.layer):
        return False
    if name in _NORMALIZING:
        return True
    return any(
        _gathers(makers, below, unmixed(above)) for above, below in _fractions(makers, call, name)
    )


def _fractions(makers: Makers, call: Call, name: str) -> Iterator[tuple[int, int]]:
    """Yield what a call divides, and by what."""
    given = [
        [slot.number for slot in tree.flatten(value) if isinstance(slot, Slot)]
        for value in (*call.args, *call.kwargs.values())
    ]
    if name in _DIVIDING and len(given) > 1:
        yield from ((above, below) for above in given[0] for below in given[1])
    if name == "Multiply":
        factors = [number for numbers in given for number in numbers]
        for below in factors:
            if _is_inverted(makers, below):
                yield from ((above, below) for above in factors if above != below)


def _is_inverted(makers: Makers, number: int) -> bool:
    """Whether a factor is one over something, maybe reshaped."""
    while (maker := makers.get(number)) is not None and len(maker.sources) == 1:
        if type(maker.layer).__name__ in _INVERTING:
            return True
        number = maker.sources[0]
    return False


def _gathers(makers: Makers, number: int, values: frozenset[int]) -> bool:
    """Whether a value is made of several numbers of one of some values."""
    seen = {(number, False)}
    waiting = [(number, False)]
    while waiting:
        number, gathered = waiting.pop()
        if number in values:
            if gathered:
                return True
            continue
        maker = makers.get(number)
        if maker is not None:
            own = gathered or _makes_fewer(makers, maker)
            fresh = {(source, own) for source in maker.sources} - seen
            seen |= fresh
            waiting += sorted(fresh)
    return False


def _makes_fewer(makers: Makers, call: Call) -> bool:
    """Whether a call makes fewer numbers than it is given, or sums over them."""
    given = [_size(makers[n], n) for n in call.sources if n in makers]
    made = max(_size(call, n) for n in call.results)
    return makes_values(call.layer) or (bool(given) and made < max(given))


def _size(call: Call, number: int) -> int:
    shape = call.shapes[call.results.index(number)]
    return int(np.prod([size or 1 for size in shape]))
