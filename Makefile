# Two commands matter: `make demo` and `make test`. Both build .venv first; neither needs anything but Python 3.11 and make.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: demo test heavy strangers bench check format schema clean

.venv/built: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "crmpulse needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: .venv/built  ## the whole road on the embedded defaults, against the sandbox
	$(BIN)/crmpulse demo

test: .venv/built  ## every test but the heavy ones
	$(BIN)/pytest -m 'not heavy' -n 2 --dist loadfile --no-loadscope-reorder

heavy: .venv/built  ## the long ones: a real Prefect server with a worker, kills at random points
	$(BIN)/pytest -m heavy

strangers: .venv/built  ## clients that others wrote against the sandbox; needs Node, npm and both package indexes
	$(BIN)/python -m tests.strangers

bench: .venv/built  ## how fast it is, beside the vendors' own clients; about three minutes
	$(BIN)/python -m tests.bench

check: .venv/built  ## style, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest tests/test_architecture.py

format: .venv/built
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: .venv/built  ## the JSON Schemas of the YAML files, after a change of mappings/models.py
	$(BIN)/python -m mappings.schema warehouse/measures

clean:
	rm -rf .venv .crmpulse
