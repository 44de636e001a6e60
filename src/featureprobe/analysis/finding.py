"""Finding: what an analysis found, as a frozen value that saves, loads and shows itself."""

import base64
import dataclasses
import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure, SubFigure

from featureprobe import _archive
from featureprobe._arguments import check_fields, checked
from featureprobe._hints import Hints
from featureprobe._members import Members
from featureprobe._names import in_html, visible
from featureprobe.analysis.apart import put_together, taken_apart
from featureprobe.errors import ConfigError
from featureprobe.plotting import png_bytes
from featureprobe.plotting._axes import figure_or_new
from featureprobe.plotting._texts import with_plain_names

SCHEMA = 1
_KINDS: dict[str, type["Finding"]] = {}


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Finding(Hints, ABC):
    """Base of what analyses return: arrays, one sentence, one picture.

    Fields are numpy arrays, dicts of arrays by text, JSON values (numbers, texts, None, tuples and
    dicts of these), or other findings. Arrays are made read-only. The options of ``plot`` are the
    keywords of its view, see :func:`draw`. ``_shapes`` says what shapes the arrays have that belong together, such as
    ``"low: K J; high: K J; labels: K"``: files in which they do not fit are refused.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> found = fp.analysis.compare_classes(
        ...     fp.analysis.Patterns.of(probe, images, labels, "Conv2D_3"), 4, 9, rounds=20
        ... )
        >>> found.save("four_and_nine.npz")
        >>> again = fp.analysis.load("four_and_nine.npz")
        >>> again.verdict == found.verdict
        True
    """

    kind: ClassVar[str] = ""
    renamed: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The present names of fields by their names in earlier versions, in which files are read, too."""
    _shapes: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.kind:
            _KINDS[cls.kind] = cls

    def __post_init__(self) -> None:
        check_fields(self, finite=False)
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            several = isinstance(value, Mapping)
            kept = {k: _frozen(v) for k, v in value.items()} if several else _frozen(value)
            object.__setattr__(self, field.name, kept)

    @property
    @abstractmethod
    def verdict(self) -> str:
        """What was found, and how sure that is, in one sentence."""

    @property
    def _size(self) -> tuple[float, float]:
        """(width, height) in inches of a figure of its own."""
        return 9.0, 4.0

    def _size_with(self, options: Mapping[str, Any]) -> tuple[float, float]:
        """(width, height) of a figure that options of ``plot`` ask for."""
        return self._size

    @checked
    def plot(
        self, *, figure: Figure | SubFigure | None = None, **options: Any
    ) -> Figure | SubFigure:
        """Draw the finding, on a figure, since a finding may have several panels.

        Args:
            figure: Figure or SubFigure to draw on; None makes a new one.
            **options: What the finding's own picture takes; its class names them.

        Returns:
            The figure.

        Raises:
            ConfigError: For an option that this finding's picture does not take.
        """
        _check_options(type(self).__name__, draw.dispatch(type(self)), options)
        figure = figure_or_new(figure, self._size_with(options))
        draw(self, figure, **options)
        with_plain_names(figure, options)
        return figure

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {visible(self.verdict)}>"

    def _repr_html_(self) -> str:
        text = in_html(self.verdict)
        if draw.dispatch(type(self)) is draw.dispatch(Finding):
            return f"<p>{text}</p>"
        figure = Figure(figsize=self._size, layout="constrained")
        draw(self, figure)
        with_plain_names(figure)
        data = base64.b64encode(png_bytes(figure, dpi=72.0)).decode("ascii")
        return f'<p>{text}</p><img alt="{text}" src="data:image/png;base64,{data}">'

    @checked
    def save(self, path: str | Path) -> None:
        """Write the finding as ``.npz``.

        Raises:
            DataError: When the name has another ending, or its folder is missing.
            SaveError: When the file cannot be written.
        """
        _archive.write(path, "Finding", *self.pack())

    def pack(self) -> _archive.Packed:
        """Return the finding as a JSON header and arrays by name, to be stored anywhere.

        Returns:
            (header, arrays): JSON values, and arrays of numbers or texts; these are the finding's own,
            read-only.
        """
        arrays: dict[str, Any] = {}
        header = taken_apart(self, Finding, "", arrays)
        return _archive.pack("Finding", SCHEMA, header, arrays)

    @classmethod
    @checked
    def unpack(
        cls, header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]
    ) -> Self:
        """Return the finding of this kind that :meth:`pack` packed.

        Raises:
            DataError: When something is missing or garbled, or it is no finding.
            ConfigError: When it is a finding of another kind, or has another schema.
        """
        found = unpack(header, arrays)
        if not isinstance(found, cls):
            raise ConfigError(
                f"The header is that of {_a(found)}, not of {_a(cls)}. "
                "Use fp.analysis.unpack(header, arrays)."
            )
        return found

    @classmethod
    @checked
    def load(cls, path: str | Path) -> Self:
        """Read a finding of this kind.

        Raises:
            DataError: When the file is missing, damaged, or something else.
            ConfigError: When it holds a finding of another kind, or has another schema.
        """
        found = load(path)
        if not isinstance(found, cls):
            raise ConfigError(
                f"{Path(path).name} holds {_a(found)}, not {_a(cls)}. Use fp.analysis.load(path)."
            )
        return found


@functools.singledispatch
def draw(found: Finding, figure: Figure | SubFigure, **options: Any) -> None:
    """Draw a finding on an empty figure: what :meth:`Finding.plot` calls, by the class of the finding.

    ``@draw.register`` above a function makes it the view of the class that its first argument is
    annotated with; its keywords are the options of ``plot``.

    Args:
        found: The finding.
        figure: Where.
        **options: What the view of this class takes.

    Raises:
        ConfigError: When no view of its class is registered.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> shares = fp.analysis.split_margin(probe, images[:50], "Conv2D_3", 4, 9)
        >>> @fp.analysis.draw.register
        ... def as_curve(found: fp.analysis.Contributions, figure):
        ...     figure.subplots().plot(found.margin)
        >>> len(shares.plot().axes)
        1
    """
    raise ConfigError(
        f"Nothing is registered that draws {_a(found)}. Write a function "
        f"`def view(found: {type(found).__name__}, figure): ...` with @fp.analysis.draw.register above it."
    )


@checked
def load(path: str | Path) -> Finding:
    """Read a finding of any kind, as :meth:`Finding.save` wrote it.

    Args:
        path: The file.

    Returns:
        A finding of the class that was saved.

    Raises:
        DataError: When the file is missing, damaged, or something else.
        ConfigError: When its kind is unknown, or it has another schema.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> fp.analysis.split_margin(probe, images[:50], "Conv2D_3", 4, 9).save("margin.npz")
        >>> fp.analysis.load("margin.npz").contributions.shape
        (50, 3, 3, 128)
    """
    return _archive.read(path, "Finding", SCHEMA, _made)


@checked
def unpack(header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]) -> Finding:
    """Return a finding of any kind, as :meth:`Finding.pack` packed it.

    Args:
        header: JSON values.
        arrays: By name; arrays that can be written to are copied.

    Returns:
        A finding of the class that was packed.

    Raises:
        DataError: When something is missing or garbled, or it is no finding.
        ConfigError: When its kind is unknown, or it has another schema.

    Example:
        >>> import featureprobe as fp
        >>> probe, (images, labels) = fp.samples.mnist_probe(), fp.samples.mnist_digits()
        >>> header, arrays = fp.analysis.split_margin(probe, images[:50], "Conv2D_3", 4, 9).pack()
        >>> fp.analysis.unpack(header, arrays).contributions.shape
        (50, 3, 3, 128)
    """
    return _archive.unpack(header, arrays, "Finding", SCHEMA, _made)


def _made(header: Mapping[str, Any], members: Members) -> Finding:
    found: Finding = put_together(header, members, _KINDS)
    return found


def _frozen(value: Any) -> Any:
    """Return an array that nobody writes to: what is read-only already, or a copy."""
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value = value.copy()
        value.setflags(write=False)
    return value


def _a(kind: Finding | type[Finding]) -> str:
    """Return the name of a kind of finding with its article; ``Patterns`` are several."""
    name = kind.__name__ if isinstance(kind, type) else type(kind).__name__
    if name.endswith(("s", "S")):
        return name
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


def _check_options(name: str, view: Callable[..., None], options: Mapping[str, Any]) -> None:
    """Raise ConfigError for what a picture does not take; a view with ``**`` takes all."""
    parameters = inspect.signature(view).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return
    known = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    unknown = [option for option in options if option not in known]
    if unknown:
        takes = f"takes figure, {', '.join(known)}" if known else "takes figure only"
        raise ConfigError(
            f"{name}.plot has no option {unknown[0]!r}. It {takes}. Leave the option out."
        )
