# Two commands do all the set-up on a machine that has Python 3.11 or later, git, make and a C compiler:
#   make demo    shows envguard at work on a small project, from init to a refused training run
#   make test    passes the tests

PYTHON ?= python3
UV_VERSION := 0.13.9
# "make test-torch TORCH_VERSION=2.11.0" tests another release, in an environment of its own.
TORCH_TESTED := 2.13.0
TORCH_VERSION := $(TORCH_TESTED)
OF_TORCH := $(patsubst %,-%,$(filter-out $(TORCH_TESTED),$(TORCH_VERSION)))
VENV := .venv
BIN := $(VENV)/bin
TORCH_VENV := .venv-torch$(OF_TORCH)
# What the integrations are tested against, beside torch.
INTEGRATIONS := accelerate==1.15.0 ipython==9.18.1 lightning==2.6.6 mlflow-skinny==3.17.2 transformers==5.24.0 wandb==0.31.0
INTEGRATIONS_VENV := .venv-integrations$(OF_TORCH)
# Whose generators are seeded, beside torch and NumPy.
LIBRARIES := jax==0.10.2 numba==0.68.1 tensorflow-cpu==2.21.0
LIBRARIES_VENV := .venv-libraries
TOOLS := .tools
PYTEST_ARGS ?=
BENCH_ARGS ?=
# What runs under another processor wants a cross compiler and an emulator, what runs under Slurm its daemons: only CI asks for them.
MARKERS := not torch and not integrations and not libraries and not gpu$(if $(CI),, and not cross)
# As pip does: a certificate that this system trusts is trusted.
export UV_SYSTEM_CERTS ?= 1

.PHONY: demo test test-torch test-integrations test-libraries lint types check-self bench bench-files bench-locks bench-code bench-conda bench-canaries bench-machine bench-hash bench-ranks clean

demo: $(VENV)/.bootstrapped
	$(BIN)/python examples/demo.py

test: $(VENV)/.ready $(TOOLS)/bin/b3sum test-torch test-integrations test-libraries
	$(BIN)/pytest -n auto -m "$(MARKERS)" $(PYTEST_ARGS)

test-integrations: $(INTEGRATIONS_VENV)/.ready
	$(INTEGRATIONS_VENV)/bin/pytest -n auto -m integrations $(PYTEST_ARGS) $$(grep -rl --include='test_*.py' 'mark\.integrations' tests)

test-libraries: $(LIBRARIES_VENV)/.ready
	$(LIBRARIES_VENV)/bin/pytest -n auto -m libraries $(PYTEST_ARGS) $$(grep -rl --include='test_*.py' 'mark\.libraries' tests)

test-torch: $(TORCH_VENV)/.ready
	$(TORCH_VENV)/bin/pytest -n auto -m "torch$(if $(CI),, and not cluster)" $(PYTEST_ARGS) $$(grep -rl --include='test_*.py' 'mark\.torch' tests)

lint: $(VENV)/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.ready
	$(BIN)/mypy
	$(BIN)/pyright

check-self: $(VENV)/.ready
	$(BIN)/envguard check

bench: $(VENV)/.ready
	$(BIN)/python benchmarks/build_environment.py
	$(BIN)/python benchmarks/check.py

# Seven minutes once its environments are there; BENCH_ARGS="--only uv --rounds 5" asks for less.
bench-locks: $(VENV)/.ready
	$(BIN)/python benchmarks/build_environment.py
	$(BIN)/python benchmarks/locks.py $(BENCH_ARGS)

bench-files: $(VENV)/.ready
	$(BIN)/python benchmarks/build_environment.py
	$(BIN)/python benchmarks/files.py $(BENCH_ARGS)

bench-conda: $(VENV)/.ready
	$(BIN)/python benchmarks/conda_meta.py $(BENCH_ARGS)

bench-code: $(VENV)/.ready
	$(BIN)/python benchmarks/code.py $(BENCH_ARGS)

bench-canaries: $(TORCH_VENV)/.ready
	$(TORCH_VENV)/bin/python benchmarks/canaries.py $(BENCH_ARGS)

bench-machine: $(TORCH_VENV)/.ready
	$(TORCH_VENV)/bin/python benchmarks/machine.py $(BENCH_ARGS)

bench-ranks: $(TORCH_VENV)/.ready
	$(TORCH_VENV)/bin/python benchmarks/ranks.py $(BENCH_ARGS)

# Makes up to 5 GB of data at a time in a temporary folder; BENCH_ARGS="--data DIR" names another.
bench-hash: $(VENV)/.ready $(TOOLS)/bin/b3sum
	$(BIN)/python benchmarks/hash_trees.py $(BENCH_ARGS)

# uv comes with pip, everything else with uv from the lock; the C core is built here and must not be missing.
$(VENV)/.bootstrapped:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: envguard needs Python 3.11 or later; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	touch $@

$(VENV)/.ready: $(VENV)/.bootstrapped pyproject.toml uv.lock CMakeLists.txt $(wildcard csrc/* csrc/*/*)
	ENVGUARD_REQUIRE_CORE=1 UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --quiet --locked --no-python-downloads --python $(BIN)/python --reinstall-package envguard
	touch $@

$(TOOLS)/bin/b3sum:
	tests/provide-b3sum $(TOOLS)

# torch lives apart: what is in $(VENV) is exactly the lock, and "envguard check" says so.
$(TORCH_VENV)/.ready: $(VENV)/.bootstrapped pyproject.toml Makefile
	$(BIN)/python -m venv $(TORCH_VENV)
	$(TORCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check torch==$(TORCH_VERSION) "numpy>=2" "pytest>=9" "pytest-xdist>=3.6" "hypothesis>=6.150" --editable .
	touch $@

$(INTEGRATIONS_VENV)/.ready: $(VENV)/.bootstrapped pyproject.toml Makefile
	$(BIN)/python -m venv $(INTEGRATIONS_VENV)
	$(INTEGRATIONS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check torch==$(TORCH_VERSION) "numpy>=2" "pytest>=9" "pytest-xdist>=3.6" "hypothesis>=6.150" $(INTEGRATIONS) --editable .
	touch $@

$(LIBRARIES_VENV)/.ready: $(VENV)/.bootstrapped pyproject.toml Makefile
	$(BIN)/python -m venv $(LIBRARIES_VENV)
	$(LIBRARIES_VENV)/bin/python -m pip install --quiet --disable-pip-version-check "numpy>=2" "pytest>=9" "pytest-xdist>=3.6" "hypothesis>=6.150" $(LIBRARIES) --editable .
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-torch* $(VENV)-integrations* $(LIBRARIES_VENV) $(TOOLS) .venvs build
