"""Which part of its inputs a layer reads: receptive fields and crops, one rule for each class."""
