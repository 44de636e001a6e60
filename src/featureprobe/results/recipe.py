"""Recipe: a run as a value, to read, to compare, to repeat."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from featureprobe._arguments import checked
from featureprobe._component import Arrays, revive
from featureprobe._kinds import received
from featureprobe.errors import ConfigError

SCHEMA = 1


@dataclass(frozen=True, eq=False)
class Recipe:
    """Everything that a run followed from: ascent, targets, seed, net.

    Attributes:
        ascent: Config of the Ascent.
        objectives: Configs of the targets.
        seed: The run's seed.
        input_space: Config of the probe's input space.
        model: ``name``, ``fingerprint`` (sha256 of weights and layers) and ``image_shape``.
        versions: Of Python, featureprobe, TensorFlow, Keras and numpy.
        arrays: Contents of array fields by sha256.

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

    @checked
    def run(self, probe: Any, **kwargs: Any) -> Any:
        """Repeat the run: the same bits on the same machine.

        Args:
            probe: A ModelProbe of the same net.
            **kwargs: As for ``Ascent.run``, except ``rng``.

        Returns:
            The AscentResult.

        Raises:
            ConfigError: When the probe holds another net or input space, or the recipe used a plain
                function.
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
        return self.revive_ascent().run(probe, targets, rng=self.seed, **kwargs)

    @checked
    def revive(self, config: Mapping[str, Any]) -> Any:
        """Return the component that one of this recipe's configs describes."""
        return revive(config, self.arrays)

    def revive_ascent(self) -> Any:
        """Return the recorded Ascent."""
        return self.revive(self.ascent)

    def to_json(self) -> dict[str, Any]:
        """Return this recipe as JSON values; arrays stay beside it."""
        return {
            "schema": SCHEMA,
            "ascent": dict(self.ascent),
            "objectives": [dict(config) for config in self.objectives],
            "seed": self.seed,
            "input_space": dict(self.input_space),
            "model": dict(self.model),
            "versions": dict(self.versions),
        }

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
            return cls(
                ascent=values["ascent"],
                objectives=tuple(values["objectives"]),
                seed=values["seed"],
                input_space=values["input_space"],
                model=values["model"],
                versions=values["versions"],
                arrays=dict(arrays),
            )
        except (KeyError, TypeError, ValueError) as cause:
            raise ConfigError(
                f"This recipe is not complete: {cause!r} is missing or wrong."
            ) from cause
