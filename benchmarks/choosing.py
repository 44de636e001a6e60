"""The choice among settings: what is eligible, and whether a lead over the default is clear."""

from collections.abc import Sequence
from typing import Any

import numpy as np

MEDIAN, LOWEST, COST = 0.97, 0.90, 1.5
"""Bars of attainment, median and 5th percentile, and of costs, as multiples of the cheapest setting's."""

Figures = dict[str, Any]


def gain(nets: dict[str, Figures], default: dict[str, Figures], draws: int = 10_000) -> Figures:
    """Return the gain over the default's explanatory power and its 95 % interval over maps."""
    rng, middle, drawn = np.random.default_rng(0), [], []
    for net, figures in nets.items():
        lead = np.subtract(figures["explains"], default[net]["explains"])
        lead = lead[np.isfinite(lead)]
        middle.append(np.median(lead))
        drawn.append(np.median(lead[rng.integers(len(lead), size=(draws, len(lead)))], axis=1))
    low, high = np.quantile(np.mean(drawn, axis=0), [0.025, 0.975])
    ends = {"gain": np.mean(middle), "low": low, "high": high} | {
        f"gain on {net}": m for net, m in zip(nets, middle, strict=True)
    }
    return {name: round(float(v), 4) for name, v in ends.items()}


def judge(found: dict[str, dict[str, Figures]]) -> dict[str, Figures]:
    """Return for each setting whether it is eligible, its explanatory power and its gain."""
    meets = {
        name: all(nets[n]["attainment"] >= MEDIAN and nets[n]["attainment p5"] >= LOWEST
                  and nets[n]["dead"] == 0 for n in "ab")
        for name, nets in found.items()
    }  # fmt: skip
    cost = {name: (nets["a"]["cost"] + nets["b"]["cost"]) / 2 for name, nets in found.items()}
    cheapest = min((cost[n] for n in found if meets[n]), default=float("nan"))
    return {
        name: {"meets": meets[name], "cost": round(cost[name], 2),
               "eligible": bool(meets[name] and cost[name] <= COST * cheapest),
               "power on digits": _power(nets, "ab"), "power": _power(nets, (*"ab", "squeezenet")),
               **gain(nets, found["default"])}
        for name, nets in found.items()
    }  # fmt: skip


def _power(nets: dict[str, Figures], wanted: Sequence[str]) -> float | None:
    """Return the mean explanatory power over some nets; None where one was not climbed."""
    own = [nets[net]["explanatory power"] for net in wanted if net in nets]
    return round(float(np.mean(own)), 4) if len(own) == len(wanted) else None


def chosen(table: dict[str, Figures], finalists: list[str]) -> Figures:
    """Return the finalist with the largest power, and the default that follows."""
    eligible = [n for n in finalists if table[n]["eligible"] and table[n]["power"] is not None]
    best = max(eligible, key=lambda n: table[n]["power"], default="none")
    clear = best != "none" and table[best]["low"] > 0
    return {"largest power": best, "default": best if clear else "as it is"}
