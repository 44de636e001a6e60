"""The layers of a model as a flat list of calls, and what can be read of it.

What lives here: the layer graph and its reader, calls, the value before an activation, reads.
May import: `probe.layers` and the rooms below the model.
To add a kind of model: `graph_reader.py` makes its list of calls.
Not a public place: users import from `featureprobe`.
"""
