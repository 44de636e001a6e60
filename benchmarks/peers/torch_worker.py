"""A plain eager loop in torch, batched, channels last: all maps of a layer at once.

It knows the bundled nets' layers only: convolutions with ReLU, without padding, and 2 x 2 pooling.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from peers.protocol import serve

RATE = 0.2
FOLDER = Path(sys.argv[1])
ABOUT = json.loads((FOLDER / "about.json").read_text())


def read_layers() -> tuple[list[Callable[[torch.Tensor], torch.Tensor]], torch.Tensor]:
    """Return the layers up to the target, and the start images (N, C, H, W) in model units."""
    layers: list[Callable[[torch.Tensor], torch.Tensor]] = []
    with np.load(FOLDER / "arrays.npz") as file:
        for number, name in enumerate(file["path"]):
            key = f"{number:02d}_{name}_"
            if key + "k" in file.files:
                kernel = torch.tensor(file[key + "k"]).permute(3, 2, 0, 1)
                layers.append(conv(kernel, torch.tensor(file[key + "b"])))
            else:
                layers.append(lambda x: functional.max_pool2d(x, 2))
        starts = torch.tensor(file["starts"]).permute(0, 3, 1, 2)
    return layers, starts.contiguous(memory_format=torch.channels_last)


def conv(kernel: torch.Tensor, bias: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    kernel = kernel.contiguous(memory_format=torch.channels_last)
    return lambda x: functional.relu(functional.conv2d(x, kernel, bias))


def standardize(images: torch.Tensor) -> torch.Tensor:
    """Return images with mean 0 and deviation 1 each."""
    centred = images - images.mean((1, 2, 3), keepdim=True)
    return centred / (centred.std((1, 2, 3), keepdim=True, correction=0) + 1e-7)


LAYERS, STARTS = read_layers()


def plain(steps: int) -> np.ndarray:
    """Climb from the start images with the normalized gradient, standardized at each step."""
    images, own = standardize(STARTS), torch.arange(len(STARTS))
    for _ in range(steps):
        images.requires_grad_(True)
        answers = images
        for layer in LAYERS:
            answers = layer(answers)
        score = answers[own, own].mean((1, 2)).sum()
        (gradient,) = torch.autograd.grad(score, images)
        with torch.no_grad():
            rms = gradient.square().mean((1, 2, 3), keepdim=True).sqrt() + 1e-20
            images = standardize(images + RATE * gradient / rms)
    return images.permute(0, 2, 3, 1).numpy() * ABOUT["std"] + ABOUT["mean"]


if __name__ == "__main__":
    serve({"plain": plain})
