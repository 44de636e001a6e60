"""Room of the statistics: arrays in, arrays out; no model, no finding.

What lives here: similarities, clusters, effects, intervals, counts that chance gives; one a file.
May import: `_extras`, `types`, `errors`, numpy; scipy and scikit-learn through `_extras`.
Must not import: TensorFlow, the probe, the other rooms of the analyses.
To add one: a file named after it, pure functions of arrays, a test against brute force or scipy.
"""
