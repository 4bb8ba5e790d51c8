# make demo   the mission's programs, here and on a server, and four jobs that share a QPU; make examples runs all
# make test   every check there is; fails on any finding
# make schema   the server's API under thousands of generated requests
# make sanitize   the engine's tests with the address and undefined-behaviour sanitizers; make fuzz looks for more
# make valgrind   the engine under memcheck
# Needs Python >= 3.11, make and g++; everything else is installed into .venv, again when pyproject.toml or C++ changes.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
PYTEST_ARGS ?= -n auto --dist loadgroup
SANITIZE_TESTS ?= tests/unit/kernels tests/fuzz
NATIVE := CMakeLists.txt packaging/editable/CMakeLists.txt $(wildcard src/qat/kernels/native/*)
BUILD_TOOLS := 'scikit-build-core>=0.11' 'nanobind>=2.4' 'cmake>=3.20' 'ninja>=1.11'
EXAMPLES := $(filter-out chemistry own_server,$(notdir $(basename $(wildcard examples/*.py))))

.PHONY: demo examples test lint types imports unit fuzz fuzz-wire sanitize sanitized sanitized-fuzz self-test valgrind
.PHONY: memcheck schema format clean
.DELETE_ON_ERROR:

demo: example-hybrid_job example-remote_vqe example-shared_qpu

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

# Random bytes for everything that decodes: make fuzz-wire FUZZ_WIRE="-max_total_time=600".
FUZZ_WIRE ?= -max_total_time=120
fuzz-wire: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check atheris
	$(BIN)/python -m tests.fuzz.wire $(FUZZ_WIRE)

# New random plans for the engine until time is up: make fuzz FUZZ="--minutes 20 --seed 1".
FUZZ ?= --minutes 5
fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m tests.fuzz $(FUZZ)

# A copy of the package with an instrumented extension, found before the installed one because -S leaves that out.
# Python's own leaks are not ours to report, and refused allocations must come back as MemoryError.
SANITIZED := build/sanitize
SANITIZED_PYTHON = PYTHONPATH="$(SANITIZED)/src:.:$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
    LD_PRELOAD="$$(g++ -print-file-name=libasan.so) $$(g++ -print-file-name=libubsan.so)" \
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 $(BIN)/python -S

sanitize: sanitized
	$(SANITIZED_PYTHON) -m pytest --capture=sys -p no:cacheprovider \
	    -o pythonpath='$(SANITIZED)/src .' --timeout 900 $(SANITIZE_TESTS)

sanitized-fuzz: sanitized
	$(SANITIZED_PYTHON) -m tests.fuzz $(FUZZ)

sanitized: $(VENV)/.installed-dev
	mkdir -p $(SANITIZED) && cp -r src $(SANITIZED)/ && rm -f $(SANITIZED)/src/qat/kernels/*.so
	$(BIN)/cmake -S . -B $(SANITIZED)/cmake -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja \
	    -DPython_EXECUTABLE=$(abspath $(BIN))/python -DOPENQAT_SANITIZE=ON \
	    -DOPENQAT_OUTPUT=$(abspath $(SANITIZED))/src/qat/kernels
	$(BIN)/cmake --build $(SANITIZED)/cmake

# The engine under memcheck: its C++ alone, where nothing may leak, then the whole extension in Python.
SELF_TEST := build/self_test
VALGRIND = valgrind --quiet --error-exitcode=1
valgrind: self-test
	@if packaging/install-system-packages packaging/valgrind-packages.txt; then $(MAKE) --no-print-directory memcheck; \
	else echo "make valgrind: skipped, there is no valgrind on this machine"; fi

memcheck:
	$(VALGRIND) --leak-check=full --errors-for-leak-kinds=definite,possible $(SELF_TEST)/self_test
	PYTHONMALLOC=malloc PYTHONPATH=. $(VALGRIND) --leak-check=no --suppressions=tests/native/python.supp \
	    $(BIN)/python tests/native/memcheck.py

self-test: $(VENV)/.installed-dev
	$(BIN)/cmake -S . -B $(SELF_TEST) -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja -DOPENQAT_SELF_TEST=ON
	$(BIN)/cmake --build $(SELF_TEST)
	$(SELF_TEST)/self_test

# Thousands of requests made from the API's description, against a real server.
schema: $(VENV)/.installed-dev
	OPENQAT_SCHEMA_EXAMPLES=500 $(BIN)/pytest --timeout 1800 tests/integration/remote/test_schema.py

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "openqat needs Python >= 3.11; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.system: packaging/apt-packages.txt packaging/install-system-packages
	packaging/install-system-packages $<
	mkdir -p $(@D) && touch $@

# The extension is part of the installation: changed C++ sources install again, which compiles only what changed.
$(VENV)/.installed: pyproject.toml $(NATIVE) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(BUILD_TOOLS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable ".[server]"
	touch $@

$(VENV)/.installed-dev: pyproject.toml $(NATIVE) | $(BIN)/python $(VENV)/.system
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(BUILD_TOOLS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[dev]'
	touch $(VENV)/.installed $@
