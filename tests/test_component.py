"""Components, ArrayValue, revive: frozen values that survive JSON, and refuse what is malformed."""

import copy
import json
import pickle
from dataclasses import FrozenInstanceError, dataclass
from typing import ClassVar

import numpy as np
import pytest

import featureprobe as fp
from featureprobe import plugins

COMPONENTS = [
    fp.MapMean("conv", channel=3),
    fp.Node("conv", row=1, col=0, channel=2, pre=True),
    0.5 * fp.MapMean("conv", channel=3) - 1e-3 * fp.TotalVariation() + fp.Logit(4),
    fp.Every(8, fp.GaussianBlur(0.6, size=3)),
    fp.MultiScaleNoise((3, 7), weights=(2, 1)),
    fp.FromImage(np.arange(12, dtype=np.uint8).reshape(2, 2, 3), noise=0.1),
    fp.InputSpace(np.ones((2, 2, 3)), std=(1.0, 2.0, 3.0), order=(2, 1, 0)),
    fp.Ascent(steps=3, constraint=fp.Box(), rule=fp.Adam(), transforms=(fp.Jitter(1),)),
]


@dataclass(frozen=True)
class Marked(fp.Objective):
    """A component for these tests."""

    kind: ClassVar[str] = "tests.marked"
    payload: object = None

    def reads(self) -> tuple[fp.Read, ...]:
        """Read nothing."""
        return ()

    def value(self, seen: fp.Seen) -> object:
        """Never called."""
        raise NotImplementedError


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the kind of Marked known for one test."""
    monkeypatch.setitem(plugins._REGISTERED, Marked.kind, Marked)


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda c: c.kind)
def test_json_and_back(component: fp.Component) -> None:
    """Through JSON text and arrays, a component comes back equal, with equal hash and digest."""
    arrays: dict = {}
    config = json.loads(json.dumps(component.to_config(arrays), allow_nan=False))
    again = fp.revive(config, arrays)
    assert again == component
    assert type(again) is type(component)
    assert hash(again) == hash(component)
    assert again.digest() == component.digest()


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda c: c.kind)
def test_components_are_frozen(component: fp.Component) -> None:
    """No field can be set."""
    with pytest.raises(FrozenInstanceError):
        component.anything = 1


def test_digests_tell_contents_apart() -> None:
    """Another number, kind or array makes another digest."""
    ones, twos = (fp.FromImage(np.full((2, 2, 1), v, np.uint8)) for v in (1, 2))
    different = [
        fp.MapMean("conv", channel=3),
        fp.MapMean("conv", channel=4),
        fp.MapMean("conv", channel=3, pre=True),
        fp.Node("dense", index=3),
        ones,
        twos,
    ]
    assert len({c.digest() for c in different}) == len(different)


def test_integers_in_float_fields_are_recorded_as_floats() -> None:
    """Equal components have equal digests, however their numbers were written."""
    assert fp.GaussianBlur(1) == fp.GaussianBlur(1.0)
    assert fp.GaussianBlur(1).digest() == fp.GaussianBlur(1.0).digest()


def test_an_undecorated_class_says_what_to_write() -> None:
    """Without @dataclass(frozen=True) there is one clear error at the first use."""

    class Undecorated(fp.Objective):
        """Forgot the decorator."""

        kind: ClassVar[str] = "tests.undecorated"
        layer: str

        def reads(self) -> tuple[fp.Read, ...]:
            return ()

        def value(self, seen: fp.Seen) -> object:
            return 0

    for arguments in ((), ("conv",)):
        with pytest.raises(fp.ConfigError, match=r"Write `@dataclass\(frozen=True\)` above"):
            Undecorated(*arguments)


def test_a_decorated_parent_is_not_enough() -> None:
    """A subclass that adds fields without its own decorator is refused too."""

    class Child(Marked):
        """Inherits the decorator's marks, but not its work."""

        kind: ClassVar[str] = "tests.child"
        extra: int = 0

    with pytest.raises(fp.ConfigError, match="Child is not a frozen dataclass"):
        Child()


def test_a_dataclass_must_be_frozen() -> None:
    """A dataclass whose fields can be set is refused at the first use."""

    @dataclass
    class Thawed(fp.Objective):
        """Not frozen."""

        kind: ClassVar[str] = "tests.thawed"

        def reads(self) -> tuple[fp.Read, ...]:
            return ()

        def value(self, seen: fp.Seen) -> object:
            return 0

    with pytest.raises(fp.ConfigError, match="frozen"):
        Thawed()


