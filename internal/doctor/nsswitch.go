package doctor

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
)

// daemons are the sockets of services that ask a directory for everyone.
type daemons struct{ nscd, nslcd bool }

// These services of nsswitch.conf(5) read files, or ask a daemon on this host.
var localServices = []string{
	"files", "compat", "db", "cache", "systemd", "mymachines", "extrausers", "altfiles", "sss", "winbind", "usrfiles",
}

// These ask another host themselves.
var farServices = []string{"nis", "nisplus", "hesiod", "ldap", "dns"}

// judgeServices checks that getent can ask each service for users and groups from within msgd's
// unit, which has no network.
func judgeServices(path, content string, err error, sandboxed bool, has daemons) Finding {
	var far, unknown []string
	for _, service := range services(content) {
		switch {
		case slices.Contains(localServices, service), service == "ldap" && has.nslcd:
		case slices.Contains(farServices, service):
			far = append(far, service)
		default:
			unknown = append(unknown, service)
		}
	}
	names := strings.Join(slices.Concat(far, unknown), ", ")
	const do = "run nscd or sssd, which ask for msgd; or systemctl edit msgd.service: PrivateNetwork=no, IPAddressDeny=, RestrictAddressFamilies=AF_INET AF_INET6"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Finding{"nsswitch", OK, "no " + path + ": users and groups are in files", ""}
	case err != nil:
		return Finding{"nsswitch", Note, err.Error(), ""}
	case len(far)+len(unknown) == 0:
		return Finding{"nsswitch", OK, "msgd can ask for all users and groups", ""}
	case has.nscd:
		return Finding{"nsswitch", OK, "msgd asks nscd for users and groups of " + names, ""}
	case !sandboxed:
		return Finding{"nsswitch", OK, "msgd has the network, for users and groups of " + names, ""}
	case len(far) > 0:
		return Finding{"nsswitch", Problem, path + ": msgd has no network, and does not find users and groups of " + strings.Join(far, ", "), do}
	}
	return Finding{"nsswitch", Note, path + ": msgd has no network; if these need one, it does not find their users and groups: " + names, do}
}

// services returns the services that nsswitch.conf has for users and groups, each once.
func services(content string) (all []string) {
	for line := range strings.Lines(content) {
		line, _, _ = strings.Cut(line, "#")
		database, rest, found := strings.Cut(line, ":")
		if !found || !slices.Contains([]string{"passwd", "group", "initgroups", "passwd_compat", "group_compat"}, strings.TrimSpace(database)) {
			continue
		}
		for _, word := range strings.Fields(withoutActions(rest)) {
			if !slices.Contains(all, word) {
				all = append(all, word)
			}
		}
	}
	return all
}

// withoutActions removes what is in brackets, such as [NOTFOUND=return].
func withoutActions(s string) string {
	for {
		before, after, open := strings.Cut(s, "[")
		if !open {
			return s
		}
		_, rest, _ := strings.Cut(after, "]")
		s = before + " " + rest
	}
}
