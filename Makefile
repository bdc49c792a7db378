# Two commands are enough: `make demo` and `make test`. Both make .venv here, install into it, and work again when repeated.
# Without make, README.md has the same steps as plain lines.

.DEFAULT_GOAL := help
.PHONY: help demo lab test lint full bench mutation cover notebooks clean
.NOTPARALLEL:
export PYTHON

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
NOTEBOOKS := --nbval --nbval-current-env --nbval-cell-timeout 120 --nbval-sanitize-with tests/notebooks/sanitize.cfg
# further words for pytest:  make test PYTEST_ARGS="-x --durations=10"
PYTEST_ARGS ?=

help:
	@echo "make demo       open JupyterLab on the quickstart, with the local sandbox on; needs no key and no account"
	@echo "make test       everything a change must pass: ruff, mypy, import contracts, tests, notebooks"
	@echo "make lint       the first part of it: ruff, mypy, import contracts"
	@echo "make full       make test and the long tests"
	@echo "make bench      ratios against bare httpx and pandas"
	@echo "make mutation   which changes of the decisions no test notices; half an hour or more"
	@echo "make cover      the tests with branch coverage"
	@echo "make lab        JupyterLab on the notebooks"
	@echo "make notebooks  run the notebooks again and keep what they show"
	@echo "make clean      remove .venv and caches"

demo: .venv-lab
	@$(BIN)/flarex-nb demo

lab: .venv-lab
	@$(BIN)/jupyter lab notebooks

test: lint
	@echo "== tests and notebooks"
	@$(PYTEST) $(NOTEBOOKS) $(PYTEST_ARGS) tests notebooks

lint: .venv-test
	@echo "== ruff"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "To format: $(BIN)/ruff format ."; exit 1; }
	@echo "== mypy"
	@$(BIN)/mypy
	@echo "== import contracts"
	@# no cache: it remembers how an import resolved before the module it names was there
	@$(BIN)/lint-imports --no-logo --no-cache

full: lint
	@echo "== tests and notebooks, the long ones too"
	@$(PYTEST) -m "not benchmark" $(NOTEBOOKS) $(PYTEST_ARGS) tests notebooks

bench: .venv-test
	@for bench in tests/benchmarks/bench_*.py; do $(BIN)/python $$bench || exit 1; done

mutation: .venv-mutation
	@nice $(BIN)/python tools/mutation.py

cover: .venv-test
	@$(PYTEST) --cov --cov-report=term $(PYTEST_ARGS) tests

notebooks: .venv-test
	@$(BIN)/python tools/run_notebooks.py

clean:
	rm -rf .venv .venv.log .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* dist

# Does nothing when the environment is there and pyproject.toml has not changed.
.PHONY: .venv-lab .venv-test .venv-mutation
.venv-lab .venv-test .venv-mutation:
	@sh tools/venv.sh $(@:.venv-%=%)
