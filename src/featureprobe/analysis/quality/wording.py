"""A quality profile in words: a sentence on each picture, a table over all."""

from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe._names import MOST, Lines, visible
from featureprobe.analysis.quality.measured import MeasuredPictures
from featureprobe.analysis.stats.suspicion import HARDLY, mean_known

Floats = npt.NDArray[np.floating[Any]]
CARE, DOUBT = 0.5, 0.75
"""Suspicions from which a picture is to be read with care, and not to be believed."""

_DRAWS = 10_000
_LEAST = 3  # values from which on there is an interval


def sentence(profile: MeasuredPictures, k: int) -> str:
    """Return what picture k reaches, and how to read it."""
    name = profile.labels[k]
    if not profile.score[k] > 0 and not profile.z[k] > 0:
        return f"{name}: the picture does not excite it: nothing to read."
    if not profile.score[k] > 0:
        return (
            f"{name}: scores {profile.score[k]:.3g}, the best natural image {profile.top_natural[k]:.3g}; "
            "below 0 there are no shares to compare."
        )
    if not profile.top_natural[k] > 0:
        return (
            f"{name}: no natural image scores above 0, only this picture does: nothing natural to hold "
            "it against."
        )
    if profile.natural_share[k] < HARDLY:
        return (
            f"{name}: natural images hardly excite it (the best at {profile.natural_share[k]:.1%} of "
            f"what is usual in {profile.layer}), this picture {profile.ratio[k]:.0f} times as much: "
            "nothing to hold it against."
        )
    ratio = profile.ratio[k]
    if ratio > 1:
        text = f"exceeds every natural image {ratio:.1f}-fold"
    else:
        text = f"reaches {ratio:.0%} of the best natural image"
    shared = float(mean_known(profile.sources[k]))
    text += f", {_source_words(shared, any_layer=bool(profile.source_layers))}"
    powers = (profile.explains, profile.explains_top, profile.explains_others)
    text += f", and {_power_words(*(float(power[k]) for power in powers))}"
    if profile.rank[k] > 1:
        more = int(profile.rank[k]) - 1
        text += f"; {more} other unit{'s' * (more > 1)} answer{'s' * (more == 1)} more"
    return f"{name}: {text}{_doubt_words(profile, k)}."


def _doubt_words(profile: MeasuredPictures, k: int) -> str:
    doubt = profile.suspicion[k]
    if not np.isfinite(doubt):
        return " (suspicion unknown)"
    count = int(np.isfinite(profile.agreements[k]).sum())
    known = f"(suspicion {doubt:.2f}{f', by {count} of 3 measures' * (count < 3)})"
    if doubt >= DOUBT:
        return f": do not believe it unseen {known}"
    return f": read with care {known}" if doubt >= CARE else f" {known}"


def reading(doubt: float) -> str:
    """Return how a picture of a suspicion is to be read, in a few words."""
    if not np.isfinite(doubt):
        return "nothing to hold it against"
    if doubt >= DOUBT:
        return "not to be believed unseen"
    return "read with care" if doubt >= CARE else "nothing against it"


def _source_words(shared: float, *, any_layer: bool) -> str:
    if not np.isfinite(shared):
        if any_layer:
            return "cannot be held against their way through earlier maps, which they do not share"
        return "has no earlier maps to share with them"
    if shared < 0.1:
        return "works through hardly any of the maps that they use"
    if shared < 0.5:
        return f"works through few of the maps that they use ({shared:.2f})"
    return f"works through the maps that they use ({shared:.2f})"


def _power_words(own: float, top: float, others: float) -> str:
    if not np.isfinite(own):
        return "whether it predicts unseen answers is not known"
    if own < -0.05:
        return f"unseen images that are like it excite the unit less ({own:.2f})"
    if own < 0.05:
        return "likeness to it predicts nothing of the answers to unseen images"
    chance = f", other units' pictures {others:.2f}" if others >= own / 2 else ""
    if not np.isfinite(top):
        return f"predicts unseen answers at {own:.2f}"
    if own >= top:
        return f"predicts unseen answers better than its top examples do ({own:.2f}, {top:.2f}{chance})"
    return f"predicts unseen answers at {own:.2f} (top examples {top:.2f}{chance})"


