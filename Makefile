# `make` alone lists what there is to do.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
BUS ?= embedded
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
PACKAGES := shared services/intake-svc services/sla-svc services/compensation-svc services/notify-svc sandbox cli
export UV_PYTHON_DOWNLOADS := never

.PHONY: help setup lock demo up down test test-fast bench lint format types

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.tools/uv/bin/uv:
	@echo "uv is not on this machine: fetching it into .tools/uv"
	@$(PYTHON) -m venv .tools/uv
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check uv

$(VENV)/.installed: requirements.lock pyproject.toml $(addsuffix /pyproject.toml,$(PACKAGES)) | $(if $(findstring .tools,$(UV)),.tools/uv/bin/uv)
	@echo "setting up $(VENV) (about 200 MB of packages on the first run)"
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	@VIRTUAL_ENV=$(VENV) $(UV) pip sync --require-hashes --compile-bytecode requirements.lock
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps $(addprefix -e ./,$(PACKAGES))
	@# Where Python may not keep what it compiles (PYTHONDONTWRITEBYTECODE), every start would compile it all anew.
	@$(BIN)/python -m compileall -q $(PACKAGES)
	@touch $@

setup: $(VENV)/.installed ## install everything into .venv, from the lock

lock: | $(if $(findstring .tools,$(UV)),.tools/uv/bin/uv) ## resolve the dependencies anew into requirements.lock
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		$(addprefix --no-emit-package ,amends $(addprefix amends-,$(notdir $(filter services/%,$(PACKAGES))))) pyproject.toml --group dev $(addsuffix /pyproject.toml,$(PACKAGES)) -o requirements.lock

demo: setup ## the main job, watched to its end (BUS=kafka: on real Kafka)
	@$(BIN)/amends demo --bus $(BUS)

up: setup ## all services on this machine, until Ctrl-C (BUS=kafka: on real Kafka)
	@$(BIN)/amends up --bus $(BUS)

down: setup ## stop what `make up` started
	@$(BIN)/amends down

test: setup ## every test, with real PostgreSQL and real Kafka
	@$(BIN)/pytest -n 3 --dist loadfile -m "not e2e"
	@$(BIN)/pytest -m e2e --durations=10

test-fast: setup ## the tests that need no server, in seconds
	@$(BIN)/pytest -n 2 --hypothesis-profile=fast -m "not servers and not kafka and not e2e"

bench: setup ## what the promises about speed are measured with
	@$(BIN)/python -m bench.calendar_cost
	@$(BIN)/python -m bench.simulate

lint: setup ## style, types, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## put the code into its form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
