"""Models of keras.applications work, and their numbers are their own; `make zoo` tries all families."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

_SCRIPT = Path(__file__).parents[2] / "benchmarks" / "zoo.py"


@pytest.fixture(scope="module")
def zoo() -> ModuleType:
    """Return the benchmark as a module."""
    spec = importlib.util.spec_from_file_location("featureprobe_zoo", _SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_family_has_one_entry(zoo: ModuleType) -> None:
    """Fourteen families, and the smallest are among them."""
    assert len({family.name for family in zoo.FAMILIES}) == len(zoo.FAMILIES) == 14
    assert set(zoo.SMALLEST) < {family.name for family in zoo.FAMILIES}


@pytest.mark.zoo
@pytest.mark.long
@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2", "MobileNetV3", "EfficientNet"])
def test_a_family_of_keras_applications(zoo: ModuleType, name: str) -> None:
    """It opens, agrees with Keras, and can be climbed, on a crop too."""
    family = next(f for f in zoo.FAMILIES if f.name == name)
    assert name in zoo.SMALLEST
    figures = zoo.check(zoo.opened(family))  # raises where a number is not the model's own
    assert figures["layers"] > 50
    assert figures["channel"] > 0
    assert figures["class"] > 0


@pytest.mark.long
@pytest.mark.parametrize("name", ["ConvNeXt", "InceptionResNetV2"])
def test_fields_of_nets_with_helper_layers(zoo: ModuleType, name: str) -> None:
    """Layers that keras.applications defines for itself do not hide the receptive field."""
    family = next(f for f in zoo.FAMILIES if f.name == name)
    assert zoo.known_fields(list(zoo.opened(family).summary())) >= 0.9
