"""The outputs of a model by name: the key of a dict, the layer that makes one, or a number."""

from collections.abc import Mapping, Sequence
from typing import Any

from keras import tree

from featureprobe.errors import ModelError, UnknownLayerError, nearest
from featureprobe.types import OUTPUT, output_path


def output_names(structure: Any, paths: Mapping[str, int], numbers: Sequence[int]) -> list[str]:
    """Return a name for each output, in order.

    Args:
        structure: What the model returns: a tensor, a list, a dict, or these in each other. Entries of
            dicts are called by their keys, all else by the layer.
        paths: The numbers of all values by path.
        numbers: Those of the outputs.
    """
    makers = {number: path for path, number in reversed([*paths.items()])}  # the innermost first
    keyed = [key for key, _ in tree.flatten_with_path(structure)]
    return [
        "/".join(map(str, key)) if isinstance(key[0], str) else makers.get(number, f"{key[0]}")
        for key, number in zip((k or (i,) for i, k in enumerate(keyed)), numbers, strict=True)
    ]


def number_of_output(
    path: str, names: Sequence[str], numbers: Sequence[int], paths: Mapping[str, int]
) -> int:
    """Return the value number of ``@output``, or of ``@output:name``.

    Args:
        path: One of the two.
        names: Of the outputs.
        numbers: Likewise.
        paths: The numbers of all values by path: a layer that makes an output names it too.

    Raises:
        ModelError: When an output is to be named, because there are several.
        UnknownLayerError: When there is no such output, with the nearest names.
    """
    listed = ", ".join(repr(output_path(name)) for name in dict.fromkeys(names))
    if path == OUTPUT:
        if len(numbers) != 1:
            raise ModelError(
                f"fp.OUTPUT is the only output, but this model has {len(numbers)}. "
                f"Name one of them as layer: {listed}."
            )
        return numbers[0]
    asked = path.removeprefix(output_path(""))
    if asked in names:
        return numbers[list(names).index(asked)]
    if paths.get(asked) in numbers:
        return paths[asked]
    if asked.isdecimal() and int(asked) < len(numbers):
        return numbers[int(asked)]
    raise UnknownLayerError(
        f"The model has no output {asked!r}. {nearest(asked, dict.fromkeys(names))} "
        f"As layers they are {listed}."
    )
