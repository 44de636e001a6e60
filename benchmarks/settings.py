"""Which settings of Ascent reach most: scores, certificates and statuses of all maps of Conv2D_3.

Four shared starts from multi-scale noise, both bundled nets, both constraint sets. The defaults of
``fp.Ascent`` come from this table. Scores are compared within a constraint set only.
"""

from collections import Counter

import numpy as np

import featureprobe as fp
from machine import save

LAYER, SEED = "Conv2D_3", 7


def blur(n: int) -> tuple[fp.Regularizer, ...]:
    """Return a light blur every n steps."""
    return (fp.Every(n, fp.GaussianBlur(0.6)),)


FIXED, SLOW, FAST = (
    fp.NormalizedGradient(0.2),
    fp.NormalizedGradient(0.5, decay=16),
    fp.NormalizedGradient(0.5, decay=8),
)
SETTINGS = {
    "rate 0.2, blur every 8, 64 steps": fp.Ascent(steps=64, rule=FIXED, regularizers=blur(8)),
    "rate 0.2, blur every 8, 71 steps": fp.Ascent(steps=71, rule=FIXED, regularizers=blur(8)),
    "decay 8, blur every 8, 71 steps": fp.Ascent(steps=71, rule=FAST, regularizers=blur(8)),
    "decay 8, blur every 16, 72 steps": fp.Ascent(steps=72, rule=FAST, regularizers=blur(16)),
    "decay 16, blur every 16, 72 steps": fp.Ascent(steps=72, rule=SLOW, regularizers=blur(16)),
    "decay 16, no blur, 72 steps": fp.Ascent(steps=72, rule=SLOW, regularizers=()),
    "Adam 0.05, no blur, 72 steps": fp.Ascent(steps=72, rule=fp.Adam(0.05), regularizers=()),
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
                config = {f: getattr(ascent, f) for f in ("steps", "rule", "regularizers")}
                found = measure(probe, fp.Ascent(starts=4, constraint=constraint, **config))
                values[f"net {which}, {constraint}, {name}"] = found
                print(f"net {which}  {constraint!s:9} {name:34} {found}", flush=True)
    print("wrote", save("settings", values))


if __name__ == "__main__":
    main()
