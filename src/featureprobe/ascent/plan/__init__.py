"""What runs together: groups of targets, chunks of images, crops.

What lives here: groups by structure, chunks by memory, and how crops are cut and pasted.
May import: step, problem, settings, the vocabulary rooms, probe and below.
To add numbers of a target to a chunk: `plan.py`, a name in the data of a group.
Not a public place: users import from `featureprobe`.
"""
