"""Call: one call of one layer, as the graph of a model holds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from keras import tree

from featureprobe.errors import ModelError
from featureprobe.probe.layers.activations import takes_training
from featureprobe.types import Tensor


def names_of(path: str, results: Sequence[Any]) -> tuple[str, ...]:
    """Return the address of each of what a call makes: its path, or ``path:0``, ``path:1``, ..."""
    return (path,) if len(results) == 1 else tuple(f"{path}:{i}" for i in range(len(results)))


@dataclass(frozen=True)
class Slot:
    """Stands for value number ``number`` of the graph among the arguments of a call."""

    number: int


@dataclass(frozen=True, eq=False)
class Call:
    """One call of one layer.

    Attributes:
        path: Address of the call, such as ``backbone/conv2`` or, for a layer that is called more
            than once, ``conv@2``.
        layer: The user's layer or operation; never changed.
        args: Positional arguments, with :class:`Slot` for tensors.
        kwargs: Keyword arguments, likewise.
        sources: Numbers of the values it reads.
        results: Numbers of the values it makes.
        shapes: Their shapes without the batch axis; None where unknown.
        dtypes: Their dtypes, where known.
        own_names: Addresses of the results, where they are not made of the path.
        parts: The layer that makes each result, where it is not this one.
    """

    path: str
    layer: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    sources: tuple[int, ...]
    results: tuple[int, ...]
    shapes: tuple[tuple[int | None, ...], ...]
    dtypes: tuple[str, ...] = ()
    own_names: tuple[str, ...] = ()
    parts: tuple[Any, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The address of each result: the path, or ``path:0``, ``path:1``, ... of several."""
        if self.own_names:
            return self.own_names
        return names_of(self.path, self.results)

    def maker(self, number: int) -> Any:
        """Return the layer that makes a result."""
        return self.parts[self.results.index(number)] if self.parts else self.layer

    def run(self, values: Mapping[int, Tensor], layer: Any = None) -> list[Tensor]:
        """Call ``layer`` (this call's own by default) in inference mode; return its outputs."""
        layer = self.layer if layer is None else layer
        fill = lambda a: values[a.number] if isinstance(a, Slot) else a  # noqa: E731
        args, kwargs = tree.map_structure(fill, (self.args, self.kwargs))
        if takes_training(layer):
            kwargs = {**kwargs, "training": False}
        with tf.name_scope("layer"):  # inside of one, names may begin with an underscore
            outputs = list(tree.flatten(layer(*args, **kwargs)))
        if len(outputs) != len(self.results):  # only a subclassed model hides what it makes
            raise ModelError(
                f"The subclassed model {self.path!r} has {len(outputs)} outputs; only one can be "
                "reached. Probe its functional part, or rebuild it with keras.Model(inputs, outputs)."
            )
        return outputs
