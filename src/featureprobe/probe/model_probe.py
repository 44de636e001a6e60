"""ModelProbe: a trained model, opened."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Any, Self, overload

import numpy as np
import numpy.typing as npt

from featureprobe import _checks, image_source
from featureprobe._arguments import checked_methods
from featureprobe._hints import Hints
from featureprobe._kinds import OWN
from featureprobe.errors import ShapeError
from featureprobe.grid import ActivationGrid
from featureprobe.input_space import InputSpace
from featureprobe.joint_space import JointSpace
from featureprobe.probe.fingerprint import fingerprint_of
from featureprobe.probe.graph.layer_graph import Wanted
from featureprobe.probe.layer_table import LayerRow, LayerTable
from featureprobe.probe.network.network import Network
from featureprobe.probe.opening.class_names import class_names, fitting
from featureprobe.probe.opening.inputs import leading_space
from featureprobe.probe.opening.loading import load_model
from featureprobe.probe.opening.opening import opened
from featureprobe.probe.spaces.checking import checked_input
from featureprobe.probe.spaces.input_check import InputCheck
from featureprobe.types import OUTPUT, FloatArray, ImageShape, flag, output_path

_Paths = Annotated[str | Sequence[str], OWN]
_Labels = Annotated[Sequence[str] | Mapping[int, str] | None, OWN]


@checked_methods
class ModelProbe(Hints):
    """A trained Keras model, opened for looking; it is never changed.

    Its images are (*spatial, C): pictures (H, W, C), series (L, C), volumes or videos (D, H, W, C).

    Sequential, functional and nested models are seen layer by layer (``backbone/conv2``; a layer
    that is called twice is ``conv@1`` and ``conv@2``). So are subclassed models and blocks, whose ``call``
    is traced symbolically: layers by their names, operations of Keras and TensorFlow by their kinds
    (``block/conv``, ``block/relu@2``). Where that fails, as with ``keras.ops.shape``, its layers are recorded
    while it runs: they can be read and optimized, but what lies between them is unknown, so that
    their receptive fields are the whole image. Of a model that turns tensors into numbers of Python,
    only the output can be reached, and the error for a layer says what stopped it.

    Args:
        model: A built Keras 3 model on the TensorFlow backend, channels last.
        input_space: How pixel units become model units. Without it, it is read off a leading
            Rescaling or Normalization layer, also behind augmentations, resizing and cropping. A dict of
            spaces by input name: each of these inputs takes an image of its own, and images are dicts
            by input name, here and in results.
        size: For models that take images of any size: one number for each spatial axis, such as
            (rows, columns), or (samples,) for a series.
        image_input: Name of the input that takes images, when there are several; a tuple of names
            where several take one and the same image. In models that take dicts, keys are names too.
        other_inputs: Constant values of all other inputs by name, without the batch axis or in a batch
            of one: numbers, ids, masks, or images in model units. Each keeps its input's dtype.
        labels: Names of the classes: one for each, in the order of the output, or a dict of names by
            number, where classes that are left out are called by their number.

    Raises:
        ModelError: When the model cannot be probed.
        ConfigError: When the input space is missing or does not fit.
        ShapeError: When a size is missing or does not fit.

    Example:
        >>> import featureprobe as fp
        >>> probe = fp.samples.mnist_probe()
        >>> probe.image_shape
        (28, 28, 1)
    """

    def __init__(
        self,
        model: Any,
        *,
        input_space: InputSpace | Mapping[str, InputSpace | None] | None = None,
        size: tuple[int, ...] | None = None,
        image_input: str | Sequence[str] | None = None,
        other_inputs: Mapping[str, Any] | None = None,
        labels: _Labels = None,
    ) -> None:
        self._model = model
        self._opened: dict[str, Any] = {
            "size": size,
            "image_input": deepcopy(image_input),
            "other_inputs": deepcopy(other_inputs),  # the user's arrays may change
        }
        self._network, self._input_space = opened(model, input_space, **self._opened)
        self._labels = class_names(labels, self._network)

    @classmethod
    def load(
        cls, path: str | Path, *, custom_objects: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Self:
        """Open a saved model (``.keras``, or legacy ``.h5``) in Keras' safe mode.

        Architectures of Keras 1 and 2 are mended where what they compute stays the same.

        Args:
            path: The file.
            custom_objects: Classes of the model that Keras does not know, by name.
            **kwargs: As for :class:`ModelProbe`.

        Raises:
            DataError: When the file is missing, damaged, or of another kind (which is named).
            ModelError: When a custom class is missing (it is named), the file holds weights only, or
                code that is refused.
        """
        return cls(load_model(path, custom_objects), **kwargs)

    @property
    def model(self) -> Any:
        """The user's model, as it was given."""
        return self._model

    def reopened(self, model: Any) -> "ModelProbe":
        """Open another model of the same inputs, a copy, say, as this one was opened.

        Raises:
            ModelError, ShapeError: When the model does not take what this one takes.
        """
        other = ModelProbe(model, input_space=self._given_space, **self._opened)
        other._labels = fitting(self._labels, other._network)
        return other

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what it was opened with; what was compiled is compiled anew."""
        kept = {"input_space": self._given_space, "labels": self._labels, **self._opened}
        return partial(ModelProbe, **kept), (self._model,)

    @property
    def _given_space(self) -> InputSpace | dict[str, InputSpace | None]:
        """The input space as it is given: a dict where several images are optimized together."""
        space = self._input_space
        if isinstance(space, JointSpace):
            return dict(zip(space.names, space.spaces, strict=True))
        return space

    @property
    def network(self) -> Network:
        """The layer graph as a function of images in model units, for engines and analyses."""
        return self._network

    @property
    def input_space(self) -> InputSpace:
        """How pixel units become model units."""
        return self._input_space

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Names of the classes, in the order of the output; None when nobody gave them."""
        return self._labels

    @property
    def image_shape(self) -> ImageShape:
        """(*spatial, C) of one image, such as (H, W, C)."""
        return self._network.image_shape

    @property
    def image_shapes(self) -> dict[str, ImageShape]:
        """The shape of the image of each input, by name, where several are optimized together; else empty.

        Inside, their values stand side by side: then :attr:`image_shape` is (1, P, 1).
        """
        space = self._input_space
        return dict(zip(space.names, space.shapes)) if isinstance(space, JointSpace) else {}

    @property
    def name(self) -> str:
        """Name of the model."""
        return str(self.model.name)

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """Paths of all layers, from input to output."""
        return tuple(name for call in self._network.graph.calls for name in call.names)

    @property
    def fingerprint(self) -> str:
        """The sha256 of the weights and the layer paths, by which a recipe knows its net.

        It is computed anew each time, since the user may train the model on.
        """
        return fingerprint_of(self._model, self.layers)

    def __repr__(self) -> str:
        return (
            f"ModelProbe({self.name!r}, {len(self._network.graph.calls)} layers, images "
            f"{self.image_shapes or self.image_shape}, {self.input_space!r})"
        )

    def summary(self) -> LayerTable:
        """Return the layer table: path, kind, shape, maps, parameters, receptive field, jump."""
        rows = []
        counted: set[int] = set()
        results = [
            (c, *pair) for c in self._network.graph.calls for pair in zip(c.names, c.results)
        ]
        for call, path, number in results:
            shape = self._network.shapes[number]
            sizes = tuple(axis.size for axis in self._network.fields[number])
            jumps = tuple(axis.jump for axis in self._network.fields[number])
            maker = call.maker(number)
            fresh = id(maker) not in counted and hasattr(maker, "count_params")
            counted.add(id(maker))
            rows.append(
                LayerRow(
                    path=path,
                    kind=type(maker).__name__,
                    shape=shape,
                    maps=shape[-1] if len(shape) == len(self.image_shape) else None,
                    parameters=maker.count_params() if fresh else 0,
                    receptive_field=None if None in sizes else sizes,  # type: ignore[arg-type]
                    jump=None if None in jumps else jumps,  # type: ignore[arg-type]
                )
            )
        note = f"Images {self.image_shapes or self.image_shape} in pixel units. "
        note += self.input_space.describe()
        if hidden := self._network.graph.hidden:
            note += f" {hidden}"
        return LayerTable(self.name, tuple(rows), note)

    def shape_of(self, layer: str) -> tuple[int, ...]:
        """Return a layer's output shape without the batch axis.

        Raises:
            UnknownLayerError: When there is no such layer.
        """
        return self._network.shape_of(layer)

    @overload
    def activations(  # type: ignore[overload-overlap]  # a str is a sequence of str to mypy
        self, images: npt.ArrayLike, layers: str, *, pre: bool = ...
    ) -> FloatArray: ...
    @overload
    def activations(
        self, images: npt.ArrayLike, layers: Sequence[str], *, pre: bool = ...
    ) -> dict[str, FloatArray]: ...
    def activations(
        self, images: npt.ArrayLike, layers: _Paths, *, pre: bool = False
    ) -> FloatArray | dict[str, FloatArray]:
        """Return what layers answer to images, computed in memory-bounded batches.

        Args:
            images: (N, *spatial, C), or one image (*spatial, C), pixel units, uint8 or float.
            layers: A path, or a list of paths.
            pre: Take the values before the layers' activations, found through what changes nothing.

        Returns:
            (N, ...) of one layer, or a dict of such arrays by path; float32, or float64 where the
            model computes in float64.
        """
        pre = flag("pre", pre)
        if isinstance(layers, str) or not np.iterable(layers):
            return self._run(images, ((layers, pre),))[0]
        paths = _checks.some(layers, "layers")
        return dict(zip(paths, self._run(images, tuple((p, pre) for p in paths)), strict=True))

    def predict(self, images: npt.ArrayLike) -> FloatArray:
        """Return the model's output for images (N, *spatial, C) in pixel units; see OUTPUT.

        Of a model with several outputs it is a dict of such arrays: by the keys of the dict that the
        model returns, else by the layers that make them.
        """
        names = tuple(dict.fromkeys(self._network.graph.output_names))
        if len(self._network.graph.outputs) == 1:
            return self.activations(images, OUTPUT)
        found = self._run(images, tuple((output_path(name), False) for name in names))
        return dict(zip(names, found, strict=True))  # type: ignore[return-value]  # mostly one array

    def check(self, images: npt.ArrayLike, labels: Any = None) -> InputCheck:
        """Return whether the model is fed as it was trained: this input space beside the usual ones.

        The same images, in the same pixel units, are fed in each space: the probe's own, 0..1, -1..1, 0..255, Keras'
        ``caffe`` and ``torch``, each with the channels in either order, unchanged, and standardized. With
        labels, spaces are compared by how many answers are right, and those of like accuracy by the loss. Without,
        by how well what reaches the first BatchNormalization and Normalization layers agrees with
        the means and variances that these hold; where there are none, by how far predictions for shifted views of
        an image agree, a weaker measure. The probe stays as it is.

        Args:
            images: (N, *spatial, C), pixel units, as the files hold them. Six are few, two hundred are many.
            labels: N right answers: class numbers, one-hot rows, names (with ``labels=`` of the
                probe), sets of either of which any is right, 0 or 1 for sigmoid outputs, or values of a regression.

        Returns:
            The spaces, the best first, their figures, and a sentence. Spaces that so many images do not
            tell apart are named.

        Raises:
            ShapeError: When images do not fit the model, or labels the images or the output.
            ConfigError: When a class does not exist.
            ModelError: When labels are given and the model has several outputs.

        Example:
            >>> import featureprobe as fp
            >>> images, labels = fp.samples.mnist_digits()
            >>> check = fp.samples.mnist_probe().check(images[:200], labels[:200])
            >>> check.as_trained
            True
        """
        return checked_input(
            self._network,
            self._input_space,
            _checks.images(images, self.image_shape, dtype=self._network.dtype),
            labels,
            model=self.name,
            names=self._labels,
            leading=leading_space(self._network.graph, self._network.image_inputs),
        )

    def grid(self, image: npt.ArrayLike, layer: str, *, name: str | None = None) -> ActivationGrid:
        """Return what all maps or nodes of a layer answer to one image.

        Args:
            image: (*spatial, C), pixel units.
            layer: Path of the layer.
            name: Name of the image; images of ``fp.samples`` carry theirs.
        """
        batch = _checks.images(image, self.image_shape, what="image")
        if len(batch) != 1:
            raise ShapeError(f"A grid shows one image. Received {len(batch)}; pass images[0].")
        single_output = len(self._network.graph.outputs) == 1
        wanted = ((layer, False), *(((OUTPUT, False),) if single_output else ()))
        values = self._run(batch, wanted)
        return ActivationGrid(
            values[0][0],
            layer=layer,
            kind=type(self._network.graph.call_of(layer).layer).__name__,
            image=batch[0],
            prediction=values[1][0] if single_output and values[1].ndim == 2 else None,
            labels=self._labels if single_output and values[1].ndim == 2 else None,
            source=image_source.source_of(batch[0], name),
        )

    def _run(self, images: npt.ArrayLike, wanted: tuple[Wanted, ...]) -> list[FloatArray]:
        dtype, space = self._network.dtype, self._input_space
        if isinstance(space, JointSpace):
            pixels = space.checked(images, dtype)
        else:
            pixels = _checks.images(images, self.image_shape, dtype=dtype)
            _checks.warn_of_scale(pixels, space.low, space.high)
        return self._network.run(space.to_model(pixels, dtype), wanted)
