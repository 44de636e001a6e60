"""Samples: two trained nets and 2,000 MNIST digits, to try everything without a download.

What lives here: ``nets.py``, ``digits.py`` and, in ``data/``, the files with their manifest.
May import: ``probe`` and what lies below it; never an objective or the engine.
To add one: write the script that makes the file into ``examples/``, let it record the file in
``data/manifest.json``, put its licence beside it, and read it through ``bundled.checked_file``.
"""

from featureprobe.samples.digits import mnist_digit_indices, mnist_digits
from featureprobe.samples.nets import mnist_cnn, mnist_probe

__all__ = ["mnist_cnn", "mnist_digit_indices", "mnist_digits", "mnist_probe"]
