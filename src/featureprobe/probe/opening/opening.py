"""Open a model: from what the user hands over to a network and the space of its images."""

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from featureprobe._kinds import received
from featureprobe.errors import ConfigError
from featureprobe.input_space import InputSpace
from featureprobe.probe.graph.graph_reader import read_graph
from featureprobe.probe.network.network import Network
from featureprobe.probe.opening import inputs as _inputs
from featureprobe.probe.opening.flat_images import with_images
from featureprobe.probe.opening.other_inputs import other_values
from featureprobe.probe.opening.row_trial import find_rows
from featureprobe.probe.opening.weights import check_weights


def opened(
    model: Any,
    space: InputSpace | None,
    *,
    size: tuple[int, ...] | None,
    image_input: str | None,
    other_inputs: Mapping[str, npt.ArrayLike] | None,
) -> tuple[Network, InputSpace]:
    """Return a model as a network, and how pixels become what it takes.

    Args:
        model: A built Keras model.
        space: What the user gave; None to read it off the model.
        size: As for :class:`ModelProbe`, like the rest.
        image_input: Name of the input that takes images.
        other_inputs: Constant values of all others.

    Raises:
        ModelError, ConfigError, ShapeError, DataError: As for :class:`ModelProbe`.
    """
    _inputs.check_backend(model)
    if not isinstance(image_input, str | None):
        raise ConfigError(
            f"image_input is the name of an input. Received: {received(image_input)}."
        )
    graph, shapes = with_images(read_graph(model), _inputs.symbolic_inputs(model), image_input)
    image = _inputs.choose_image_input(shapes, image_input)
    position = list(shapes).index(image)
    dtypes = _inputs.input_dtypes(model, list(shapes), image)
    others = other_values(shapes, image, other_inputs, dtypes)
    network = Network(
        graph,
        position,
        _inputs.image_shape(shapes[image], size, image),
        [others.get(name) for name in shapes],
        [dtypes[name] for name in shapes],
    )
    space = _inputs.choose_space(space, graph, graph.inputs[position])
    space.check_shape(network.image_shape)
    check_weights(graph)
    network.rows = find_rows(network, space, _inputs.declared_batch(model))
    return network, space
