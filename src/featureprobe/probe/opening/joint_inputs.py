"""Inputs that each take an image of their own: their spaces, by name, and what they make together."""

from collections.abc import Mapping, Sequence
from typing import Any

from featureprobe._kinds import received
from featureprobe.errors import ConfigError
from featureprobe.input_space import InputSpace
from featureprobe.joint_space import JointSpace
from featureprobe.probe.graph.layer_graph import LayerGraph
from featureprobe.probe.opening.flat_images import Shapes
from featureprobe.probe.opening.image_inputs import asked_inputs
from featureprobe.probe.opening.input_names import InputNames
from featureprobe.probe.opening.inputs import choose_space, image_shape
from featureprobe.types import ImageShape

Spaces = Mapping[str, InputSpace | None]


def spaces_by_name(
    given: Any, names: InputNames, asked: Sequence[str]
) -> tuple[Spaces, InputSpace | None, tuple[str, ...]]:
    """Return the spaces of several inputs, the one space of a single image, and the inputs asked for.

    A dict of one entry is a space and the name of its input; a tuple of names in place of a name
    stands for inputs that take the same image.

    Args:
        given: What was given as input_space.
        names: Of the inputs.
        asked: The inputs that were asked for by image_input.

    Raises:
        ConfigError: When spaces are no spaces, or image_input names other inputs.
    """
    if not isinstance(given, Mapping):
        return {}, given, tuple(asked)
    if not given:
        raise ConfigError(
            "input_space is an empty dict. Give a space for each image input by its name."
        )
    _check_spaces(given)
    if len(given) == 1:
        ((word, space),) = given.items()
        named = asked_inputs(word, names)
        _check_asked(named, asked)
        return {}, space, named
    spaces = names.by_name(given, "input_space")
    _check_asked(tuple(spaces), asked)
    return spaces, None, tuple(spaces)


def _check_spaces(given: Mapping[Any, Any]) -> None:
    for word, space in given.items():
        if space is not None and not isinstance(space, InputSpace):
            raise ConfigError(
                f"input_space[{word!r}] is an fp.InputSpace, or None to read it off the model. "
                f"Received: {received(space)}."
            )


def _check_asked(named: Sequence[str], asked: Sequence[str]) -> None:
    if asked and set(asked) != set(named):
        raise ConfigError(
            f"input_space has spaces for {sorted(named)}, image_input names {sorted(asked)}. "
            "Leave image_input out: the names in input_space say it."
        )


def own_image_shapes(shapes: Shapes, images: Sequence[str], size: Any) -> dict[str, ImageShape]:
    """Return the shape of the image that each input takes; ``size`` is of those that leave it open."""
    found = {}
    for name in images:
        shape = shapes[name]
        found[name] = image_shape(shape, size if None in shape[:-1] else None, name)
    return found


def joint_space(
    shapes: Mapping[str, ImageShape], spaces: Spaces, graph: LayerGraph, numbers: Sequence[int]
) -> JointSpace:
    """Return the space of all images together.

    Args:
        shapes: Of the image of each input.
        spaces: As given; None is read off the model.
        graph: The layer graph.
        numbers: Of the inputs, in the order of ``shapes``.
    """
    known = [
        choose_space(spaces[name], graph, (number,))
        for name, number in zip(shapes, numbers, strict=True)
    ]
    return JointSpace(names=tuple(shapes), shapes=tuple(shapes.values()), spaces=tuple(known))
