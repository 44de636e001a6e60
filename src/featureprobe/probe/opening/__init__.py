"""From what the user hands over, a model or a file, to a network and the space of its images.

What lives here: loading of files, which input is the image, its shape and its space, weights that are no numbers.
May import: `probe.network` and what lies below it.
To add a kind of file: `model_files.py` says what it is and what to do.
Not a public place: users import from `featureprobe`.
"""
