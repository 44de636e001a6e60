"""Nets trained on series and on volumes: the pictures of an ascent show the pattern that was learned."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "pulse_and_ball.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The example, as a module."""
    spec = importlib.util.spec_from_file_location("pulse_and_ball", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_series_shows_the_pulse(example: ModuleType) -> None:
    """Both the output's picture and that of its filter have the planted pulse in them."""
    assert min(example.correlations(example.PULSE, 64, 2048, 0.003)) >= 0.9


def test_a_volume_shows_the_ball(example: ModuleType) -> None:
    """Likewise a ball."""
    assert min(example.correlations(example.ball(), 10, 1024, 0.01)) >= 0.9


@pytest.mark.long
def test_no_pattern_without_training(example: ModuleType) -> None:
    """The measure bites: an untrained net's pictures show neither."""
    net = example.trained(example.PULSE, 64, 4, 0.003)
    assert max(example.best_match(p, example.PULSE) for p in example.pictures_of(net)) < 0.9
