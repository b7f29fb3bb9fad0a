# One command per habit. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help demo env test test-slow bench docs lint format clean distclean

ENVIRONMENT := .venv
DEMO_ENVIRONMENT := .venv-demo
BIN := $(ENVIRONMENT)/bin
PACKAGES := lava_spikyspace netx_export
# A test file stays on one worker, so that its fixtures are built once. `make test PARALLEL=` is serial.
PARALLEL := -n 2 --dist loadfile

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s  %s\n", $$1, $$2 }' Makefile

demo:  ## forecasts of the bundled model on Lava's simulator, from nothing but a clone
	@.ci/environment $(DEMO_ENVIRONMENT) lava
	$(DEMO_ENVIRONMENT)/bin/lava-spikyspace run --backend sim

env:  ## create or update the full environment in .venv
	@.ci/environment $(ENVIRONMENT) all,dev

test: lint  ## lint, then the tests
	$(BIN)/python -m pytest $(PARALLEL)

test-slow: env  ## the tests that take long; pictures of the report go to build/screenshots
	$(BIN)/python -m pytest -m slow
	@echo "pictures of the report to look at: $(or $(LSS_SCREENSHOTS),build/screenshots)"

bench: env  ## speed here, as ratios from one run; some minutes a size
	mkdir -p build
	$(BIN)/lava-spikyspace --json bench --size metr-la --plot build/bench-metr-la.svg --force >build/bench-metr-la.json
	$(BIN)/lava-spikyspace bench --size electricity --only engine,runtime,simulator --repeats 5

docs: env  ## the documentation, warnings as errors, into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

lint: env  ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: env  ## format, and fix what can be fixed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:  ## remove caches and build products
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find $(PACKAGES) examples tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## also remove the environments
	rm -rf $(ENVIRONMENT) $(DEMO_ENVIRONMENT) .venv-uv
