# Two commands on a fresh machine: `make run` serves the dashboard, `make test` runs every test.
PYTHON ?= python3
PORT ?= 8501
ADDRESS ?= localhost
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench

# some machines forbid compiled files, and then every process compiles every library anew: seconds before it does anything
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run demo test check docs pictures bench format lock clean

run: $(VENV)/ready demo
	$(BIN)/streamlit run app.py --server.port $(PORT) --server.address $(ADDRESS) --server.headless true

demo: $(VENV)/ready
	$(BIN)/desk demo --if-empty

test: $(VENV)/ready-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(TESTS)

check: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: export NO_MKDOCS_2_WARNING := 1
docs: $(VENV)/ready-dev
	$(BIN)/python docs/generate.py
	$(BIN)/mkdocs build --strict

pictures: $(VENV)/ready-dev
	$(BIN)/python docs/pictures.py $(MODELS)

bench: $(BENCH)/ready
	$(BENCH)/bin/python -m benchmarks.run $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick) $(if $(KEEP),--keep $(KEEP))

format: $(VENV)/ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv

$(VENV)/ready: requirements.txt pyproject.toml | $(VENV)/bin/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt -c constraints.txt
	touch $@

$(VENV)/ready-dev: requirements.txt requirements-dev.txt pyproject.toml | $(VENV)/bin/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-dev.txt -c constraints.txt
	touch $@ $(VENV)/ready

$(BENCH)/ready: requirements.txt requirements-bench.txt pyproject.toml | $(VENV)/bin/uv
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(BENCH)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BENCH)/bin/python -r requirements-bench.txt
	touch $@

lock: $(VENV)/ready-dev
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --no-emit-package ensemble-desk --upgrade requirements-dev.txt -o constraints.txt

clean:
	rm -rf $(VENV) $(BENCH) build .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
