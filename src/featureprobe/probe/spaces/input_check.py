"""InputCheck: in which space a model was most likely trained, as a table that prints itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeAlias

from matplotlib.axes import Axes

from featureprobe._arguments import check_fields
from featureprobe._hints import Hints
from featureprobe._names import in_html, in_picture, table, visible
from featureprobe.errors import UnknownNameError, nearest
from featureprobe.input_space import InputSpace
from featureprobe.plotting._axes import axes_or_new
from featureprobe.probe.spaces.candidates import AS_GIVEN

Measure: TypeAlias = Literal["accuracy", "loss", "statistics", "views", "nothing"]
"""What spaces were compared by."""

HEADS: Mapping[str, str] = MappingProxyType(
    {
        "accuracy": "right",
        "top5": "right in five",
        "loss": "loss",
        "statistics": "overlap",
        "views": "told by views",
    }
)


@dataclass(frozen=True, eq=False)
class CheckedSpace:
    """One space that images may be meant in, and how the model did with it.

    Attributes:
        name: ``"0..1"``, ``"-1..1"``, ``"0..255"``, ``"caffe"``, ``"torch"``, each also with its channels
            reversed (``"caffe RGB"``, ``"torch BGR"``), ``"identity"``, ``"standardized"`` (by the mean and
            deviation of these images), or ``"as given"`` where the probe's own is none of them.
        space: The space itself, for ``fp.ModelProbe(model, input_space=...)``.
        given: Whether it is the probe's own.
        also: Other names of the same numbers.
        figures: By name: ``accuracy`` and ``top5`` (shares of right answers), ``loss`` (cross-entropy in nats,
            or the mean squared error), ``statistics`` (overlap of what reaches normalizing layers with what they hold,
            0..1), ``views`` (what the prediction for one view tells of that for another, nats).
        interval: 95 % interval of the figure that spaces are compared by; None without one.
        tied: Whether it cannot be told apart from the best.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> best = probe.check(images[:200], labels[:200]).best
        >>> best.name, best.given, best.figures["accuracy"] > 0.95
        ('as given', True, True)
    """

    name: str
    space: InputSpace
    given: bool = False
    also: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    interval: tuple[float, float] | None = None
    tied: bool = False

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def title(self) -> str:
        """The name, with a word on whether it is the probe's own."""
        return f"{AS_GIVEN} ({self.name})" if self.given and self.name != AS_GIVEN else self.name


