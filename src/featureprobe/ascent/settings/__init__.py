"""The settings of an ascent: values, checked, that run nothing."""
