"""Which constraint set holds where none is given."""

from featureprobe.constraints.base import Constraint
from featureprobe.constraints.box import Box
from featureprobe.constraints.joint import Jointly
from featureprobe.constraints.sphere import Sphere
from featureprobe.input_space import InputSpace
from featureprobe.joint_space import JointSpace


def resolve(constraint: Constraint | None, space: InputSpace) -> Constraint:
    """Return the given constraint, or the default one of a space, checked against it.

    Where several images are optimized together it holds for each by itself.
    """
    if isinstance(space, JointSpace) and not isinstance(constraint, Jointly):
        constraint = Jointly(constraint or default_set(space), space=space)
    if constraint is None:
        return default_set(space)
    constraint.check(space)
    return constraint


def default_set(space: InputSpace) -> Constraint:
    """Return the Box where there is a range, in all inputs if there are several, else the Sphere."""
    ranged = space.all_bounded if isinstance(space, JointSpace) else space.bounds is not None
    return Box() if ranged else Sphere()
