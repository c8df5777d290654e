# Packages, for Debian and for distributions with rpm, of what "make install" installs.

# Nobody in particular makes msg, nor has it a domain: .invalid never is one (RFC 2606).
MAINTAINER = The msg authors <msg@msg.invalid>

NFPM = VERSION=$(VERSION) MAINTAINER='$(MAINTAINER)' $(TOOL) nfpm package --target dist
SCRIPTS = $(addprefix dist/scripts/,postinst prerm postrm)
PACKED = $(SCRIPTS) $(PAGES) $(COMPLETIONS) $(shell find packaging -type f) README.md CHANGELOG.md docs/compat.md tools/go.mod tools/go.sum dist/.date

# As Debian and rpm order versions: 0.2.0, 0.2.0~rc1, 0.2.0+git1.
VERSION_FORM = ^[0-9]+\.[0-9]+\.[0-9]+([~+][A-Za-z0-9.~+]+)?$$

.PHONY: package-version
package-version:
	@echo '$(VERSION)' | grep -qE '$(VERSION_FORM)' || { echo 'packages: VERSION is to be like 0.2.0, 0.2.0~rc1 or 0.2.0+git1, and not $(VERSION)' >&2; exit 1; }

# The packages of an architecture, as Debian and as rpm call it.
PACKAGES_OF = $(foreach name,msg msg-compat,dist/$(name)_$(VERSION)_$(1).deb dist/$(name)-$(VERSION)-1.$(2).rpm)

packages: package-version $(call PACKAGES_OF,amd64,x86_64) $(call PACKAGES_OF,arm64,aarch64) ## build deb and rpm packages into dist/

dist/build/%/msg: $(SOURCES) bin/.flags
	GOOS=linux GOARCH=$* $(BUILD) -o $@ ./cmd/msg

dist/build/%/msgd: $(SOURCES) bin/.flags
	GOOS=linux GOARCH=$* $(BUILD) -o $@ ./cmd/msgd

PACKED_OF = $(SOURCE_DATE_EPOCH) $(MAINTAINER) $(sort $(PACKED))

# Files in packages have the time of the commit. This changes, too, when one comes or goes.
dist/.date: FORCE
	@mkdir -p dist
	@echo '$(PACKED_OF)' | cmp -s - $@ || echo '$(PACKED_OF)' > $@

define pack
$(call PACKAGES_OF,$(1),$(2)) &: dist/build/$(1)/msg dist/build/$(1)/msgd $$(PACKED)
	rm -rf dist/stage/$(1) $(call PACKAGES_OF,$(1),$(2))
	$$(MAKE) -s install PREFIX=/usr DESTDIR=dist/stage/$(1)/msg \
		MSG=dist/build/$(1)/msg MSGD=dist/build/$(1)/msgd
	$$(MAKE) -s install-compat PREFIX=/usr DESTDIR=dist/stage/$(1)/msg-compat
	GO='$$(GO)' packaging/finish dist/stage/$(1)/msg msg $$(VERSION) '$$(MAINTAINER)'
	packaging/finish dist/stage/$(1)/msg-compat msg-compat $$(VERSION) '$$(MAINTAINER)'
	for name in msg msg-compat; do for kind in deb rpm; do \
		ARCH=$(1) STAGE=dist/stage/$(1)/$$$$name $$(NFPM) --config packaging/nfpm/$$$$name.yaml --packager $$$$kind || exit 1; \
	done; done
endef
$(eval $(call pack,amd64,x86_64))
$(eval $(call pack,arm64,aarch64))

# dpkg and rpm run scripts that stand alone.
dist/scripts/%: packaging/scripts/% packaging/make-run
	@mkdir -p $(@D)
	sed -e '/^@make-run@$$/{' -e 'r packaging/make-run' -e d -e '}' $< > $@

# Kept, so that what has not changed is not built again.
.PRECIOUS: dist/build/%/msg dist/build/%/msgd
