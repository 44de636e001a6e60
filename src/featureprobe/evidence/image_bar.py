"""A bar that counts images while a data set is read."""

import sys
from collections.abc import Iterable, Iterator

from tqdm import tqdm

from featureprobe.evidence.sources import Batch

_PATIENCE = 1.0  # seconds before a bar shows by itself


def counted(batches: Iterable[Batch], total: int | None, progress: bool | None) -> Iterator[Batch]:
    """Yield the batches, and show how many images have been read.

    Args:
        batches: Of a data set.
        total: How many images there are; None where nobody knows.
        progress: Show a bar; None shows one on a terminal, when it takes more than a second.
    """
    show = sys.stderr.isatty() if progress is None else progress
    delay = _PATIENCE if progress is None else 0.0
    with tqdm(total=total, disable=not show, unit=" images", file=sys.stderr, delay=delay) as bar:
        for batch in batches:
            yield batch
            bar.update(len(batch.images))
