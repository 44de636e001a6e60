"""A graph with one image input, ready to be traced, whole or on a crop.

What lives here: the network, the cropped network, floors, cuts of gradients, the tail behind a layer.
May import: `probe.fields`, `probe.graph`, `probe.layers` and the rooms below the model.
To add what is found out of a net: a function of the network, kept by `network.remembered`.
Not a public place: users import from `featureprobe`.
"""
