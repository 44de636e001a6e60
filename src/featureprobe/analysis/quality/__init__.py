"""Room of quality: what pictures of units are worth, whoever made them.

What lives here: the quality profile and its measures, one a file; the suspicion score.
May import: `analysis.finding`, `analysis.patterns` and what lies below `analysis`; scipy through `_extras`.
To add one: a measure in a file named after it, a field of `QualityProfile`, a row in `wording.rows`, a
test against pictures whose value is known.
"""

from featureprobe.analysis.quality import (  # noqa: F401  (views register themselves)
    quality_profile_view,
)
from featureprobe.analysis.quality.assess import assess
from featureprobe.analysis.quality.quality_profile import QualityProfile

__all__ = ["QualityProfile", "assess"]
