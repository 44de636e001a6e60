"""Q1's criterion: enough of the reachable maps near their best known score, and none dead."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Goal:
    """What a tool has to reach, fixed before anything runs.

    Args:
        best: (maps,) best known scores.
        dead: (maps,) scores at or below which a map counts as dead.
        attainment: Share of the best known score that a map has to reach.
        share: Share of the reachable maps that have to reach it.
    """

    best: np.ndarray
    dead: np.ndarray
    attainment: float = 0.95
    share: float = 0.95

    @property
    def reachable(self) -> np.ndarray:
        """(maps,) bool: maps that some image brings to life."""
        return self.best > self.dead

    def attainments(self, scores: np.ndarray) -> np.ndarray:
        """Return (maps,): score / best known score; NaN where no image is known."""
        return np.where(self.reachable, scores / np.where(self.reachable, self.best, 1), np.nan)

    def share_of(self, scores: np.ndarray, among: np.ndarray | None = None) -> float:
        """Return which share of the reachable maps, or of those among them, has arrived."""
        chosen = self.reachable if among is None else self.reachable & among
        arrived = self.attainments(scores)[chosen] >= self.attainment
        return float(arrived.mean()) if chosen.any() else 0.0

    def dead_of(self, scores: np.ndarray) -> int:
        """Return how many reachable maps are dead."""
        return int((scores <= self.dead)[self.reachable].sum())

    def met(self, scores: np.ndarray) -> bool:
        """Return whether the criterion holds."""
        return self.share_of(scores) >= self.share and self.dead_of(scores) == 0

    def figures(self, scores: np.ndarray) -> dict[str, float]:
        """Return share, number of dead maps and median attainment."""
        return {
            "share": round(self.share_of(scores), 4),
            "dead": self.dead_of(scores),
            "median_attainment": round(float(np.nanmedian(self.attainments(scores))), 4),
        }
