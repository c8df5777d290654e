# make help lists the targets.

VERSION = 0.1.0
PREFIX = /usr/local
DESTDIR =

BINDIR = $(DESTDIR)$(PREFIX)/bin
MANDIR = $(DESTDIR)$(PREFIX)/share/man

GO = go
TOOL = $(GO) tool -modfile=tools/go.mod
TAGS = osusergo,netgo
BUILD = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -tags $(TAGS) -ldflags '-s -w -X main.version=$(VERSION)'

.DEFAULT_GOAL = build
.PHONY: help build man install uninstall demo picture test prepare unit lab lint cross check-man bench fuzz clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

build: ## build the program into bin/
	$(BUILD) -o bin/msg ./cmd/msg

man: man/msg.1 ## build the manual page (needs scdoc)

man/%.1: man/%.1.scd
	scdoc < $< | awk -f man/tidy.awk > $@.new
	mv $@.new $@

install: build man ## install below PREFIX (/usr/local) and DESTDIR
	install -D -m 755 bin/msg $(BINDIR)/msg
	install -D -m 644 man/msg.1 $(MANDIR)/man1/msg.1

uninstall: ## remove what install installed
	rm -f $(BINDIR)/msg $(MANDIR)/man1/msg.1

demo: build ## open a terminal, send a message to it, show what arrived
	@$(GO) run ./test/demo bin/msg

picture: build ## draw the demo's terminal into docs/terminal.svg
	$(GO) run ./test/demo -svg docs/terminal.svg bin/msg

test: prepare build lint check-man cross unit lab ## set up and run everything (root: with the lab of real hosts)

prepare: # what the tests need; root installs what is missing
	@test/prepare

unit: ## tests with the race detector, fuzz seeds included
	$(GO) test -race -tags $(TAGS) ./cmd/... ./internal/...

lab: build ## tests on real hosts (root; the first time takes minutes)
	$(GO) test -race -tags $(TAGS) -count=1 -timeout 30m -v ./test/lab
	$(GO) test -race -tags $(TAGS) -count=1 -timeout 30m -v ./test/e2e

lint: ## gofumpt, vet, staticcheck; govulncheck where its database is in reach
	@out=$$($(TOOL) gofumpt -l .); test -z "$$out" || { echo "gofumpt would change: $$out"; exit 1; }
	$(GO) vet -tags $(TAGS) ./...
	$(TOOL) staticcheck -tags $(TAGS) ./...
	@test/vulncheck "$(TOOL) govulncheck"

check-man: man ## mandoc's lint of the manual pages
	mandoc -T lint man/msg.1

cross: ## build for the other platforms and architectures
	GOOS=linux GOARCH=arm64 $(BUILD) -o /dev/null ./cmd/msg
	GOOS=darwin GOARCH=arm64 $(BUILD) -o /dev/null ./cmd/msg
	GOOS=freebsd GOARCH=amd64 $(BUILD) -o /dev/null ./cmd/msg
	GOOS=windows GOARCH=amd64 $(BUILD) -o /dev/null ./cmd/msg

bench: ## benchmarks of the parts
	$(GO) test -tags $(TAGS) -run '^$$' -bench . ./internal/...

fuzz: ## each fuzz target for FUZZTIME (10s)
	test/fuzz $(or $(FUZZTIME),10s)

clean: ## remove what was built
	rm -rf bin man/*.1
