"""Pictures, files and tables of a result: functions that its methods are one line over."""

import base64
import re
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from featureprobe import plotting
from featureprobe._names import Lines, in_file, in_html, table as columns_of_text
from featureprobe._saving import make_folder
from featureprobe.errors import ConfigError, RangeError
from featureprobe.plotting.any_rank import animate_any, save_any, show_many
from featureprobe.plotting.mosaic import columns_of
from featureprobe.results.by_input import is_joint
from featureprobe.results.joint_view import joint_mosaic
from featureprobe.results.reached import Reached

SHOWN = 256
"""Targets that a notebook shows by itself; thousands would take it half a minute and look like dust."""

_SERIES = 4  # axes of (T, S, L, C)
_OF_CURVES = {"contrast", "low", "high", "title"}  # what plot takes for a series alone, too
_ENDS = re.compile(r"[^+*()]* (?:channel|index) (\d+)", re.DOTALL)  # of one unit, not of a sum


def mosaic(result: Reached, *, ax: Axes | None, **kwargs: Any) -> Axes:
    """Draw the best image of each target; see ``AscentResult.plot``."""
    if is_joint(result):
        return joint_mosaic(result, mosaic, ax=ax, **kwargs)
    low, high = display_range(result)
    if result.images.ndim == _SERIES and len(result) == 1 and not kwargs.keys() - _OF_CURVES:
        return _curves(result, ax, low, high, **kwargs)
    given = {
        "titles": numbers(result),
        "scores": result.best_scores(),
        "statuses": [str(s) for s in result.best_status()],
        "low": low,
        "high": high,
    }
    if result.images.ndim == _SERIES:
        given["behind"] = result.images
    return show_many(result.best(), ax=ax, **{**given, **kwargs})


def _curves(
    result: Reached, ax: Axes | None, low: float, high: float, *, contrast: bool, **kwargs: Any
) -> Axes:
    """Draw the series of all starts of the only target, the best first."""
    order = np.argsort(-np.nan_to_num(result.scores[0], nan=-np.inf), kind="stable")
    names = [f"start {s}: {result.scores[0, s]:#.3g}, {result.status[0, s]}" for s in order]
    given: dict[str, Any] = {"names": names, "title": result.labels[0]}
    ends = {} if contrast else {"low": low, "high": high}
    return plotting.show_series(result.images[0, order], ax=ax, **{**given, **ends, **kwargs})


def trace(result: Reached, *, ax: Axes | None, **kwargs: Any) -> Axes:
    """Draw the scores of the best starts over the steps; see ``AscentResult.plot_trace``."""
    lines = result.score_trace[:, np.arange(len(result)), result.best_starts()]
    return plotting.show_trace(lines, ax=ax, **{"labels": list(result.labels), **kwargs})


def html_text(result: Reached) -> str:
    """Return what a notebook shows: the summary and the mosaic, and how to see what is left out."""
    picture = base64.b64encode(png(result)).decode()
    left = len(result) - SHOWN
    more = (
        f"<p>The first {SHOWN} of {len(result)} targets; <code>result[{SHOWN}:{2 * SHOWN}]</code> shows "
        "the next ones, <code>result.plot()</code> all.</p>"
    )
    return (
        f"<p>{in_html(repr(result))}</p>"
        f'<img alt="best images" src="data:image/png;base64,{picture}">{more if left > 0 else ""}'
    )


def png(result: Reached) -> bytes:
    """Return the mosaic of the first targets as PNG, for notebooks; no figure stays open."""
    result = result[:SHOWN] if len(result) > SHOWN else result
    if is_joint(result):
        figure = Figure(figsize=(9.0, 3.2 * len(result.images)))
        mosaic(result, ax=figure.add_axes((0.03, 0.03, 0.94, 0.9)), contrast=False)
        return plotting.png_bytes(figure, dpi=72.0)
    if result.images.ndim == _SERIES:
        figure = Figure(figsize=(9.0, 5.4), layout="constrained")
        mosaic(result, ax=figure.add_subplot(), contrast=False)
        return plotting.png_bytes(figure, dpi=72.0)
    columns = columns_of(result.best())
    rows = -(-len(result) // columns)
    figure = Figure(figsize=(max(4.0, 1.0 * columns), 1.2 * rows + 1.0), layout="constrained")
    mosaic(result, ax=figure.add_subplot(), contrast=False, columns=columns)
    return plotting.png_bytes(figure, dpi=72.0)


def animation(
    result: Reached, path: str | Path, *, target: int, start: int | None, **kwargs: Any
) -> None:
    """Write the snapshots of one ascent; see ``AscentResult.animate``."""
    if is_joint(result):
        raise ConfigError(
            "An animation is of one input's images, and this result has several. "
            "Take one: result.of_input(name).animate(path)."
        )
    targets, starts = result.scores.shape
    start = int(result.best_starts()[target % targets]) if start is None else start
    if not len(result.snapshots) or not (0 <= target < targets and 0 <= start < starts):
        raise RangeError(
            f"There are {len(result.snapshots)} snapshots of {targets} targets x {starts} starts. "
            f"Received target={target}, start={start}. Run with fp.Ascent(record_every=2)."
        )
    low, high = display_range(result)
    captions = [f"step {step}" for step in result.snapshot_steps]
    frames = result.snapshots[:, target, start]
    given = {"captions": captions, "low": low, "high": high}
    animate_any(frames, path, **{**given, **kwargs})


def files(result: Reached, folder: Path, *, contrast: bool, upscale: int) -> list[Path]:
    """Write one PNG a target; see ``AscentResult.save_images``."""
    make_folder(folder)
    if is_joint(result):
        parts = [(result.of_input(name), name) for name in result.images]
        return [
            file
            for own, name in parts
            for file in files(own, folder / in_file(name), contrast=contrast, upscale=upscale)
        ]
    low, high = display_range(result)
    written = []
    for number, (image, label) in enumerate(zip(result.best(), result.labels, strict=True)):
        written.append(folder / in_file(label, before=f"{number:04d}_", after=".png"))
        finite = np.nan_to_num(image, posinf=high, neginf=low)
        save_any(
            finite, written[-1], upscale=upscale, contrast=contrast, low=low, high=high, title=label
        )
    return written


def table(result: Reached, count: int | None) -> Lines:
    """Return a text table; see ``AscentResult.table``."""
    rows = [("target", "score", "certificate", "status", "what that means")]
    for target, start in list(enumerate(result.best_starts()))[:count]:
        status = result.status[target, start]
        score, sure = result.scores[target, start], result.certificates[target, start]
        rows.append(
            (result.labels[target], f"{score:.4g}", f"{sure:.3f}", str(status), status.advice)
        )
    return columns_of_text(rows)


def display_range(result: Reached) -> tuple[float, float]:
    """Return the pixel values shown black and white: the input space's, else those that occur."""
    space = result.recipe.revive(result.recipe.input_space)
    if space.low is not None:
        return float(space.low), float(space.high)
    finite = result.images[np.isfinite(result.images)]
    if not finite.size or finite.min() == finite.max():
        return 0.0, 255.0
    return float(finite.min()), float(finite.max())


def numbers(result: Reached) -> list[str]:
    """Return the short names of the targets: the index that ends each label, or their places."""
    found = [_ENDS.fullmatch(label) for label in result.labels]
    short = [match.group(1) for match in found if match]
    # A number that two targets share, or that is only part of a sum, names none of them: places do.
    clear = len(set(short)) == len(found)
    return short if clear else [str(place) for place in range(len(found))]
