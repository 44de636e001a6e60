"""Evaluate the targets of one structure on a batch of images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple, Self

import tensorflow as tf

from featureprobe._spatial import is_place, words_of
from featureprobe.ascent.settings.remedies import Remedy
from featureprobe.ascent.step.channel_subset import Picking, picking_of
from featureprobe.ascent.step.seen_inputs import seen_of_inputs
from featureprobe.ascent.step.target_arrays import arrays_of_rows
from featureprobe.ascent.step.window_part import crop_inside
from featureprobe.errors import ModelError
from featureprobe.input_space import InputSpace
from featureprobe.objectives.seen import Extras, Seen
from featureprobe.objectives.structure import Leaf, ReadShape
from featureprobe.probe.graph.layer_graph import Wanted
from featureprobe.probe.layers.boundary import climbed
from featureprobe.probe.layers.plain_conv import Kernels, own_maps
from featureprobe.probe.network.cropped_network import CroppedNetwork
from featureprobe.probe.network.network import Network
from featureprobe.types import Tensor


class Values(NamedTuple):
    """What an evaluation gives.

    Attributes:
        terms: (N, terms) the unweighted value of each term.
        score: (N,) the weighted terms that read a layer and are no group terms.
        total: (N,) all weighted terms; this is climbed.
    """

    terms: Tensor
    score: Tensor
    total: Tensor


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The traced function of one structure.

    Args:
        network: The net.
        space: The input space.
        leaves: The terms' structure.
        redirected: Let gradients out of closed activations; see :class:`RedirectedGradients`.
        peaks: Of each map, let a term see only the greatest value, with 0 elsewhere.
    """

    network: Network | CroppedNetwork
    space: InputSpace
    leaves: tuple[Leaf, ...]
    redirected: bool = False
    peaks: bool = False

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """The (layer, pre) pairs that the terms read, each once."""
        pairs = ((r[0], r[2]) for leaf in self.leaves for r in leaf.reads)
        return tuple(dict.fromkeys(pairs))

    def aimed(self, remedy: Remedy) -> Self:
        """Return what a remedy climbs instead; layers whose activation stays are read as they are."""
        leaves = self.leaves
        if remedy.looks_before:
            leaves = tuple(
                replace(leaf, reads=tuple(self._before(read) for read in leaf.reads))
                for leaf in leaves
            )
        if remedy.redirects:
            self.network.prepare(self.wanted, redirected=True)
        return replace(self, leaves=leaves, redirected=remedy.redirects, peaks=remedy.looks_before)

    def _before(self, read: ReadShape) -> ReadShape:
        layer, axes, _ = read
        try:
            self.network.prepare(((layer, True),))
        except ModelError:
            return read
        return layer, axes, True

    @property
    def sees_whole_maps(self) -> bool:
        """Whether no read picks a place, so that the receptive field is the layer's."""
        axes = (axis for leaf in self.leaves for read in leaf.reads for axis in read[1])
        return not any(map(is_place, axes))

    def choosing(self, numbers: Tensor) -> Self:
        """Return this with a network that computes only the maps that rows read, where that pays.

        To be made once for many steps: the weights of these maps are gathered here.

        Args:
            numbers: (N, K) int32, of all images that will be evaluated.
        """
        layers = {call.path: call.layer for call in self.network.graph.calls}
        maps = picking_of(self.network, self.leaves, self.wanted).maps(numbers)
        own = {path: own_maps(layers[path], chosen) for path, chosen in maps.items()}
        return replace(self, network=self.network.computed_by(Kernels(own)))

    @property
    def _picking(self) -> Picking:
        """Where reads find their maps: the network's kernels say whether some were chosen."""
        if not self.network.graph.kernels.own:
            return Picking()
        return picking_of(self.network, self.leaves, self.wanted)

    def __call__(
        self,
        images: Tensor,
        data: Mapping[str, Tensor],
        *,
        extras: Mapping[str, Tensor] | None = None,
    ) -> Values:
        """Evaluate all terms.

        Args:
            images: (N, H, W, C) model units.
            data: ``weights`` (N, terms); ``numbers`` (N, K) int32: for each term its index fields,
                then the indices of its reads; ``starts`` int32 scalar: images per target, for group
                terms; and what :func:`crop_inside` and :func:`arrays_of_rows` take.
            extras: What the parameterization renders beside the images, (N, ...) by name.
        """
        images = crop_inside(images, data, self.network.image_shape)
        weights, numbers = data["weights"], data["numbers"]
        beside = Extras(extras or {})
        own = _Rows(images, numbers, arrays_of_rows(data), data["starts"], beside)
        terms = self._terms(self._outputs(images), own)
        stacked = tf.stack(terms, axis=1)
        counted = tf.constant([float(leaf.is_score) for leaf in self.leaves], stacked.dtype)
        weighted = stacked * tf.cast(weights, stacked.dtype)
        return Values(
            stacked, tf.reduce_sum(weighted * counted, axis=1), tf.reduce_sum(weighted, axis=1)
        )

    def score_all(
        self,
        images: Tensor,
        weights: Tensor,
        numbers: Tensor,
        extras: Mapping[str, Tensor],
        *arrays: Tensor,
    ) -> Tensor:
        """Return (T, N): the scores of N images for T targets, the layers computed once.

        Args:
            images: (N, H, W, C) model units.
            weights: (T, terms).
            numbers: (T, K) int32.
            extras: As for a call.
            arrays: (T, ...) each.
        """
        outputs, count = self._outputs(images), tf.shape(images)[0]
        beside = Extras(extras)

        def of_target(given: tuple[Tensor, ...]) -> Tensor:
            own = [tf.repeat(values[None], count, axis=0) for values in given[1:]]
            rows = _Rows(images, own[0], own[1:], count, beside)
            terms = self._terms(outputs, rows, scores_only=True)
            pairs = zip(range(len(terms)), terms, strict=True)
            return tf.add_n([tf.cast(given[0][i], t.dtype) * t for i, t in pairs if t is not None])

        spec = tf.TensorSpec((None,), images.dtype)
        return tf.map_fn(of_target, (weights, numbers, *arrays), fn_output_signature=spec)

    def _outputs(self, images: Tensor) -> dict[Wanted, Tensor]:
        if not self.wanted:
            return {}
        network, redirected = self.network, self.redirected

        def run(given: Tensor) -> Sequence[Tensor]:
            return network.forward(given, self.wanted, redirected=redirected)

        made = climbed(run, images, half=network.half)
        return dict(zip(self.wanted, made, strict=True))

    def _terms(
        self,
        outputs: dict[Wanted, Tensor],
        rows: "_Rows",
        *,
        scores_only: bool = False,
    ) -> list[Tensor | None]:
        """Return the value of each term (N,); None for left-out ones that are no score."""
        terms: list[Tensor | None] = []
        first, arrays, picking = 0, iter(rows.arrays), self._picking
        for i, leaf in enumerate(self.leaves):
            own = [rows.numbers[:, first + k] for k in range(leaf.n_numbers)]
            loose = [*own[: leaf.n_fields], *islice(arrays, leaf.n_arrays)]
            first += leaf.n_numbers
            if scores_only and not leaf.is_score:
                terms.append(None)
                continue
            values, column = [], leaf.n_fields
            for j, (layer, axes, pre) in enumerate(leaf.reads):
                indices = own[column : column + len(axes)]
                value = picking.take((i, j), outputs[layer, pre], axes, indices)
                positions = _positions(outputs[layer, pre], axes) if self.peaks else []
                values.append(_peak(value, positions) if positions else value)
                column += len(axes)
            terms.append(self._term(leaf, loose, values, rows))
        return terms

    def _term(self, leaf: Leaf, loose: list[Tensor], values: list[Tensor], rows: "_Rows") -> Tensor:
        images, starts, extras = rows.images, rows.starts, rows.extras
        if leaf.is_group:
            values = [_grouped(v, starts) for v in values]
            loose = [_grouped(v, starts)[:, 0] for v in loose]
            images = _grouped(images, starts)
            extras = Extras({name: _grouped(value, starts) for name, value in extras.items()})
        numbers, arrays = loose[: leaf.n_fields], loose[leaf.n_fields :]
        results = [
            leaf.value(seen, iter(numbers), iter(arrays))
            for seen in seen_of_inputs(Seen(tuple(values), images, self.space, extras=extras))
        ]
        result = results[0] if len(results) == 1 else tf.add_n(results)
        return tf.repeat(result, starts) if leaf.is_group else result


