# Packages, for Debian and for distributions with rpm, of what "make install" installs.

# Nobody in particular makes msg, nor has it a domain: .invalid never is one (RFC 2606).
MAINTAINER = The msg authors <msg@msg.invalid>

ARCHITECTURES = amd64 arm64
PACKAGES = $(ARCHITECTURES:%=package-%)
NFPM = VERSION=$(VERSION) MAINTAINER='$(MAINTAINER)' $(TOOL) nfpm package --target dist
SCRIPTS = $(addprefix dist/scripts/,postinst prerm postrm)
.PHONY: $(PACKAGES)

packages: $(PACKAGES) ## build deb and rpm packages into dist/

dist/build/%/msg: $(SOURCES) bin/.flags
	GOOS=linux GOARCH=$* $(BUILD) -o $@ ./cmd/msg

dist/build/%/msg-helper: $(SOURCES) bin/.flags
	GOOS=linux GOARCH=$* $(BUILD_HELPER) -o $@ ./cmd/msg-helper

# The helper's owner and mode are in nfpm's file, so that anyone may build packages.
$(PACKAGES): package-%: dist/build/%/msg dist/build/%/msg-helper $(SCRIPTS) man completions
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
