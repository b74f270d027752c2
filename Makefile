# One command each; `make` alone lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
TOOLS  := $(VENV)/.tools
PIP    := $(BIN)/python -m pip install -q --disable-pip-version-check
QUICK  := tests/test_architecture.py tests/knowledge/test_answers.py tests/knowledge/test_questions.py \
	tests/knowledge/test_ontology.py tests/reasoning/test_rules.py tests/owl/test_pitfalls.py \
	tests/language tests/cli/test_cli.py

.DEFAULT_GOAL := help
.PHONY: help run serve test quick lint check refresh conformance bench stores ontology owl-tools owl-checks protege-pictures fuzz ontologies clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "foedus needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) ..."
	@$(PIP) -e .
	@touch $@

$(TOOLS): $(READY)
	@echo "Installing the test tools ..."
	@$(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['dependency-groups']['test'], sep='\n')" > $(VENV)/test.txt
	@$(PIP) -r $(VENV)/test.txt
	@touch $@

run: $(READY) ## build the graph, check it, and show what it answers
	@$(BIN)/foedus tour

serve: $(READY) ## answer in a browser and at a SPARQL endpoint, until Ctrl-C
	@$(BIN)/foedus serve

test: $(TOOLS) ## run every test, or some: T="tests/knowledge -k allies-of"
	$(BIN)/python -m pytest $(or $(T),-n auto --dist loadfile)

quick: $(TOOLS) ## run the tests that need under a minute together
	$(BIN)/python -m pytest -q -n auto --dist loadfile $(QUICK)

lint: $(TOOLS) ## ruff and strict types
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/mypy

check: ## run what continuous integration runs (.ci/run): tests, lint, stores, OWL tools; long
	@bash .ci/run

refresh: $(TOOLS) ## write again what is made from the checkout: answers, golden files, pages
	FOEDUS_REFRESH=1 $(BIN)/python -m pytest -q -m generated
	$(BIN)/python tests/docs/test_readme.py
	@git status --short

conformance: $(TOOLS) ## run the conformance suites of others and write docs/conformance.md
	$(BIN)/python -m pytest -q tests/conformance
	$(BIN)/python tests/conformance/conformance_report.py

fuzz: $(TOOLS) ## try random inputs of every kind: MINUTES=10 SEED=..., or one again: CASE=...
	@$(BIN)/python tests/fuzz --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED)) $(if $(CASE),--case $(CASE))

ontologies: $(TOOLS) ## close the published ontologies; ONTOLOGIES=DIR has those in no registry
	@$(BIN)/python tests/ontologies/published.py $(if $(ONTOLOGIES),--given $(ONTOLOGIES) --report docs/checks/ontologies.txt)

bench: $(READY) ## measure the reasoners side by side and write docs/benchmarks.md (long)
	@$(PIP) -r benchmarks/requirements.txt
	@$(BIN)/python benchmarks/run.py --more

stores: $(READY) ## fetch the triple stores and parsers that the tests talk to, into .cache
	@tests/remote/install.sh

ontology: $(READY) ## write the files for Protégé and the page of the terms, into dist
	@$(BIN)/python -m foedus.owlfiles dist

owl-tools: ## fetch OWLAPI, HermiT and ROBOT into .cache (needs a JDK and Maven)
	@tests/owl/install.sh

owl-checks: $(READY) ## check those files with OWLAPI, HermiT, ROBOT and our list of pitfalls
	@$(BIN)/python tests/owl/owltools.py

protege-pictures: ontology ## play docs/protege.md in the real Protégé and keep its pictures
	@tests/owl/install.sh protege
	@tests/owl/pictures.sh dist/foedus-full.owl docs/images | tee docs/checks/protege.txt

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz .cache
