# `make` alone says what there is.
BIN := .venv/bin
SCENARIO ?=
# Real contention on a real disk, with nothing beside it that takes its turn.
LAB := tests/integration/test_lab.py

.DEFAULT_GOAL := help
.PHONY: help install run check format docs screenshots dashboards rules chart test packages lab victoria bench accuracy quietdays silence symptoms calibrate coverage grafana lock faults webhookbench

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## make .venv from the lock file; nothing outside it
	@.ci/install

run: install ## start the daemon: on PROMETHEUS_URL when set, else on the bundled recording
	@exec $(BIN)/correlator serve $(if $(PROMETHEUS_URL),--prometheus-url "$$PROMETHEUS_URL",--demo)

check: install ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy correlator tests
	$(BIN)/lint-imports

format: install ## put the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: install ## write anew what pages show of code and recordings
	$(BIN)/python -m tests.docs.settings_page >docs/settings.md
	$(BIN)/python -m tests.docs.signals_page >docs/signals.md
	$(BIN)/python -m tests.docs.lab_table

screenshots: install packages ## take the README's pictures of page and terminal anew, from the demo
	$(BIN)/python -m tests.docs.screenshots
	$(BIN)/python -m tests.docs.terminal

dashboards: install ## write the Grafana dashboards anew
	$(BIN)/python -m tests.dashboards

rules: install ## write the rules anew as a PrometheusRule
	$(BIN)/python -m tests.rules

chart: install ## write the generated files of Helm chart and Kustomize base anew
	$(BIN)/python -m tests.deploy

packages: ## install the Debian packages that the tests need
	@.ci/packages

test: install packages ## run every test
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile --ignore $(LAB)
	$(BIN)/pytest $(LAB)

coverage: install packages ## run every test and say what they did not reach
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine
	$(BIN)/coverage report

lab: install packages ## record real contention: make lab SCENARIO=one_writer
	$(BIN)/python -m tests.lab run $(SCENARIO)

victoria: install packages ## judge every recording through a real VictoriaMetrics: minutes
	$(BIN)/python -m tests.scenarios.victoria

accuracy: install ## judge the engine and baselines on cases that nothing was tuned on, write the page
	$(BIN)/python -m tests.accuracy --split report --page
	$(BIN)/python -m tests.accuracy --lab --page

silence: ## how often work that stops is found on simulated cases, and what opens where nothing failed
	$(BIN)/python -m tests.accuracy.silence

symptoms: ## whom incidents of other symptoms than first tokens accuse, and how sure they are: half an hour
	$(BIN)/python -m tests.accuracy.symptoms --split report

calibrate: install ## fit the confidence model on cases that no report uses
	$(BIN)/python -m tests.calibration

quietdays: install ## judge 3,000 days on which nothing happens, write the page: half an hour
	$(BIN)/python -m tests.accuracy.quiet_days --split report --page

grafana: install ## let Grafana's own front-end code ask the daemon: needs node and npm, installs 470 MB
	$(BIN)/python -m tests.grafana_source

bench: install ## measure cost at the promised size
	$(BIN)/python -m tests.bench

webhookbench: install ## measure the alert webhook: time to its 200, and how fast what waits is delivered
	$(BIN)/python -m tests.bench.webhook

faults: install packages ## keep a receiver of alerts down for ten minutes, kill the daemon meanwhile, count what is lost: 12 minutes
	$(BIN)/python -m tests.faults

lock: install ## resolve the dependencies anew
	$(BIN)/python -m uv lock --upgrade
