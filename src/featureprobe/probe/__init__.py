"""Room of the model: open a trained Keras model and see inside, without changing it.

What lives here: ModelProbe, the layer graph and table, reads, receptive fields.
May import: results, grid, input_space, plotting and the rooms below; TensorFlow and Keras.
Must not import: the vocabulary rooms beside it, the engine, samples.
To teach it a layer type: add its rule to `fields/layer_rules.py`, from which fields and crops follow, and its
configurations to the tables of the tests, which compare it with what pixels change.
"""

from featureprobe.probe.layer_table import LayerRow, LayerTable
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.probe.spaces.input_check import CheckedSpace, InputCheck

__all__ = ["CheckedSpace", "InputCheck", "LayerRow", "LayerTable", "ModelProbe"]
