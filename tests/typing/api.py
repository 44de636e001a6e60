"""User code for mypy, never run: what the public face promises to a type checker."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, assert_type

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

import featureprobe as fp
from featureprobe import plotting

FloatArray = npt.NDArray[np.float32]


def look(probe: fp.ModelProbe) -> None:
    """Layers, activations, grids."""
    images, labels = fp.samples.mnist_digits()
    assert_type(images, npt.NDArray[np.uint8])
    assert_type(labels, npt.NDArray[np.int64])
    assert_type(probe.activations(images, "conv"), FloatArray)
    assert_type(probe.activations(images, ["conv", "dense"], pre=True), dict[str, FloatArray])
    assert_type(probe.predict(images), FloatArray)
    assert_type(probe.layers, tuple[str, ...])
    for row in probe.summary():
        assert_type(row, fp.LayerRow)
        assert_type(row.maps, int | None)
    grid = probe.grid(images[0], "conv")
    assert_type(grid, fp.ActivationGrid)
    assert_type(grid.plot(cmap="jet"), Axes)
    assert_type(plotting.show_image(images[0]), Axes)


def open_models(model: Any, path: Path) -> fp.ModelProbe:
    """Every way to a probe."""
    fp.ModelProbe(model, input_space=fp.InputSpace.caffe())
    fp.ModelProbe(model, size=(224, 224), image_input="image", other_inputs={"context": [1.0]})
    assert_type(fp.samples.mnist_probe("b"), fp.ModelProbe)
    return fp.ModelProbe.load(path, custom_objects={"Mine": object})


def climb(probe: fp.ModelProbe) -> fp.AscentResult:
    """The face of the library."""
    ascent = fp.Ascent(
        steps=64,
        starts=4,
        initializer=fp.MultiScaleNoise((3, 7), weights=(2.0, 1.0)),
        regularizers=(fp.Every(8, fp.GaussianBlur(0.6)), fp.Clip(3.0)),
        transforms=(fp.Jitter(2), fp.Noise(0.1)),
        views=2,
        parameterization=fp.Fourier(decay=1.0),
        rule=fp.Adam(0.05),
        constraint=fp.Sphere(),
        keep="best",
        record_every=8,
    )
    fp.Ascent(
        steps="auto", starts="auto", initializer="auto", search="auto", remedies="auto",
        regularizers="auto", transforms="auto", views="auto", parameterization="auto", rule="auto",
        constraint="auto",
    )  # fmt: skip
    fp.Ascent(steps="many")  # type: ignore[arg-type]
    assert_type(fp.Ascent().steps, int | Literal["auto"])
    assert_type(fp.Ascent(constraint=None).chosen(probe, fp.Logit(4)), fp.Ascent)
    targets = fp.MapMean.each(probe, "conv")
    assert_type(targets, list[fp.MapMean])
    blend = 0.8 * targets[0] + targets[1] / 2 - 0.1 * fp.TotalVariation()
    assert_type(blend, fp.WeightedSum)
    total: fp.Objective = sum(targets[1:], start=blend)
    ascent.run(probe, total)
    ascent.run(probe, targets, rng=np.random.default_rng(0), progress=False)
    state = ascent.start(probe, blend, rng=7)
    for state, info in ascent.iterate(probe, blend, state):  # noqa: B020
        assert_type((state, info), tuple[fp.AscentState, fp.StepInfo])
    return ascent.result(probe, blend, state)


def read(result: fp.AscentResult, folder: Path) -> Sequence[str]:
    """What a result offers."""
    assert_type(result.images, FloatArray)
    assert_type(result.best(), FloatArray)
    assert_type(result.to_uint8(), npt.NDArray[np.uint8])
    assert_type(result.plot(contrast=True), Axes)
    assert_type(result.plot_trace(), Axes)
    assert_type(result.save_images(folder), list[Path])
    assert_type(result[:4], fp.AscentResult)
    result.save(folder / "oips.npz")
    assert_type(fp.AscentResult.load(folder / "oips.npz"), fp.AscentResult)
    assert_type(result.recipe, fp.Recipe)
    assert_type(fp.Status.DEAD.advice, str)
    return result.labels


@dataclass(frozen=True)
class MapContrast(fp.Objective):
    """An objective of a user's own."""

    kind: ClassVar[str] = "mylab.map_contrast"
    layer: str
    _: KW_ONLY
    favour: fp.Index
    avoid: fp.Index

    def reads(self) -> tuple[fp.Read, ...]:
        """Return both maps."""
        return (
            fp.Read(self.layer, channel=self.favour),
            fp.Read(self.layer, channel=self.avoid),
        )

    def value(self, seen: fp.Seen) -> fp.Tensor:
        """Return (N,)."""
        return seen[0] - seen[1]


@dataclass(frozen=True)
class Stripes(fp.InputInitializer):
    """An initializer of a user's own."""

    kind: ClassVar[str] = "mylab.stripes"
    period: float = 7.0

    def draw(
        self, shape: tuple[int, ...], space: fp.InputSpace, rng: np.random.Generator
    ) -> FloatArray:
        """Return (*spatial, C)."""
        return space.to_pixels(rng.standard_normal(shape))


@dataclass(frozen=True)
class Decay(fp.Regularizer):
    """A regularizer of a user's own."""

    kind: ClassVar[str] = "mylab.decay"
    share: float = 0.01

    def apply(self, images: fp.Tensor, step: fp.Step) -> fp.Tensor:
        """Return (N, H, W, C)."""
        return images - self.share * step.space.spread * step.normal((1, 1, 1))


class TestMapContrast(fp.testing.ObjectiveContract):
    """A contract test of a user's own."""

    def make(self) -> MapContrast:
        """Return one."""
        return MapContrast("conv2", favour=1, avoid=2)


def lift() -> tuple[fp.Objective, fp.Regularizer, fp.Transform, fp.InputInitializer]:
    """Plain functions as components."""

    def strongest(seen: fp.Seen) -> fp.Tensor:
        return seen[0]

    def keep(images: fp.Tensor, step: fp.Step) -> fp.Tensor:
        return images

    def grey(shape: tuple[int, ...], space: fp.InputSpace, rng: np.random.Generator) -> FloatArray:
        return np.full(shape, 127.0, dtype=np.float32)

    return (
        fp.objective_from(strongest, reads=fp.Read(fp.OUTPUT, index=0)),
        fp.regularizer_from(keep),
        fp.transform_from(keep),
        fp.initializer_from(grey),
    )


def by_kind() -> type:
    """The registry and configs."""
    assert_type(fp.plugins.names("objectives"), tuple[str, ...])
    config = fp.GaussianBlur(0.6).to_config()
    assert_type(config, dict[str, Any])
    fp.revive(config)
    return fp.plugins.register(MapContrast)


def ask_real_images(probe: fp.ModelProbe, images: FloatArray, result: fp.AscentResult) -> None:
    """Evidence and patterns."""
    evidence = fp.Evidence.collect(probe, images, ["conv"], top=4)
    assert_type(evidence, fp.Evidence)
    assert_type(evidence["conv"], fp.LayerEvidence)
    assert_type(evidence.top("conv", 3, by="mean"), fp.Examples)
    evidence.plot("conv", [1, 2], result=result)
    labels = np.zeros(len(images), dtype=np.int64)
    patterns = fp.analysis.Patterns.of(probe, images, labels, "conv")
    assert_type(fp.analysis.compare_classes(patterns, 0, 1).verdict, str)
    assert_type(fp.analysis.split_margin(probe, images, "conv", 0, 1), fp.analysis.Contributions)
