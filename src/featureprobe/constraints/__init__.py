"""Room of the constraint sets: where an image may be. A closed choice.

What lives here: the sphere and the box, with their projections and certificates; the live pixels.
May import: `rules.scaling`, `_component`, `input_space`, `types`, `errors`, TensorFlow.
To add one: prove its projection and its certificate first; the set is closed for
that reason. Vocabulary that users extend has rooms of its own.
"""

from featureprobe.constraints.box import Box
from featureprobe.constraints.sphere import Sphere

__all__ = ["Box", "Sphere"]
