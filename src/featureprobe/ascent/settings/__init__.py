"""Settings of an ascent: values, checked, that run nothing.

What lives here: the fields of Ascent and the values that only it takes: precursor, remedies, converged.
May import: the vocabulary rooms, evidence, probe and below.
To add a setting: a field in `open_settings.py` with its check, and in `settings.py`; what is chosen for
it in `chosen.py`; its meaning in `ascent.py`, class Ascent.
Not a public place: users import from `featureprobe`.
"""
