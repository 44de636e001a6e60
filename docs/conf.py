"""Configuration of Sphinx: builds offline; every warning is an error (``make docs``)."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "Agg")
sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import featureprobe

project = "featureprobe"
author = "the featureprobe founders"
copyright = author
version = release = featureprobe.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "component_table",
    "coverage_check",
    "short_types",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "literal"
nitpicky = True

# What other projects document is not linked: the build needs no network.
nitpick_ignore_regex = [
    ("py:.*", r"(numpy|np|npt|matplotlib|tf|keras|pathlib|abc|enum|typing|collections)\..*"),
    ("py:.*", r"(Path|Axes|Figure|SubFigure|Colormap|ArrayLike|NDArray|Rng|FloatLike|Size|Sized)"),
    ("py:class", r"float32|float64|floating|generic|int64|object|uint8"),
    # Plain names for documented things, or parts that no user touches.
    ("py:class", r"featureprobe\.types\.(HasLayers|FloatArray|ImageShape)"),
    # Ranges of arguments, which docstrings tell in words.
    (
        "py:class",
        r"(types\.|featureprobe\._component\.)?Annotated.*|featureprobe\.objectives\.seen\.(Extras|Valued)|featureprobe\._(kinds|hints)\..*|inf|FloatArray|\d.*",
    ),
    ("py:class", r"featureprobe\.probe\.network\.network\.Network"),
    ("py:class", r"featureprobe\.evidence\.layer_evidence\.Answers"),
    ("py:class", r"featureprobe\.constraints\.live_pixels\.LivePixels"),
    (
        "py:class",
        r"featureprobe\.(constraints\.base\.Constraint|objectives\.score_meaning\.ScoreMeaning)",
    ),
    ("py:class", r"featureprobe\.ascent\.step\.image_step\.ImageStep"),
    ("py:class", r"featureprobe\.ascent\.settings\.remedies\.Remedy"),
    ("py:class", r"featureprobe\.testing\.operators\.OperatorContract"),
    ("py:class", r"featureprobe\..*\.Lifted\w*"),
]

autoclass_content = "class"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 88
autosummary_generate = True
# Classes whose bases say nothing.
autosummary_context = {
    "without_bases": [
        "ActivationGrid", "ArrayValue", "Ascent", "AscentResult", "AscentState", "Component", "Example",
        "Evidence", "ImageSource", "LayerRow", "LayerTable", "Live", "ModelProbe", "Objective", "QualityProfile", "Read", "Recipe", "Seen",
        "Step", "StepInfo",
    ],
    # Classes whose members stand in a base of their own, and the first base that is left out.
    "with_members_before": {"AscentResult": "Hints", "Evidence": "Hints", "Objective": "Component",
                            "QualityProfile": "Finding"},
}  # fmt: skip
napoleon_numpy_docstring = False
# Fields are listed in the class docstring; as attributes they would be documented twice.
napoleon_use_ivar = True
napoleon_attr_annotations = False
napoleon_use_rtype = False
doctest_global_setup = "import featureprobe as fp"

html_theme = "alabaster"
html_title = f"featureprobe {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html", "relations.html"]}
html_show_copyright = False
html_theme_options = {
    "description": "What do the maps and nodes of a trained convolutional network answer to?",
    "fixed_sidebar": True,
    "page_width": "1100px",
    "sidebar_width": "240px",
    "show_relbars": True,
    "sidebar_collapse": True,
}
