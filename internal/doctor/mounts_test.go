package doctor

import (
	"slices"
	"strings"
	"testing"

	"msg/internal/sessions"
)

// Lines of /proc/self/mountinfo, as systems have them.
const (
	debian = `23 28 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
25 28 0:5 / /dev rw,nosuid,relatime shared:2 - devtmpfs udev rw,size=8151752k,nr_inodes=2037938,mode=755,inode64
26 25 0:23 / /dev/pts rw,nosuid,noexec,relatime shared:3 - devpts devpts rw,gid=5,mode=620,ptmxmode=000
28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
90 28 0:45 / /usr/local rw,nosuid,nodev,relatime shared:50 - ext4 /dev/vdb rw
`
	container = `512 480 0:60 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
513 512 0:63 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw,hidepid=invisible
514 512 0:64 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,gid=0,inode64
515 514 0:65 / /dev/pts rw,nosuid,noexec,relatime - devpts devpts rw,gid=5,mode=600,ptmxmode=666
`
	twice = `24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,size=12334492k,nr_inodes=3083623,mode=755
26 24 0:24 / /dev/pts rw,relatime - devpts devpts rw,gid=5,mode=620,ptmxmode=000
29 26 0:26 / /dev/pts rw,relatime - devpts devpts rw,mode=600,ptmxmode=000
30 27 0:30 / /mnt/with\040blank rw - tmpfs tmpfs rw
not a line
`
)

func TestJudgeDevpts(t *testing.T) {
	for _, c := range []struct {
		mountinfo         string
		unsaid            bool
		status, found, do string
	}{
		{debian, true, OK, "new terminals begin with mode 620: messages are on", ""},
		{debian, false, OK, "mode 620: messages are on", ""},
		{container, true, OK, "begin with mode 600, which says nothing: messages are on until their owner says no", ""},
		{container, false, Note, "begin with mode 600, which says nothing: messages are off until their owner says yes", ""},
		{strings.Replace(debian, "gid=5", "gid=54321", 1), true, Note, "members of the group 54321 may write to them, past msg", "mount -o remount,gid=5,mode=620,ptmxmode=000 /dev/pts"},
		{strings.Replace(debian, "gid=5", "gid=0", 1), true, OK, "messages are on", ""},
		{strings.Replace(container, "gid=5", "gid=54321", 1), true, OK, "begin with mode 600", ""},
		{strings.Replace(debian, "mode=620,ptm", "mode=666,ptm", 1), true, Problem, "everyone may write to them", "mode=620,ptmxmode=000"},
		{twice, true, OK, "begin with mode 600", ""},
		{"", true, Note, "no devpts on /dev/pts", "mount -t devpts"},
	} {
		judged(t, judgeDevpts(parseMounts(c.mountinfo), 5, c.unsaid), c.status, c.found, c.do)
	}
}

func TestJudgeProc(t *testing.T) {
	for _, c := range []struct {
		hidden    bool
		confined  string
		mountinfo string
		root      bool
		status    string
	}{
		{false, "", debian, false, OK},
		{false, "", debian, true, OK},
		{true, "", container, false, Note},
		{false, "", container, true, Note}, // root sees all, and users do not
		{false, "", container, false, OK},  // of the group that may
		{true, "", "", false, Note},
		{false, "", strings.Replace(container, "invisible", "off", 1), true, OK},
		{false, "in a namespace", debian, true, Note},
		{false, sessions.NoOwners, debian, true, Problem},
	} {
		if got := judgeProc(c.hidden, c.confined, parseMounts(c.mountinfo), c.root); got.Status != c.status || !strings.HasPrefix(got.Found, c.confined) {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

// FuzzParseMounts holds that parseMounts finds a mount at its place with its own options,
// under any name and below any other lines.
func FuzzParseMounts(f *testing.F) {
	f.Add("/dev/pts", "rw,nosuid", "gid=5,mode=620", "22 1 0:20 / /proc rw - proc proc rw\n")
	f.Add("/a b\\\n\t - x", "gid=1", "", "x - y\n - \n1 2 3 4 /dev/pts 6 - devpts d gid=0\n")
	f.Add("/a\u2001b", "x\u2001", "x\u2001", "")
	f.Fuzz(func(t *testing.T, point, options, super, before string) {
		escape := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`) // mangle() in fs/proc_namespace.c
		word := func(s string) string { return "x" + strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		point, options, super = "/"+point, word(options), word(super)
		all := parseMounts(before + "\n35 22 0:24 / " + escape.Replace(point) + " " + options + " shared:3 - devpts devpts " + super + "\n")
		got, ok := mountAt(all, point)
		if !ok || got.kind != "devpts" || !slices.Equal(got.options, strings.Split(options+","+super, ",")) || len(all) > strings.Count(before, "\n")+2 {
			t.Errorf("%q is %+v, among %+v", point, got, all)
		}
	})
}
