"""One rule for whatever draws: one panel takes ``ax=`` and returns it, several take ``figure=``."""

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

import featureprobe as fp
from featureprobe.analysis import draw

Function = Callable[..., Any]
FIGURE = Figure | SubFigure


def drawing_modules() -> Iterator[str]:
    """Name the modules of plots and views, and those that hold public classes with a ``plot``."""
    for info in pkgutil.walk_packages(fp.__path__, "featureprobe."):
        last = info.name.rpartition(".")[2]
        if last.startswith("_") or ".testing" in info.name:
            continue
        yield info.name


def functions() -> Iterator[tuple[str, Function]]:
    """Yield all functions and methods, by name, that do not begin with an underscore."""
    for name in drawing_modules():
        for owner in own(vars(importlib.import_module(name)), name):
            for found in own(vars(owner), name) if inspect.isclass(owner) else [owner]:
                if inspect.isfunction(found):
                    yield f"{name}.{found.__qualname__}", found


def own(members: Any, module: str) -> Iterator[Any]:
    """Yield the classes and functions of a module, or the methods of a class, unwrapped."""
    for name, member in members.items():
        plain = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        found = inspect.unwrap(plain) if callable(plain) else plain
        if not name.startswith("_") and getattr(found, "__module__", "") == module:
            yield found


def offences(function: Function) -> list[str]:
    """Say how a function breaks the rule."""
    hints = typing.get_type_hints(function)
    made, found = hints.pop("return", None), []
    for name, parameter in inspect.signature(function).parameters.items():
        parts = set(typing.get_args(hints.get(name))) or {hints.get(name)}
        if Axes in parts:
            if name != "ax" or parameter.kind is not parameter.KEYWORD_ONLY:
                found.append(f"{name} is not the keyword ax=")
            if made is not Axes:
                found.append("it takes Axes and does not return them")
        if parts == {Figure, SubFigure, type(None)} and (
            name != "figure" or parameter.kind is not parameter.KEYWORD_ONLY or made != FIGURE
        ):
            found.append(f"{name} is not the keyword figure=, or is not returned")
    if made is Axes and "ax" not in hints:
        found.append("it returns Axes and takes none")
    if made == FIGURE and "figure" not in hints:
        found.append("it returns a figure and takes none")
    return found


DRAWING = {
    name: function
    for name, function in functions()
    if any("Axes" in str(h) or "Figure" in str(h) for h in typing.get_type_hints(function).values())
}


@pytest.mark.parametrize("name", DRAWING)
def test_what_draws_keeps_the_rule(name: str) -> None:
    """Of plots, views, findings, grids, results and evidence."""
    assert not offences(DRAWING[name])


def test_the_rule_is_asked_of_what_draws() -> None:
    """Among what is looked at are functions, methods and views."""
    seen = " ".join(DRAWING)
    for name in ("show_maps", "ring_nodes", "ActivationGrid.plot", "Finding.plot", "Evidence.plot",
                 "AscentResult.plot_trace", "parts_view.draw_overlay"):  # fmt: skip
        assert name in seen


@pytest.mark.parametrize("view", sorted(draw.registry.items(), key=str), ids=lambda v: str(v[0]))
def test_a_view_draws_on_the_figure_that_it_is_given(view: tuple[type, Function]) -> None:
    """After the finding comes the figure; the rest are options."""
    _, function = view
    _, figure, *options = inspect.signature(function).parameters.values()
    assert figure.name == "figure"
    assert all(option.kind in (option.KEYWORD_ONLY, option.VAR_KEYWORD) for option in options)


def by_place(ax: Axes) -> Axes:
    """Take the Axes by position."""
    return ax


def silent(*, ax: Axes) -> None:
    """Return nothing."""


def another_word(*, axes: Axes | None = None) -> Axes:
    """Call it something else."""
    raise NotImplementedError


def makes_its_own() -> Axes:
    """Take none."""
    raise NotImplementedError


def panels(*, figure: Figure | SubFigure | None = None) -> Axes:
    """Take a figure and return one of its panels."""
    raise NotImplementedError


@pytest.mark.parametrize("function", [by_place, silent, another_word, makes_its_own, panels])
def test_the_rule_bites(function: Function) -> None:
    """Each way to break it is told."""
    assert offences(function)
