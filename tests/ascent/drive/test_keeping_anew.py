"""Keeping the best image starts anew by what regularizers say of when they are due."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

import featureprobe as fp
from featureprobe.ascent.drive.keeping_anew import anew

BLUR = fp.GaussianBlur(1.0)


@dataclass(frozen=True)
class After(fp.Regularizer):
    """Run a regularizer after the first n steps only."""

    kind: ClassVar[str] = "test_keeping_anew.after"
    n: int
    regularizer: fp.Regularizer

    def due(self, index):
        """Whether it runs after a step."""
        return (index > self.n) & self.regularizer.due(index)

    def apply(self, images, step):
        """Return the regularizer's images; the engine asks whether it is due."""
        return self.regularizer.apply(images, step)


@pytest.mark.parametrize(
    ("regularizers", "steps"),
    [
        ((fp.Until(24, fp.Every(8, BLUR)),), [12, 20, 28]),
        ((fp.Until(20, fp.Every(8, BLUR)), fp.GaussianBlur(0.1)), [12, 20]),
        ((fp.Every(32, BLUR),), [36]),
        ((fp.Every(12, BLUR), fp.Every(13, fp.Clip(2.0))), [17, 30]),
        ((fp.Every(5, BLUR),), [7, 12, 17, 22, 27, 32, 37]),
        ((fp.Every(16, BLUR), fp.Every(2, fp.Clip(2.0))), list(range(3, 40, 2))),
        ((fp.Every(1, BLUR),), []),
        ((BLUR, fp.Clip(2.0)), []),
        ((), []),
        ((After(10, fp.Every(8, BLUR)),), [20, 28, 36]),
        ((After(10, BLUR),), [15]),
        ((fp.Until(11, BLUR),), [15]),
        ((After(4, fp.Until(30, BLUR)),), [9, 34]),
        (
            (fp.Every(2, BLUR), fp.Every(3, fp.Clip(2.0))),
            [5, 7, 11, 13, 17, 19, 23, 25, 29, 31, 35, 37],
        ),
    ],
    ids=str,
)
def test_some_steps_after_an_operator_ran(regularizers, steps):
    """Half of those until it runs again, at most 4; also after it began, or ended, to run after each."""
    flags = anew(regularizers, 0, 40)
    assert [index for index, flag in enumerate(flags) if flag] == steps
    blocks = [flag for first in range(0, 40, 8) for flag in anew(regularizers, first, 8)]
    assert tuple(blocks) == flags, "whatever the blocks are"
