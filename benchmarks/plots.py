"""Plots of the comparisons with other tools."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from machine import RESULTS

OURS, PEERS, MACHINE = "C1", "C0", "C7"


def draw_w1(values: Mapping[str, Any], name: str) -> Path:
    """Draw ratios to our time with their intervals, and the rates of our run and the machine."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(11, 3.8), width_ratios=(3, 2), layout="constrained"
    )
    peers = values["peers"]
    for place, (_, peer) in enumerate(peers.items()):
        ratio = peer["times_ours"]
        left.plot([ratio["low"], ratio["high"]], [place, place], color=PEERS, linewidth=2)
        left.plot(ratio["median"], place, "o", color=PEERS)
        text = f"{ratio['median']:.2f}x  ({peer['s']['median']:.2f} s)"
        left.annotate(text, (ratio["high"], place), (6, 0), textcoords="offset points",
                      va="center", fontsize=8,
                      bbox={"color": "white", "pad": 0.5})  # fmt: skip
    left.set_yticks(range(len(peers)), list(peers))
    left.invert_yaxis()
    left.axvline(1, color=OURS, label=f"featureprobe ({values['ours_s']['median']:.2f} s)")
    left.axvline(1.5, color="C3", linestyle="dashed", linewidth=1, label="bar for xplique")
    left.set_xlim(0, 1.3 * max(peer["times_ours"]["high"] for peer in peers.values()))
    left.set(xlabel="seconds / seconds of featureprobe (median, 95 % interval)",
             title=values["job"])  # fmt: skip
    left.legend(fontsize=8)
    draw_rates(right, values)
    for ax in (left, right):
        ax.grid(axis="x", alpha=0.3)
    return write(figure, name)


def draw_rates(ax: Axes, values: Mapping[str, Any]) -> None:
    """Draw GFLOP/s of our run and of what the machine can do."""
    rates = {
        "featureprobe": values["nominal_gflop_per_s"],
        "forward only": values["forward_images_per_s"]["median"] * 6.175e-3,
        "tf.matmul 4096": values["matmul_gflop_per_s"]["median"],
        "numpy sgemm 4096": values["sgemm_gflop_per_s"]["median"],
    }
    bars = ax.barh(list(rates), list(rates.values()), color=[OURS, *[MACHINE] * 3])
    ax.bar_label(bars, fmt="%.0f", padding=3, fontsize=8)
    ax.set_xlim(0, 1.15 * max(rates.values()))
    ax.invert_yaxis()
    ax.set(xlabel="nominal GFLOP/s", title="rates in the same run (medians)")


def draw_q1(values: Mapping[str, Any], name: str) -> Path:
    """Draw the share of maps that have arrived over the seconds, for each net."""
    nets = values["nets"]
    figure, axes = plt.subplots(
        1, len(nets), figsize=(5.5 * len(nets), 4), sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for ax, (net, found) in zip(axes[0], nets.items(), strict=True):
        settings = found["ours"]["settings"]
        ax.plot([s["s"] for s in settings], [min(s["shares"]) for s in settings], ".",
                color=OURS, alpha=0.4, label="featureprobe, settings tried")  # fmt: skip
        chosen = found["ours"]["chosen"]
        ax.plot(chosen["s"], min(chosen["shares"]), "*", color=OURS, markersize=13,
                label="featureprobe, chosen")  # fmt: skip
        for color, (tool, peer) in zip(("C0", "C2"), found["peers"].items()):
            last = peer["final"]
            label = f"{tool}, best setting" + ", censored" * last["censored"]
            ax.plot(last["seconds_so_far"], last["share_so_far"], "o-", color=color, markersize=3,
                    label=label)  # fmt: skip
            ax.plot(last["s"], last["share_of_own_alive"], "x", color=color,
                    label="the same, of the maps alive at its starts")  # fmt: skip
        ax.axhline(values["share_wanted"], color="C3", linestyle="dashed", linewidth=1)
        ax.set(xscale="log", xlabel="seconds, warm", title=f"net {net}", ylim=(0, 1.02))
        ax.grid(alpha=0.3)
        ax.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)
    axes[0, 0].set_ylabel(f"share of maps with attainment >= {values['attainment_wanted']}")
    return write(figure, name)


def write(figure: plt.Figure, name: str) -> Path:
    """Write a figure into the results."""
    path = RESULTS / f"{name}.png"
    figure.savefig(path, dpi=130)
    plt.close(figure)
    return path
