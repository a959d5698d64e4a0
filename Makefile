# Each target sets itself up: an environment in .venv, the compiled core, the packages. See CONTRIBUTING.md.
PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
BIN := $(VENV)/bin
COMPILED := setup.py pyproject.toml dtmodels/pyproject.toml studio/pyproject.toml $(wildcard csrc/*.[ch]pp csrc/*.h csrc/bind/*.[ch]pp simcore/*.pyx)
# One thread per process: the tests run several processes, and results do not depend on it.
ONE_THREAD := OMP_NUM_THREADS=1

.PHONY: demo test test-python test-thorough test-cluster test-backends test-studio sanitize lint format bench bench-plot bench-scaling example gallery soak clean

# Modules are compiled to bytecode when they are first imported and kept so, not all of TensorFlow at once.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

$(VENV)/ready: requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	$(PIP) -r requirements-dev.txt
	touch $@

$(VENV)/built: $(VENV)/ready $(COMPILED)
	PYTHONWARNINGS=ignore $(PIP) --no-build-isolation -e . -e ./dtmodels -e ./studio
	touch $@

demo: $(VENV)/built
	$(BIN)/python examples/single_particle_tracking/run.py --size demo

example: $(VENV)/built
	$(BIN)/python examples/single_particle_tracking/run.py --size full

# mypy reads on one core what takes it 40 s, while the tests wait for files and processes: both at once.
test: $(VENV)/built
	$(MAKE) --no-print-directory --jobs=2 lint test-python

test-python: $(VENV)/built
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist worksteal -m "not thorough and (not studio or quick)"

# What takes long and repeats in another setting what quicker tests show; many more examples of drawn tests.
test-thorough: $(VENV)/built
	THOROUGH=1 $(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist worksteal -m "thorough or hypothesis"

# Keras' other backends, in an environment of their own: dtmodels alone, without simcore.
BACKENDS := $(VENV)-backends
BACKEND_TESTS := $(patsubst %,tests/dtmodels/test_dtmodels_%.py,networks refocusing losses data train stages resume gan uncertainty rows views)

$(BACKENDS)/ready: dtmodels/pyproject.toml
	$(PYTHON) -m venv $(BACKENDS)
	$(BACKENDS)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --upgrade pip
	$(BACKENDS)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
		-e './dtmodels[tracking,parquet]' jax $(TORCH) pytest pytest-benchmark hypothesis scikit-image
	touch $@

test-backends: $(BACKENDS)/ready
	for backend in jax torch; do \
		KERAS_BACKEND=$$backend $(ONE_THREAD) $(BACKENDS)/bin/python -m pytest $(BACKEND_TESTS) -m "not thorough" || exit 1; \
	done

# The kernels under the address and undefined-behaviour sanitizers of gcc, in a build of its own. Without vectors of the
# compiler's own: make sanitize SANITIZE=-DSIMCORE_PLAIN_LANES
SANITIZED := build/sanitized$(SANITIZE)
SANITIZED_TESTS := $(wildcard tests/test_kernel_*.py) $(patsubst %,tests/test_%.py,matrix_transform through_pupil boundaries rooms draws)
sanitize: $(VENV)/built
	SIMCORE_FLAGS="-O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined $(SANITIZE)" \
		$(BIN)/python setup.py --quiet build --build-base $(SANITIZED) --build-lib $(SANITIZED)/lib
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libstdc++.so)" ASAN_OPTIONS=detect_leaks=0 \
		PYTHONSAFEPATH=1 PYTHONPATH=$(SANITIZED)/lib $(ONE_THREAD) $(BIN)/python -m pytest $(SANITIZED_TESTS) -m "not thorough"

# The studio in a real browser: Debian's chromium, or the one that STUDIO_BROWSER names. STUDIO_SHOTS=docs/studio: its pictures anew.
test-studio: $(VENV)/built
	$(ONE_THREAD) $(BIN)/python -m pytest tests/studio -rs

# A real SLURM on this machine: as root, after apt install slurm-wlm munge.
test-cluster: $(VENV)/built
	$(ONE_THREAD) $(BIN)/python -m pytest tests/cluster -rs

lint: $(VENV)/built
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $(wildcard csrc/*.[ch]pp csrc/*.h csrc/bind/*.[ch]pp)

format: $(VENV)/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(wildcard csrc/*.[ch]pp csrc/*.h csrc/bind/*.[ch]pp)

# One thread of each library: two cores are measured by threads of simcore's own.
BENCH_THREADS := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1

# Of some cases only, or fewer rounds: make bench BENCH="--case b --case c --rounds 3"
bench: $(VENV)/built
	$(BENCH_THREADS) $(BIN)/python -m benchmarks $(BENCH)

bench-plot: $(VENV)/built
	$(BIN)/python -m benchmarks.history

bench-scaling: $(VENV)/built
	$(BENCH_THREADS) $(BIN)/python -m benchmarks.scaling --markdown

gallery: $(VENV)/built
	$(ONE_THREAD) $(BIN)/simcore catalogue --out docs/catalogue.md
	$(ONE_THREAD) $(BIN)/python docs/gallery.py

# About five minutes where nothing else runs; longer: make soak SOAK="--kills 500 --minutes 100 --flips 1000 --seed 2"
soak: $(VENV)/built
	$(ONE_THREAD) $(BIN)/python tests/soak.py $(SOAK)

clean:
	rm -rf $(VENV) build dist *.egg-info simcore/*.so .pytest_cache .mypy_cache .ruff_cache
