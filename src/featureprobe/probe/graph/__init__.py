"""The layers of a model as a flat list of calls, and what can be read of it."""
