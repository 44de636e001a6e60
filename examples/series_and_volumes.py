"""Two small nets on series and on volumes: what their units look for, drawn.

Both are trained here, in seconds, on data that this script makes: a pulse in noise, and a ball in a
volume. Writes the pictures of the how-to pages to ``out/`` (or ``--out``).
"""

import argparse
from pathlib import Path

import keras
import matplotlib as mpl

mpl.use("Agg")  # pictures go to files; no window is needed

import matplotlib.pyplot as plt
import numpy as np

import featureprobe as fp
from featureprobe import plotting

SEED = 7
DPI = 110
LENGTH, WIDTH = 96, 25


def pulse() -> np.ndarray:
    """Return (25, 2) the pulse: a wave that dies away in channel 0, a step in channel 1."""
    at = np.arange(WIDTH)
    wave = np.sin(2 * np.pi * at / 8) * np.exp(-(((at - 12) / 6) ** 2))
    return np.stack([wave, np.where(at < 13, -0.5, 0.5) * np.hanning(WIDTH)], axis=1)


def series_net() -> tuple[fp.ModelProbe, np.ndarray, np.ndarray]:
    """Return a net that says whether a series (96, 2) holds the pulse, and series with labels."""
    rng = np.random.default_rng(SEED)
    series = rng.normal(0, 0.5, (2000, LENGTH, 2)).astype(np.float32)
    labels = rng.integers(0, 2, len(series))
    for k in np.flatnonzero(labels):
        start = rng.integers(0, LENGTH - WIDTH)
        series[k, start : start + WIDTH] += 1.5 * pulse()
    keras.utils.set_random_seed(SEED)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((LENGTH, 2)),
            layers.Conv1D(8, 9, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling1D(2, name="pool1"),
            layers.Conv1D(8, 9, padding="same", activation="relu", name="conv2"),
            layers.GlobalMaxPooling1D(name="strongest"),
            layers.Dense(2, activation="softmax", name="out"),
        ],
        name="pulse_net",
    )
    _train(model, series, labels)
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=-3, high=3)), series, labels


def volume_net() -> tuple[fp.ModelProbe, np.ndarray, np.ndarray]:
    """Return a net that says whether a volume (10, 16, 16, 1) holds a ball, and volumes with labels."""
    rng = np.random.default_rng(SEED)
    shape = (10, 16, 16)
    volumes = rng.normal(0, 0.5, (800, *shape, 1)).astype(np.float32)
    labels = rng.integers(0, 2, len(volumes))
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    for k in np.flatnonzero(labels):
        middle = [rng.integers(3, size - 3) for size in shape]
        distance = np.linalg.norm(grid - np.array(middle), axis=-1)
        volumes[k, ..., 0] += 1.5 * (distance < 2.6)
    keras.utils.set_random_seed(SEED)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((*shape, 1)),
            layers.Conv3D(6, 3, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling3D((1, 2, 2), name="pool1"),
            layers.Conv3D(6, 3, padding="same", activation="relu", name="conv2"),
            layers.GlobalMaxPooling3D(name="strongest"),
            layers.Dense(2, activation="softmax", name="out"),
        ],
        name="ball_net",
    )
    _train(model, volumes, labels)
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=-3, high=3)), volumes, labels


def smooth() -> fp.Ascent:
    """Return a recipe for smooth pictures: on the sphere, blurred a little every fourth step."""
    blur = fp.Every(4, fp.GaussianBlur(0.7))
    return fp.Ascent(starts=4, constraint=fp.Sphere(), regularizers=(blur,))


def _train(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> None:
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, epochs=6, batch_size=32, verbose=0)
    print(f"{model.name}: {model.evaluate(images, labels, verbose=0)[1]:.1%} right")


def draw_series(out: Path) -> None:
    """Draw what the units of the net on series look for, and what excites them."""
    probe, series, labels = series_net()
    print(probe.summary())
    ascent = smooth()
    output = ascent.run(probe, fp.Logit(1), rng=SEED, progress=False)
    _save(output.plot(title="Which series says 'pulse' most clearly?"), out / "series_output.png")
    maps = ascent.run(probe, fp.MapMean.each(probe, "conv2"), rng=SEED, progress=False)
    _save(maps.plot(title="What the maps of conv2 look for"), out / "series_maps.png")
    one = series[np.flatnonzero(labels)[0]]
    _save(probe.grid(one, "conv2").plot(), out / "series_grid.png")
    evidence = fp.Evidence.collect(probe, series, "conv2", top=6, progress=False)
    unit = int(np.argmax(evidence["conv2"].peak.largest))
    _save(evidence.top("conv2", unit).plot(), out / "series_examples.png")
    heat = fp.fire_map(probe, one, "conv2", unit)
    node = int(probe.activations(one, "conv2")[0, :, unit].argmax())
    box = fp.receptive_box(probe, "conv2", position=(node,))
    target = fp.Node("conv2", position=(24,), channel=unit)
    found = ascent.run(probe, target, rng=SEED, progress=False)
    _save(found.plot(contrast=True, title=f"Node 24 of conv2, map {unit}"), out / "series_node.png")
    ax = plotting.show_overlay(one, heat, boxes=[box], title=f"Where map {unit} of conv2 fires")
    _save(ax, out / "series_overlay.png")


def draw_volumes(out: Path) -> None:
    """Draw what the units of the net on volumes look for, and what excites them."""
    probe, volumes, labels = volume_net()
    print(probe.summary())
    ascent = smooth()
    evidence = fp.Evidence.collect(probe, volumes, "conv2", top=6, progress=False)
    unit = int(np.argmax(evidence["conv2"].peak.largest))
    node = ascent.run(
        probe, fp.Node("conv2", position=(5, 4, 4), channel=unit), rng=SEED, progress=False
    )
    title = f"Node (5, 4, 4) of conv2, map {unit}"
    ax = plotting.show_volume(node.best()[0], contrast=True, title=title)
    _save(ax, out / "volume_node.png")
    output = ascent.run(probe, fp.Logit(1), rng=SEED, progress=False)
    best = output.best()[0]
    ax = plotting.show_volume(best, contrast=True, title="What says 'ball' most clearly?")
    _save(ax, out / "volume_output.png")
    plotting.save_planes(best, out / "volume_output.gif", contrast=True, upscale=12)
    maps = ascent.run(probe, fp.MapMean.each(probe, "conv2"), rng=SEED, progress=False)
    ax = maps.plot(contrast=True, title="What the maps of conv2 look for")
    _save(ax, out / "volume_maps.png")
    one = volumes[np.flatnonzero(labels)[0]]
    _save(probe.grid(one, "conv2").plot(), out / "volume_grid.png")
    _save(evidence.top("conv2", unit).plot(), out / "volume_examples.png")


def _save(ax: mpl.axes.Axes, path: Path) -> None:
    ax.figure.savefig(path, dpi=DPI)
    plt.close(ax.figure)


def main() -> None:
    """Draw everything and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    draw_series(out)
    draw_volumes(out)
    print(f"{len(list(out.iterdir()))} files in {out.resolve()}")


if __name__ == "__main__":
    main()