def test_a_component_without_kind_says_what_to_add() -> None:
    """A kind is asked for by name."""

    @dataclass(frozen=True)
    class Nameless(fp.Objective):
        """Has no kind."""

        def reads(self) -> tuple[fp.Read, ...]:
            return ()

        def value(self, seen: fp.Seen) -> object:
            return 0

    with pytest.raises(fp.ConfigError, match="kind: ClassVar"):
        Nameless()


@pytest.mark.parametrize("payload", [np.zeros(3), {"a": 1}, {1}, object(), b"bytes", 1j])
def test_what_is_no_json_value_cannot_be_recorded(payload: object) -> None:
    """A field of another type is named, with what to use instead."""
    with pytest.raises(fp.ConfigError, match=r"tests\.marked\.payload cannot be recorded"):
        Marked(payload).to_config()


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("payload", [None, True, 3, 0.5, "text", (), (1, (2.0, "a", None))])
def test_plain_fields_come_back_as_they_were(payload: object) -> None:
    """Numbers, texts, None and nested tuples survive JSON with their types."""
    again = fp.revive(json.loads(json.dumps(Marked(payload).to_config())))
    assert repr(again) == repr(Marked(payload))


def test_numpy_numbers_are_recorded_as_numbers() -> None:
    """A numpy scalar in a field is one to JSON as well."""
    assert (
        json.dumps(Marked(np.float32(0.5)).to_config())
        == '{"kind": "tests.marked", "payload": 0.5}'
    )


@pytest.mark.parametrize(
    ("config", "error", "says"),
    [
        (None, fp.ConfigError, "mapping with a 'kind'"),
        ([], fp.ConfigError, "mapping with a 'kind'"),
        ("gaussian_blur", fp.ConfigError, "mapping with a 'kind'"),
        ({}, fp.ConfigError, "mapping with a 'kind'"),
        ({"kind": 3}, fp.ConfigError, "mapping with a 'kind'"),
        ({"kind": ["gaussian_blur"]}, fp.ConfigError, "mapping with a 'kind'"),
        ({"kind": "gausian_blur"}, fp.PluginError, "Nearest: 'gaussian_blur'"),
        ({"kind": ""}, fp.PluginError, "No component of kind ''"),
        ({"kind": "os:system"}, fp.PluginError, "No component"),
        ({"kind": "featureprobe.objectives.map_mean:MapMean"}, fp.PluginError, "No component"),
        ({"kind": "gaussian_blur", "sigm": 1.0}, fp.ConfigError, "Nearest: 'sigma'"),
        ({"kind": "gaussian_blur", 1: 1.0}, fp.ConfigError, "unknown field 1"),
        ({"kind": "gaussian_blur"}, fp.ConfigError, "does not fit its class"),
        ({"kind": "gaussian_blur", "sigma": "wide"}, fp.RangeError, "sigma"),
        ({"kind": "gaussian_blur", "sigma": None}, fp.RangeError, "sigma"),
        ({"kind": "gaussian_blur", "sigma": {"kind": "sphere"}}, fp.RangeError, "sigma"),
        ({"kind": "every", "n": 8, "regularizer": {"kind": "sphere"}}, fp.ConfigError, "wraps a"),
        ({"kind": "every", "n": 8, "regularizer": {"no": "kind"}}, fp.ConfigError, "'kind'"),
        ({"kind": "weighted_sum", "terms": [[1.0]]}, fp.ConfigError, "pair"),
        ({"kind": "weighted_sum", "terms": 5}, fp.ConfigError, "pairs"),
        ({"kind": "multi_scale_noise", "scales": 5}, fp.ConfigError, "does not fit"),
        ({"kind": "input_space", "low": "a", "high": 1}, fp.RangeError, "low"),
        ({"kind": "input_space", "mean": {"array": "0" * 64}}, fp.ConfigError, "not beside it"),
        ({"kind": "input_space", "mean": {"array": ["x"]}}, fp.ConfigError, "not beside it"),
        ({"kind": "ascent", "steps": 0}, fp.RangeError, "steps"),
        ({"kind": "ascent", "regularizers": 5}, fp.ConfigError, "expected a Regularizer"),
        (
            {"kind": "lifted_objective", "function": "os.system"},
            fp.ConfigError,
            "cannot bring back",
        ),
        ({"kind": "lifted_objective", "cls": 1}, fp.ConfigError, "cannot bring back"),
    ],
)
def test_malformed_configs_are_refused(config: object, error: type, says: str) -> None:
    """What no component wrote gives one clear error."""
    with pytest.raises(error, match=says):
        fp.revive(config)


