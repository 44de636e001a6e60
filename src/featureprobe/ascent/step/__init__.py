"""What one step does to the images of a chunk.

What lives here: the traced loop, the evaluation of targets, the step that components see.
May import: problem, settings, the vocabulary rooms, probe and below.
To add something to a step: `loop.py`; everything in it is traced once for a structure.
Not a public place: users import from `featureprobe`.
"""