@dataclass(frozen=True, eq=False, repr=False)
class InputCheck(Hints):
    """Whether a model is fed as it was trained: spaces and how it did with each, the best first.

    ``print`` it, iterate over its rows, index it by a name, ``plot`` it.

    Attributes:
        model: Name of the model.
        measure: What the order is by: ``"accuracy"`` or ``"loss"`` with labels; without, ``"statistics"``, or for
            nets that hold none ``"views"``, or ``"nothing"``.
        images: How many images were looked at.
        rows: One :class:`CheckedSpace` each, the best first.
        layers: Paths of the layers whose statistics were compared.
        sentence: What was found, and how sure that is.

    Example:
        >>> import featureprobe as fp
        >>> wrong = fp.ModelProbe(fp.samples.mnist_cnn(), input_space=fp.InputSpace.identity(low=0, high=255))
        >>> images, labels = fp.samples.mnist_digits()
        >>> check = wrong.check(images[:1000], labels[:1000])
        >>> check.best.name, check.given.name, check.as_trained
        ('standardized', '0..255', False)
    """

    instead: ClassVar[Mapping[str, str]] = {
        "accuracy": "check.best.figures['accuracy']",
        "space": "check.best.space",
    }
    model: str
    measure: Measure
    images: int
    rows: tuple[CheckedSpace, ...]
    layers: tuple[str, ...] = ()
    sentence: str = ""

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def best(self) -> CheckedSpace:
        """The space that did best."""
        return self.rows[0]

    @property
    def given(self) -> CheckedSpace:
        """The probe's own space."""
        return next(row for row in self.rows if row.given)

    @property
    def ties(self) -> tuple[CheckedSpace, ...]:
        """The spaces that cannot be told apart from the best, itself included."""
        return tuple(row for row in self.rows if row.tied)

    @property
    def as_trained(self) -> bool | None:
        """Whether the probe's own space is the best, or cannot be told apart from it; None when nothing is known."""
        return None if self.measure == "nothing" else self.given.tied

    def __iter__(self) -> Iterator[CheckedSpace]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> CheckedSpace:
        """Return the space of a name, or the probe's own for ``"as given"``."""
        for row in self.rows:
            if name in (row.name, *row.also) or (row.given and name == AS_GIVEN):
                return row
        raise UnknownNameError(f"No space {name!r}. {nearest(name, [r.name for r in self.rows])}")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: the sentence, the measure and a dict for each space."""
        rows = [
            {
                "name": row.name,
                "also": list(row.also),
                "given": row.given,
                "tied": row.tied,
                "figures": dict(row.figures),
                "interval": None if row.interval is None else list(row.interval),
                "space": row.space.to_config({}),
            }
            for row in self.rows
        ]
        return {
            "model": self.model,
            "measure": self.measure,
            "images": self.images,
            "layers": list(self.layers),
            "sentence": self.sentence,
            "rows": rows,
        }

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the figure that spaces are compared by as bars with their intervals, the best on top.

        Args:
            ax: Axes to draw on; None makes a new figure.

        Returns:
            The Axes.
        """
        ax = axes_or_new(ax, (5.6, 1.1 + 0.28 * len(self.rows)))
        for place, row in enumerate(self.rows):
            value = row.figures.get(self.measure, 0.0)
            ax.barh(place, value, color="C0" if row.tied else "0.7", height=0.7)
            if row.interval is not None:
                ax.plot(row.interval, (place, place), color="0.2", linewidth=1.2)
        titles = [in_picture(row.title) for row in self.rows]
        ax.set_yticks(range(len(self.rows)), titles, fontsize=8)
        ax.invert_yaxis()
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_xlabel(AXES[self.measure].format(n=self.images), fontsize=9)
        return ax

    def _cells(self) -> list[tuple[str, ...]]:
        heads = [name for name in HEADS if any(name in row.figures for row in self.rows)]
        lines = [("fed as", *(HEADS[name] for name in heads), "")]
        for row in self.rows:
            cells = [_written(name, row.figures.get(name)) for name in heads]
            lines.append((row.title, *cells, _note(row, self.measure)))
        return lines

    def __str__(self) -> str:
        return f"{visible(self.sentence)}\n{table(self._cells())}"

    def __repr__(self) -> str:
        return f"<InputCheck of {visible(self.model)}: {visible(self.sentence)}>"

    def _repr_html_(self) -> str:
        head, *body = self._cells()
        top = "".join(f"<th>{in_html(cell)}</th>" for cell in head)
        rows = "".join(
            "<tr>" + "".join(f"<td>{in_html(cell)}</td>" for cell in line) + "</tr>"
            for line in body
        )
        return (
            f"<p>{in_html(self.sentence)}</p>"
            f"<table><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table>"
        )


AXES: Mapping[str, str] = MappingProxyType(
    {
        "accuracy": "share of {n} images that are right",
        "loss": "loss, the mean of {n} images",
        "statistics": "overlap with what normalizing layers hold, {n} images",
        "views": "told by views, nats, the mean of {n} images",
        "nothing": "nothing to compare by",
    }
)


def _written(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1%}" if name in ("accuracy", "top5") else f"{value:.3g}"


def _note(row: CheckedSpace, measure: str) -> str:
    """Return what stands behind the figures: the interval, ties, other names."""
    parts = []
    if row.interval is not None:
        low, high = (_written(measure, end) for end in row.interval)
        parts.append(f"{low} to {high}")
    if row.tied:
        parts.append("not told apart from the best" if measure != "nothing" else "not told apart")
    if row.also:
        parts.append(f"the same as {', '.join(row.also)}")
    return "; ".join(parts)
