# Every command can be repeated. Only Python 3.11 and make are needed: the rest comes from requirements.txt.
PYTHON ?= $(or $(shell command -v python3.11),$(shell command -v python3),python3.11)
RUN := PYTHONPATH=.:plugins .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup demo stop clean test lint format bench lab features lock env preflight

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: ## Make .venv from the locked requirements.txt
	@$(PYTHON) tools/setup.py

demo: setup ## Start Postgres, sandbox systems and Airflow, run the sync, show what moved
	@$(RUN) -m tools.demo

stop: ## Stop every process of this checkout
	@$(PYTHON) -m tools.stop

clean: ## Stop everything, then remove .lockstep and .venv
	@$(PYTHON) -m tools.stop --clean

test: setup ## Run all checks and tests; results go to .lockstep/results
	@$(RUN) -m tools.check

lint: setup ## Run ruff and mypy, and check the mapping files
	@$(RUN) -m tools.check --only ruff format mypy mapping

format: setup ## Let ruff format the code and sort the imports
	@.venv/bin/ruff check --fix --select I . && .venv/bin/ruff format .

bench: setup ## Measure the sync on generated records; ONLY=page measures the Sync health page alone
	@$(RUN) -W ignore -m tools.bench $(if $(ONLY),--only $(ONLY))

lab: setup ## Let random histories run while everything fails; HISTORIES=400 KILLS=20 SEED=1 APP=freshdesk JOBS=1 SIZE=200
	@$(RUN) -W ignore -m tools.lab $(if $(HISTORIES),--histories $(HISTORIES)) $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(APP),--app $(APP)) $(if $(JOBS),--jobs $(JOBS)) $(if $(SIZE),--size $(SIZE))

features: setup ## Show which promises the last test run proved, and write the table into README.md
	@$(RUN) -m tools.features

lock: setup ## Resolve requirements.in to requirements.txt with hashes
	@.venv/bin/uv pip compile --quiet --generate-hashes --no-header --python-version 3.11 requirements.in -o requirements.txt

env: setup ## Write .env with fresh secrets for docker-compose.yaml; SANDBOX=1 adds sandbox systems to try it with
	@SANDBOX=$(SANDBOX) $(RUN) -m tools.env

preflight: setup ## Check logins, rights, fields and mapping of APP=freshdesk in the real accounts; CREATE=1 makes missing fields
	@AIRFLOW_HOME=$${AIRFLOW_HOME:-$(CURDIR)/.lockstep/airflow} $(RUN) -W ignore -m sync.preflight $(or $(APP),freshdesk) $(if $(CREATE),--create)
