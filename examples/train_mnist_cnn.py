"""Train the small reference CNN on MNIST and save it, with a manifest entry that says how.

The net has three convolutional layers and a small MLP, 208,982 parameters in all. featureprobe
bundles two trainings of it, which differ in nothing but the seed::

    cd src/featureprobe/samples/data
    python ../../../../examples/train_mnist_cnn.py --seed 1 --out mnist_cnn_a.keras
    python ../../../../examples/train_mnist_cnn.py --seed 2 --out mnist_cnn_b.keras

Without ``--data`` the images come from ``keras.datasets.mnist``, which downloads them once. Ten
epochs take two to three minutes on two CPU cores. Another TensorFlow or another processor rounds
differently, so the same seed repeats a training exactly only where both are the same.
"""

import argparse
import hashlib
import io
import json
import platform
import re
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

Pixels = npt.NDArray[np.uint8]
MnistArrays = tuple[tuple[Pixels, Pixels], tuple[Pixels, Pixels]]

PARAMETERS = 208_982
BATCH = 128
PEAK_RATE = 0.05
L2 = 1e-3


def load_mnist(path: Path | None) -> MnistArrays:
    """Return ``(x_train, y_train), (x_test, y_test)``: uint8, images (N, 28, 28), labels (N,)."""
    if path is None:
        arrays: MnistArrays = keras.datasets.mnist.load_data()
        return arrays
    with np.load(path) as data:
        return (data["x_train"], data["y_train"]), (data["x_test"], data["y_test"])


def build_net(name: str, l2: float = 0.0) -> keras.Model:
    """Build the untrained net; ``l2`` weighs the sum of squares of every kernel."""
    kernel: dict[str, Any] = {"kernel_regularizer": keras.regularizers.L2(l2)} if l2 else {}
    layers = keras.layers
    net = keras.Sequential(
        [
            keras.Input((28, 28, 1), name="Input"),
            layers.Conv2D(32, 3, activation="relu", name="Conv2D_1", **kernel),
            layers.MaxPooling2D(2, name="Max_Pool_1"),
            layers.Conv2D(64, 3, activation="relu", name="Conv2D_2", **kernel),
            layers.MaxPooling2D(2, name="Max_Pool_2"),
            layers.Conv2D(128, 3, activation="relu", name="Conv2D_3", **kernel),
            layers.Flatten(name="Flatten"),
            layers.Dense(100, activation="relu", name="Dense_1", **kernel),
            layers.Dense(10, activation="softmax", name="Dense_2", **kernel),
        ],
        name=name,
    )
    if net.count_params() != PARAMETERS:
        raise AssertionError(f"the net has {net.count_params()} parameters, not {PARAMETERS}")
    return net


def train_net(
    name: str, images: npt.NDArray[np.float32], labels: Pixels, epochs: int
) -> keras.Model:
    """Train on standardized ``images`` (N, 28, 28, 1) and return the net, ready for inference."""
    learner = build_net(name, L2)
    steps = epochs * -(-len(images) // BATCH)
    warmup = steps // 10  # full-sized first steps would switch many maps off for good
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup, warmup_target=PEAK_RATE, warmup_steps=warmup
    )
    learner.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    learner.fit(images, labels, batch_size=BATCH, epochs=epochs, verbose=2)
    # Weights moved to a fresh net leave the optimizer, the loss and the penalty behind.
    net = build_net(name)
    net.set_weights(learner.get_weights())
    return net


def save_net(net: keras.Model, path: Path) -> None:
    """Save ``net`` as a ``.keras`` archive; the same weights give the same bytes.

    Keras writes the date and, as ids of shared objects, memory addresses: both are left out.
    """
    net.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in sorted(archive.namelist())}
    config = members["config.json"].decode()
    members["config.json"] = re.sub(r', "shared_object_id": \d+', "", config).encode()
    metadata = json.loads(members["metadata.json"])
    metadata.pop("date_saved", None)
    members["metadata.json"] = json.dumps(metadata).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    path.write_bytes(packed.getvalue())


def record(path: Path, facts: dict[str, Any]) -> None:
    """Write the entry of the file at ``path`` into the ``manifest.json`` beside it."""
    manifest = path.with_name("manifest.json")
    entries = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    entries[path.name] = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        **facts,
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }
    text = json.dumps(entries, indent=2, sort_keys=True)
    manifest.write_text(text + "\n", encoding="utf-8")


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Train the reference CNN on MNIST.")
    parser.add_argument("--data", type=Path, help="npz with x_train, y_train, x_test, y_test")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("mnist_cnn.keras"))
    return parser.parse_args()


def main() -> None:
    """Train, save, measure on the whole test set, record."""
    args = parse_arguments()
    keras.utils.set_random_seed(args.seed)
    tf.config.experimental.enable_op_determinism()
    (train, train_labels), (test, test_labels) = load_mnist(args.data)
    # Three decimals are plenty for a standardization, and can be written down.
    mean, std = round(float(train.mean()), 3), round(float(train.std()), 3)

    def standardized(images: Pixels) -> npt.NDArray[np.float32]:
        return ((images[..., None] - mean) / std).astype(np.float32)

    net = train_net(args.out.stem, standardized(train), train_labels, args.epochs)
    save_net(net, args.out)
    saved = keras.saving.load_model(args.out, safe_mode=True)
    guesses = saved.predict(standardized(test), batch_size=500, verbose=0).argmax(axis=1)
    accuracy = float(np.mean(guesses == test_labels))
    record(
        args.out,
        {
            "script": f"examples/{Path(__file__).name}",
            "seed": args.seed,
            "epochs": args.epochs,
            "parameters": PARAMETERS,
            "pixels": {"mean": mean, "std": std, "low": 0, "high": 255},
            "test_accuracy": round(accuracy, 4),
        },
    )
    print(f"{args.out}: {accuracy:.2%} of {len(test)} test images")


if __name__ == "__main__":
    main()
