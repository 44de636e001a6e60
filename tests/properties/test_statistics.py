"""Statistics agree with scipy and scikit-learn on random inputs, within 1e-9."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from featureprobe.analysis.stats.effects import effects_of, false_discovery_rates
from featureprobe.analysis.stats.frequency import at_least, at_most, wilson


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 500),
    share=st.floats(0, 1),
    confidence=st.sampled_from([0.5, 0.9, 0.95, 0.999]),
)
def test_wilson(count, share, confidence):
    """Wilson's interval."""
    hits = round(share * count)
    low, high = wilson(hits, count, confidence)
    expected = stats.binomtest(hits, count).proportion_ci(confidence, method="wilson")
    assert float(low) == pytest.approx(expected.low, rel=1e-9, abs=1e-12)
    assert float(high) == pytest.approx(expected.high, rel=1e-9, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 300), share=st.floats(0.01, 0.99))
def test_bounds_are_those_of_the_interval(count, share):
    """The fewest and most hits are where the interval crosses the share."""
    low, high = wilson(np.arange(count + 1), count)
    least, most = at_least(count, share, 0.95), at_most(count, share, 0.95)
    assert (low[least:] >= share).all()
    assert (low[:least] < share).all()
    assert (high[: most + 1] <= share).all()
    assert (high[most + 1 :] > share).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 30), m=st.integers(2, 30),
       rounded=st.booleans())  # fmt: skip
def test_effects(seed, n, m, rounded):
    """AUROC with ties and the Mann-Whitney test, node by node; silent nodes are neutral."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(0.5, size=(n, 5)), rng.normal(size=(m, 5))
    if rounded:
        first, second = first.round(), second.round()
    first[:, 4] = second[:, 4] = 0
    found = effects_of(first, second)
    labels = np.r_[np.ones(n), np.zeros(m)]
    for node in range(4):
        both = np.r_[first[:, node], second[:, node]]
        assert found.auroc[node] == pytest.approx(roc_auc_score(labels, both), rel=1e-9, abs=1e-12)
        if np.ptp(both) > 0:
            test = stats.mannwhitneyu(first[:, node], second[:, node], method="asymptotic")
            assert found.p[node] == pytest.approx(test.pvalue, rel=1e-9)
    assert found.auroc[4] == 0.5
    assert found.delta[4] == 0
    assert found.p[4] == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_false_discovery_rates(values):
    """Benjamini and Hochberg's step-up procedure finds the same nodes at every level."""
    p = np.array(values)
    q = false_discovery_rates(p)
    for level in (0.01, 0.1, 0.5):
        ranked = np.sort(p)
        passing = np.flatnonzero(ranked <= level * np.arange(1, len(p) + 1) / len(p) * (1 + 1e-12))
        threshold = ranked[passing[-1]] if len(passing) else -1.0
        np.testing.assert_array_equal(q <= level * (1 + 1e-9), p <= threshold)
