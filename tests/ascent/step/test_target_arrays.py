"""Arrays of each target: one trace for all, each image sees its own, held once a target."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp
from featureprobe.ascent.plan.plan import make_plan
from featureprobe.ascent.problem.resolved import resolved

pytestmark = pytest.mark.filterwarnings("error")


@dataclass(frozen=True)
class Direction(fp.Objective):
    """The mean of a layer's activations along a direction; at one position, where that is given."""

    kind: ClassVar[str] = "mylab.direction"
    layer: str
    _: KW_ONLY
    direction: fp.PerTarget
    row: fp.Index | None = None
    col: fp.Index | None = None

    def reads(self) -> tuple[fp.Read, ...]:
        """Return all channels."""
        return (fp.Read(self.layer, row=self.row, col=self.col),)

    def value(self, seen: fp.Seen) -> fp.Tensor:
        """Return the mean along the direction."""
        values = seen[0] if self.row is not None else tf.reduce_mean(seen[0], axis=(1, 2))
        return tf.einsum("nc,nc->n", values, self.direction)


@dataclass(frozen=True)
class Masked(fp.Objective):
    """The mean of a layer where a mask of booleans is True, times a whole number for each place."""

    kind: ClassVar[str] = "mylab.masked"
    layer: str
    _: KW_ONLY
    masks: tuple[fp.PerTarget, ...]
    often: fp.PerTarget | None = None

    def reads(self) -> tuple[fp.Read, ...]:
        """Return the whole layer."""
        return (fp.Read(self.layer),)

    def value(self, seen: fp.Seen) -> fp.Tensor:
        """Return the masked mean."""
        values = seen[0]
        for mask in self.masks:
            values = tf.where(mask[:, :, :, None], values, 0)
        if self.often is not None:
            values *= tf.cast(self.often, values.dtype)[:, :, :, None]
        return tf.reduce_mean(values, axis=(1, 2, 3))


@dataclass(frozen=True)
class Alike(fp.GroupObjective):
    """How much all starts of a target have in common along a direction."""

    kind: ClassVar[str] = "mylab.alike"
    layer: str
    _: KW_ONLY
    direction: fp.PerTarget

    def reads(self) -> tuple[fp.Read, ...]:
        """Return the whole layer."""
        return (fp.Read(self.layer),)

    def value(self, seen: fp.Seen) -> fp.Tensor:
        """Return minus the variance over the starts, (N,)."""
        along = tf.einsum("nghwc,nc->ng", seen[0], self.direction)
        return -tf.math.reduce_variance(along, axis=1)


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the kind known, as a package's entry points would."""
    monkeypatch.setitem(fp.plugins._REGISTERED, Direction.kind, Direction)


@pytest.fixture(scope="module")
def probe() -> fp.ModelProbe:
    """A tiny net with ReLUs."""
    return fp.testing.tiny_probe(fp.testing.tiny_cnn("relu"))


def directions(count: int, *, dtype: str = "float32", **place: int) -> list[Direction]:
    """Return distinct directions of conv2, whose 6 entries are of both signs."""
    drawn = np.random.default_rng(0).normal(size=(count, 6)).astype(dtype)
    return [Direction("conv2", direction=fp.ArrayValue(own), **place) for own in drawn]


def run(probe: fp.ModelProbe, targets: list[fp.Objective], **settings: object) -> fp.AscentResult:
    """Return a short run, without a search unless one is given."""
    brief = {"steps": 3, "starts": 2, "search": None, "remedies": ()}
    return fp.Ascent(**(brief | settings)).run(probe, targets, rng=4, progress=False)


def activations(probe: fp.ModelProbe, images: np.ndarray) -> np.ndarray:
    """Return conv2 (N, 3, 2, 6) for images in pixel units."""
    return np.asarray(probe.network.run(probe.input_space.to_model(images), (("conv2", False),))[0])


def test_directions_share_one_trace_and_each_image_follows_its_own() -> None:
    """Nine distinct directions are traced once; each score is the mean along its own."""
    probe, targets = fp.testing.tiny_probe(fp.testing.tiny_cnn("softplus", seed=5)), directions(9)
    before = probe.network.traces
    result = run(probe, targets)
    assert probe.network.traces == before + 1
    seen = activations(probe, result.images.reshape(-1, 12, 10, 2)).mean(axis=(1, 2))
    along = np.stack([target.direction.array for target in targets])
    wanted = np.einsum("tsc,tc->ts", seen.reshape(9, 2, 6), along)
    np.testing.assert_allclose(result.scores, wanted, rtol=1e-4, atol=1e-5)
    run(probe, directions(3, dtype="float32")[1:])
    assert probe.network.traces == before + 1


def test_a_target_is_the_same_alone_and_among_others_in_any_chunk(probe: fp.ModelProbe) -> None:
    """Search, trials and steps of one direction do not depend on what runs beside it."""
    targets = directions(7)
    search = {"search": fp.Precursor(candidates=8, rounds=1)}
    together = run(probe, targets, **search)
    small = run(probe, targets, **search, memory=200_000)
    for number in (0, 4):
        alone = run(probe, [targets[number]], **search)
        np.testing.assert_allclose(alone.scores[0], together.scores[number], rtol=1e-5)
    np.testing.assert_allclose(small.scores, together.scores, rtol=1e-5)
    best = [texts[0].split(" ")[1:3] for texts in together.origins]
    assert len(set(map(tuple, best))) > 1  # each found starts of its own


