"""What is solved: targets, each resolved once, and the images that they start from.

What lives here: resolved targets, which of them are one problem, their masks, crops and floors; starts as a value.
May import: settings, the vocabulary rooms, evidence, probe and below.
To add what a run must know of a target: a property of `Resolved`, found out once.
Not a public place: users import from `featureprobe`.
"""
