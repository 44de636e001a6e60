"""A graph with one image input, ready to be traced, whole or on a crop."""
