"""A third-party package with components for featureprobe, as a plug-in author would write it."""
