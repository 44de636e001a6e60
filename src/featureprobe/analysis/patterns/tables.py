"""Findings as text, to be printed."""

from typing import TYPE_CHECKING

import numpy as np

from featureprobe import _checks
from featureprobe._names import MOST, Lines, visible

if TYPE_CHECKING:
    from featureprobe.analysis.patterns.classes import ClassComparison


def typical_nodes(found: "ClassComparison", count: int) -> Lines:
    """Return the nodes with the largest effects in favour of each class, one a line."""
    order = np.argsort(-found.delta, kind="stable")
    count = min(_checks.whole("count", count, least=1), len(order) // 2 or 1)
    names = {3: ("row", "col", "map"), 2: ("place", "map")}.get(len(found.shape), ("index",))
    head = "".join(f"{name:>6}" for name in names)
    own, other = f"on in {found.first}", f"on in {found.second}"
    lines = [f"{head}{'delta':>8}{own:>12}{other:>12}{'q':>10}"]
    groups = ((found.first, order[:count]), (found.second, order[::-1][:count]))
    for label, nodes in groups:
        lines.append(f"{visible(found.layer, MOST)}, typical of {label}:")
        for node in nodes:
            place = "".join(f"{i:>6}" for i in found.address(int(node)))
            first, second = found.frequency[:, node]
            lines.append(
                f"{place}{found.delta[node]:>+8.2f}{first:>12.1%}{second:>12.1%}"
                f"{_short(float(found.q[node])):>10}"
            )
    return Lines("\n".join(lines))


def _short(rate: float) -> str:
    """Return a rate; how far below any use it lies says nothing."""
    return "<1e-12" if rate < 1e-12 else f"{rate:.2g}"
