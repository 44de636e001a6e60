"""Everything that featureprobe raises on purpose.

Each error is a :class:`FeatureProbeError` and also the builtin that fits, so that both
``except fp.FeatureProbeError`` and ``except ValueError`` work. Messages have three parts: what is
wrong, what was received, what to do.
"""

import difflib
from collections.abc import Iterable


class FeatureProbeError(Exception):
    """Any error that featureprobe raises on purpose."""


class ShapeError(FeatureProbeError, ValueError):
    """An array has the wrong rank, shape or dtype."""


class RangeError(FeatureProbeError, ValueError):
    """A number lies outside its allowed range, or an index outside its layer."""


class DataError(FeatureProbeError, ValueError):
    """Values or a file cannot be used: NaN, truncated, damaged, hostile."""


class SaveError(DataError, OSError):
    """A file cannot be written: a full disk, no permission, a name that is too long."""


class ConfigError(FeatureProbeError, ValueError):
    """A component or a stored configuration is not valid."""


class ModelError(FeatureProbeError, ValueError):
    """A model cannot be probed as asked."""


class UnknownLayerError(FeatureProbeError, LookupError):
    """A layer path that the model does not have."""


class UnknownNameError(FeatureProbeError, AttributeError):
    """A method or attribute that an object does not have."""


class PluginError(FeatureProbeError, LookupError):
    """A plug-in kind is unknown, defined twice, or cannot be loaded."""


class DivergedError(FeatureProbeError, ArithmeticError):
    """A run produced values that are not finite."""


class MissingExtraError(FeatureProbeError, ImportError):
    """An optional package is needed for what was asked."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> str:
    """Return a sentence that names the entries of ``known`` nearest to ``name``.

    Args:
        name: What was asked for.
        known: What exists.
        count: The most names to list.

    Returns:
        ``"Nearest: 'a', 'b'."``; without a near name the first few known ones; ``"There are
        none."`` when nothing is known.
    """
    names = list(known)
    if not names:
        return "There are none."
    close = difflib.get_close_matches(name, names, n=count, cutoff=0.5)
    if close:
        return "Nearest: " + ", ".join(repr(n) for n in close) + "."
    shown = ", ".join(repr(n) for n in names[:8])
    return f"Known: {shown}{', ...' if len(names) > 8 else ''}."
