# zsbench: everything a developer runs, one line each. `make help` lists them.
PYTHON ?= python3
VENV := .venv
RECIPES := clip prefix episodes retrieved_glyphs glyph_captions glyph_associations moving_glyphs lm synonyms_answers \
	synonyms_docids synonyms_sessions synonyms_products topics nli zsbench_issues ner ner_words ner_recurring depth
BIN := $(VENV)/bin
# Tested with the newest transformers, which gliner's own bound excludes although it works with it.
UNBOUND := gliner==0.2.29 gliner2==2.1.0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install demo test test-golden-mutation gate gated baselines fuzz lint typecheck bench coverage assets docs clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --no-deps $(UNBOUND)
	$(BIN)/python -m compileall -q zsbench  # as pip does for packages that are not editable
	touch $@

install: $(VENV)/.installed  ## create .venv and install zsbench with its development tools

demo: install  ## run the embedded quickstart: four model families, offline
	$(BIN)/zsbench eval quickstart --offline --out runs

test: install  ## run the test suite
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-golden-mutation: install  ## change each golden value once and see that a test notices (an hour; before a release)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.reference.mutation

gate: gated  ## check quickstart and the embedded papers against results/baselines (two minutes)
	$(BIN)/zsbench check runs/gate/results --baseline results/baselines --tolerance results/tolerance.yaml

baselines: gated  ## make today's results of the embedded suites the new baselines, and say what changes
	$(BIN)/zsbench check runs/gate/results --baseline results/baselines --update

# Two processes, and a cache of their own: features that an earlier version computed would hide what this one does.
gated: install
	rm -rf runs/gate
	{ echo quickstart; ls configs/papers/*.yaml | xargs -n 6 echo --embedded; } | ZSBENCH_CACHE=runs/gate/cache \
		xargs -P 2 -L 1 $(BIN)/zsbench eval --offline --threads 1 -q --out runs/gate/results

fuzz: install  ## run the property tests on new cases
	ZSBENCH_HYPOTHESIS=fuzz $(BIN)/python -m pytest -n 2 -m 'not slow' $$(grep -rl 'from hypothesis' tests --include='test_*.py')

lint: install  ## check format and lint rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

typecheck: install  ## check types (mypy --strict on the package)
	$(BIN)/mypy

bench: install  ## measure speed beside what a user would pick instead (each script names the peers it wants)
	for name in startup rerank metrics clip ner; do $(BIN)/python benchmarks/$$name.py || exit 1; done

coverage: install  ## simulate how often intervals cover the truth, and the size and power of paired tests (minutes)
	nice $(BIN)/python benchmarks/coverage.py

assets: install  ## retrain the embedded models and redraw the embedded data (about an hour)
	for name in $(RECIPES); do $(BIN)/python -m recipes.$$name --out zsbench/assets || exit 1; done

docs: install  ## rerun every command shown in README and docs and refresh its output
	$(BIN)/python docs/refresh.py

clean:  ## remove the environment, caches and runs
	rm -rf $(VENV) runs dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
