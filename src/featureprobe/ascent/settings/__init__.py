"""Settings of an ascent: values, checked, that run nothing.

What lives here: the fields of Ascent and the values that only it takes: precursor, remedies, converged.
May import: the vocabulary rooms, evidence, probe and below.
To add a setting: a field in `settings.py` with its check; its meaning in `ascent.py`, class Ascent.
Not a public place: users import from `featureprobe`.
"""
