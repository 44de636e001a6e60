"""Which constraint set holds where none is given."""

from featureprobe.constraints.base import Constraint
from featureprobe.constraints.box import Box
from featureprobe.constraints.sphere import Sphere
from featureprobe.input_space import InputSpace


def resolve(constraint: Constraint | None, space: InputSpace) -> Constraint:
    """Return the given constraint, or the default one of a space, checked against it."""
    if constraint is None:
        return Box() if space.bounds is not None else Sphere()
    constraint.check(space)
    return constraint
