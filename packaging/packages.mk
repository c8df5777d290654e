# Packages, for Debian and for distributions with rpm, of what "make install" installs.

# Nobody in particular makes msg, nor has it a domain: .invalid never is one (RFC 2606).
MAINTAINER = The msg authors <msg@msg.invalid>

ARCHITECTURES = amd64 arm64
NFPM = VERSION=$(VERSION) MAINTAINER='$(MAINTAINER)' $(TOOL) nfpm package --target dist
SCRIPTS = $(addprefix dist/scripts/,postinst prerm postrm)
PACKED = $(SCRIPTS) $(PAGES) $(COMPLETIONS) $(shell find packaging -type f) README.md CHANGELOG.md dist/.date

packages: $(ARCHITECTURES:%=dist/msg_$(VERSION)_%.deb) ## build deb and rpm packages into dist/

dist/build/%/msg: $(SOURCES) bin/.flags
	GOOS=linux GOARCH=$* $(BUILD) -o $@ ./cmd/msg

dist/build/%/msg-helper: $(SOURCES) bin/.flags
	GOOS=linux GOARCH=$* $(BUILD_HELPER) -o $@ ./cmd/msg-helper

# Files in packages have the time of the commit.
dist/.date: FORCE
	@mkdir -p dist
	@echo $(SOURCE_DATE_EPOCH) | cmp -s - $@ || echo $(SOURCE_DATE_EPOCH) > $@

# The helper's owner and mode are in nfpm's file, so that anyone may build packages.
dist/msg_$(VERSION)_%.deb: dist/build/%/msg dist/build/%/msg-helper $(PACKED)
	rm -rf dist/stage/$*
	$(MAKE) -s install PREFIX=/usr DESTDIR=dist/stage/$*/msg \
		MSG=dist/build/$*/msg HELPER=dist/build/$*/msg-helper INSTALL_HELPER='install -D -m 755'
	$(MAKE) -s install-compat PREFIX=/usr DESTDIR=dist/stage/$*/msg-compat
	packaging/finish dist/stage/$*/msg msg $(VERSION) '$(MAINTAINER)'
	packaging/finish dist/stage/$*/msg-compat msg-compat $(VERSION) '$(MAINTAINER)'
	for name in msg msg-compat; do for kind in deb rpm; do \
		ARCH=$* STAGE=dist/stage/$*/$$name $(NFPM) --config packaging/nfpm/$$name.yaml --packager $$kind || exit 1; \
	done; done

# dpkg and rpm run scripts that stand alone.
dist/scripts/%: packaging/scripts/% packaging/make-run
	@mkdir -p $(@D)
	sed -e '/^@make-run@$$/{' -e 'r packaging/make-run' -e d -e '}' $< > $@

# Kept, so that what has not changed is not built again.
.PRECIOUS: dist/build/%/msg dist/build/%/msg-helper
