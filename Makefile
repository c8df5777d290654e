# make help lists the targets.

VERSION = 0.2.0
PREFIX = /usr/local
DESTDIR =

BINDIR = $(DESTDIR)$(PREFIX)/bin
SBINDIR = $(DESTDIR)$(PREFIX)/sbin
LIBEXECDIR = $(DESTDIR)$(PREFIX)/libexec
MANDIR = $(DESTDIR)$(PREFIX)/share/man
DOCDIR = $(DESTDIR)$(PREFIX)/share/doc/msg
BASHDIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISHDIR = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
# systemd looks for its files in these places alone.
SYSTEMDIR = $(DESTDIR)$(if $(filter /usr /usr/local,$(PREFIX)),$(PREFIX)/lib,/etc)
SYSUSERSDIR = $(SYSTEMDIR)/sysusers.d
TMPFILESDIR = $(SYSTEMDIR)/tmpfiles.d
UNITDIR = $(SYSTEMDIR)/systemd/system
UNITS = msg.socket msgd.service msg-shutdown.path msg-shutdown.service
# How to start msgd without systemd.
INITS = openrc/msgd sysvinit/msgd runit/run

# What install takes: packages has its own.
MSG = bin/msg
MSGD = bin/msgd

GO = go
TOOL = $(GO) tool -modfile=tools/go.mod
TAGS = osusergo,netgo
LDFLAGS = -s -w -X main.version=$(VERSION)
BUILD = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -tags $(TAGS) -ldflags '$(LDFLAGS)'

.DEFAULT_GOAL = build
.DELETE_ON_ERROR:
.PHONY: help build man completions install install-push uninstall install-compat uninstall-compat packages check-completion check-packages demo picture test prepare unit faults clock lab soak lint cross check-man bench check-bench bench-lab bench-remote fuzz clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

build: bin/msg bin/msgd ## build the programs into bin/

