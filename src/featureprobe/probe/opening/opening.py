"""Open a model: from what the user hands over to a network and the space of its images."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from featureprobe.input_space import InputSpace
from featureprobe.probe.graph.graph_reader import read_graph
from featureprobe.probe.graph.layer_graph import LayerGraph
from featureprobe.probe.graph.own_code import Follow
from featureprobe.probe.network.feeding import Feeding
from featureprobe.probe.network.network import Network
from featureprobe.probe.opening import inputs as _inputs
from featureprobe.probe.opening.agreement import agrees
from featureprobe.probe.opening.families import space_of_family
from featureprobe.probe.opening.image_inputs import (
    asked_inputs,
    choose_image_inputs,
    common_image_shape,
    with_images_asked,
)
from featureprobe.probe.opening.input_names import InputNames
from featureprobe.probe.opening.joint_inputs import joint_space, own_image_shapes, spaces_by_name
from featureprobe.probe.opening.other_inputs import (
    other_values,
    others_by_name,
    undeclared_dtypes,
)
from featureprobe.probe.opening.row_trial import find_rows
from featureprobe.probe.opening.weights import check_weights
from featureprobe.types import ImageShape


def opened(
    model: Any,
    space: InputSpace | Mapping[Any, InputSpace | None] | None,
    *,
    size: tuple[int, ...] | None,
    image_input: str | Sequence[str] | None,
    other_inputs: Mapping[str, Any] | None,
) -> tuple[Network, InputSpace]:
    """Return a model as a network, and how pixels become what it takes.

    Args:
        model: A built Keras model.
        space: What the user gave; None to read it off the model. A dict by input name: each of these
            inputs takes an image of its own.
        size: As for :class:`ModelProbe`, like the rest.
        image_input: Name of the input that takes images, or names of those that take the same one.
        other_inputs: Constant values of all others.

    Raises:
        ModelError, ConfigError, ShapeError, DataError: As for :class:`ModelProbe`.
    """
    _inputs.check_backend(model)
    for follow in get_args(Follow):
        graph, feeding, shape, given = _fed(
            model, read_graph(model, follow=follow), space, size, image_input, other_inputs
        )
        network = Network(graph, feeding, shape)
        found = _inputs.choose_space(_assumed(given, network, model), graph, feeding.images)
        found.check_shape(network.image_shape)
        if not graph.own_code or agrees(network, model, found):
            break
    check_weights(network.graph)
    network.rows = find_rows(network, found, _inputs.declared_batch(model))
    return network, found


def _assumed(space: InputSpace | None, network: Network, model: Any) -> InputSpace | None:
    """Return the given space, or what a net of keras.applications wants that has no layer to tell it."""
    if space is not None:
        return space
    leading = _inputs.leading_space(network.graph, network.image_inputs)
    if leading is not None and leading.low is not None:  # a Normalization says nothing of the range
        return None
    return space_of_family(network, _inputs.declared_batch(model))


def _fed(
    model: Any,
    graph: LayerGraph,
    space: InputSpace | Mapping[Any, InputSpace | None] | None,
    size: tuple[int, ...] | None,
    image_input: str | Sequence[str] | None,
    other_inputs: Mapping[str, Any] | None,
) -> tuple[LayerGraph, Feeding, ImageShape, InputSpace | None]:
    """Return a graph that takes images, what its inputs get, the images' shape and the space given."""
    declared = _inputs.symbolic_inputs(model)
    names = InputNames(model, tuple(declared))
    given = others_by_name(other_inputs, names)
    asked = asked_inputs(image_input, names)
    spaces, single, asked = spaces_by_name(space, names, asked)
    graph, shapes = with_images_asked(graph, declared, asked)
    images = choose_image_inputs(shapes, asked, given)
    dtypes = _inputs.input_dtypes(model, list(shapes), images) | undeclared_dtypes(model, given)
    others = other_values(shapes, images, given, dtypes)
    number = dict(zip(shapes, graph.inputs, strict=True))
    numbers = tuple(number[name] for name in images)
    joint = None
    if len(spaces) > 1:
        each = own_image_shapes(shapes, images, size)
        single = joint = joint_space(each, spaces, graph, numbers)
        shape: ImageShape = joint.shape
    else:
        shape = common_image_shape(shapes, images, size)
    feeding = Feeding(
        numbers,
        {number[name]: value for name, value in others.items()},
        {number[name]: dtype for name, dtype in dtypes.items()},
        joint,
    )
    return graph, feeding, shape, single
