"""Every layer of Keras in every configuration: nothing is seen that is not claimed."""

import functools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import pytest
from cropping import assert_same
from keras import layers, ops
from layer_cases import ANYWHERE, CASES, SHAPE, Case
from perturbing import answered, claimed, opened, randomized

import featureprobe as fp
from featureprobe.probe.fields.layer_rules import RULES
from featureprobe.probe.network.crop_plan import Crop, plan_crop

ONE_EACH = tuple(
    {c.kind: c for c in np.random.default_rng(0).permutation(np.array(CASES, object))}.values()
)


def swept(cases: Sequence[Case], count: int, *, each: bool = False) -> list[Any]:
    """Mark what is left out of a quick run: all but a few, or but one of each class."""
    drawn = np.random.default_rng(count).choice(len(cases), min(count, len(cases)), replace=False)
    share = {str(cases[i]) for i in drawn} | ({str(c) for c in ONE_EACH} if each else set())
    return [
        pytest.param(c, id=str(c), marks=() if str(c) in share else pytest.mark.long) for c in cases
    ]


def net(case: Case, layer: Any = None) -> keras.Model:
    """Return a net of the layer alone."""
    image = keras.Input(SHAPE)
    return randomized(keras.Model(image, case.applied(image, layer)))


@pytest.mark.parametrize("case", swept(CASES, 10, each=True))
def test_all_that_is_seen_is_claimed(case: Case) -> None:
    """And nothing else where the layer's reach is known exactly."""
    model = net(case)
    seen, said = answered(model), claimed(model)
    assert not (seen & ~said).any()
    if case.tight:
        np.testing.assert_array_equal(seen, said)


def mixed(kind: Any) -> Any:
    """Return a subclass that mixes the whole image into every value, under the same name."""

    @functools.wraps(kind.call)  # Keras reads the names of the arguments
    def call(self: Any, *given: Any, **named: Any) -> Any:
        inputs = next(iter((*given, *named.values())))
        return kind.call(self, *given, **named) + per_image(inputs)

    return type(kind.__name__, (kind,), {"call": call})


def per_image(inputs: Any) -> Any:
    """Return (N, 1, 1, 1): a number for each image."""
    return ops.mean(inputs, axis=(1, 2, 3), keepdims=True)


SINGLE = tuple(c for c in CASES if c.several is None and not c.kind.startswith("Random"))


@pytest.mark.parametrize("case", swept(SINGLE, 12))
def test_a_subclass_may_look_anywhere(case: Case) -> None:
    """Another call, under the name of the class; and one that is set on the instance."""
    shadowed = case.layer()
    call = shadowed.call
    shadowed.call = lambda inputs, **more: call(inputs, **more) + per_image(inputs)
    for layer in (case.layer(mixed(getattr(layers, case.kind))), shadowed):
        model = net(case, layer)
        assert claimed(model).all()
        if len(model.output_shape) == 4:
            read = fp.Read(layer.name, row=0, col=0)
            assert isinstance(plan_crop(opened(model).network, [read]), str)


INNER = [
    ("Conv2D", "convolution_op", {"filters": 3, "kernel_size": 3, "padding": "same"}),
    ("UpSampling2D", "_resize_images", {}),
    ("CenterCrop", "transform_images", {"height": 3, "width": 3}),
    ("Resizing", "_transform_images", {"height": 4, "width": 4}),
    ("Add", "_merge_function", {}),
]


@pytest.mark.parametrize(("kind", "method", "config"), INNER)
def test_a_subclass_with_another_inner_method_may_look_anywhere(
    kind: str, method: str, config: dict[str, Any]
) -> None:
    """Even where its own call is that of Keras."""
    base = getattr(layers, kind)

    def other(self: Any, inputs: Any, *more: Any, **named: Any) -> Any:
        made = getattr(base, method)(self, inputs, *more, **named)
        first = inputs[0] if isinstance(inputs, list) else inputs
        return made + per_image(first)

    image = keras.Input(SHAPE)
    layer = type(kind, (base,), {method: other})(**config)
    value = layer([image, image]) if kind == "Add" else layer(image)
    model = randomized(keras.Model(image, value))
    assert answered(model).all()
    assert claimed(model).all()


@pytest.mark.parametrize("case", swept([c for c in CASES if c.crops], 12))
def test_a_crop_is_the_full_image(case: Case) -> None:
    """Values and gradients of nodes behind the layer, at the border and inside."""
    image = keras.Input((21, 18, 2))
    value = layers.Conv2D(3, 3, name="before", activation="tanh")(image)
    try:
        value = case.applied(value)
    except ValueError:
        pytest.skip("made for another size")
    if len(value.shape) != 4:
        return
    model = randomized(keras.Model(image, layers.Conv2D(2, 1, name="out")(value)))
    probe = opened(model)
    rows, cols, _ = probe.shape_of("out")
    for row, col in ((rows // 2, cols // 2), (rows - 1, 0)):
        plan = plan_crop(probe.network, [fp.Read("out", row=row, col=col)])
        if isinstance(plan, Crop):
            assert_same(probe, "out", row, col, moves=False)
        elif case.crops:
            blind = not probe.network.live_box(fp.Read("out", row=row, col=col)).any()
            assert blind or "receptive field" in plan, plan  # large, of few pixels


def test_no_layer_of_keras_is_forgotten() -> None:
    """Each has configurations here, or is said to look anywhere."""
    known = {case.kind for case in CASES} | set(ANYWHERE)
    own = {
        name
        for name, kind in vars(layers).items()
        if isinstance(kind, type) and issubclass(kind, keras.Layer)
    }
    aliases = {name for name in own if getattr(layers, name).__name__ in known}
    assert own - known - aliases == set()
    pictures = {kind.__name__ for kind in RULES if kind.__name__[-2:] not in ("1D", "3D")}
    pictures -= {"Conv1DTranspose", "Conv3DTranspose"}  # those are in test_fields_of_any_rank
    assert pictures <= {case.kind for case in CASES}


AT_RANDOM = tuple(
    {c.kind: c for c in CASES if c.kind.startswith(("Random", "Aug", "Mix", "Rand"))}.values()
)


@pytest.mark.parametrize("case", swept(AT_RANDOM, 3))
def test_a_layer_within_a_layer_is_told_that_nothing_is_trained(case: Case) -> None:
    """By Keras itself; of the outer layer's call nothing can be read."""

    class Outer(layers.Layer):
        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        def call(self, images: Any) -> Any:
            return 2.0 * self.inner(images)

    image = keras.Input(SHAPE)
    model = keras.Model(image, layers.Conv2D(2, 1, name="out")(Outer(case.layer())(image)))
    images = np.random.default_rng(0).uniform(0, 1, (3, *SHAPE)).astype(np.float32)
    own = opened(model).activations(images, "out")
    np.testing.assert_allclose(own, model.predict(images, verbose=0), rtol=1e-5, atol=1e-5)
