"""Try out how a model wants its rows: in batches of one size, or each image alone.

Keras' own layers treat each image by itself and take any number of them; where a model is made of
them and declares no batch size, nothing is tried. Anything else is run on a few random images.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import tree

from featureprobe.errors import ModelError
from featureprobe.input_space import InputSpace
from featureprobe.probe.graph.call import Call, Slot
from featureprobe.probe.graph.layer_graph import Wanted
from featureprobe.probe.layers.keras_own import is_keras_own, is_pointwise_function
from featureprobe.probe.network.network import Network
from featureprobe.probe.network.rows import Rows
from featureprobe.types import FloatArray

# Operations of keras.ops that act value by value.
_VALUEWISE = (
    "Abs", "Absolute", "Add", "Cast", "Clip", "Divide", "Elu", "Exp", "Gelu", "HardSigmoid",
    "HardSilu", "LeakyRelu", "Log", "Maximum", "Minimum", "Multiply", "Negative", "Power", "Relu",
    "Relu6", "Selu", "Sigmoid", "Silu", "Softplus", "Sqrt", "Square", "Subtract", "Tanh",
    "TrueDivide",
)  # fmt: skip
_ANYTHING = ("Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper")
_WRITES = ("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp", "Assign", "AssignAdd",
           "AssignSub", "ResourceScatterAdd", "ResourceScatterUpdate")  # fmt: skip
_DRAWS = ("RandomUniform", "RandomStandardNormal", "TruncatedNormal", "RandomUniformInt",
          "Multinomial", "RandomShuffle", "RandomGammaV2", "RandomPoissonV2")  # fmt: skip

# Differences between answers, as shares of the largest: other rows beside them, or other sizes.
_BESIDE, _SIZES = 1e-5, 1e-3
_COARSER = 50.0  # in 16 bits

Answers = list[npt.NDArray[Any]]


def find_rows(network: Network, space: InputSpace, declared: int | None) -> Rows | None:
    """Return how a model wants its rows; None where any number will do, each by itself.

    Args:
        network: The net.
        space: Its input space, for images to try.
        declared: The batch size that the model declares, if any.

    Raises:
        ModelError: When the model cannot be run at all, or gives one image several answers.
    """
    first = next((n for n, c in enumerate(network.graph.calls) if not _is_known(c)), None)
    if first is None and declared is None:
        return None
    trial = _Trial(network, space, 0 if first is None else first)
    rows = _rows_of(network, trial, declared)
    trial.check_repeats(None if rows is None else rows.size)
    return rows


def _rows_of(network: Network, trial: "_Trial", declared: int | None) -> Rows | None:
    stateful = any(getattr(part, "stateful", False) for part in _parts(network))
    free = None if stateful else trial.answers_freely()
    if free is not None and trial.is_free(free):
        return None
    if declared is None:
        trial.answers(1, 1)  # raises where even that fails
        return Rows(1, alone=True)
    return Rows(declared, alone=declared > 1 and (stateful or not trial.is_apart(declared)))


def _parts(network: Network) -> list[Any]:
    layers = [c.layer for c in network.graph.calls if isinstance(c.layer, keras.Layer)]
    return [part for layer in layers for part in layer._flatten_layers()]


def _is_known(call: Call) -> bool:
    """Whether a call is known to treat each image by itself, however many there are."""
    layer = call.layer
    if not isinstance(layer, keras.Layer):
        constants = [a for a in tree.flatten((call.args, call.kwargs)) if not isinstance(a, Slot)]
        return (
            type(layer).__name__ in _VALUEWISE
            and is_keras_own(layer)
            and all(np.ndim(a) < len(call.shapes[0]) + 1 for a in constants)
        )
    return all(_is_known_layer(part, len(call.shapes[0])) for part in layer._flatten_layers())


def _is_known_layer(layer: Any, rank: int) -> bool:
    functions = (getattr(layer, name, None) for name in ("activation", "recurrent_activation"))
    axis = getattr(layer, "axis", None)
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    return (
        is_keras_own(layer)
        and type(layer).__name__ not in _ANYTHING
        and all(is_pointwise_function(function) for function in functions)
        and not {0, -(rank + 1)} & {a for a in axes if isinstance(a, int)}
    )


class _Trial:
    """Three images, and what a net answers to them in batches."""

    def __init__(self, network: Network, space: InputSpace, first: int) -> None:
        self._network = network
        calls = network.graph.calls
        paths = [path for call in calls[first:] for path in call.names]
        self._wanted: tuple[Wanted, ...] = tuple((path, False) for path in paths)
        self._calls: dict[int | None, Any] = {}
        coarser = _COARSER if network.half else 1.0
        self._beside, self._sizes = _BESIDE * coarser, _SIZES * coarser
        noise = np.random.default_rng(0).standard_normal((3, *network.image_shape))
        images = space.center + space.spread * noise
        low, high = space.bounds or (-np.inf, np.inf)
        self._images: FloatArray = np.clip(images, low, high).astype(network.dtype)

    def answers(self, size: int | None, *rows: int) -> Answers:
        """Return what the net answers to images 1, 2 and 3, traced for a batch of a size or any."""
        try:
            made = [np.asarray(v) for v in self._traced(size)(tf.constant(self._chosen(rows)))]
        except ModelError:
            raise
        except Exception as cause:  # whatever a user's layer raises
            raise ModelError(
                f"The model cannot be run on a batch of {len(rows)} images: {str(cause)[-300:]} "
                "Check that model.predict works on it."
            ) from cause
        return made

    def answers_freely(self) -> list[Answers] | None:
        """Return the answers to several batches of several sizes; None where that fails."""
        try:
            return [self.answers(None, *rows) for rows in ((1,), (1, 2), (1, 3), (2, 1), (1, 2, 3))]
        except ModelError as error:
            if isinstance(error, _StaysError):
                raise
            return None

    def is_free(self, found: Sequence[Answers]) -> bool:
        """Whether one image's answer is the same in all of them."""
        alone, with_second, with_third, behind, three = found
        counts = (1, 2, 2, 2, 3)
        if any(len(v) != n for made, n in zip(found, counts) for v in made if v.ndim):
            return False
        return (
            self._same(with_second, with_third, 0, 0, self._beside)
            and self._same(with_second, behind, 0, 1, self._beside)
            and self._same(with_second, behind, 1, 0, self._beside)
            and self._same(alone, with_second, 0, 0, self._sizes)
            and self._same(with_second, three, 1, 1, self._sizes)
        )

    def is_apart(self, size: int) -> bool:
        """Whether the rows of a batch of a fixed size are alike, and answer each for itself."""
        others = [2 + k % 2 for k in range(size - 1)]
        first, swapped = self.answers(size, 1, *others), self.answers(size, *others, 1)
        again = self.answers(size, *([1] * size))
        if any(len(v) != size for v in first):
            return False
        return self._same(first, swapped, 0, -1, self._beside) and self._same(
            first, again, 0, 0, self._beside
        )

    def check_repeats(self, size: int | None) -> None:
        """Raise where a second trace answers otherwise: a trace keeps what Python draws or counts."""
        rows = (1,) * (size or 1)
        first = self.answers(size, *rows)
        del self._calls[size]
        again = self.answers(size, *rows)
        for (path, _), one, other in zip(self._wanted, first, again, strict=True):
            if not self._same([one], [other], 0, 0, self._beside):
                raise ModelError(
                    f"The layer {path!r} gives the same image other values when it is run again, so "
                    "that no number of it can be relied on: most often, Python or NumPy draws or "
                    "counts in it. Draw with keras.random and a keras.random.SeedGenerator, count in "
                    "self.add_weight(...), or take the layer out."
                )

    def _chosen(self, rows: Sequence[int]) -> FloatArray:
        chosen: FloatArray = self._images[np.array(rows) - 1]
        return chosen

    @staticmethod
    def _same(one: Answers, other: Answers, row: int, place: int, most: float) -> bool:
        for first, second in zip(one, other, strict=True):
            a, b = (np.asarray(v, np.float64) for v in (first[row], second[place]))
            size = max(_size(first), _size(second))
            if not np.allclose(a, b, rtol=0, atol=most * size, equal_nan=True):
                return False
        return True

    def _traced(self, size: int | None) -> Any:
        if size not in self._calls:
            network = self._network
            spec = tf.TensorSpec((size, *network.image_shape), network.dtype)
            network.prepare(self._wanted)
            run = tf.function(lambda x: network.at_once(x, self._wanted), autograph=False)
            self._calls[size] = run.get_concrete_function(spec)
            _check_still(self._calls[size].graph, network)
        return self._calls[size]


