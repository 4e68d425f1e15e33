# The few commands of daily work. `make demo` needs Python 3.11 or newer and a package index, nothing else.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check format lock vendor clean

help:  ## these lines
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/runtime.stamp  ## install, start everything, seed a demo exam that is open now, serve it (PORT=, HOST=)
	@$(BIN)/python -m examgrader.demo

test: check  ## all checks, then all tests on real PostgreSQL (ARGS= goes to pytest)
	$(BIN)/pytest -n 2 $(ARGS)

check: .venv/dev.stamp  ## lint, types, import contracts, migrations, templates, deployment files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run --settings examgrader.settings_test
	$(BIN)/python manage.py check --fail-level WARNING --settings examgrader.settings_test
	$(BIN)/djlint templates --check --lint --quiet

format: .venv/dev.stamp  ## put code and templates into our shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint templates --reformat --quiet

lock:  ## pin and hash what requirements*.in ask for (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --fork-strategy fewest --no-header --no-emit-index-url requirements.in -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --fork-strategy fewest --no-header --no-emit-index-url requirements-dev.in -o requirements-dev.txt

vendor:  ## copy the browser libraries of package-lock.json to static/vendor (needs npm)
	npm ci --ignore-scripts --no-audit --no-fund
	npm run --silent vendor

clean:  ## remove what was installed; the data under var/ stay
	rm -rf .venv

# A stamp is newer than the list it was installed from, so that a second run installs nothing.
.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Examgrader needs Python 3.11 or newer.")'
	$(PYTHON) -m venv .venv

.venv/runtime.stamp: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt .venv/runtime.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
