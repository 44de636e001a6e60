"""Objectives of objectives: parts by seen.of, three deep, batched, one trace, on crops."""

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp

pytestmark = pytest.mark.filterwarnings("error")


@dataclass(frozen=True)
class Least(fp.Objective):
    """The least of several objectives."""

    kind: ClassVar[str] = "mylab.least"
    parts: tuple[fp.Objective, ...]

    def value(self, seen: fp.Seen) -> fp.Tensor:
        """Return the least."""
        return tf.reduce_min(tf.stack([seen.of(part) for part in self.parts]), axis=0)


@dataclass(frozen=True)
class SoftLeast(fp.Objective):
    """The mean of two objectives, weighted towards the lesser one; ``share`` is each target's own."""

    kind: ClassVar[str] = "mylab.soft_least"
    first: fp.Objective
    second: fp.Objective
    _: KW_ONLY
    share: fp.PerTarget

    def value(self, seen: fp.Seen) -> fp.Tensor:
        """Return the weighted mean."""
        low = tf.minimum(seen.of(self.first), seen.of(self.second))
        high = tf.maximum(seen.of(self.first), seen.of(self.second))
        return self.share * low + (1 - self.share) * high


@dataclass(frozen=True)
class ChannelTimes(fp.Objective):
    """One map's mean times a part, with both written down in ``reads`` or not."""

    kind: ClassVar[str] = "mylab.channel_times"
    layer: str
    part: fp.Objective
    _: KW_ONLY
    channel: fp.Index
    names: str = "own"

    def reads(self) -> tuple[fp.Read, ...]:
        """Return the map, and maybe what the part reads."""
        own = (fp.Read(self.layer, channel=self.channel),)
        return own if self.names == "own" else (*own, *self.part.reads())

    def value(self, seen: fp.Seen) -> fp.Tensor:
        """Return the product, with the channel's number in it."""
        mean = tf.reduce_mean(seen[0], axis=(1, 2))
        return mean * seen.of(self.part) * (1 + tf.cast(self.channel, mean.dtype))


@dataclass(frozen=True)
class Lifting(fp.Objective):
    """One part and a function of what is seen, for what goes wrong."""

    kind: ClassVar[str] = "mylab.lifting"
    part: fp.Objective
    wrong: str

    def value(self, seen: fp.Seen) -> fp.Tensor:
        """Do what is wrong."""
        if self.wrong == "reads":
            return seen.of(self.part) + len(self.part.reads())
        return seen.of(fp.MapMean("conv2", channel=1))


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the kinds known, as a package's entry points would."""
    for cls in (Least, SoftLeast):
        monkeypatch.setitem(fp.plugins._REGISTERED, cls.kind, cls)


@pytest.fixture(scope="module")
def probe() -> fp.ModelProbe:
    """A tiny net with ReLUs."""
    return fp.testing.tiny_probe(fp.testing.tiny_cnn("relu"))


def mean(channel: int) -> fp.MapMean:
    """Return a map of conv2."""
    return fp.MapMean("conv2", channel=channel)


def run(probe: fp.ModelProbe, targets: list[fp.Objective], **settings: object) -> fp.AscentResult:
    """Return a short run, without a search unless one is given."""
    brief = {"steps": 3, "starts": 2, "search": None, "remedies": ()}
    return fp.Ascent(**(brief | settings)).run(probe, targets, rng=4, progress=False)


def means(probe: fp.ModelProbe, images: np.ndarray) -> np.ndarray:
    """Return the means (N, 6) of conv2's maps for images in pixel units."""
    model = probe.input_space.to_model(images)
    return np.asarray(probe.network.run(model, (("conv2", False),))[0]).mean(axis=(1, 2))


def deep(number: int) -> fp.Objective:
    """Return a target three deep, with a weighted sum and arrays in it."""
    share = fp.ArrayValue(np.float32(0.6 + 0.1 * number))
    blend = (0.5 + number) * mean(number) - 0.25 * number * mean(5)
    return Least((mean(2), SoftLeast(blend, Least((mean(3), mean(number + 1))), share=share)))


def wanted_of_deep(number: int, m: np.ndarray) -> np.ndarray:
    """Return what :func:`deep` scores for means of maps (N, 6)."""
    share, blend = 0.6 + 0.1 * number, (0.5 + number) * m[:, number] - 0.25 * number * m[:, 5]
    inner = np.minimum(m[:, 3], m[:, number + 1])
    soft = share * np.minimum(blend, inner) + (1 - share) * np.maximum(blend, inner)
    return np.minimum(m[:, 2], soft)


def test_three_deep_is_one_trace_and_scores_as_it_reads() -> None:
    """Indices, arrays and the weights of inner sums travel: targets of all numbers are one batch."""
    probe = fp.testing.tiny_probe(fp.testing.tiny_cnn("relu", seed=3))
    before, targets = probe.network.traces, [deep(number) for number in range(4)]
    result = run(probe, targets)
    assert probe.network.traces == before + 1
    for number in range(4):
        wanted = wanted_of_deep(number, means(probe, result.images[number]))
        np.testing.assert_allclose(result.scores[number], wanted, rtol=1e-4, atol=1e-6)
    alone = run(probe, targets[3:])
    np.testing.assert_array_equal(alone.images[0], result.images[3])
    assert probe.network.traces == before + 1


