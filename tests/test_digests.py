"""Digests: they change with what a component means, and with nothing else."""

import dataclasses
import hashlib
import itertools
import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import tensorflow as tf

import featureprobe as fp
from featureprobe import plugins

RELEASED = json.loads((Path(__file__).parent / "released" / "digests.json").read_text())


def grown(*later: tuple[str, Any, Any], **namespace: Any) -> Any:
    """Return a regularizer's class with two fields of its first version, and later ones."""
    first = [
        ("size", int),
        ("share", float, 0.5),
        ("kind", ClassVar[str], "tests.grown"),
    ]
    namespace = {"apply": lambda self, images, step: images, **namespace}
    return dataclasses.make_dataclass(
        "Grown", [*first, *later], bases=(fp.Regularizer,), frozen=True, namespace=namespace
    )


def later(default: Any, **metadata: Any) -> Any:
    """Return a field that was added later."""
    return dataclasses.field(default=default, metadata=metadata)


@pytest.mark.parametrize("known", RELEASED, ids=lambda known: known["config"]["kind"])
def test_released_components_keep_their_digests(known: dict[str, Any]) -> None:
    """What 0.1 recorded revives with the digest that it had: seeds, and so all bits, follow from it.

    A field that is new changes nothing here; a default that is another one by now does, until the
    field says what it was.
    """
    arrays = {
        name: np.array(given["values"], given["dtype"]) for name, given in known["arrays"].items()
    }
    assert fp.revive(known["config"], arrays).digest() == known["digest"]


@pytest.mark.parametrize(
    "default",
    [0, 1.5, None, "plain", (), (1, 2), fp.ArrayValue([1.0]), fp.GaussianBlur(0.6), float("nan")],
    ids=repr,
)
def test_a_new_field_at_its_default_changes_no_digest(default: Any) -> None:
    """Whatever the default is; of a component inside others, too."""
    old, new = grown(), grown(("more", Any, later(default)))
    assert new(3, share=0.1).digest() == old(3, share=0.1).digest()
    assert new(3).digest() == old(3).digest()
    assert new(3).to_config()["more"] != "left out"
    assert fp.Every(2, new(3)).digest() == fp.Every(2, old(3)).digest()
    assert new(3, more="other").digest() != old(3).digest()
    assert fp.Every(2, new(3, more="other")).digest() != fp.Every(2, old(3)).digest()


def test_a_default_that_its_class_turns_into_something_else() -> None:
    """A class may make an array of a tuple, or a float of an integer: it is the default all the same."""

    def turned(self: Any) -> None:
        object.__setattr__(self, "more", fp.ArrayValue(np.asarray(self.more, float)))

    new = grown(("more", Any, later((1, 2))), __post_init__=turned)
    assert new(3).digest() == grown()(3).digest()
    assert new(3, more=(1.0, 2.0)).digest() == new(3).digest()
    assert new(3, more=(1, 3)).digest() != new(3).digest()


def test_a_default_that_its_class_refuses_beside_the_rest() -> None:
    """Where the value that is left out does not go with the other fields, nothing breaks."""

    def either(self: Any) -> None:
        if (self.one is None) == (self.other is None):
            raise fp.ConfigError("Give one of them.")

    new = grown(("one", Any, later(None)), ("other", Any, later(None)), __post_init__=either)
    values = [new(3, one=1), new(3, one=2), new(3, other=1), new(3, other=2)]
    assert len({value.digest() for value in values}) == 4


def test_no_two_values_share_a_digest() -> None:
    """All combinations of a few values, some of which read alike, have digests of their own."""
    some = [None, 0, False, True, "", "None", (), (0,), (None,), ((),), 0.5, fp.GaussianBlur(0.5)]
    cls = grown(("one", Any, later(None)), ("other", Any, later(0)))
    made = [cls(3, one=one, other=other) for one, other in itertools.product(some, some)]
    assert len({value.digest() for value in made}) == len(made)


def test_fields_that_follow_one_another_do_not_collide() -> None:
    """Each of two fields takes the other's value where it is not given: still all differ."""

    def follow(self: Any) -> None:
        first = self.one if self.one is not None else self.other
        object.__setattr__(self, "one", first)
        object.__setattr__(self, "other", self.other if self.other is not None else first)

    cls = grown(("one", Any, later(None)), ("other", Any, later(None)), __post_init__=follow)
    made = [cls(3, one=1), cls(3, one=2), cls(3, other=1, one=2), cls(3)]
    assert len({value.digest() for value in made}) == len(made)


def test_other_kinds_never_share_a_digest() -> None:
    """Two classes that both leave everything out differ in their kind."""
    one, other = fp.Standardize(), fp.Pixels()
    assert one.digest() != other.digest()


