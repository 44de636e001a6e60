# Two commands set up everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# TensorFlow's start-up chatter hides what matters.
export TF_CPP_MIN_LOG_LEVEL ?= 2
# TensorFlow's faster kernels, which it takes by itself on the newest processors only: twice the speed.
export TF_ENABLE_ONEDNN_OPTS ?= 1

# A process for each core, up to four: one holds up to 3 GB.
SPREAD ?= -n auto --maxprocesses 4 --dist worksteal

.PHONY: installed demo pictures test quick sweeps long zoo lint types imports docs wheel bench bench-quality clean

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c "import sys; assert sys.version_info >= (3, 11), 'featureprobe needs Python 3.11 or newer; set PYTHON=python3.12, say'"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

installed: $(VENV)/.dev  ## everything that the other commands need

demo: $(VENV)/.installed  ## pictures of what a trained net's maps answer to, in out/
	$(BIN)/python examples/first_look.py --out out

pictures: demo  ## the pictures of the README and the docs
	mkdir -p docs/_static/first_look docs/_static/four_or_nine docs/_static/trust
	cp out/oips_contrast.png out/ascent.gif docs/_static/first_look/
	cp out/activations_3_Conv2D_2.png docs/_static/first_look/activations.png
	$(BIN)/python examples/four_or_nine.py --out docs/_static/four_or_nine
	$(BIN)/python examples/trust_an_oip.py --out docs/_static/trust
	$(BIN)/python examples/series_and_volumes.py --out out/series_and_volumes
	mkdir -p docs/_static/series_and_volumes
	cd out/series_and_volumes && cp series_node.png series_overlay.png volume_node.png volume_grid.png ../../docs/_static/series_and_volumes/

test: $(VENV)/.installed  ## all tests but the sweeps, which take minutes, and the code of the docs
	$(BIN)/python -m pytest $(SPREAD) -m "not long and not pages"

quick: $(VENV)/.installed  ## the tests that take seconds
	$(BIN)/python -m pytest $(SPREAD) -m "not slow and not long and not pages"

sweeps: $(VENV)/.installed  ## what takes minutes each: every layer, many damaged files, many calls
	$(BIN)/python -m pytest $(SPREAD) -q -m "long and not exhaustive"

long: $(VENV)/.installed  ## the sweeps, and every use under every policy and on every odd net
	$(BIN)/python -m pytest $(SPREAD) -m long
	$(BIN)/python -m pytest --hypothesis-profile drawn -q tests/properties/test_crops.py tests/properties/test_receptive_field.py

zoo: $(VENV)/.installed  ## one model of each family of keras.applications; its table goes into the docs
	$(BIN)/python benchmarks/zoo.py

lint: $(VENV)/.dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

docs: $(VENV)/.dev  ## HTML in docs/_build/html, warnings are errors; the code of all pages and docstrings runs
	$(BIN)/sphinx-build -n -W --keep-going -q -b html docs docs/_build/html
	$(BIN)/python -m pytest $(SPREAD) -q -m pages

wheel: $(VENV)/.dev  ## built, installed into an empty environment, used
	rm -rf dist build/wheel-env
	$(BIN)/python -m build --wheel --outdir dist >/dev/null
	$(PYTHON) -m venv build/wheel-env
	build/wheel-env/bin/python -m pip install --quiet dist/*.whl
	cd build && wheel-env/bin/python ../examples/use_installed.py

# One script a job; it takes some hours and wants the machine to itself. Other tools are installed into
# environments of their own, benchmarks/.envs.
bench: $(VENV)/.installed  ## timings into benchmarks/results/
	$(BIN)/python benchmarks/import_time.py
	$(BIN)/python benchmarks/w1_all_maps.py
	$(BIN)/python benchmarks/w1_peers.py
	$(BIN)/python benchmarks/w2_vgg.py
	$(BIN)/python benchmarks/n1_nodes.py
	$(BIN)/python benchmarks/n1_profile.py
	$(BIN)/python benchmarks/s1_squeezenet.py
	$(BIN)/python benchmarks/g1_growth.py
	$(BIN)/python benchmarks/e1_evidence.py
	$(BIN)/python benchmarks/p1_patterns.py
	$(BIN)/python benchmarks/settings.py
	$(BIN)/python benchmarks/attainment.py
	$(BIN)/python benchmarks/q1_time_to_quality.py

# What pictures are worth: ours, other tools' and natural images on one profile, which settings explain
# most, how well maxima are defined, whether fooled maps are caught. An hour and a half on two cores; needs
# FEATUREPROBE_TEST_DATA, and the results of q1_time_to_quality.py.
bench-quality: $(VENV)/.installed  ## tables and mosaics of quality into benchmarks/results/
	$(BIN)/python benchmarks/d1_definedness.py
	$(BIN)/python benchmarks/r1_red_team.py
	$(BIN)/python benchmarks/quality_settings.py
	$(BIN)/python benchmarks/quality_pictures.py

clean:
	rm -rf $(VENV) build dist out docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis
