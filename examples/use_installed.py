"""Use an installed featureprobe: nothing but the package is needed. Checks a wheel."""

from pathlib import Path

import featureprobe as fp

probe = fp.samples.mnist_probe("b")
images, labels = fp.samples.mnist_digits()
right = (probe.predict(images).argmax(axis=1) == labels).mean()
result = fp.Ascent(steps=16, starts=2).run(probe, fp.MapMean.each(probe, "Conv2D_3"), rng=1)
result.save("installed.npz")
again = fp.AscentResult.load("installed.npz").recipe.run(probe)
Path("installed.npz").unlink()
if right < 0.98 or not (again.images == result.images).all():
    raise SystemExit(f"the installed package misbehaves: accuracy {right:.3f}, {again!r}")
try:
    fp.analysis.compare_classes(fp.analysis.Patterns.of(probe, images, labels, "Dense_1"), 4, 9)
except fp.MissingExtraError as error:  # a bare installation has no scipy, and must say so
    if "featureprobe[analysis]" not in str(error):
        raise SystemExit(f"the message does not name the extra: {error}") from error
    print(error)
print(f"{fp.__file__}: accuracy {right:.3f}, {result!r}, repeated bit for bit")
