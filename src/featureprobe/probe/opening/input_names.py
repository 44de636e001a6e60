"""How inputs are called: by the name of their tensor, or by their key where a model takes a dict."""

from collections.abc import Iterator, Mapping
from typing import Any

from keras import tree

from featureprobe._kinds import received
from featureprobe.errors import ConfigError, ModelError, nearest

Keys = tuple[str | int, ...]
"""Where an input lies in what a model takes: keys of dicts, places in lists."""


class InputNames:
    """The inputs of a model, and every word that stands for one of them.

    An input has the name of its tensor. Where the model takes a dict, perhaps with others inside, it
    is also called by its keys, joined by ``/``, and by the last of them alone where that is clear.

    Args:
        model: The model.
        names: The names of its inputs, in order.
    """

    def __init__(self, model: Any, names: tuple[str, ...]) -> None:
        self.names = names
        struct = getattr(model, "_inputs_struct", None)
        pairs = [] if struct is None else tree.flatten_with_path(struct)
        paths: list[Keys] = [tuple(path) for path, _ in pairs]
        self._paths = dict(zip(paths, names, strict=True)) if len(paths) == len(names) else {}
        self._words: dict[str, set[str]] = {name: {name} for name in names}
        for path, name in self._paths.items():
            keys = [str(key) for key in path if isinstance(key, str)]
            for word in {"/".join(map(str, path)), *keys[-1:]} if keys else ():
                self._words.setdefault(word, set()).add(name)

    def name_of(self, word: str, what: str) -> str:
        """Return the name of the input that a word stands for.

        Args:
            word: A name, or keys.
            what: What has it, the start of the message.

        Raises:
            ModelError: When there is no such input, with the nearest words, or there are several.
        """
        found = self._words.get(word, set())
        if len(found) == 1:
            return next(iter(found))
        if found:
            raise ModelError(
                f"{what} {word!r}, which stands for several inputs of this model: {sorted(found)}. "
                f"Say it by a name or by all keys: {', '.join(map(repr, self._clear()))}."
            )
        raise ModelError(f"{what} {word!r}. {nearest(word, self._clear())}")

    def by_name(self, given: Mapping[Any, Any], what: str) -> dict[str, Any]:
        """Return what is given for inputs, by their names; dicts and lists in it are looked into.

        Args:
            given: Values by name or by key, nested as the model's inputs are, or not.
            what: Name of the argument.

        Raises:
            ModelError: When something is given for no input.
            ConfigError: When something is given twice, or a key is no text.
        """
        found: dict[str, Any] = {}
        for word, name, value in self._each(given, (), what):
            if name in found:
                raise ConfigError(
                    f"{what} has two values for the input {name!r}, the second one as {word!r}. "
                    "Give one of them."
                )
            found[name] = value
        return found

    def _each(self, given: Any, above: Keys, what: str) -> Iterator[tuple[str, str, Any]]:
        """Yield (word, name, value) of all that is given below some keys."""
        pairs = given.items() if isinstance(given, Mapping) else enumerate(given)
        for key, value in pairs:
            if not isinstance(key, str | int) or isinstance(key, bool):
                raise ConfigError(
                    f"{what} gives a value for each input by its name. Received the key "
                    f"{received(key)}. Use names of inputs: {', '.join(map(repr, self._clear()))}."
                )
            path = (*above, key)
            word = "/".join(map(str, path))
            inside = any(own[: len(path)] == path for own in self._paths if len(own) > len(path))
            if path in self._paths:
                yield word, self._paths[path], value
            elif isinstance(value, Mapping) or (inside and isinstance(value, list | tuple)):
                yield from self._each(value, path, what)
            else:
                yield word, self.name_of(word, f"{what} has"), value

    def _clear(self) -> list[str]:
        """Return the words that stand for one input."""
        return [word for word, names in self._words.items() if len(names) == 1]
