package doctor

import (
	"io/fs"
	"slices"
	"testing"
)

func TestJudgeServices(t *testing.T) {
	const path = "/etc/nsswitch.conf"
	for _, c := range []struct {
		content           string
		err               error
		sandboxed         bool
		has               daemons
		status, found, do string
	}{
		{"passwd: files systemd\ngroup: files [SUCCESS=merge] systemd\nhosts: files dns\n", nil, true, daemons{}, OK, "can ask for all", ""},
		{"passwd: files sss\ngroup: files winbind\n", nil, true, daemons{}, OK, "can ask for all", ""},
		{"", fs.ErrNotExist, true, daemons{}, OK, "no " + path, ""},
		{"", fs.ErrPermission, true, daemons{}, Note, "permission", ""},
		{"passwd: files nis\n", nil, true, daemons{}, Problem, path + ": msgd has no network, and does not find users and groups of nis", "systemctl edit msgd.service: PrivateNetwork=no"},
		{"initgroups: files nis\n", nil, true, daemons{}, Problem, "of nis", "systemctl edit msgd.service: PrivateNetwork=no"},
		{"passwd: files nis\n", nil, false, daemons{}, OK, "has the network", ""},
		{"passwd: files nis\n", nil, true, daemons{nscd: true}, OK, "asks nscd for users and groups of nis", ""},
		{"passwd: files ldap\n", nil, true, daemons{}, Problem, "of ldap", "systemctl edit msgd.service: PrivateNetwork=no"},
		{"passwd: files ldap\n", nil, true, daemons{nslcd: true}, OK, "can ask for all", ""},
		{"passwd: files centrify\n", nil, true, daemons{}, Note, "if these need one, it does not find their users and groups: centrify", "systemctl edit msgd.service: PrivateNetwork=no"},
		{"passwd: files nis centrify\n", nil, true, daemons{}, Problem, "of nis", "systemctl edit msgd.service: PrivateNetwork=no"},
	} {
		judged(t, judgeServices(path, c.content, c.err, c.sandboxed, c.has), c.status, c.found, c.do)
	}
}

func TestServices(t *testing.T) {
	const content = "# passwd: nis\npasswd:files[NOTFOUND=return UNAVAIL=continue]ldap # nisplus\n group :\tfiles\tsss\nshadow: files nis\npasswd_compat: nis\nnothing\ngroup: [open\n"
	if got, want := services(content), []string{"files", "ldap", "sss", "nis"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
