"""Spaces: whether a model is given its images as it was trained on them.

What lives here: the spaces that come into question, what can be measured of each with labels or without, what
chance does to such figures, and the value that is returned.
May import: the rooms of `probe` below this one, input_space, plotting and the rooms below; TensorFlow and Keras.
To add a space that people use: a line in `candidates.py`. To add a measure: a file named after it, taken up in
`checking.py`.
"""
