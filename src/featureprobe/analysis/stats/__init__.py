"""Room of the statistics: arrays in, arrays out; no model, no finding.

What lives here: similarities, clusters, effects, intervals, null counts; one idea a file.
May import: `_extras`, `types`, `errors`, numpy; scipy and scikit-learn through `_extras`.
"""