class _Rows(NamedTuple):
    """Images, and the numbers of each one's own target.

    Attributes:
        images: (N, H, W, C) model units.
        numbers: (N, K) int32.
        arrays: (N, ...) each.
        starts: int32 scalar: images per target.
        extras: (N, ...) by name: what is rendered beside the images.
    """

    images: Tensor
    numbers: Tensor
    arrays: Sequence[Tensor]
    starts: Tensor
    extras: Extras


def _positions(output: Tensor, axes: Sequence[str]) -> list[int]:
    """Return the axes of what is read that run over positions of a map."""
    spatial = len(output.shape) - 2
    return list(range(1, 1 + spatial - sum(map(is_place, axes)))) if words_of(spatial) else []


def _peak(values: Tensor, positions: Sequence[int]) -> Tensor:
    """Return values with all set to 0 but the greatest over some axes."""
    greatest = tf.reduce_max(values, axis=positions, keepdims=True)
    return tf.where(values == greatest, values, 0)


def _grouped(values: Tensor, starts: Tensor) -> Tensor:
    """Return (N, ...) as (targets, starts, ...)."""
    shape = tf.concat([[-1, starts], tf.shape(values)[1:]], axis=0)
    grouped = tf.reshape(values, shape)
    grouped.set_shape([None, None, *values.shape[1:]])
    return grouped
