"""What was found for one target, in words and numbers."""

from typing import TYPE_CHECKING

import numpy as np

from featureprobe.analysis.optima.words import ENOUGH

if TYPE_CHECKING:
    from featureprobe.analysis.optima.defined import Definedness


def described(found: "Definedness", t: int) -> str:
    """Return the lines about target number ``t`` of a Definedness."""
    starts, good = found.scores.shape[1], int(found.good[t].sum())
    head = f"{found.targets[t]}, {starts} starts: {found.verdicts[t]}"
    if not good:
        return f"{head}; no start ends alive."
    low, high = found.good_interval[t]
    few = f"; fewer than {ENOUGH} good starts" if good < ENOUGH else ""
    score = (
        f"Best score {found.best[t]:.4g}; {good} within 5 % of it ({low:.0%}-{high:.0%} of starts); "
        f"{found.starts_needed[t]:.0f} starts give such a one with 95 % certainty."
    )
    maxima = (
        f"Distinct maxima {found.distinct[t]}, effective number {found.effective[t]:.1f}; Chao1 "
        f"{found.maxima[t]:.1f}, unseen mass {found.unseen[t]:.2f}."
    )
    lines = [f"{head}{few}.", score, maxima, *_alike(found, t), _tuned(found, t), _alive(found, t)]
    return "\n".join(lines)


def _alike(found: "Definedness", t: int) -> list[str]:
    lines = []
    if np.isfinite(found.agreement[t]):
        others = found.others[t]
        than = f"; with images of other targets at {others:.2f}" if np.isfinite(others) else ""
        lines.append(f"Two good images correlate at {found.agreement[t]:.2f} in the median{than}.")
    if np.isfinite(found.barrier[t]):
        lines.append(f"Highest barrier between the largest clusters: {found.barrier[t]:.0%}.")
    return lines


def _tuned(found: "Definedness", t: int) -> str:
    unit = "degrees" if found.constraint == "sphere" else "% of the way to a random image"
    if np.isfinite(found.half_width[t]):
        return f"The score halves at {found.half_width[t]:.0f} {unit}."
    return f"The score does not halve within {found.distances[-1]:.0f} {unit}."


def _alive(found: "Definedness", t: int) -> str:
    shares = zip(found.kinds, found.alive_share[t], strict=True)
    listed = ", ".join(f"{name} {share:.0%}" for name, share in shares)
    return f"Alive as drawn: {listed}; brought to life: {int((found.remedies[t] != '').sum())}."
