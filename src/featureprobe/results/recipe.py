"""Recipe: a run as a value, to read, to compare, to repeat."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe import _archive
from featureprobe._arguments import checked
from featureprobe._component import Arrays, ArrayValue, revive
from featureprobe._kinds import received
from featureprobe._members import Members, check_shapes
from featureprobe._names import visible
from featureprobe.errors import ConfigError

SCHEMA = 1
_WHAT = "Recipe"


@dataclass(frozen=True, eq=False)
class Recipe:
    """Everything that a run followed from: ascent, targets, seed, net.

    Attributes:
        ascent: Config of the Ascent as it ran, with nothing left open.
        objectives: Configs of the targets.
        seed: The run's seed.
        input_space: Config of the probe's input space.
        model: ``name``, ``fingerprint`` (sha256 of weights and layers) and ``image_shape``.
        versions: Of Python, featureprobe, TensorFlow, Keras and numpy.
        arrays: Contents of array fields by sha256.
        start_images: Which array holds the start images that were given, in pixel units, as
            ``{"array": sha256}``; None where starts were drawn.
        why: By setting that the Ascent left open, one sentence: why the library chose this value.

    Example:
        >>> import featureprobe as fp
        >>> probe = fp.samples.mnist_probe()
        >>> ascent = fp.Ascent(steps=2, starts=1)
        >>> result = ascent.run(probe, fp.MapMean("Conv2D_3", channel=5), rng=7)
        >>> again = result.recipe.run(probe)
        >>> bool((again.images == result.images).all())
        True
    """

    ascent: Mapping[str, Any]
    objectives: tuple[Mapping[str, Any], ...]
    seed: int
    input_space: Mapping[str, Any]
    model: Mapping[str, Any]
    versions: Mapping[str, str]
    arrays: Arrays = field(default_factory=dict, repr=False)
    start_images: Mapping[str, Any] | None = None
    why: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        count = len(self.objectives)
        name = self.model.get("name")
        lines = [f"{name}: {count} target{'s' * (count != 1)}, seed {self.seed}"]
        for setting, value in self.ascent.items():
            if setting != "kind":
                why = self.why.get(setting)
                lines.append(f"{setting} = {_in_short(value)}{f'  # {why}' if why else ''}")
        return "\n".join(map(visible, lines))

    @checked
    def run(self, probe: Any, **kwargs: Any) -> Any:
        """Repeat the run: the same bits on the same machine.

        Args:
            probe: A ModelProbe of the same net.
            **kwargs: As for ``Ascent.run``, except ``rng``; start images that were given are given
                again.

        Returns:
            The AscentResult.

        Raises:
            ConfigError: When the probe holds another net or input space, the recipe used a plain
                function, or its start images are not there.
        """
        if not hasattr(probe, "fingerprint"):
            raise ConfigError(
                f"probe must be a ModelProbe. Received: {received(probe)}. "
                "Open the model first: fp.ModelProbe(model, input_space=...)."
            )
        if probe.fingerprint != self.model.get("fingerprint"):
            raise ConfigError(
                f"This recipe was made for the net {self.model.get('name')!r} with other weights "
                f"than {probe.name!r} has. Open that net; to try the recipe on another one, use "
                "recipe.revive_ascent().run(probe, objectives, rng=recipe.seed)."
            )
        if probe.input_space != self.revive(self.input_space):
            raise ConfigError(
                f"This recipe was made with the input space {self.input_space}. Received a probe "
                f"with {probe.input_space!r}. Open the net with the recorded one."
            )
        targets = [self.revive(config) for config in self.objectives]
        if self.start_images is not None and "start_images" not in kwargs:
            kwargs["start_images"] = self.given()
        result = self.revive_ascent().run(probe, targets, rng=self.seed, **kwargs)
        why = {**result.recipe.why, **self.why}
        return replace(result, recipe=replace(result.recipe, why=why))

    def given(self) -> npt.NDArray[Any]:
        """Return the start images that the run was given, in pixel units.

        Returns:
            (targets, starts, *spatial, C), or (starts, *spatial, C) where all targets shared them.

        Raises:
            ConfigError: When there are none, or they are not among the arrays.
        """
        if self.start_images is None:
            raise ConfigError(
                "This run drew its start images: none were given. Its result has them with its state."
            )
        digest = str(self.start_images.get("array"))
        if digest not in self.arrays:
            raise ConfigError(
                f"This run was given its start images, {digest[:8]}..., and they are not among the "
                "arrays of the recipe. Pass them: recipe.run(probe, start_images=...)."
            )
        if ArrayValue(self.arrays[digest]).sha256 != digest:
            raise ConfigError(
                f"The start images {digest[:8]}... of this recipe are damaged: they have another "
                "sha256. Pass them: recipe.run(probe, start_images=...)."
            )
        return self.arrays[digest]

    @checked
    def revive(self, config: Mapping[str, Any]) -> Any:
        """Return the component that one of this recipe's configs describes."""
        return revive(config, self.arrays)

    def revive_ascent(self) -> Any:
        """Return the recorded Ascent."""
        return self.revive(self.ascent)

    def to_json(self) -> dict[str, Any]:
        """Return this recipe as JSON values; arrays stay beside it."""
        given = self.start_images
        more = {} if given is None else {"start_images": dict(given)}
        values: dict[str, Any] = {
            "schema": SCHEMA,
            "ascent": dict(self.ascent),
            "objectives": [dict(config) for config in self.objectives],
            "seed": self.seed,
            "input_space": dict(self.input_space),
            "model": dict(self.model),
            "versions": dict(self.versions),
            **more,
        }
        return values | ({"why": dict(self.why)} if self.why else {})

    def pack(self) -> _archive.Packed:
        """Return this recipe as a JSON header and arrays by name, to be stored anywhere.

        Returns:
            (header, arrays): :meth:`to_json`, and the contents of array fields by sha256, read-only.
        """
        return _archive.pack(_WHAT, SCHEMA, self.to_json(), self.arrays)

    @classmethod
    @checked
    def unpack(
        cls, header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]
    ) -> "Recipe":
        """Return the recipe that :meth:`pack` packed; arrays are not copied.

        Raises:
            DataError: When something is missing or garbled, or it is no recipe.
            ConfigError: When it has another schema.
        """
        return _archive.unpack(header, arrays, _WHAT, SCHEMA, made_of)

    @classmethod
    @checked
    def from_json(
        cls, values: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]
    ) -> "Recipe":
        """Return the recipe that :meth:`to_json` recorded.

        Raises:
            ConfigError: When a part is missing or its schema is not known.
        """
        if values.get("schema") != SCHEMA:
            raise ConfigError(
                f"This recipe has the schema {values.get('schema')!r}; this version of featureprobe "
                f"reads {SCHEMA}. Install the version that wrote it."
            )
        try:
            for name in ("ascent", "input_space", "model", "versions"):
                if not isinstance(values[name], Mapping):
                    raise TypeError(name)
            if not all(isinstance(config, Mapping) for config in values["objectives"]):
                raise TypeError("objectives")
            if not isinstance(values["seed"], int) or values["seed"] < 0:
                raise TypeError("seed")
            if not isinstance(given := values.get("start_images"), Mapping | None):
                raise TypeError("start_images")
            why = values.get("why", {})
            if not isinstance(why, Mapping) or not all(isinstance(v, str) for v in why.values()):
                raise TypeError("why")
            return cls(
                ascent=values["ascent"],
                objectives=tuple(values["objectives"]),
                seed=values["seed"],
                input_space=values["input_space"],
                model=values["model"],
                versions=values["versions"],
                arrays=dict(arrays),
                start_images=given,
                why=why,
            )
        except (KeyError, TypeError, ValueError) as cause:
            raise ConfigError(
                f"This recipe is not complete: {cause!r} is missing or wrong."
            ) from cause