def test_a_changed_default_is_another_meaning() -> None:
    """Beside its value of before, a new default changes digests, and the value of before does not."""
    old = grown(("more", int, later(3)))
    new = grown(("more", int, later(5, as_before=3)))
    assert new(1).digest() != old(1).digest()
    assert new(1, more=3).digest() == old(1).digest()
    assert new(1, more=5).digest() == old(1, more=5).digest() == new(1).digest()


def test_a_field_that_always_takes_part() -> None:
    """With MISSING as the value of before, every value is part of the digest."""
    cls = grown(("more", int, later(3, as_before=dataclasses.MISSING)))
    assert cls(1).digest() != grown()(1).digest()


def test_old_configs_mean_what_they_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """A config from before a field was added revives with the value of before, not a later default."""
    cls = grown(("more", int, later(5, as_before=3)))
    monkeypatch.setitem(plugins._REGISTERED, cls.kind, cls)
    config = grown()(1).to_config()
    assert fp.revive(config) == cls(1, more=3)
    assert fp.revive(config).digest() == grown()(1).digest()


def test_a_new_field_keeps_the_random_numbers_of_a_run(
    small_probe: fp.ModelProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An objective that has grown by a field draws what it drew, bit for bit, and resumes old states."""
    old, new = Toned, TonedMore
    ascent = fp.Ascent(steps=4, starts=2, transforms=(fp.Jitter(2),), search=None)
    kept = ascent.start(small_probe, old("conv", channel=1), rng=5)
    before = ascent.run(small_probe, old("conv", channel=1), rng=5, progress=False)
    after = ascent.run(small_probe, new("conv", channel=1), rng=5, progress=False)
    np.testing.assert_array_equal(after.images, before.images)
    *_, (state, _) = ascent.iterate(small_probe, new("conv", channel=1), kept)
    resumed = ascent.result(small_probe, new("conv", channel=1), state)
    np.testing.assert_array_equal(resumed.images, before.images)
    other = ascent.run(small_probe, new("conv", channel=1, tone=0.5), rng=5, progress=False)
    assert (other.images != before.images).any()


def test_states_of_plug_ins_from_the_first_version_resume(small_probe: fp.ModelProbe) -> None:
    """They recorded every field of a plug-in; other targets are refused as ever."""
    target, ascent = TonedMore("conv", channel=1), fp.Ascent(steps=2, starts=1, search=None)
    state = ascent.start(small_probe, target, rng=5)
    text = json.dumps(target.to_config(), sort_keys=True, separators=(",", ":"))
    every = hashlib.sha256(text.encode()).hexdigest()
    recorded = hashlib.sha256(every.encode()).hexdigest()
    assert recorded != state.targets
    old = dataclasses.replace(state, targets=recorded)
    assert [later.index for later, _ in ascent.iterate(small_probe, target, old)][-1] == 2
    with pytest.raises(fp.ConfigError, match="other targets"):
        next(ascent.iterate(small_probe, TonedMore("conv", channel=2), old))


@dataclasses.dataclass(frozen=True)
class Toned(fp.Objective):
    """The mean of a map."""

    kind: ClassVar[str] = "tests.toned"
    layer: str
    _: dataclasses.KW_ONLY
    channel: fp.Index
    tone: ClassVar[float] = 0.0

    def reads(self) -> tuple[fp.Read, ...]:
        """Read the map."""
        return (fp.Read(self.layer, channel=self.channel),)

    def value(self, seen: fp.Seen) -> Any:
        """Return the map's mean, without the tone of the images."""
        return tf.reduce_mean(seen[0], axis=(1, 2)) - self.tone * tf.reduce_mean(
            seen.images, axis=(1, 2, 3)
        )


@dataclasses.dataclass(frozen=True)
class TonedMore(Toned):
    """The same, a version later."""

    kind: ClassVar[str] = "tests.toned"
    tone: float = 0.0  # type: ignore[misc]


def test_a_new_name_changes_no_digest() -> None:
    """A field that is called otherwise by now means what it meant; one that takes over its name does not."""
    old = grown(("more", int, later(3)))
    new = grown(("most", int, later(3)), renamed={"more": "most"})
    assert new(1, most=4).digest() == old(1, more=4).digest()
    assert new(1, most=5).digest() != old(1, more=4).digest()
    both = grown(("most", int, later(3)), ("more", int, later(0)), renamed={"more": "most"})
    made = [both(1, most=m, more=n) for m in (3, 4, 0) for n in (3, 4, 0)]
    assert len({value.digest() for value in made}) == 9
