"""Cut the bundled sample of MNIST: 200 test images of every digit, chosen by a seed alone.

No net is asked, so the sample flatters none. The indices into the official test set are kept, so
that every image can be traced back::

    python examples/make_mnist_sample.py --out src/featureprobe/samples/data/mnist_digits.npz
"""

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from train_mnist_cnn import load_mnist, record

PER_DIGIT = 200


def choose(labels: npt.NDArray[np.uint8], seed: int) -> npt.NDArray[np.int64]:
    """Return the sorted indices of ``PER_DIGIT`` images of each digit, none of them twice."""
    rng = np.random.default_rng(seed)
    chosen = [
        rng.choice(np.flatnonzero(labels == digit), PER_DIGIT, replace=False) for digit in range(10)
    ]
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def save_arrays(path: Path, arrays: dict[str, npt.NDArray[np.generic]]) -> None:
    """Save a compressed npz without dates: the same arrays give the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array, allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy")
            archive.writestr(member, content.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


def main() -> None:
    """Choose, save, record."""
    parser = argparse.ArgumentParser(description="Cut the bundled sample of the MNIST test set.")
    parser.add_argument("--data", type=Path, help="npz with x_train, y_train, x_test, y_test")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("mnist_digits.npz"))
    args = parser.parse_args()
    _, (images, labels) = load_mnist(args.data)
    indices = choose(labels, args.seed)
    save_arrays(
        args.out,
        {
            "images": images[indices][..., None],
            "labels": labels[indices].astype(np.uint8),
            "indices": indices.astype(np.uint16),
        },
    )
    record(
        args.out,
        {
            "script": f"examples/{Path(__file__).name}",
            "seed": args.seed,
            "rule": (
                f"{PER_DIGIT} images of each digit from the MNIST test set, drawn without"
                " replacement by numpy's default_rng(seed), digit 0 first, then sorted by index"
            ),
            "license": "CC-BY-SA-3.0",
            "attribution": "MNIST, Yann LeCun and Corinna Cortes; see LICENSE-MNIST.txt",
        },
    )
    print(f"{args.out}: {len(indices)} images, {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