def rows(profile: MeasuredPictures) -> list[tuple[str, Floats]]:
    """Return (name, values over pictures) of all measures of the table."""
    found = [
        ("attainment (score / best known)", profile.attainment),
        ("score / best natural image", profile.ratio),
        ("best natural image / that of a usual unit", profile.natural_share),
        ("reach of the strongest node", profile.reach),
        ("percentile among natural images", profile.percentile),
        ("certificate of a stationary point", profile.certificate),
        ("z of the unit", profile.z),
        ("first among all units (share)", (profile.rank == 1).astype(np.float64)),
        ("reciprocal rank of the unit", 1.0 / profile.rank),
        ("margin to the next unit (z)", profile.margin),
        *((f"kept under {c}", profile.kept[:, i]) for i, c in enumerate(profile.changes)),
        ("robustness / natural", profile.robustness),
        *(
            (f"path naturalness, {n}", profile.path[:, i])
            for i, n in enumerate(profile.path_layers)
        ),
        *(
            (f"shared sources, {n}", profile.sources[:, i])
            for i, n in enumerate(profile.source_layers)
        ),
        ("explanatory power", profile.explains),
        ("... of the nine top images", profile.explains_top),
        ("... of other units' pictures", profile.explains_others),
        ("high-frequency share", profile.fine),
        ("diversity of starts", profile.diversity),
    ]
    if len(profile.transfer_rank):
        found.append(("transfer: reciprocal rank", 1.0 / profile.transfer_rank))
        found.append(("transfer: percentile", profile.transfer_percentile))
        found.append(("transfer: gain over untrained nets", profile.transfer_gain))
    return [*found, ("suspicion", profile.suspicion)]


_MEANS = (
    "first among all units (share)",
    "reciprocal rank of the unit",
    "transfer: reciprocal rank",
    "transfer: gain over untrained nets",
)


def centre(name: str, values: Floats) -> tuple[float, float, float, int]:
    """Return median (mean for shares and reciprocal ranks), its 95 % interval, and the count.

    The interval is NaN for fewer than three values.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan"), float("nan"), 0
    middle = np.mean if name in _MEANS else np.median
    if len(known) < _LEAST:
        return float(middle(known)), float("nan"), float("nan"), len(known)
    rng = np.random.default_rng(0)
    drawn = middle(known[rng.integers(0, len(known), (_DRAWS, len(known)))], axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(middle(known)), float(low), float(high), len(known)


def table(profile: MeasuredPictures) -> Lines:
    """Return all measures, a line each."""
    lines = [
        f"{visible(profile.layer, MOST)}, {_pictures(profile)}: median (mean for shares and ranks), 95 % interval"
    ]
    for name, values in rows(profile):
        middle, low, high, count = centre(name, values)
        if count:
            note = "" if count == len(profile) else f"  ({count} of {len(profile)})"
            interval = f"[{low:.3g}, {high:.3g}]" if count >= _LEAST else "[too few]"
            lines.append(f"{name:36s} {middle:9.3g}  {interval}{note}")
    return Lines("\n".join(lines))


def described(profile: MeasuredPictures, k: int) -> Lines:
    """Return the sentence on picture k, and its measures, a line each."""
    lines = [sentence(profile, k)]
    for name, values in rows(profile):
        if np.isfinite(values[k]):
            lines.append(f"{name:36s} {values[k]:9.3g}")
    return Lines("\n".join(lines))


def verdict(profile: MeasuredPictures) -> str:
    """Return the medians in one sentence; what is not known is left out."""
    ratio, own = _median(profile.ratio), _median(profile.explains)
    natural = _median(profile.naturalness)
    beside = {
        "top examples": _median(profile.explains_top),
        "other units' pictures": _median(profile.explains_others),
    }
    held = ", ".join(f"{name} {value:.2f}" for name, value in beside.items() if np.isfinite(value))
    doubtful = int((profile.suspicion >= CARE).sum())
    unknown = int(np.isnan(profile.suspicion).sum())
    parts = [
        f"{ratio:.2g} times the best natural image in the median, " * bool(np.isfinite(ratio))
        + f"{(profile.rank == 1).mean():.0%} excite their own unit most",
        f"explanatory power {own:.2f}{f' ({held})' if held else ''}" * bool(np.isfinite(own)),
        f"path naturalness {natural:.2f}" * bool(np.isfinite(natural)),
        f"{doubtful} to be read with care{f', {unknown} without a suspicion' if unknown else ''}",
    ]
    return f"{profile.layer}, {_pictures(profile)}: {'; '.join(part for part in parts if part)}."


def _median(values: Floats) -> float:
    """Return the median of what is finite, NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _pictures(profile: MeasuredPictures) -> str:
    return f"{len(profile)} picture{'s' * (len(profile) != 1)}"
