"""The value before the activation, found through layers that change nothing.

A classifier seldom ends in its softmax itself: a cast, a reshaping, a dropout may follow. They are
looked through: what they do to the probabilities, they can do to the logits. Where probabilities
were averaged, scaled or handed to unknown code there is no logit any more, and that is said.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import keras

from featureprobe.errors import ModelError
from featureprobe.probe.graph.call import Call
from featureprobe.probe.graph.quotients import divides_by_all
from featureprobe.probe.layers.activations import ending_of
from featureprobe.probe.layers.twin import without_activation
from featureprobe.probe.layers.value_flow import (
    is_known,
    keeps_values,
    kind_of_function,
    makes_values,
)
from featureprobe.types import Tensor

Step = Literal["same", "off", "moved"]
"""What is done at a call: its output is the value; its activation is taken off; it runs on the
values before the activation of its sources."""

Steps = Mapping[int, Step]
"""What is done at each value, by number."""


def steps_before(calls: Sequence[Call], numbers: Sequence[int]) -> dict[int, Step]:
    """Return what leads to the values before the activation of some values.

    Raises:
        ModelError: When one cannot be had.
    """
    makers = {number: call for call in calls for number in call.results}
    steps: dict[int, Step] = {}
    for number in numbers:
        _follow(makers, number, steps)
    return steps


def value_before(
    call: Call, step: Step, values: Mapping[int, Tensor], before: Mapping[int, Tensor]
) -> list[Tensor]:
    """Return the values before the activation of a call's results.

    Args:
        call: The call.
        step: What is done at it.
        values: Values by number, those of the call too where the step is ``"same"``.
        before: Values before the activation, as far as known.
    """
    if step == "same":
        return [values[number] for number in call.results]
    if step == "moved":
        return call.run({**values, **before})
    return without_its_activation(call, values)


def without_its_activation(call: Call, values: Mapping[int, Tensor]) -> list[Tensor]:
    """Return what a call makes before its own activation."""
    way = ending_of(call.layer, call.path).way
    if way == "input":
        return [values[call.sources[0]]]
    return call.run(values, without_activation(call.layer) if way == "fused" else call.layer)


def _follow(makers: Mapping[int, Call], number: int, steps: dict[int, Step]) -> Step:
    """Note what is done at a value and at all that it needs."""
    call = makers.get(number)
    if call is None:  # an input of the model
        return "same"
    if number not in steps:
        if keeps_values(call.layer, len(call.sources)):
            own = {_follow(makers, source, steps) for source in call.sources}
            step: Step = "moved" if own - {"same"} else "same"
        else:
            step = _own_step(makers, call)
        steps.update(dict.fromkeys(call.results, step))
    return steps[number]


def _own_step(makers: Mapping[int, Call], call: Call) -> Step:
    ending = ending_of(call.layer, call.path)
    kind = "plain" if ending.way == "none" else kind_of_function(ending.function)
    if kind not in ("probability", "gate") and _kind_of(call) != "new":
        _refuse_probabilities(makers, call)
    return "same" if ending.way == "none" else "off"


def _refuse_probabilities(makers: Mapping[int, Call], call: Call) -> None:
    """Raise when probabilities, or what unknown code made, reach a call unmixed by learned weights."""
    if divides_by_all(makers, call, lambda number: _unmixed(makers, number)):
        raise _refusal(call, call, "divides values by what is made of all of them")
    seen = {(source, not _gates(call)) for source in call.sources}
    waiting = sorted(seen)
    while waiting:
        number, gates = waiting.pop()
        maker = makers.get(number)
        if maker is None:
            continue
        kind = _kind_of(maker)
        if kind in ("probability", "unknown") or (kind == "gate" and gates):
            made = "may hold probabilities" if kind == "unknown" else "holds probabilities"
            raise _refusal(call, maker, made)
        if kind == "plain":
            if divides_by_all(makers, maker, lambda number: _unmixed(makers, number)):
                raise _refusal(call, maker, "divides values by what is made of all of them")
            fresh = {(source, gates and not _gates(maker)) for source in maker.sources} - seen
            seen |= fresh
            waiting += sorted(fresh)


def _refusal(call: Call, maker: Call, made: str) -> ModelError:
    own = made == "holds probabilities"
    such = f", such as fp.Logit(index, layer={maker.path!r})" if own else ""
    return ModelError(
        f"The value before the activation of {call.path!r} ({type(call.layer).__name__}) "
        f"cannot be read: it is computed from {maker.path!r}, which {made}, in a way that "
        "cannot be done to logits. Read it as it is (pre=False, such as fp.Node(layer, "
        f"index=...)), or read {maker.path!r} itself{such}."
    )


def _unmixed(makers: Mapping[int, Call], number: int) -> frozenset[int]:
    """Return a value and what it is made of, back to what learned weights made."""
    found, waiting = {number}, [number]
    while waiting:
        maker = makers.get(waiting.pop())
        if maker is not None and _kind_of(maker) != "new":
            waiting += [source for source in maker.sources if source not in found]
            found |= set(maker.sources)
    return frozenset(found)


def _gates(call: Call) -> bool:
    """Whether numbers from 0 to 1 that a call gets may be gates, which make no probability of it."""
    return type(call.layer).__name__ == "Multiply"


def _kind_of(call: Call) -> str:
    """Say what a call makes: ``"new"`` values by learned weights, or what its inputs make of it."""
    layer: Any = call.layer
    try:
        ending = ending_of(layer, call.path)
    except ModelError:
        return "new" if _is_recurrent(layer) else "unknown"
    if makes_values(layer) or not is_known(layer):
        kind = "plain" if ending.function is None else kind_of_function(ending.function)
        return "new" if kind == "plain" else kind
    return kind_of_function(layer if ending.function is None else ending.function)


def _is_recurrent(layer: Any) -> bool:
    return is_known(layer) and isinstance(layer, keras.layers.RNN)
