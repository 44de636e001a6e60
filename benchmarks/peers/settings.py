"""The settings of other tools that Q1 searches: optimizer and rate, parametrization, remedies.

Rates of tf-keras-vis are in pixel units, those of xplique in the units of its own parameters.
"""

from itertools import product
from typing import Any

Setting = dict[str, Any]


def vis_settings() -> list[Setting]:
    """Return settings of tf-keras-vis: the defaults first, then everything switched off."""
    names = ("optimizer", "rate", "project_each", "defaults")
    defaults = [
        ("RMSprop", 1.0, False, True),
        ("Adam", 4.0, False, True),
        ("Adam", 16.0, False, True),
    ]
    rates = {
        "RMSprop": (1.0, 16.0, 64.0),
        "Adam": (16.0, 64.0, 160.0, 400.0),
        "normalized": (16.0, 32.0, 64.0),
    }
    plain = [
        (optimizer, rate, project, False)
        for optimizer, some in rates.items()
        for rate, project in product(some, (False, True))
    ]
    return [dict(zip(names, values, strict=True)) for values in (*defaults, *plain)]


def xplique_settings() -> list[Setting]:
    """Return settings of xplique: the default optimizer with transformations first."""
    names = ("optimizer", "rate", "use_fft", "image_normalizer", "warmup_steps", "standard")
    defaults = [("Adam", 0.05, True, "sigmoid", False, True)]
    rates = {True: (0.05, 0.2, 0.8), False: (0.2, 0.8, 3.2)}
    plain = [
        ("Adam", rate, fft, normalizer, warmup, False)
        for fft, normalizer, warmup in product((True, False), ("sigmoid", "clip"), (False, 16))
        for rate in rates[fft]
    ]
    return [dict(zip(names, values, strict=True)) for values in (*defaults, *plain)]


SETTINGS = {"tf-keras-vis": ("vis", vis_settings), "xplique": ("xplique", xplique_settings)}
FIRST = {"steps": 64, "copies": 1, "decay": False}
STAGES = (  # changes to the best settings so far
    tuple({"steps": n} for n in (32, 128, 256, 512)),
    ({"decay": True},),  # a cosine to 0, which Keras offers to every optimizer
    ({"copies": 4},),  # starts of each map in one batch: fewer calls
)
