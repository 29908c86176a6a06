# make          the list of what can be made
# make check    under three minutes: vet, format, lint, walls, unit tests over SQLite
# make test     everything, on a bare Debian 12 with Go, git, make and root or sudo: what it needs it installs
# make bench    the figures of the documents, measured here
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-print-directory

GO       ?= go
BIN      := bin
FUZZTIME ?= 3s
# The time that one package may take, and the name under which its events are kept.
TIMEOUT  ?= 20m
EVENTS   := $(BIN)/events
# Tests that promise a time, and walks of thousands of requests: alone on the machine, without the race detector.
SPEED    := UnderTwoSeconds|Quickly|FiveThousand|TheTime|SelfTest|ProbesOf|Sixty|EveryRoute|AMonth|Parallel|SixtyFour|Refus|Bomb|Hostile|Prove
# Of these, long ones in which nothing happens at once: the race detector would see nothing for its minutes.
ALONE    := FiveThousandRowsTakeUnderTwoSeconds|AMonthOfGuessing
# Tests of the whole house in which several things happen at once.
ATONCE   := Node|Parallel|SixtyFour|Listeners|WatchesItself|Stream|CutOff|AtOnce|Exchange

# Without the tables of debuggers a test's program is linked in two thirds of the time; traces of panics do not need them.
export GOFLAGS     := -buildvcs=false -ldflags=-w
export CGO_ENABLED ?= 1

.PHONY: help build run demo check test bench docs fmt generate schema-fixture clean \
        deps vet format lint tidy generated unit race speed tokens scripts fuzz faults telephony browser isolation load smoke benches summary reset

help:
	@sed -n 's/^# \(make.*\)/\1/p' Makefile
	@echo 'make build    bin/rempart, one static binary'
	@echo 'make run      serve from ./rempart-data on this machine'
	@echo 'make demo     the demonstration, pages left open'
	@echo 'make fmt      write the code as the checks want it'
	@echo 'make generate write templates and generated documents again'

## ---- work of every day

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $(BIN)/rempart ./cmd/rempart

run: build
	$(BIN)/rempart serve

demo: build
	$(BIN)/rempart demo

fmt:
	$(GO) tool -modfile=tools/go.mod gofumpt -l -w $$(scripts/gofiles)
	$(GO) tool templ fmt -v=false . 2>/dev/null || true

generate:
	$(GO) tool templ generate -log-level error
	$(MAKE) docs

docs:
	REMPART_TEST_UPDATE=1 $(GO) test ./app/docs -count=1 >/dev/null

# Once per release, before its tag: a database of the schema as it is now, for the upgrades to come.
schema-fixture:
	REMPART_SCHEMA_FIXTURE=$(VERSION) $(GO) test ./tests/schema -count=1 -run TestMakeAFixture -v

clean:
	rm -rf $(BIN)

## ---- the two proofs

check: reset vet format lint
	REMPART_TEST_ENGINES=sqlite scripts/gotest check -short ./...
	@$(MAKE) summary

# Longest first; each part says how long it took.
test: reset deps vet format lint tidy generated race speed tokens fuzz faults telephony browser benches smoke
	@$(MAKE) summary

bench: build
	scripts/part process $(GO) -C bench run ./process ../$(BIN)/rempart
	scripts/part controls $(GO) test ./core/boot -run '^$$' -bench BenchmarkControls -benchtime 30x
	scripts/part probes $(GO) test ./core/boot -run '^$$' -bench BenchmarkProbes -benchtime 1x
	scripts/part keys $(GO) test ./core/internal/vault ./kit/seal -run '^$$' -bench .
	scripts/part people $(GO) test ./core/boot -run '^$$' -bench BenchmarkPeople -benchtime 1x
	scripts/part sync $(GO) test ./core/boot -run '^$$' -bench BenchmarkSync -benchtime 1x
	scripts/bench

## ---- their parts

reset:
	@rm -rf $(EVENTS) && mkdir -p $(EVENTS)
	@date +%s >$(EVENTS)/start

deps:
	@scripts/part deps scripts/deps

vet:
	@scripts/part vet $(GO) vet ./...

format:
	@scripts/part format scripts/format

# staticcheck with unused: an i18n sentence that no page says any more breaks the build (U1000).
lint:
	@scripts/part lint scripts/lint

tidy:
	@scripts/part tidy scripts/tidy

# Templates and documents are committed; a difference breaks the build.
generated:
	@scripts/part generated scripts/generated

unit:
	scripts/gotest unit ./...

# Unit, integration on both engines, isolation, load and the scripts of the promises, with the race detector.
# The whole house is built anew by each test of core/boot, and most ask it one thing after the other: those that do several at
# once run with the detector, on both engines, and all of them without it.
race:
	@scripts/part race scripts/gotest race -race -timeout $(TIMEOUT) -skip '$(ALONE)' $$($(GO) list ./... | grep -v /core/boot$$)
	@scripts/part race-house scripts/gotest race-house -race -timeout $(TIMEOUT) -run '$(ATONCE)' ./core/boot
	@REMPART_TEST_ENGINES=sqlite scripts/part house scripts/gotest house -timeout $(TIMEOUT) -skip '$(SPEED)' ./core/boot
	@REMPART_TEST_ENGINES=postgres scripts/part house-pg scripts/gotest house-pg -timeout $(TIMEOUT) -skip '$(SPEED)' ./core/boot

# What promises a time is measured without the race detector, alone on the machine.
speed:
	@scripts/part speed scripts/gotest speed -p 1 -run '$(SPEED)' ./core/boot ./core/internal/organization ./core/internal/signin ./core/internal/access ./core/internal/vault

scripts:
	scripts/gotest scripts ./tests/scripts/...

isolation:
	scripts/gotest isolation -run 'EveryRoute|Isolation|Leak|ProviderPages' ./tests/... ./core/...

load:
	scripts/gotest load -run 'Load|Parallel' ./tests/... ./core/boot

# The root key in a device: SoftHSM, which scripts/deps installs.
tokens:
	@scripts/part tokens scripts/gotest tokens -tags pkcs11 -run PKCS11 ./core/internal/vault

fuzz:
	@scripts/part fuzz scripts/fuzz $(FUZZTIME)

faults:
	@scripts/part faults scripts/faults

# A real exchange, two telephones and an operator, all from Debian.
telephony:
	@scripts/part telephony scripts/gotest telephony -tags telephony -timeout 10m ./tests/telephony/... ./services/recognition/...

browser: build
	@scripts/part browser scripts/browser

benches:
	@scripts/part benches $(GO) -C bench vet ./...

smoke: build
	@scripts/part demo $(BIN)/rempart demo --exit

summary:
	@scripts/summary $(EVENTS)
