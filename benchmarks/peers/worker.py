"""A peer's process, seen from the benchmark that drives it."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self

import numpy as np

import featureprobe as fp
from peers.environments import python_of

MODULES = {"vis": "vis_worker", "xplique": "xplique_worker", "torch": "torch_worker"}
BENCHMARKS = Path(__file__).parents[1]


class Worker:
    """One tool in a process of its own; use it in a ``with`` block.

    Args:
        tool: ``"vis"``, ``"xplique"`` or ``"torch"``: the environment.
        probe: The net that it is given, as files.
        layer: The layer whose maps are the targets.
        starts: Start images (N, H, W, C) in model units, for tools that take them.
    """

    def __init__(
        self, tool: str, probe: fp.ModelProbe, layer: str, starts: np.ndarray | None = None
    ) -> None:
        self.tool = tool
        self._folder = tempfile.TemporaryDirectory()
        self._shape = (-1, *probe.image_shape)
        folder = Path(self._folder.name)
        self._log = (folder / "log.txt").open("w")
        write_net(folder, probe, layer, starts)
        command = [str(python_of(tool)), "-m", f"peers.{MODULES[tool]}", str(folder)]
        self._process = subprocess.Popen(
            command,
            cwd=BENCHMARKS,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._log.close()
        self._folder.cleanup()

    def ask(self, job: str, **numbers: Any) -> tuple[float, np.ndarray | None]:
        """Have a job done; return its seconds and its images, if any."""
        out = Path(self._folder.name) / "images.npz"
        out.unlink(missing_ok=True)
        self._process.stdin.write(json.dumps({"job": job, "out": str(out), **numbers}) + "\n")
        self._process.stdin.flush()
        lines = iter(self._process.stdout.readline, "")
        answer = next((line for line in lines if line.startswith("{")), "")  # tools print, too
        log = Path(self._log.name)
        reply = json.loads(answer) if answer else {"error": log.read_text()[-2000:]}
        if "error" in reply:
            raise RuntimeError(f"{self.tool}, job {job!r}: {reply['error']}")
        if not out.exists():
            return reply["seconds"], None
        with np.load(out) as file:
            return reply["seconds"], file["images"].reshape(self._shape)


def write_net(
    folder: Path, probe: fp.ModelProbe, layer: str, starts: np.ndarray | None = None
) -> None:
    """Write all that a peer needs: the net, its input space, start images, plain weights."""
    probe.model.save(folder / "net.keras")
    low, high = (float(v) for v in probe.input_space.bounds)
    mean, std = float(probe.input_space.mean), float(probe.input_space.std)
    about = {"layer": layer, "low": low, "high": high, "mean": mean, "std": std}
    (folder / "about.json").write_text(json.dumps(about))
    path = list(probe.layers[: probe.layers.index(layer) + 1])
    weights = {
        f"{k:02d}_{name}_{part}": weight
        for k, name in enumerate(path)
        for part, weight in zip("kb", probe.model.get_layer(name).get_weights())
    }
    given = {} if starts is None else {"starts": starts}
    np.savez(folder / "arrays.npz", path=path, **weights, **given)
