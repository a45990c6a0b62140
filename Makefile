# The front door: for people, CI and scripts alike. `make bundle` and `make test` install what they miss.
SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
# What a target needs is listed in the order in which it is made: `setup` installs what the rest works with.
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-print-directory

ifneq ($(words $(CURDIR)),1)
$(error cannot build in "$(CURDIR)": make takes no path with white space; move the clone)
endif

HOST_SYSTEM := $(shell uname -m)-linux
# `make runtime SYSTEM=aarch64-linux` builds for another architecture than this machine's.
SYSTEM := $(HOST_SYSTEM)
NODE_PACKAGE := node-linux-$(if $(filter aarch64-linux,$(HOST_SYSTEM)),arm64,x64)
ifndef HOST_PATH
export HOST_PATH := $(PATH)
endif
export PATH := $(CURDIR)/node_modules/$(NODE_PACKAGE)/bin:$(CURDIR)/node_modules/.bin:$(PATH)

# Without nixpkgs everything comes from fixtures/packages, which is built here: no substituter, sandbox or build users.
ifeq ($(shell nix-instantiate --find-file nixpkgs 2>/dev/null),)
define NIX_CONFIG
experimental-features = nix-command flakes
substitute = false
sandbox = false
build-users-group =
endef
export NIX_CONFIG
PACKAGES := packages
endif

LAUNCHER_SOURCES := $(wildcard runtime/launcher/*.c runtime/launcher/*.h runtime/launcher/Makefile)
RUNTIME := build/runtime/$(SYSTEM)/runtime.json
# What the tests build for the other architecture.
FOREIGN := $(filter-out $(HOST_SYSTEM),aarch64-linux)
ifeq ($(SYSTEM),$(HOST_SYSTEM))
LAUNCHER := build/launcher/launcher
else
LAUNCHER := build/launcher/$(SYSTEM)/launcher
CROSS := build/cross/$(SYSTEM)
endif

.PHONY: help bundle runtime packages setup setup-test check test unit launcher integration conformance endurance endurance-full soak go e2e fuzz stress aarch64 hosts bench docs clean

help:
	@echo 'make bundle   build the markov example into ./markov'
	@echo 'make test     run all checks and tests'
	@echo 'make check    types, lint, format, unused code, layers'
	@echo 'make conformance  what the tests of circus assert, against a bundle'
	@echo 'make hosts    bundles on hosts that are really different, as a table'
	@echo 'make fuzz     a minute of fuzzing the readers of foreign bytes'
	@echo 'make stress   first starts that are killed, run out of space, or lose their power'
	@echo 'make soak     everything that can happen to a supervisor, mixed for MINUTES=60 (SEED=N: the same again)'
	@echo 'make endurance-full   1,000 crashes, 10 GB of lines and the like; make test does a little of each'
	@echo 'make bench    sizes, times and costs, beside their limits and other supervisors'
	@echo 'make docs     write the generated parts of README.md and docs/'
	@echo 'make runtime  build the launcher and the runtime (SYSTEM=aarch64-linux: for that architecture)'
	@echo 'make clean    remove everything that was built'

bundle: setup packages-if-needed $(RUNTIME)
	@bin/nixpack bundle fixtures/markov/markov.nix#entrypoint --output markov

runtime: setup $(RUNTIME)

.PHONY: packages-if-needed
packages-if-needed: $(PACKAGES)

packages: setup
	@fixtures/packages/fetch

setup:
	@.ci/setup bundle
	@$(MAKE) -s node_modules/.package-lock.json
	@$(if $(CROSS),.ci/setup cross && .ci/cross $(SYSTEM))

setup-test: setup
	@.ci/setup test
	@$(if $(FOREIGN),.ci/setup cross && .ci/cross $(FOREIGN))

node_modules/.package-lock.json: package.json package-lock.json
	@PATH="$$HOST_PATH" .ci/install-packages

$(LAUNCHER): $(LAUNCHER_SOURCES)
	@echo 'make: building the launcher'
	@$(MAKE) -s -j "$$(nproc)" -C runtime/launcher OUT=$(CURDIR)/$(@D) $(if $(CROSS),CROSS=$(CURDIR)/$(CROSS))

# Always asked: only `prepare` knows whether the sources, Node or the libraries of this machine are others than they were.
$(RUNTIME): $(LAUNCHER) FORCE
	@bin/nixpack prepare --launcher $(LAUNCHER) --system $(SYSTEM) $(if $(CROSS),--cross $(CROSS)) 2>build/prepare.log || \
	  { cat build/prepare.log >&2; exit 1; }

.PHONY: FORCE
FORCE:

check: setup
	tsc
	oxlint --type-aware --deny-warnings
	oxfmt --check
	knip --production --strict
	knip
	publint --strict
	node docs/generate.ts --check
	$(MAKE) -C runtime/launcher check

test: setup-test packages-if-needed $(RUNTIME) check unit launcher fuzz stress integration conformance endurance go e2e aarch64 hosts

unit: setup
	vitest run --project unit

launcher: $(LAUNCHER)
	test/launcher/run

fuzz: packages-if-needed $(RUNTIME)
	test/fuzz/run 60

stress: packages-if-needed $(RUNTIME)
	test/stress/run

endurance: setup-test packages-if-needed $(RUNTIME)
	vitest run --project endurance

# Each of these can be set.
endurance-full: setup-test packages-if-needed $(RUNTIME)
	MINUTES=$(or $(MINUTES),5) CYCLES=$(or $(CYCLES),1000) REPETITIONS=$(or $(REPETITIONS),100) GIGABYTES=$(or $(GIGABYTES),10) \
	  vitest run --project endurance

soak: setup-test packages-if-needed $(RUNTIME)
	MINUTES=$(or $(MINUTES),60) $(if $(SEED),SEED=$(SEED)) vitest run --project endurance test/endurance/soak.test.ts

integration: packages-if-needed $(RUNTIME)
	vitest run --project integration

# What circus' own tests assert, against a bundle.
conformance: packages-if-needed $(RUNTIME)
	vitest run --project conformance

go: packages-if-needed
	@nix --extra-experimental-features nix-command build --no-link --file fixtures/markov/markov.nix tests
	@cat "$$(nix --extra-experimental-features nix-command eval --raw --file fixtures/markov/markov.nix tests.outPath)"

e2e: bundle
	vitest run --project 'e2e*'

hosts: setup-test bundle
	vitest run --project hosts --reporter=default --reporter=./test/hosts/report.ts

# Bundles for the other architecture, made here and run by an emulator.
aarch64: packages-if-needed
ifneq ($(FOREIGN),)
	@$(MAKE) runtime SYSTEM=$(FOREIGN)
	@$(if $(PACKAGES),fixtures/packages/fetch $(FOREIGN) hello redis)
	vitest run --project aarch64
else
	@echo 'make: this machine is aarch64: every test was one for it'
endif

bench: bundle
	@.ci/setup bench
	node bench/main.ts
	node bench/supervision.ts

docs: setup
	node docs/generate.ts

clean:
	rm -rf build markov
