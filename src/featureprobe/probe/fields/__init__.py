"""Which part of its inputs a layer reads: receptive fields and crops.

What lives here: one rule for each class of layer and operation, from which both follow.
May import: `probe.graph`, `probe.layers` and the rooms below the model.
To teach it a layer type: a rule in `layer_rules.py`, its configurations in the tables of the tests.
Not a public place: users import from `featureprobe`.
"""
