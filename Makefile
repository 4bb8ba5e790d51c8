# make demo   run the first hybrid job in an environment of its own; make examples runs them all
# make test   every check there is; fails on any finding
# Needs Python >= 3.11, make and gcc; everything else is installed into .venv, again only when pyproject.toml changes.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
PYTEST_ARGS ?= -n auto
EXAMPLES := $(filter-out chemistry,$(notdir $(basename $(wildcard examples/*.py))))

.PHONY: demo examples test lint types imports unit format clean
.DELETE_ON_ERROR:

demo: example-hybrid_job

examples: $(EXAMPLES:%=example-%)

example-%: $(VENV)/.installed
	@echo "== examples/$*.py"
	@$(BIN)/python examples/$*.py

test: lint types imports unit

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

imports: $(VENV)/.installed-dev
	$(BIN)/lint-imports

# Last, so that its closing line is the last one printed.
unit: $(VENV)/.installed-dev
	$(BIN)/pytest $(PYTEST_ARGS)

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python: | $(VENV)/.system
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "openqat needs Python >= 3.11; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.system: packaging/apt-packages.txt packaging/install-system-packages
	packaging/install-system-packages $<
	mkdir -p $(@D) && touch $@

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(VENV)/.installed $@
