"""The layer table: what there is to probe, as typed rows, text and HTML."""

from collections.abc import Iterator
from dataclasses import dataclass

from featureprobe._names import MOST, in_html, visible


@dataclass(frozen=True)
class LayerRow:
    """One layer.

    Attributes:
        path: Address for ``probe.activations``, objectives and reads.
        kind: Class of the layer, such as ``Conv2D``.
        shape: Output shape without the batch axis.
        maps: Number of maps; None for layers without the image's spatial axes.
        parameters: Number of weights, biases included.
        receptive_field: Pixels along each spatial axis of the image, (rows, columns) of a picture;
            None when it is the whole image or unknown.
        jump: Pixels between neighbouring nodes along each of these axes; None likewise.

    Example:
        >>> import featureprobe as fp
        >>> row = next(iter(fp.samples.mnist_probe().summary()))
        >>> row.path, row.maps, row.receptive_field
        ('Conv2D_1', 32, (3, 3))
    """

    path: str
    kind: str
    shape: tuple[int, ...]
    maps: int | None
    parameters: int
    receptive_field: tuple[int, ...] | None
    jump: tuple[float, ...] | None

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        field = _sizes(self.receptive_field)
        return (
            visible(self.path, MOST),
            visible(self.kind, MOST),
            " x ".join(map(str, self.shape)),
            "" if self.maps is None else str(self.maps),
            f"{self.parameters:,}",
            field if field else "all",
            _sizes(self.jump),
        )


_HEAD = ("layer", "kind", "output", "maps", "parameters", "receptive field", "jump")


@dataclass(frozen=True)
class LayerTable:
    """All layers of a model; ``print`` it, iterate it, or let a notebook show it.

    Attributes:
        model: Name of the model.
        rows: One :class:`LayerRow` a layer, from input to output.
        note: What cannot be reached, and the input space.

    Example:
        >>> import featureprobe as fp
        >>> table = fp.samples.mnist_probe().summary()
        >>> [row.path for row in table if row.kind == "Dense"]
        ['Dense_1', 'Dense_2']
    """

    model: str
    rows: tuple[LayerRow, ...]
    note: str = ""

    def __iter__(self) -> Iterator[LayerRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        lines = [_HEAD, *(row.cells for row in self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(_HEAD))]
        text = ["  ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip() for line in lines]
        text.insert(1, "-" * max(map(len, text)))
        total = sum(row.parameters for row in self.rows)
        head = f"{visible(self.model)}: {total:,} parameters"
        return "\n".join([head, *text, self.note]).rstrip()

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{c}</th>" for c in _HEAD)
        body = "".join(
            "<tr>" + "".join(f"<td>{in_html(c)}</td>" for c in row.cells) + "</tr>"
            for row in self.rows
        )
        caption = f"<caption>{in_html(self.model)}</caption>"
        note = f"<p>{in_html(self.note)}</p>" if self.note else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


def _sizes(values: tuple[float, ...] | None) -> str:
    """Return one number for each axis; one for all where they are equal."""
    texts = [f"{value:g}" for value in values or ()]
    return " x ".join(texts if len(set(texts)) > 1 else texts[:1])
