"""Code of the user's own in a model: followed, listened to, or left alone."""

from typing import Any, Literal

import keras

from featureprobe.probe.graph.eager_block import eager_block
from featureprobe.probe.graph.heard_calls import HeardBlock, heard
from featureprobe.probe.graph.symbolic_call import NotFollowedError, Traced, traced
from featureprobe.probe.layers.composites import is_composite

Follow = Literal["symbols", "sounds", "nothing"]
"""How calls of the user's own are seen: followed on symbols, listened to where that fails; listened to
alone; not at all."""


class OwnCode:
    """What is found out of the blocks of one model.

    Args:
        follow: How their calls are seen.

    Attributes:
        seen: Whether there are such blocks.
        stopped: What kept blocks from being seen, by their paths.
    """

    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self.seen = False
        self.stopped: dict[str, str] = {}

    def followed(self, layer: Any, given: Any) -> Traced | None:
        """Return what a block of the user's own does; None where that cannot be followed."""
        if self._follow != "symbols" or not is_composite(layer):
            return None
        self.seen = True
        try:
            return traced(layer, given.args, given.kwargs)
        except NotFollowedError:
            return None

    def heard(self, layer: Any, given: Any, path: str) -> HeardBlock | None:
        """Return a block of the user's own that is listened to; None where it cannot be traced."""
        if not is_composite(layer):
            if isinstance(layer, keras.Model):
                self.stopped[path] = "its class changes more than call()"
            return None
        self.seen = True
        if self._follow == "nothing":
            self.stopped[path] = "its layers, read one by one, do not make what it makes"
            return None
        try:
            return heard(layer, given.args, given.kwargs)
        except NotFollowedError as error:
            self.stopped[path] = str(error)
            return eager_block(layer, given.args, given.kwargs)
