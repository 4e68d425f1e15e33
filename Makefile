# The few commands of daily work. `make demo` needs Python 3.11 or newer and a package index, nothing else.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
# A stamp carries the checksum of the list it was installed from: nothing is installed twice.
RUNTIME := .venv/runtime-$(shell cksum < requirements.txt | cut -d ' ' -f 1)
DEV := .venv/dev-$(shell cat requirements.txt requirements-dev.txt | cksum | cut -d ' ' -f 1)
# `check --deploy` looks at settings as production has them; nothing connects to this database.
PRODUCTION := DATABASE_URL=postgresql://nobody@db.invalid/none PUBLIC_URL=https://exams.example.org DEBUG= \
	$(foreach name,SECRET_KEY ACCESS_KEY_PEPPER RECEIPT_SIGNING_KEY JWT_SIGNING_KEY,$(name)=$(name)-for-this-check-only-yV3kq8Zt1Wm5Rb7Xc2Pd9Hs4)
COMPILE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --fork-strategy fewest --no-strip-extras --no-header --no-emit-index-url

.DEFAULT_GOAL := help
.PHONY: help demo test check bench bench-grading plans restore-drill chaos format lock vendor clean

help:  ## these lines
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(RUNTIME)  ## install, start everything, seed a demo exam that is open now, serve it (PORT=, HOST=)
	@$(BIN)/python -m examgrader.demo

test: check  ## all checks, then all tests on real PostgreSQL (ARGS= goes to pytest)
	$(BIN)/pytest -n 2 --dist worksteal $(ARGS)

check: $(DEV)  ## lint, types, import contracts, migrations, templates, deployment files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/djlint templates --check --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run --settings examgrader.settings_test
	$(BIN)/python manage.py check --database default --fail-level WARNING --settings examgrader.settings_test
	@echo "manage.py check --deploy"; $(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/yamllint --strict compose.yaml .pre-commit-config.yaml deploy
	$(BIN)/kubernetes-validate --strict --quiet -k 1.33 $$(find deploy/kubernetes -name '*.yaml' ! -name kustomization.yaml)
	@# What a machine may lack is checked where it is there; .ci/run sees to it that it is.
	@if command -v shellcheck >/dev/null; then shellcheck deploy/backup/*.sh .ci/run; \
	else echo "shellcheck is not installed: the scripts were not checked"; test -z "$$CI"; fi
	$(BIN)/python scripts/check_monitoring.py

bench: $(DEV)  ## what a sitting costs, beside references of the same machine (ARGS="--seconds 4 --rounds 5")
	$(BIN)/python -m benchmarks.bench $(ARGS)

bench-grading: $(DEV)  ## what twenty graders cost: claim-next and save-score on 1,500 papers (ARGS="--seconds 30")
	$(BIN)/python -m benchmarks.grading $(ARGS)

plans: $(DEV)  ## the SQL of the hot paths with PostgreSQL's plans, into docs/plans.md
	$(BIN)/python -m benchmarks.plans $(ARGS)

restore-drill: $(DEV)  ## lose a database under load and restore it: RTO and RPO (ARGS="--seconds 300")
	$(BIN)/python -m benchmarks.restore_drill $(ARGS)

chaos: $(DEV)  ## break what a sitting stands on, count what is lost; half an hour (CHAOS=full: the long ones too)
	$(BIN)/python -m chaos.run $(ARGS)

format: $(DEV)  ## put code and templates into our shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint templates --reformat --quiet

lock:  ## pin and hash what requirements*.in ask for (needs uv)
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements-dev.in -o requirements-dev.txt

vendor:  ## copy the browser libraries of package-lock.json to static/vendor (needs npm)
	npm ci --ignore-scripts --no-audit --no-fund
	npm run --silent vendor

clean:  ## remove what was installed; the data under var/ stay
	rm -rf .venv node_modules

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Examgrader needs Python 3.11 or newer; choose one with PYTHON=")'
	@echo "Making .venv and installing into it; this takes a minute, once."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }  # half a venv would pass for a whole one next time

$(RUNTIME): | .venv/bin/python
	$(PIP) -r requirements.txt
	@rm -f .venv/runtime-*; touch $@

$(DEV): $(RUNTIME)
	$(PIP) -r requirements-dev.txt
	@rm -f .venv/dev-*; touch $@