def made_of(header: Mapping[str, Any], members: Members, prefix: str = "") -> Recipe:
    """Return the recipe that a header describes.

    Args:
        header: What :meth:`Recipe.to_json` returned.
        members: Its arrays, maybe among others.
        prefix: What the names of its arrays begin with.

    Raises:
        ConfigError, KeyError, TypeError, ValueError: When a part is missing or garbled.
    """
    own = [name for name in members if name.startswith(prefix)]
    check_shapes(members, dict.fromkeys(own, "..."), dict.fromkeys(own, "biuf"))
    arrays = {name.removeprefix(prefix): members[name] for name in own}
    recipe = Recipe.from_json(header, arrays)
    for name in set(arrays) - set(_named_arrays(header)):
        if ArrayValue(arrays[name]).sha256 != name:  # its name was damaged: one is missed
            raise ValueError(f"the array {name!r}, which is another one")
    return recipe


def _in_short(value: Any) -> str:
    """Return a value of a config as one would write it."""
    if isinstance(value, Mapping) and "kind" in value:
        own = [f"{name}={_in_short(v)}" for name, v in value.items() if name != "kind"]
        return f"{value['kind']}({', '.join(own)})"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_in_short, value))}]"
    return str(value)


def _named_arrays(value: Any) -> Iterator[str]:
    """Yield the digests of the arrays that a config names."""
    if isinstance(value, dict) and set(value) == {"array"}:
        yield str(value["array"])
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _named_arrays(part)


def part_of(recipe: Recipe, targets: Sequence[int], rank: int) -> Recipe:
    """Return the recipe of some targets only, with the start images that they were given.

    Args:
        recipe: The recipe of all.
        targets: Their numbers.
        rank: Axes of images (targets, starts, *spatial, C).
    """
    part = replace(recipe, objectives=tuple(recipe.objectives[number] for number in targets))
    if recipe.start_images is None or recipe.given().ndim < rank:  # all targets share them
        return part
    own = ArrayValue(recipe.given()[list(targets)])
    arrays = {k: v for k, v in recipe.arrays.items() if k != recipe.start_images["array"]}
    return replace(
        part, arrays={**arrays, own.sha256: own.array}, start_images={"array": own.sha256}
    )