# As files, so that root installs what a user has built, and needs no Go.
SOURCES = go.mod go.sum Makefile $(wildcard internal/completion/shell/*) $(shell find cmd internal -name '*.go' ! -name '*_test.go')

BUILT_OF = $(VERSION) $(subst ','',$(BUILD)) $(sort $(SOURCES))

# Changes when VERSION or another flag does, and when a source comes or goes.
bin/.flags: FORCE
	@mkdir -p bin
	@echo '$(BUILT_OF)' | cmp -s - $@ || echo '$(BUILT_OF)' > $@
FORCE:

bin/msg bin/msgd: bin/%: $(SOURCES) bin/.flags
	$(BUILD) -o $@ ./cmd/$*

# What is built tells no other time than that of the commit, or of the release where there
# is no git: whoever builds it again gets the same bytes.
ifndef SOURCE_DATE_EPOCH
# To root, git may tell nothing of what is a user's: then it is the day for which they have
# built the pages.
SOURCE_DATE_EPOCH := $(shell git log -1 --format=%ct 2>/dev/null || { test -e man/.date && date -u -d "$$(cat man/.date)" +%s; } || stat -c %Y CHANGELOG.md)
endif
export SOURCE_DATE_EPOCH

COMPAT = wall write mesg
COMPAT_PAGES = $(COMPAT:%=man/%.1)
PAGES = man/msg.1 man/msg.conf.5 man/msgd.8 $(COMPAT_PAGES)

man: $(PAGES) ## build the manual pages (needs scdoc)

# Pages tell the day.
man/.date: FORCE
	@date -u -d @$(SOURCE_DATE_EPOCH) +%F | cmp -s - $@ || { rm -f $@; date -u -d @$(SOURCE_DATE_EPOCH) +%F > $@; }

$(PAGES): %: %.scd man/tidy.awk man/.date
	scdoc < $< > $@.raw
	@rm -f $@
	awk -f man/tidy.awk $@.raw > $@
	@rm $@.raw

COMPLETIONS = bin/completion.bash bin/completion.zsh bin/completion.fish

completions: $(COMPLETIONS)

$(COMPLETIONS): bin/completion.%: bin/msg
	bin/msg completion $* > $@

install: $(MSG) $(MSGD) man completions ## install below PREFIX (/usr/local) and DESTDIR; root, to start msgd
	install -D -m 755 $(MSG) $(BINDIR)/msg
	install -D -m 755 $(MSGD) $(SBINDIR)/msgd
	install -D -m 644 packaging/sysusers.conf $(SYSUSERSDIR)/msg.conf
	install -D -m 644 packaging/tmpfiles.conf $(TMPFILESDIR)/msg.conf
	install -D -m 644 packaging/msg.toml $(DOCDIR)/msg.toml
	install -m 644 docs/compat.md $(DOCDIR)/compat.md
	install -d $(UNITDIR) $(DOCDIR)/examples $(addprefix $(DOCDIR)/examples/,$(dir $(INITS)))
	for unit in $(UNITS); do sed 's,/usr/local,$(PREFIX),g' packaging/systemd/$$unit | install -m 644 /dev/stdin $(UNITDIR)/$$unit || exit 1; done
	for init in $(INITS); do sed '/^PATH=/!s,/usr/local,$(PREFIX),g' packaging/$$init | install -m 755 /dev/stdin $(DOCDIR)/examples/$$init || exit 1; done
	install -m 644 packaging/examples/* $(DOCDIR)/examples
	install -d $(addprefix $(MANDIR)/,man1 man5 man8)
	sed 's,/usr/local,$(PREFIX),g' man/msg.1 | install -m 644 /dev/stdin $(MANDIR)/man1/msg.1
	sed 's,/usr/local,$(PREFIX),g' man/msg.conf.5 | install -m 644 /dev/stdin $(MANDIR)/man5/msg.conf.5
	sed 's,/usr/local,$(PREFIX),g' man/msgd.8 | install -m 644 /dev/stdin $(MANDIR)/man8/msgd.8
	install -D -m 644 bin/completion.bash $(BASHDIR)/msg
	install -D -m 644 bin/completion.zsh $(ZSHDIR)/_msg
	install -D -m 644 bin/completion.fish $(FISHDIR)/msg.fish
# msg-helper is of versions before msgd. It was set-gid, and no such file may stay.
	rm -f $(LIBEXECDIR)/msg-helper $(LIBEXECDIR)/msg-helper-* $(MANDIR)/man8/msg-helper.8
	@test -n "$(DESTDIR)" || { packaging/make-run $(SYSTEMDIR) && packaging/open-door yes $(UNITDIR) $(DOCDIR)/examples; }

# For machines that "msg --push" sends msgd to.
install-push: ## install msgd for machines of ARCH (arm64, amd64, ...), for msg --push
	GOOS=linux GOARCH=$(ARCH) $(BUILD) -o bin/msgd-$(ARCH) ./cmd/msgd
	install -D -m 755 bin/msgd-$(ARCH) $(LIBEXECDIR)/msgd-$(ARCH)

uninstall: ## remove what install installed; /etc/msg, /var/lib/msg and the account msg stay
	@test -n "$(DESTDIR)" || packaging/open-door no $(UNITDIR)
	rm -f $(BINDIR)/msg $(SBINDIR)/msgd $(LIBEXECDIR)/msgd-* $(SYSUSERSDIR)/msg.conf $(TMPFILESDIR)/msg.conf
	rm -f $(MANDIR)/man1/msg.1 $(MANDIR)/man5/msg.conf.5 $(MANDIR)/man8/msgd.8
	rm -f $(addprefix $(UNITDIR)/,$(UNITS)) $(BASHDIR)/msg $(ZSHDIR)/_msg $(FISHDIR)/msg.fish
	rm -rf $(DOCDIR)
	@test -n "$(DESTDIR)" || test "$$(id -u)" != 0 || { rm -rf /run/msg && { test ! -d /run/systemd/system || systemctl daemon-reload; }; }

install-compat: man ## install wall, write and mesg as links to msg
	@packaging/compat-links check $(BINDIR) $(MANDIR) $(COMPAT)
	install -d $(BINDIR) $(MANDIR)/man1
	for name in $(COMPAT); do ln -sf msg $(BINDIR)/$$name && sed 's,/usr/local,$(PREFIX),g' man/$$name.1 | install -m 644 /dev/stdin $(MANDIR)/man1/$$name.1 || exit 1; done

uninstall-compat: ## remove what install-compat installed
	@packaging/compat-links drop $(BINDIR) $(MANDIR) $(COMPAT)

include packaging/packages.mk

demo: build ## open a terminal, send a message to it, show what arrived
	@$(GO) run ./test/demo bin/msg

picture: build ## draw the demo's terminal into docs/terminal.svg
	$(GO) run ./test/demo -svg docs/terminal.svg bin/msg

test: prepare build lint check-man cross unit fuzz check-completion check-packages faults check-bench clock lab ## set up and run everything (root: with the lab of real hosts)

prepare: # what the tests need; root installs what is missing
	@test/prepare

unit: ## tests with the race detector, fuzz seeds included
	$(GO) test -race -tags $(TAGS) ./cmd/... ./internal/...

check-completion: build ## Tab, pressed in a real bash, zsh and fish
	$(GO) test -tags $(TAGS) -count=1 -timeout 5m -v ./test/shells

check-packages: packages ## tests of what is in the packages, lintian
	$(GO) test -race -tags $(TAGS) -count=1 -timeout 5m ./test/packages

faults: build ## what fails around msg, hundreds of times each, on an island of terminals (root)
	$(GO) test -race -tags $(TAGS) -count=1 -timeout 10m -v ./test/faults

check-bench: build ## a short run of the benchmark beside wall and who: each message still comes once (root)
	@[ "$$(id -u)" = 0 ] || { echo "check-bench: SKIPPED: only root can have an island"; exit 0; }; set -x; \
	$(GO) run -tags $(TAGS) ./test/bench/local -rounds 2 -terminals 1,100

clock: build ## countdowns on a machine whose clock is set
	$(GO) test -tags $(TAGS) -count=1 -timeout 5m -v ./test/clock

lab: build packages ## tests on real hosts (root; the first time takes minutes)
	$(GO) test -race -tags $(TAGS) -count=1 -timeout 30m -v ./test/lab
	$(GO) test -race -tags $(TAGS) -count=1 -timeout 45m -v ./test/e2e

lint: ## gofumpt, vet, staticcheck; govulncheck where its database is in reach
	@out=$$($(TOOL) gofumpt -l .); test -z "$$out" || { echo "gofumpt would change: $$out"; exit 1; }
	$(GO) vet -tags $(TAGS) ./...
	$(TOOL) staticcheck -tags $(TAGS) ./...
	@test/vulncheck "$(TOOL) govulncheck"

check-man: man ## mandoc's lint of the manual pages
	mandoc -T lint $(PAGES)

cross: ## build for the other platforms and architectures
	GOOS=linux GOARCH=arm64 $(BUILD) -o /dev/null ./cmd/msg
	GOOS=linux GOARCH=arm64 $(BUILD) -o /dev/null ./cmd/msgd
	GOOS=darwin GOARCH=arm64 $(BUILD) -o /dev/null ./cmd/msg
	GOOS=freebsd GOARCH=amd64 $(BUILD) -o /dev/null ./cmd/msg
	GOOS=windows GOARCH=amd64 $(BUILD) -o /dev/null ./cmd/msg

bench: build ## msg beside wall and who, up to 4,000 terminals; of the parts (root; some minutes)
	$(GO) run -tags $(TAGS) ./test/bench/local
	$(GO) test -tags $(TAGS) -run '^$$' -bench . ./internal/... ./test/shells

soak: build ## ten minutes of senders, and of people who come and go, on two of the lab's hosts (root)
	MSG_SOAK=10m $(GO) test -race -tags $(TAGS) -count=1 -timeout 30m -run '^TestSoak$$' -v ./test/e2e

bench-lab: build ## benchmarks on the lab's hosts, msg beside loginctl and who at 1,000 logins (root)
	$(GO) test -tags $(TAGS) -count=1 -timeout 30m -run '^$$' -bench . -v ./test/e2e

bench-remote: build ## msg beside pdsh, clush and parallel-ssh on 200 hosts (root; half an hour)
	@test/bench/remote bin/msg

fuzz: ## every fuzz target, in two minutes and a half; or for FUZZTIME (10s) each
	test/fuzz $(or $(FUZZTIME),total=120s)

clean: ## remove what was built
	rm -rf bin dist $(PAGES) man/.date
