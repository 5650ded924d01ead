# One command for everything. Each target sets up what it is missing: the toolbox, the pinned dependencies, the build, the bundle.
# Without a target: help.

enter := toolbox/enter
release := build/release
sanitized := build/debug-asan-ubsan
NAME ?=
ARGS ?=

.PHONY: help serve test build bundle bench format lint clean toolbox test-sanitized test-threads soak

help: ## list the targets
	@echo 'make TARGET, where TARGET is'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

serve: bundle ## build, then start the server on its defaults (ARGS='--option value …')
	@exec dist/pintail/bin/pintail serve $(ARGS)

test: ## run everything that proves it; ends with "N passed, N failed" (NAME=part of a test's path or name)
	@tests/run all $(NAME)

build: ## compile the program and its unit tests
	@toolbox/deps
	@$(enter) build tools/build release pintail unit_tests

bundle: ## make dist/pintail, which runs on any x86-64 Linux
	@toolbox/deps
	@$(enter) build tools/build release pintail
	@$(enter) build tools/bundle $(release) dist/pintail

bench: bundle ## measure beside the peers, write tables and plots (NAME=part of a benchmark's name)
	@$(enter) build tools/build release flight_peer flight_writer
	@tests/environment benchmarks $(enter) test tools/bench $(if $(NAME),--name $(NAME)) $(ARGS)

format: ## format the C++ sources
	@$(enter) test tools/format

lint: ## check format and structure
	@$(enter) test tools/lint

test-sanitized: ## unit and SQL tests once with the address and undefined-behaviour sanitizers
	@tests/run sanitized

test-threads: ## unit tests of journal, engine and ingest once with the thread sanitizer
	@tests/run threads $(NAME)

soak: bundle ## run the fault tests for long: kills, random statements, full disks (NAME=part of a name; PINTAIL_SEED=n repeats)
	@PINTAIL_BIN=$(CURDIR)/dist/pintail/bin/pintail PINTAIL_SOAK=1 tests/environment clients $(enter) test \
	  python -m pytest tests/faults -q -o timeout=14400 $(if $(NAME),-k $(NAME)) $(ARGS)

clean: ## delete what was built here (the toolbox and the caches stay)
	rm -rf build dist

toolbox: ## make both toolboxes and fetch the pinned dependencies
	@toolbox/root build >/dev/null
	@toolbox/deps
	@toolbox/root test >/dev/null
	@toolbox/venv clients >/dev/null