def test_arrays_of_another_shape_or_dtype_run_beside(probe: fp.ModelProbe) -> None:
    """Mixed targets come back in the caller's order; floats are those of the activations."""
    single, double = directions(2), directions(2, dtype="float64")
    mask = fp.ArrayValue(np.arange(6).reshape(3, 2) % 2 == 0)
    often = fp.ArrayValue(np.arange(6).reshape(3, 2))
    masked = [Masked("conv2", masks=(mask,)), Masked("conv2", masks=(mask, mask), often=often)]
    result = run(probe, [single[0], double[1], *masked, double[0], single[1]])
    alone = run(probe, single)
    np.testing.assert_allclose(result.scores[[0, 5]], alone.scores, rtol=1e-5)
    seen = activations(probe, result.images[3])
    wanted = (seen * (mask.array * often.array)[:, :, None]).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(result.scores[3], wanted, rtol=1e-4, atol=1e-6)


def test_directions_in_sums_with_penalties_and_group_terms(probe: fp.ModelProbe) -> None:
    """Weights travel beside the arrays, and a group term sees each target's array once."""
    along = directions(3)
    targets = [
        (k + 1) * own + 0.5 * fp.MapMean("conv2", channel=k) - 0.1 * fp.TotalVariation()
        + 0.01 * Alike("conv2", direction=own.direction)
        for k, own in enumerate(along)
    ]  # fmt: skip
    result = run(probe, targets)
    for k, own in enumerate(along):
        seen = activations(probe, result.images[k]).mean(axis=(1, 2))
        wanted = (k + 1) * seen @ own.direction.array + 0.5 * seen[:, k]
        np.testing.assert_allclose(result.scores[k], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"transforms": (fp.Jitter(1),), "views": 2},
        {"parameterization": fp.Fourier(), "regularizers": ()},
        {"polish": 2},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_directions_run_under_every_setting(probe: fp.ModelProbe, settings) -> None:
    """Whatever the ascent, an image follows its own target's array."""
    targets = directions(4)
    together = run(probe, targets, **settings)
    alone = run(probe, targets[2:3], **settings)
    np.testing.assert_allclose(together.scores[2], alone.scores[0], rtol=1e-5)


def test_one_position_is_solved_on_its_crop(probe: fp.ModelProbe) -> None:
    """A direction at one row and column runs on the part of the image that it can see."""
    targets = directions(3, row=1, col=0)
    whole = run(probe, targets, regularizers=(), crop=False)
    crop = run(probe, targets, regularizers=(), crop=True)
    assert all(text.startswith("crop: 8 x") for text in crop.crops)
    np.testing.assert_allclose(crop.scores, whole.scores, rtol=1e-4)


def test_arrays_are_held_once_a_target_and_counted_in_memory(probe: fp.ModelProbe) -> None:
    """A chunk holds one array a target, however many starts; larger ones make smaller chunks."""

    def group(size: int):
        arrays = [fp.ArrayValue(np.full(size, k, np.float32)) for k in range(40)]
        targets = [Direction("conv2", direction=own) for own in arrays]
        (made,) = make_plan(resolved(probe, targets), starts=4, seed=0, memory=2**24)
        return made

    chunks = group(6).chunks()
    held = [c.data["array_0"] for c in chunks]
    assert sum(map(len, held)) <= 40 + len(chunks)
    for chunk in chunks:
        own = chunk.data["array_0"][chunk.data["array_target"]][:, 0]
        np.testing.assert_array_equal(own, chunk.rows // 4)
    rows = [len(group(size).chunks()[0].rows) for size in (6, 60_000, 600_000)]
    assert rows[0] > rows[1] > rows[2]
    assert rows[2] * 600_000 * 4 <= 2**24


def test_the_floor_of_a_score_follows_from_the_array(probe: fp.ModelProbe) -> None:
    """Along a direction without negative entries a ReLU layer's score has a floor, else none."""
    up = Direction("conv2", direction=fp.ArrayValue(np.ones(6, np.float32)))
    mixed = Direction("conv2", direction=fp.ArrayValue(np.float32([1, 1, 1, -1, 1, 1])))
    assert [own.floor for own in resolved(probe, [up, mixed, up])] == [0, -np.inf, 0]


def test_what_is_saved_comes_back(probe: fp.ModelProbe) -> None:
    """Config and arrays make the same target again; the digest follows the array."""
    one, other = directions(2)
    arrays: dict[str, np.ndarray] = {}
    blend = 2 * one + other
    assert fp.revive(blend.to_config(arrays), arrays) == blend
    assert one.digest() != other.digest()
    result = run(probe, [blend])
    assert set(arrays) <= set(result.recipe.arrays)


def test_a_run_resumes_bit_for_bit(probe: fp.ModelProbe) -> None:
    """Two steps and then two more are four."""
    targets, ascent = directions(3), fp.Ascent(steps=4, starts=2)
    whole = ascent.run(probe, targets, rng=1, progress=False)
    state = ascent.start(probe, targets, rng=1)
    for later, _ in fp.Ascent(steps=2, starts=2).iterate(probe, targets, state):
        state = later
    for later, _ in ascent.iterate(probe, targets, state):
        state = later
    np.testing.assert_array_equal(ascent.result(probe, targets, state).images, whole.images)


def test_a_plain_array_or_list_is_refused(probe: fp.ModelProbe) -> None:
    """What is no value ends in a sentence that says what to write."""
    plain = Direction("conv2", direction=np.ones(6))
    with pytest.raises(fp.ConfigError, match=r"fp\.ArrayValue"):
        run(probe, [plain])
    with pytest.raises(fp.ConfigError, match="tuple for a list"):
        run(probe, [Masked("conv2", masks=[fp.ArrayValue(np.ones((3, 2), bool))])])


class TestDirection(fp.testing.ObjectiveContract):
    """The contract holds for it."""

    def make(self) -> fp.Objective:
        """Return one direction."""
        return directions(1)[0]
