"""Which inputs take images: one, or several that take the same one."""

from collections.abc import Iterable, Mapping, Sequence

from featureprobe._kinds import received
from featureprobe.errors import ConfigError, ModelError, ShapeError
from featureprobe.probe.graph.layer_graph import LayerGraph
from featureprobe.probe.opening import inputs as _inputs
from featureprobe.probe.opening.flat_images import Shape, Shapes, with_images
from featureprobe.probe.opening.input_names import InputNames
from featureprobe.types import ImageShape


def asked_inputs(given: object, names: InputNames) -> tuple[str, ...]:
    """Return the names of the inputs that were asked for; none where it was left open.

    Raises:
        ConfigError: When it is no name, and no list of names.
        ModelError: When the model has no such input.
    """
    if given is None:
        return ()
    listed = (given,) if isinstance(given, str) else given
    good = isinstance(listed, tuple | list) and all(isinstance(word, str) for word in listed)
    if not good or not isinstance(listed, tuple | list) or not listed:
        raise ConfigError(
            f"image_input is the name of an input, or a tuple of names of inputs that take the same "
            f"image. Received: {received(given)}."
        )
    found = tuple(names.name_of(word, "The model has no input") for word in listed)
    if len(set(found)) < len(found):
        raise ConfigError(
            f"image_input names an input twice. Received: {received(given)}. Name each once."
        )
    return found


def with_images_asked(
    graph: LayerGraph, shapes: Shapes, asked: Sequence[str]
) -> tuple[LayerGraph, Shapes]:
    """Return graph and shapes with images where the model reshapes an input to one."""
    for name in asked or (None,):
        graph, shapes = with_images(graph, shapes, name)
    return graph, shapes


def choose_image_inputs(
    shapes: Shapes, asked: Sequence[str], others: Iterable[str]
) -> tuple[str, ...]:
    """Return the names of the inputs that take the image.

    Args:
        shapes: Of all inputs by name.
        asked: Those that were asked for; none where it was left open.
        others: Those that have a constant value.

    Raises:
        ModelError: When none can, or it is not clear which.
    """
    if asked:
        return tuple(_inputs.choose_image_input(shapes, name) for name in asked)
    try:
        return (_inputs.choose_image_input(shapes, None),)
    except ModelError:
        held = set(others)
        free = {name: shape for name, shape in shapes.items() if name not in held}
        if not held or not free:
            raise
        return (_inputs.choose_image_input(free, None),)


def common_image_shape(shapes: Shapes, images: Sequence[str], size: object) -> ImageShape:
    """Return the shape of the image that all of some inputs take.

    Raises:
        ModelError, ShapeError: When they do not take one and the same.
    """
    first, *rest = (shapes[name] for name in images)
    for shape in rest:
        first = _agreed(first, shape, shapes, images)
    return _inputs.image_shape(first, size, images[0])  # type: ignore[arg-type]


def _agreed(one: Shape, other: Shape, shapes: Mapping[str, Shape], images: Sequence[str]) -> Shape:
    pairs = list(zip(one, other, strict=False))
    if len(one) != len(other) or any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ShapeError(
            f"Inputs that take the same image take one shape. "
            f"Received: { {name: shapes[name] for name in images} }. For an image of its own for each, pass "
            f"input_space={{{images[0]!r}: ..., {images[-1]!r}: ...}}."
        )
    return tuple(b if a is None else a for a, b in pairs)