def test_configs_of_earlier_names_load() -> None:
    """A field that got another name is read under its old one."""
    old = {"kind": "precursor", "of": [{"kind": "pixel_noise"}], "climbs": 5, "climb_steps": 2}
    assert fp.revive(old) == fp.Precursor(fp.PixelNoise(), trials=5, trial_steps=2)


def test_an_earlier_name_beside_the_present_one_is_refused() -> None:
    """Which of the two was meant cannot be known."""
    with pytest.raises(fp.ConfigError, match="unknown field 'climbs'"):
        fp.revive({"kind": "precursor", "climbs": 5, "trials": 6})


def test_who_writes_an_earlier_name_is_told_the_present_one() -> None:
    """One line says what to write."""
    with pytest.raises(fp.ConfigError, match=r"no 'climbs'\. It is called 'trials' now"):
        fp.Precursor(climbs=5)


def test_a_class_that_is_no_component_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that leads elsewhere is refused before its class is called."""

    class Elsewhere:
        """Would run code when made."""

        kind = "tests.elsewhere"

        def __init__(self, **fields: object) -> None:
            raise AssertionError("was made")

    monkeypatch.setitem(plugins._REGISTERED, Elsewhere.kind, Elsewhere)
    with pytest.raises(fp.ConfigError, match="not a component"):
        fp.revive({"kind": "tests.elsewhere", "command": "x"})


def test_a_damaged_array_is_noticed() -> None:
    """An array whose content does not fit its hash is refused."""
    arrays: dict = {}
    config = fp.FromImage(np.ones((2, 2, 1), np.uint8)).to_config(arrays)
    (digest,) = arrays
    for damaged in (np.zeros((2, 2, 1), np.uint8), np.ones((2, 2, 1)), np.ones((4, 1), np.uint8)):
        with pytest.raises(fp.ConfigError, match="damaged"):
            fp.revive(config, {digest: damaged})
    with pytest.raises(fp.ConfigError, match="holds numbers"):
        fp.revive(config, {digest: np.array(["a"])})


class TestArrayValue:
    """ArrayValue: an array that behaves like a number."""

    def test_equal_by_content(self) -> None:
        """Equal content makes equal values and hashes; dtype and shape count."""
        one = fp.ArrayValue([1.0, 2.0])
        assert one == fp.ArrayValue(np.array([1.0, 2.0]))
        assert hash(one) == hash(fp.ArrayValue([1.0, 2.0]))
        assert fp.ArrayValue(np.asfortranarray(np.ones((2, 3)))) == fp.ArrayValue(np.ones((2, 3)))
        others = [[1.0, 3.0], [[1.0, 2.0]], [1, 2], np.float32([1, 2])]
        assert len({one, *map(fp.ArrayValue, others)}) == 5
        assert one != [1.0, 2.0]

    def test_independent_of_its_source(self) -> None:
        """Neither the source array nor the value's own can change it."""
        source = np.ones(3)
        value = fp.ArrayValue(source)
        source[0] = 9.0
        assert value == fp.ArrayValue(np.ones(3))
        with pytest.raises(ValueError, match="read-only"):
            value.array[0] = 9.0

    def test_copies_are_equal(self) -> None:
        """Deep copies and pickles, as multiprocessing makes them, stay the same value."""
        value = fp.ArrayValue(np.arange(6).reshape(2, 3))
        assert copy.deepcopy(value) == value
        assert pickle.loads(pickle.dumps(value)) == value

    @pytest.mark.parametrize("bad", ["text", [None], [1j], [object()], np.array(["a"])])
    def test_holds_numbers_only(self, bad: object) -> None:
        """Objects and texts are refused; they could not be stored without pickle."""
        with pytest.raises(fp.ConfigError, match="holds numbers"):
            fp.ArrayValue(bad)
