"""Which maps stay dead after a default run: only those that no image of MNIST excites either."""

from pathlib import Path

import numpy as np
import pytest

import featureprobe as fp

PART = 5_000


def map_means(probe: fp.ModelProbe, images: np.ndarray, layer: str) -> np.ndarray:
    """Return (images, maps), a part at a time."""
    parts = (images[i : i + PART] for i in range(0, len(images), PART))
    return np.concatenate([probe.activations(p, layer).mean(axis=(1, 2)) for p in parts])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "layer", "count"),
    [
        ("a", "Conv2D_3", 10_000),
        *(
            pytest.param(net, layer, 70_000, marks=pytest.mark.long)
            for net in "ab"
            for layer in ("Conv2D_2", "Conv2D_3")
        ),
    ],
)
def test_a_default_run_leaves_no_map_behind_that_answers(
    net: str, layer: str, count: int, data_folder: Path
) -> None:
    """The last 10,000 images, or all 70,000; dead is at or below 1e-6 x the 99th percentile of the map means."""
    with np.load(data_folder / "data" / "mnist.npz") as data:
        images = np.concatenate([data["x_train"], data["x_test"]])[-count:, ..., None]
    assert len(images) == count
    probe = fp.samples.mnist_probe(net)
    real = map_means(probe, images, layer)
    threshold = 1e-6 * np.quantile(real, 0.99)
    targets = fp.MapMean.each(probe, layer)
    result = fp.Ascent(constraint=fp.Box()).run(probe, targets, rng=7, progress=False)
    answers = np.diagonal(map_means(probe, result.best(), layer))
    dead = answers <= threshold
    assert not (dead & (real.max(axis=0) > threshold)).any()
    assert (result.best_status()[dead] == fp.Status.DEAD).all()
    print(f"net {net} {layer}: {dead.sum()} of {len(dead)} maps dead, for all images too")


def test_evidence_sets_the_measure_of_death() -> None:
    """What real images cause is the measure when it is given; of another model it is refused."""
    probe = fp.samples.mnist_probe()
    images = fp.samples.mnist_digits()[0][:300]
    evidence = fp.Evidence.collect(probe, images, ["Conv2D_3", "Dense_1"])
    targets = [fp.MapMean("Conv2D_3", channel=3), fp.Node("Conv2D_3", row=1, col=1, channel=3),
               fp.Node("Dense_1", index=4), 2.0 * fp.Node("Dense_1", index=4),
               fp.MapMean("Conv2D_2", channel=3)]  # fmt: skip
    ascent = fp.Ascent(steps=2, starts=1, search=None, remedies=())
    with_images = ascent.run(probe, targets, rng=0, progress=False, evidence=evidence)
    without = ascent.run(probe, targets, rng=0, progress=False)
    maps = probe.activations(images, "Conv2D_3")
    dense = np.quantile(probe.activations(images, "Dense_1"), 0.99)
    strong = [np.quantile(maps.mean(axis=(1, 2)), 0.99), np.quantile(maps.max(axis=(1, 2)), 0.99),
              dense, 2 * dense]  # fmt: skip
    np.testing.assert_allclose(with_images.dead_thresholds[:4], 1e-6 * np.array(strong), rtol=0.01)
    assert (np.abs(without.dead_thresholds[:4] / with_images.dead_thresholds[:4] - 1) > 0.02).all()
    assert with_images.dead_thresholds[4] == without.dead_thresholds[4]  # a layer without evidence
    with pytest.raises(fp.ConfigError, match="another model"):
        ascent.run(fp.samples.mnist_probe("b"), targets, rng=0, evidence=evidence)
    with pytest.raises(fp.ConfigError, match="collect"):
        ascent.run(probe, targets, rng=0, evidence=images)