def test_reads_come_out_of_the_parts(probe: fp.ModelProbe) -> None:
    """An objective that looks at nothing but its parts says nothing of what it reads."""
    assert deep(1).reads() == tuple(fp.Read("conv2", channel=c) for c in (2, 1, 5, 3, 2))
    assert deep(1).label.count("conv2 channel") == 5


def test_own_reads_stand_before_those_of_the_parts(probe: fp.ModelProbe) -> None:
    """seen[i] is what reads() says first, whether it names the parts' reads or not."""
    targets = [
        ChannelTimes("conv2", Least((mean(c), mean(2))), channel=c, names=names)
        for names in ("own", "all")
        for c in (0, 4)
    ]
    result = run(probe, targets)
    for target, c in enumerate((0, 4, 0, 4)):
        m = means(probe, result.images[target])
        wanted = m[:, c] * np.minimum(m[:, c], m[:, 2]) * (1 + c)
        np.testing.assert_allclose(result.scores[target], wanted, rtol=1e-4, atol=1e-6)


def test_a_part_that_is_held_twice_counts_twice(probe: fp.ModelProbe) -> None:
    """The same object in two fields is two parts with one value."""
    one = mean(3)
    twice = SoftLeast(one, one, share=fp.ArrayValue(np.float32(0.3)))
    result = run(probe, [twice, one])
    np.testing.assert_allclose(
        result.scores[0], means(probe, result.images[0])[:, 3], rtol=1e-4, atol=1e-6
    )


def test_composites_of_nodes_run_on_crops(probe: fp.ModelProbe) -> None:
    """The crop is what all parts together can see; scores are those of the full image."""
    node = lambda row, c: fp.Node("conv2", row=row, col=0, channel=c)  # noqa: E731
    targets = [
        Least((node(row, c), 2 * node(row, c + 1) - node(row, 0))) for row in (0, 1) for c in (1, 2)
    ]
    whole = run(probe, targets, regularizers=(), crop=False)
    crop = run(probe, targets, regularizers=(), crop=True)
    assert all(text.startswith("crop: 8 x 8") for text in crop.crops), crop.crops
    np.testing.assert_allclose(crop.scores, whole.scores, rtol=1e-4, atol=1e-5)


def test_penalties_are_parts_that_look_at_the_image(probe: fp.ModelProbe) -> None:
    """A part that reads no layer sees the images, and then the whole of them is solved."""
    target = Least((fp.Node("conv2", row=1, col=1, channel=2), -1 * fp.InputNorm()))
    result = run(probe, [target], regularizers=())
    assert "looks at the whole image" in result.crops[0]
    blend = mean(2) - 0.1 * Least((fp.TotalVariation(), fp.InputNorm()))
    scores = run(probe, [blend])
    np.testing.assert_allclose(
        scores.scores[0], means(probe, scores.images[0])[:, 2], rtol=1e-4, atol=1e-6
    )


def test_floors_and_status_see_through_composites(probe: fp.ModelProbe) -> None:
    """The least of maps behind ReLUs has their floor."""
    result = run(probe, [Least((mean(0), mean(1)))])
    assert (result.dead_thresholds > 0).all()


def test_group_objectives_are_no_parts(probe: fp.ModelProbe) -> None:
    """They are refused before anything runs, also deep inside and in a sum."""
    for part in (
        fp.Diversity("conv2"),
        mean(1) + fp.Diversity("conv2"),
        Least((fp.Diversity("conv2"),)),
    ):
        with pytest.raises(fp.ConfigError, match="Diversity is no part of another objective"):
            run(probe, [Least((mean(0), part))])


def test_another_object_is_no_part(probe: fp.ModelProbe) -> None:
    """seen.of takes the very object in the field."""
    with pytest.raises(fp.ConfigError, match=r"held in a field.*map_mean \(MapMean\)"):
        run(probe, [Lifting(mean(0), "other")])


def test_reads_inside_value_says_what_to_write(probe: fp.ModelProbe) -> None:
    """Index fields are tensors there, so that reads() cannot be called."""
    with pytest.raises(fp.ConfigError, match=r"seen\.of\(part\)"):
        run(probe, [Lifting(mean(0), "reads")])


def test_an_objective_without_reads_and_parts_says_so(probe: fp.ModelProbe) -> None:
    """Neither is a mistake."""
    with pytest.raises(fp.ConfigError, match="Least does not say what it reads"):
        run(probe, [Least(())])


def test_json_round_trip() -> None:
    """Parts come back from their configs."""
    arrays: dict[str, np.ndarray] = {}
    assert fp.revive(deep(2).to_config(arrays), arrays) == deep(2)


class TestDeep(fp.testing.ObjectiveContract):
    """The contract holds for composites, three deep."""

    def make(self) -> fp.Objective:
        """Return one."""
        return deep(1)
