"""Room of the results: what a run leaves behind.

What lives here: AscentResult, Status, Recipe, AscentState, and their way to disk.
May import: `_component`, `input_space`, `plotting` and the rooms below; numpy, never TensorFlow, so
that results can be loaded and drawn where TensorFlow is not installed.
To add an array to a result: a field in `result.py`, its name and shape in `result_file.py`, a test of
the round trip.
"""

from featureprobe.results.recipe import Recipe
from featureprobe.results.result import AscentResult
from featureprobe.results.state import AscentState, StepInfo
from featureprobe.results.status import Status

__all__ = ["AscentResult", "AscentState", "Recipe", "Status", "StepInfo"]
