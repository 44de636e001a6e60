"""Photographs and trained nets, where they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from photographs import EFFICIENTNET, RIGHT, SQUEEZENET, photographs, square

import featureprobe as fp
from featureprobe.probe.spaces.input_check import InputCheck

NETS = {"squeezenet": (*SQUEEZENET, "caffe"), "efficientnet": (*EFFICIENTNET, "-1..1")}
GIVEN = {
    "0..1": fp.InputSpace(std=255.0, low=0, high=255),
    "-1..1 BGR": fp.InputSpace(127.5, std=127.5, low=0, high=255, order=(2, 1, 0)),
}


@pytest.fixture
def photo_check(data_folder: Path) -> Callable[[str, str, bool], tuple[InputCheck, str]]:
    """Return a function that opens a net in a space, checks photos, and names the true space."""

    def run(net: str, given: str, labelled: bool) -> tuple[InputCheck, str]:
        name, size, own, true = NETS[net]
        file = data_folder / "models" / f"{name}.keras"
        if not file.is_file():
            pytest.skip(f"FEATUREPROBE_TEST_DATA has no {file.name}")
        files = photographs(data_folder)
        known = {p.stem: p for p in files}
        chosen: list[Any] = [known[stem] for stem in RIGHT] if labelled else files
        images = np.stack([square(path, size) for path in chosen])
        model = keras.models.load_model(file, compile=False)
        probe = fp.ModelProbe(model, input_space=own if given == "own" else GIVEN[given])
        return probe.check(images, list(RIGHT.values()) if labelled else None), true

    return run
