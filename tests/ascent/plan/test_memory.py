"""What a net, a recipe or a run leaves behind in memory."""

import gc
import subprocess
import sys
import weakref

import keras
import pytest
from tensorflow.python.framework import func_graph, ops

import featureprobe as fp
from featureprobe.probe.network import compiled_calls as compiling

SHORT = {"steps": 1, "starts": 1, "search": None}


def graphs() -> int:
    """Return how many traced functions are alive in this process."""
    gc.collect()
    return sum(type(thing) is func_graph.FuncGraph for thing in gc.get_objects())


def gradients() -> int:
    """Return how many gradients are registered, which they are for good."""
    return len(ops.gradient_registry.list())


def small_net(seed: int) -> fp.ModelProbe:
    """A net with all that has a gradient of its own: few channels, flat activations, picked maps."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([
        keras.Input((12, 12, 1)),
        keras.layers.Conv2D(8, 3, activation="relu", name="first"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Conv2D(16, 3, activation="relu", name="deep",
                            bias_initializer=keras.initializers.Constant(-9.0)),
    ])  # fmt: skip
    return fp.ModelProbe(model, input_space=fp.InputSpace.identity(low=0, high=1))


def climb(probe, **kwargs) -> None:
    """Climb a dead map, with both remedies, or a node on a crop."""
    target = kwargs.pop("target", fp.MapMean("deep", channel=3))
    fp.Ascent(**{**SHORT, **kwargs}).run(probe, target, rng=0, progress=False)


NODE = fp.Node("first", row=4, col=4, channel=2)


def test_nets_that_were_climbed_leave_nothing():
    """No traced function, no registered gradient, no network."""
    alive, registered = graphs(), gradients()
    probe = small_net(1)
    climb(probe)
    climb(probe, target=NODE, regularizers=(), remedies=())
    assert graphs() > alive
    net = weakref.ref(probe.network)
    del probe
    assert graphs() <= alive
    assert gradients() == registered
    assert net() is None


def test_recipes_on_one_net_are_bounded(monkeypatch):
    """What was compiled first goes when others come; the present run keeps all that it needs."""
    monkeypatch.setattr(compiling, "MOST", 2)
    probe, counts = small_net(0), []
    for number in range(4):
        climb(probe, remedies=(), rule=fp.Momentum(0.1 + number / 100))
        counts.append(graphs())
    assert counts[-1] <= counts[-2] + 1
    assert len(probe.network._traces) <= 3


def test_ordinary_work_is_not_traced_again():
    """A few recipes in turn, again and again."""
    probe = small_net(0)
    for _ in range(2):
        for keep in ("best", "last"):
            climb(probe, keep=keep, remedies=())
    assert probe.network.traces == 2


_MANY = """
import ctypes, gc, featureprobe as fp, sys
sys.path.insert(0, {home!r})
from test_memory import climb, small_net
def held():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # freed, and not yet given back: up to 70 MB, by chance
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20
for number in range(50):
    if number == 10:
        first = held()
    climb(small_net(number), steps=2, remedies=())
print((held() - first) / 40)
"""


@pytest.mark.long
@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads /proc, and needs malloc_trim"
)
def test_fifty_nets_in_one_process():
    """At most half a megabyte each, after the tenth, of what is still in use."""
    code = _MANY.format(home=__file__.rpartition("/")[0])
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert float(done.stdout.split()[-1]) <= 0.5
