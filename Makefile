# Each target sets up what it needs on a fresh machine and is quick when that is done.
# Wanted: make, Python >= 3.11; as root on Debian or Ubuntu the rest is installed with apt.

PYTEST_ARGS ?=
JOBS ?= 3
QUICK := $(if $(CI)$(ALL),,-m "not slow")
RUN := .venv/bin/python

.PHONY: demo test check docs bench clean setup lock
.DEFAULT_GOAL := test

demo: .venv/installed ## the helpdesk: a real application, from deployed to implemented; DEMO_ARGS=--no-effect: to in use alone
	@.ci/setup parts sshd chromium
	@.ci/setup pages
	@$(RUN) examples/helpdesk/demo.py $(DEMO_ARGS)

test: setup ## the tests; those that take long too with ALL=1 or CI=true. The last line is pytest's own summary
	@$(RUN) -m pytest -n $(JOBS) --dist loadgroup $(QUICK) $(PYTEST_ARGS)

check: .venv/installed ## style, types and import contracts
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/basedpyright
	@.venv/bin/basedpyright --project .ci/shells.json
	@.venv/bin/lint-imports --no-cache --no-logo

docs: .venv/installed ## the documentation as a site, in build/site
	@.venv/bin/python .ci/docs

bench: .venv/installed ## one file per promise; each prints its ratio to its anchor
	@.ci/setup parts sshd
	@$(RUN) -m bench

clean: ## everything that these targets made
	@rm -rf .venv build dist .ruff_cache .hypothesis .cache src/uptake/web/fonts
	@find src tests examples bench -type d -name __pycache__ -prune -exec rm -rf {} +

setup: .venv/installed ## the virtual environment and the real parts that tests need
	@.ci/setup parts sshd chromium postgresql slapd curl haproxy prometheus
	@.ci/setup pages
	@.ci/setup data

lock: ## requirements/*.txt anew from pyproject.toml
	@.ci/lock

.venv/installed: requirements/dev.txt pyproject.toml .ci/setup
	@.ci/setup python
