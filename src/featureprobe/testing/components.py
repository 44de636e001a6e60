"""ComponentContract: what every ingredient keeps, whatever its room."""

import dataclasses
import json
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from featureprobe import plugins
from featureprobe._component import Arrays, Component, revive
from featureprobe._lifting import Lifted
from featureprobe.ascent.ascent import Ascent
from featureprobe.errors import ConfigError, PluginError
from featureprobe.initializers.pixel_noise import PixelNoise
from featureprobe.objectives.base import Objective
from featureprobe.objectives.map_mean import MapMean
from featureprobe.objectives.node import Node
from featureprobe.probe.model_probe import ModelProbe
from featureprobe.testing._claims import attempt, claim, claim_finite
from featureprobe.testing.models import shared_probe
from featureprobe.types import OUTPUT


class ComponentContract(ABC):
    """What holds for every component; the contract of each room builds on it.

    Subclass the contract of your room and implement :meth:`make`; pytest finds the tests.

    Attributes:
        group: Entry-point group of the room, without ``featureprobe.``.
        base: Base class of the room.
        rank: Spatial axes of the images to test with: 2 for pictures, 1 for series, 3 for volumes.
    """

    group: ClassVar[str]
    base: ClassVar[type[Component]]
    rank: ClassVar[int] = 2

    @abstractmethod
    def make(self) -> Any:
        """Return the component under test, with fields that are not at their defaults."""

    def probe(self) -> ModelProbe:
        """Return the probe to test with; a tiny smooth net by default, see ``tiny_probe``."""
        return shared_probe(self.rank)

    def setting(self) -> tuple[Ascent, Objective]:
        """Return a short Ascent in which the component takes part, and what it climbs."""
        return self._ascent(), self._target()

    def test_is_a_frozen_value_with_its_own_kind(self) -> None:
        """It is a frozen dataclass of its room, with a kind that it does not inherit."""
        one = attempt(self.make, "make() must return a component.")
        cls = type(one)
        claim(
            isinstance(one, self.base),
            f"{cls.__name__} is no {self.base.__name__}: subclass the base class of its room.",
        )
        claim(
            isinstance(cls.__dict__.get("kind"), str),
            f"{cls.__name__} has no kind of its own and would be revived as its parent. "
            f"Add `kind: ClassVar[str] = 'mylab.{cls.__name__.lower()}'`.",
        )
        params = cls.__dict__.get("__dataclass_params__")
        claim(
            params is not None and params.frozen,
            f"{cls.__name__} can be changed. Write @dataclass(frozen=True) above the class.",
        )

    def test_equal_fields_make_equal_values(self) -> None:
        """A copy is equal and hashes the same."""
        one = self.make()
        copy = dataclasses.replace(one)
        claim(
            copy == one,
            f"{one!r} differs from its copy. Keep the equality that @dataclass gives, and turn "
            "array fields into fp.ArrayValue.",
        )
        hashes = attempt(
            lambda: (hash(one), hash(copy)),
            f"{one!r} cannot be hashed. Use tuples for lists and fp.ArrayValue for arrays.",
        )
        claim(hashes[0] == hashes[1], f"{one!r} is equal to its copy, but hashes differ.")

    def test_repr_names_the_class(self) -> None:
        """The repr works and names the class."""
        one = self.make()
        text = attempt(lambda: repr(one), f"The repr of {type(one).__name__} fails.")
        claim(
            type(one).__name__ in text,
            f"The repr {text!r} does not name {type(one).__name__}. Keep the dataclass's repr.",
        )

    def test_config_is_json(self) -> None:
        """The config is strict JSON, says the kind, and comes back from JSON unchanged."""
        one = self.make()
        config = attempt(one.to_config, f"The config of {one!r} cannot be made.")
        text = attempt(
            lambda: json.dumps(config, allow_nan=False),
            f"The config of {one!r} is not JSON. Fields are finite numbers, strings, tuples, "
            "fp.ArrayValue or components.",
        )
        claim(
            json.loads(text) == config,
            f"JSON changes the config {config!r}. Use lists and string keys in to_config.",
        )
        claim(
            config.get("kind") == type(one).kind,
            f"The config {config!r} does not say its kind, {type(one).kind!r}.",
        )

    def test_is_found_by_its_kind(self) -> None:
        """The plug-in registry gives the class for the kind."""
        cls = type(self.make())
        line = f'"{cls.kind}" = "{cls.__module__}:{cls.__qualname__}"'
        hint = (
            f"Add {line} under [project.entry-points.'featureprobe.{self.group}'] in your "
            "pyproject.toml and install the package; in a notebook, call "
            f"featureprobe.plugins.register({cls.__name__})."
        )
        try:
            found = plugins.find(cls.kind)
        except PluginError as cause:
            raise AssertionError(f"The kind {cls.kind!r} is not found: {cause} {hint}") from cause
        claim(found is cls, f"The kind {cls.kind!r} belongs to {found!r}. {hint}")

    def test_revives_from_its_config_through_json(self) -> None:
        """A config read back from JSON makes an equal component; a plain function refuses."""
        one = self.make()
        arrays: Arrays = {}
        config = json.loads(json.dumps(one.to_config(arrays)))
        if holds_function(one):
            _claim_refusal(one, config)
            return
        again = attempt(
            lambda: revive(config, arrays),
            f"{one!r} cannot be revived from its config {config!r}.",
        )
        claim(
            again == one and hash(again) == hash(one) and again.digest() == one.digest(),
            f"{one!r} came back from its config as {again!r}. Every field that is given to the "
            "class must be in the config, under its own name.",
        )

    def test_runs_in_an_ascent(self) -> None:
        """A short ascent compiles with it, for any number of images, and gives finite scores."""
        ascent, target = self.setting()
        result = attempt(
            lambda: ascent.run(self.probe(), target, rng=3, progress=False),
            f"An Ascent with {self.make()!r} does not run. Inside it, shapes have None for N and "
            "numbers are tensors: use TensorFlow functions, not int(), len() or NumPy.",
        )
        claim_finite(
            result.total_trace,
            f"What an Ascent with {self.make()!r} climbs, over {ascent.steps} steps.",
        )

    def _ascent(self, **parts: Any) -> Ascent:
        quick: dict[str, Any] = {"initializer": PixelNoise(), "regularizers": ()}
        return Ascent(**{"steps": 3, "starts": 2, "search": None, "remedies": (), **quick, **parts})

    def _target(self) -> Objective:
        """Return something to climb: the first map of the first layer that has maps."""
        probe = self.probe()
        for row in probe.summary():
            if row.maps is not None:
                return MapMean(row.path, channel=0)
        return Node(OUTPUT, index=0)


def holds_function(value: Any) -> bool:
    """Return whether a component, or one inside it, runs a plain function."""
    if isinstance(value, Component):
        inner = (getattr(value, f.name) for f in dataclasses.fields(value))  # type: ignore[arg-type]
        return isinstance(value, Lifted) or any(map(holds_function, inner))
    return isinstance(value, tuple) and any(map(holds_function, value))


def _claim_refusal(one: Component, config: dict[str, Any]) -> None:
    try:
        again = revive(config)
    except ConfigError as refusal:
        claim(
            "function" in str(refusal),
            f"The refusal to revive {one!r} does not speak of its function: {refusal}",
        )
        return
    raise AssertionError(
        f"{one!r} holds a plain function, yet its config makes {again!r}. A file must never say "
        "which code to run: raise fp.ConfigError from _rebuild, as featureprobe._lifting does."
    )
