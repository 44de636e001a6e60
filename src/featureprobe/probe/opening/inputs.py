"""The inputs of a model: which one is the image, of what size, and in which space."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from featureprobe._spatial import MOST, shape_words, size_argument, words_of
from featureprobe.errors import ConfigError, ModelError, ShapeError, nearest
from featureprobe.input_space import InputSpace
from featureprobe.probe.graph.call import Call
from featureprobe.probe.graph.layer_graph import LayerGraph
from featureprobe.probe.graph.own_inputs import own_inputs
from featureprobe.probe.layers.idle_layers import is_framing, is_idle
from featureprobe.probe.layers.keras_own import is_keras_own
from featureprobe.probe.opening.flat_images import Shapes, lines_for
from featureprobe.types import ImageShape


def check_backend(model: Any) -> None:
    """Raise ModelError unless ``model`` is a Keras model that runs on TensorFlow, channels last."""
    if not isinstance(model, keras.Model):
        raise ModelError(
            f"A ModelProbe opens a Keras 3 model. Received: {type(model).__name__}. "
            "Load it with fp.ModelProbe.load(path) or keras.models.load_model(path)."
        )
    if keras.backend.backend() != "tensorflow":
        raise ModelError(
            f"featureprobe runs on Keras' TensorFlow backend. Keras uses "
            f"{keras.backend.backend()!r}. Set KERAS_BACKEND=tensorflow before keras is imported."
        )
    for layer in model._flatten_layers():
        if getattr(layer, "data_format", None) == "channels_first":
            raise ModelError(
                f"The layer {layer.name!r} is channels_first; featureprobe wants channels_last, as "
                "TensorFlow on CPU does. Rebuild the model with data_format='channels_last'."
            )


def symbolic_inputs(model: Any) -> dict[str, tuple[int | None, ...]]:
    """Return name -> shape without the batch axis, of all inputs in order.

    A subclassed model has no symbolic inputs; the shape that it was built with is used.

    Raises:
        ModelError: When a subclassed model does not say what it takes.
    """
    inputs = getattr(model, "inputs", None)
    if inputs:
        return {t.name: tuple(t.shape[1:]) for t in inputs}
    return {name: tuple(t.shape[1:]) for name, t in own_inputs(model)[1].items()}


def input_dtypes(model: Any, names: Sequence[str], images: Sequence[str]) -> dict[str, str]:
    """Return the dtype in which the model gets each input; images are floats, whatever it declares."""
    declared = {t.name: str(t.dtype) for t in getattr(model, "inputs", None) or ()}
    dtypes = {name: declared.get(name, "float32") for name in names}
    return dtypes | {name: "float32" for name in images if "float" not in dtypes[name]}


def declared_batch(model: Any) -> int | None:
    """Return the batch size that a model's inputs declare; None where they leave it open.

    Raises:
        ModelError: When inputs declare different ones.
    """
    sizes = {t.shape[0] for t in getattr(model, "inputs", None) or ()} - {None}
    if len(sizes) > 1:
        raise ModelError(
            f"The inputs of a model take batches of one size. This model's take {sorted(sizes)}. "
            "Build it with one batch size, or with none."
        )
    return next(iter(sizes), None)


def choose_image_input(shapes: Shapes, asked: str | None) -> str:
    """Return the name of the input that takes images.

    That is the only one of pictures (H, W, C), or, where there is none, the only one of series (L, C),
    volumes or videos (D, H, W, C).

    Raises:
        ModelError: When there is none, or more than one and none was asked for.
    """
    if asked is not None and asked not in shapes:
        raise ModelError(f"The model has no input {asked!r}. {nearest(asked, shapes)}")
    all_images = [name for name, shape in shapes.items() if words_of(len(shape) - 1)]
    if asked is not None and asked in all_images:
        return asked
    pictures = [name for name in all_images if len(shapes[name]) == 3]
    images = pictures or all_images
    if len(images) != 1 or asked is not None:
        kinds = [shape_words(rank) for rank in range(1, MOST + 1)]
        raise ModelError(
            f"One input takes images: {', '.join(kinds[:-1])} or {kinds[-1]}. This model has "
            f"{dict(shapes)}. "
            + (
                f"Say which: image_input={images[0]!r}; "
                f"image_input={tuple(images)!r} where all of them take the same image."
                if len(images) > 1
                else f"Probe a net that takes such images. {lines_for(shapes)}".rstrip()
            )
        )
    return images[0]


def image_shape(shape: Sequence[int | None], size: tuple[int, ...] | None, name: str) -> ImageShape:
    """Return (*spatial, C), filling unknown sizes of spatial axes from ``size``.

    Raises:
        ModelError: When the number of channels is not known.
        ShapeError: When a size is needed and not given, or contradicts the model.
    """
    *own, channels = shape
    wanted = size_argument(len(own))
    if channels is None:
        raise ModelError(f"The input {name!r} has an unknown number of channels; fix it first.")
    if size is None:
        known = [length for length in own if length is not None]
        if len(known) < len(own):
            example = ", ".join(map(str, (224, 224) if len(own) == 2 else (64,) * len(own)))
            raise ShapeError(
                f"The model takes images of any size: {tuple(shape)}. "
                f"Choose one, {wanted}: fp.ModelProbe(model, size=({example}{',' * (len(own) == 1)}))."
            )
        return *known, channels
    good = (
        isinstance(size, tuple | list)
        and len(size) == len(own)
        and all(isinstance(s, int | np.integer) and s > 0 for s in size)
    )
    if not good or any(s is not None and s != g for s, g in zip(own, size, strict=True)):
        raise ShapeError(
            f"{wanted} of an image. Received: {size!r}, the model wants "
            f"{tuple(shape)}. Leave it out, or give a size that fits."
        )
    return *map(int, size), channels


def choose_space(
    given: InputSpace | None, graph: LayerGraph, image_inputs: Sequence[int]
) -> InputSpace:
    """Return the given input space, or read it off a leading Rescaling or Normalization layer.

    Args:
        given: What the user passed.
        graph: The model's layer graph.
        image_inputs: Numbers of the values that hold the images; the only layer that takes one counts,
            and one behind layers that change nothing at inference, such as augmentations, or that
            only resize, crop or pad. Several have to say the same.

    Raises:
        ConfigError: When there is none: the range of a model cannot be guessed.
    """
    if isinstance(given, InputSpace):
        return given
    if given is not None:
        raise ConfigError(
            f"input_space is an fp.InputSpace. Received: {given!r}. "
            "Write fp.InputSpace(mean=, std=, low=, high=), or a preset such as fp.InputSpace.caffe()."
        )
    found = leading_space(graph, image_inputs)
    if found is not None:
        return found
    raise ConfigError(
        "The range of a model's input cannot be guessed, and it has no leading Rescaling (to 0..1 "
        "or -1..1) or Normalization layer to read it off. Pass input_space=fp.InputSpace(mean=, std=, low=, "
        "high=), a preset such as fp.InputSpace.torch(), or fp.InputSpace.identity(low=0, high=255)."
    )


def leading_space(graph: LayerGraph, image_inputs: Sequence[int]) -> InputSpace | None:
    """Return what the leading Rescaling or Normalization layer wants; None without one, or where inputs differ."""
    found = [_found_at(graph, number) for number in image_inputs]
    plain = {space and replace(space, assumed="") for space in found}
    return found[0] if len(plain) == 1 else None


def _found_at(graph: LayerGraph, number: int) -> InputSpace | None:
    """Return the space that the first layer behind an input tells; None where it tells none."""
    first, passed = _first_taker(graph, number)
    behind = f", behind {', '.join(map(repr, passed))}" if passed else ""
    return None if first is None else _read_off(first.layer, behind)


def _first_taker(graph: LayerGraph, number: int) -> tuple[Call | None, list[str]]:
    """Return the only call that takes the images, and the paths of those before it that keep values."""
    passed: list[str] = []
    while True:
        takers = [call for call in graph.calls if number in call.sources]
        if len(takers) != 1:
            return None, passed
        passes = is_idle(takers[0].layer) or is_framing(takers[0].layer)
        if not passes or len(takers[0].results) != 1:
            return takers[0], passed
        if type(takers[0].layer) is not keras.layers.Identity:
            passed.append(takers[0].path)
        number = takers[0].results[0]


def _read_off(layer: Any, behind: str) -> InputSpace | None:
    if not is_keras_own(layer):
        return None
    if type(layer) is keras.layers.Rescaling:
        return _of_rescaling(layer, behind)
    if type(layer) is keras.layers.Normalization and not layer.invert:
        return _of_normalization(layer, behind)
    return None


def _of_rescaling(layer: Any, behind: str) -> InputSpace | None:
    ends = [np.unique(np.asarray(v, np.float64)) for v in (layer.scale, layer.offset)]
    if any(v.size != 1 for v in ends):
        return None
    scale, offset = (float(v[0]) for v in ends)
    # What such a layer makes: 0..1 without an offset, -1..1 with one of -1; others mean nothing.
    if scale <= 0 or offset not in (0.0, -1.0):
        return None
    lowest = offset
    low, high = (lowest - offset) / scale, (1.0 - offset) / scale
    return InputSpace(
        low=float(round(low, 6)),
        high=float(round(high, 6)),
        assumed=f"range that the layer {layer.name!r} (Rescaling{behind}) maps to {lowest:g}..1",
    )


def _of_normalization(layer: Any, behind: str) -> InputSpace:
    mean = float(np.mean(np.asarray(layer.mean)))
    spread = float(np.sqrt(np.mean(np.asarray(layer.variance))))
    return InputSpace(
        center=mean,
        spread=spread,
        assumed=f"mean and deviation of the layer {layer.name!r} (Normalization{behind}); open range",
    )
