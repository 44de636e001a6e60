"""What a peer's process says: one JSON line for each job asked, images beside it in an ``.npz``.

A request is ``{"job": name, "out": path, ...numbers}``, the answer ``{"seconds": s, ...}``. Runs in
every peer's environment: it may import the standard library and numpy only.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Job = Callable[..., Any]
"""``job(**numbers)`` returns images (N, H, W, C), or None where there is nothing to hand over."""


def serve(jobs: Mapping[str, Job]) -> None:
    """Do jobs until the parent closes the pipe; only the call itself is timed."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the tools print must not disturb the answers
    for line in sys.stdin:
        asked = json.loads(line)
        job, out = jobs[asked.pop("job")], asked.pop("out")
        try:
            begin = time.perf_counter()
            images = job(**asked)
            reply: dict[str, Any] = {"seconds": time.perf_counter() - begin}
            if images is not None:
                np.savez(out, images=np.asarray(images, np.float32))
        except Exception:  # noqa: BLE001  the parent shows it and stops
            reply = {"error": traceback.format_exc()}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()
