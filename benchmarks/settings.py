"""Which update rules and operators reach most: scores, certificates and statuses of Conv2D_3.

Four starts of each map, found by the default search, both bundled nets, both constraint sets; the
first row is the default of ``fp.Ascent``. Scores are compared within a constraint set only. What
the defaults attain of the best that is known: ``attainment.py``.
"""

from collections import Counter
from dataclasses import replace

import numpy as np

import featureprobe as fp
from machine import save

LAYER, SEED = "Conv2D_3", 7


BLUR = fp.GaussianBlur(0.6)
DECAYING = fp.NormalizedGradient(0.5, decay=16)
SETTINGS = {
    "default: momentum, blur every 8 until 24": fp.Ascent(),
    "polished by 32 steps": fp.Ascent(polish=32),
    "momentum, blur every 8": fp.Ascent(regularizers=(fp.Every(8, BLUR),)),
    "momentum, no blur": fp.Ascent(regularizers=()),
    "momentum without decay, no blur": fp.Ascent(rule=fp.Momentum(decay=None), regularizers=()),
    "decaying gradient, blur every 16": fp.Ascent(
        rule=DECAYING, regularizers=(fp.Every(16, BLUR),)
    ),
    "decaying gradient, no blur": fp.Ascent(rule=DECAYING, regularizers=()),
    "Adam 0.05, no blur": fp.Ascent(rule=fp.Adam(0.05), regularizers=()),
}


def measure(probe: fp.ModelProbe, ascent: fp.Ascent) -> dict[str, object]:
    """Return what one setting reaches."""
    result = ascent.run(probe, fp.MapMean.each(probe, LAYER), rng=SEED, progress=False)
    best = result.best_starts()[:, None]
    certificates = np.take_along_axis(result.certificates, best, axis=1)
    return {
        "mean_score": round(float(result.best_scores().mean()), 3),
        "median_certificate": round(float(np.median(certificates)), 3),
        "statuses": dict(Counter(str(status) for status in result.best_status())),
    }


def main() -> None:
    """Measure every setting and write the table."""
    values: dict[str, object] = {}
    for which in ("a", "b"):
        probe = fp.samples.mnist_probe(which)
        for constraint in (fp.Sphere(), fp.Box()):
            for name, ascent in SETTINGS.items():
                found = measure(probe, replace(ascent, constraint=constraint))
                values[f"net {which}, {constraint}, {name}"] = found
                print(f"net {which}  {constraint!s:9} {name:40} {found}", flush=True)
    print("wrote", save("settings", values))


if __name__ == "__main__":
    main()