def _size(values: npt.NDArray[Any]) -> float:
    """Return the largest finite absolute value."""
    return float(np.abs(values, where=np.isfinite(values), out=np.zeros(values.shape)).max())


class _StaysError(ModelError):
    """What no other batch size changes."""


def _check_still(graph: Any, network: Network) -> None:
    """Raise where a net writes to a variable that Keras does not know, or draws anew at each call."""
    own = {id(v.value) for part in _parts(network) for v in part.variables}
    if any("seed_generator_state" in v.name and id(v) not in own for v in graph.variables):
        raise _StaysError(
            "The model draws random numbers at inference by a generator that is not its own, and "
            "would give one image several answers. Keep one in the layer that draws: self.seed = "
            "keras.random.SeedGenerator(0), keras.random.normal(shape, seed=self.seed); or take the "
            "layer out."
        )
    functions = [f.graph for f in graph._functions.values() if hasattr(f, "graph")]
    operations = [op for own in (graph, *functions) for op in own.get_operations()]
    for op in operations:
        if op.type in _WRITES:
            raise _StaysError(
                f"The model changes a tf.Variable whenever it is called ({op.name!r}), and would "
                "give one image several answers. Keep it in self.add_weight(...) instead, which a "
                "probe can hold still, or take the layer out."
            )
        if op.type in _DRAWS:
            raise _StaysError(
                f"The model draws random numbers at inference ({op.name!r}), and would give one "
                "image several answers. Draw them with keras.random and a keras.random."
                "SeedGenerator, which a probe can hold still, or take the layer out."
            )
