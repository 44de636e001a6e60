"""Which of several labelled things is meant: by its place, or by its label."""

from collections.abc import Sequence

import numpy as np

from featureprobe.errors import RangeError, nearest


def place_of(wanted: int | str, labels: Sequence[str], what: str = "targets") -> int:
    """Return the place of one of ``labels``, given by that place or by the label.

    Args:
        wanted: The place, from 0, or the label.
        labels: All labels.
        what: Their name in messages.

    Raises:
        RangeError: When there is none such.
    """
    if isinstance(wanted, str) and wanted in labels:
        return labels.index(wanted)
    whole = isinstance(wanted, int | np.integer) and not isinstance(wanted, bool)
    if whole and 0 <= wanted < len(labels):  # type: ignore[operator]
        return int(wanted)
    raise RangeError(
        f"There are {len(labels)} {what}, counted from 0, with labels. Received: {wanted!r}. "
        f"{nearest(str(wanted), labels)}"
    )
