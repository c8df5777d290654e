package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"msg/internal/accounts"
	"msg/internal/addressbook"
	"msg/internal/config"
	"msg/internal/delivery"
	"msg/internal/journal"
	"msg/internal/message"
	"msg/internal/remote"
	"msg/internal/sessions"
	"msg/internal/text"
	"msg/internal/tty/mine"
)

var ttyGroup = accounts.Group{Name: "tty", GID: 5}

// judged checks what a judge says: its status, words that are in what was found,
// and what to do.
func judged(t *testing.T, got finding, status, found, do string) {
	t.Helper()
	if got.Status != status || !strings.Contains(got.Found, found) || !strings.Contains(got.Do, do) || do == "" && got.Do != "" {
		t.Errorf("%+v; want %s, %q, %q", got, status, found, do)
	}
}

func TestJudgeHelper(t *testing.T) {
	const path = "/usr/local/libexec/msg-helper"
	const heal = "chown root:tty " + path + " && chmod 2755 " + path
	const anew = "rm " + path + ", and install it anew" // others may have written it
	for _, c := range []struct {
		f                 file
		status, found, do string
	}{
		{file{mode: 0o2755, gid: 5}, ok, "root:tty 2755", ""},
		{file{mode: 0o2711, gid: 5}, ok, "root:tty 2711", ""},
		{file{mode: 0o755, gid: 5}, problem, "0755: not set-gid", heal},
		{file{mode: 0o6755, gid: 5}, problem, ": set-uid", heal},
		{file{mode: 0o2755, gid: 0}, problem, ": not of group tty", heal},
		{file{mode: 0o2755, uid: 54321, gid: 5}, problem, "54321:tty 2755: not root's", anew},
		{file{mode: 0o2775, gid: 5}, problem, "others than root may change it", anew},
		{file{mode: 0o2757, gid: 5}, problem, "others than root may change it", anew},
		{file{mode: 0o2750, gid: 5}, problem, "not everyone may run it", heal},
	} {
		c.f.path, c.f.regular = path, true
		judged(t, judgeHelper(c.f, nil, ttyGroup), c.status, c.found, c.do)
	}
	judged(t, judgeHelper(file{path: path, mode: 0o2755, gid: 5}, nil, ttyGroup), problem, "not a file", anew)
	judged(t, judgeHelper(file{}, []string{"/a", "/b"}, ttyGroup), problem, "not in /a or /b", "make install")
	judged(t, judgeHelper(file{path: path, err: fs.ErrPermission}, nil, ttyGroup), problem, "permission denied", "make install")
}

func TestJudgeFolders(t *testing.T) {
	root := file{path: "/", mode: 0o755}
	for _, c := range []struct {
		f                 file
		status, found, do string
	}{
		{file{mode: 0o755}, ok, "only root", ""},
		{file{mode: 0o775}, ok, "only root", ""}, // of group root
		{file{err: fs.ErrPermission}, ok, "only root", ""},
		{file{mode: 0o1777}, ok, "only root", ""},
		{file{mode: 0o777}, problem, "everyone may write to /usr/x y", "chmod go-w '/usr/x y'"},
		{file{mode: 0o755, uid: 54321}, problem, "/usr/x y belongs to 54321", "chown root '/usr/x y'"},
		{file{mode: 0o2775, gid: 54321}, note, "the group 54321 may write to /usr/x y", "chmod g-w '/usr/x y'"},
	} {
		c.f.path = "/usr/x y"
		judged(t, judgeFolders([]file{c.f, root}), c.status, c.found, c.do)
	}
	both := judgeFolders([]file{{path: "/usr/a", mode: 0o777}, {path: "/usr/b", mode: 0o775, gid: 54321}})
	judged(t, both, problem, "/usr/a; the group", "chmod go-w /usr/a && chmod g-w /usr/b")
	home := judgeFolders([]file{{path: "/home/alice/src/libexec", mode: 0o755, uid: 54321}, {path: "/home/alice", mode: 0o755, uid: 54321}})
	judged(t, home, problem, "/home/alice belongs to", "install it where only root may write")
}

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
		terminals         []file
		status, found, do string
	}{
		{debian, nil, ok, "/dev/pts, group 5, mode 620", ""},
		{container, nil, problem, "messages off", "mount -o remount,gid=5,mode=620,ptmxmode=666 /dev/pts"},
		{strings.Replace(debian, "gid=5", "gid=0", 1), nil, problem, "not of group tty (5)", "remount,gid=5,mode=620,ptmxmode=000 "},
		{strings.Replace(debian, "gid=5,mode=620", "gid=5,mode=666", 1), nil, ok, "mode 666", ""},
		{twice, nil, note, "gives new terminals no group", "gid=5,mode=620,ptmxmode=000"},
		{twice, []file{{path: "pts/3", gid: 5}}, ok, "those in use are of group tty", ""},
		{twice, []file{{path: "pts/3", gid: 5}, {path: "pts/4", gid: 54321}}, problem, "pts/4 (54321)", "gid=5"},
		{"", nil, note, "", "mount -o remount,gid=5,mode=620 /dev/pts"},
	} {
		judged(t, judgeDevpts(parseMounts(c.mountinfo), ttyGroup, c.terminals), c.status, c.found, c.do)
	}
}

func TestMountOf(t *testing.T) {
	for _, c := range []struct{ mountinfo, path, want string }{
		{debian, "/usr/local/libexec/msg-helper", "/usr/local"},
		{debian, "/usr/localized/msg-helper", "/"},
		{debian, "/usr/libexec/msg-helper", "/"},
		{twice, "/mnt/with blank/msg-helper", "/mnt/with blank"},
		{"", "/usr/libexec/msg-helper", "/"},
	} {
		if got := mountOf(parseMounts(c.mountinfo), c.path).point; got != c.want {
			t.Errorf("%s is on %q, want %q", c.path, got, c.want)
		}
	}
	judged(t, judgeMount(true, "/a b"), problem, "/a b is mounted nosuid", "mount -o remount,bind,suid '/a b'")
	judged(t, judgeMount(false, "/"), ok, "/ ", "")
}

func TestJudgeProc(t *testing.T) {
	for _, c := range []struct {
		hidden    bool
		mountinfo string
		root      bool
		status    string
	}{
		{false, debian, false, ok},
		{false, debian, true, ok},
		{true, container, false, note},
		{false, container, true, note}, // root sees all, and users do not
		{false, container, false, ok},  // of the group that may
		{true, "", false, note},
		{false, strings.Replace(container, "invisible", "off", 1), true, ok},
	} {
		if got := judgeProc(c.hidden, parseMounts(c.mountinfo), c.root); got.Status != c.status {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

func TestJudgeRights(t *testing.T) {
	const status = "Name:\tmsg\nCapAmb:\t0000000000000000\nNoNewPrivs:\t%d\nSeccomp:\t0\n"
	judged(t, judgeRights(fmt.Sprintf(status, 0), false), ok, "", "")
	judged(t, judgeRights(fmt.Sprintf(status, 1), false), problem, "no_new_privs", "NoNewPrivileges=no")
	judged(t, judgeRights(fmt.Sprintf(status, 1), true), note, "no_new_privs", "NoNewPrivileges=no")
	judged(t, judgeRights("", false), ok, "", "")
}

func TestJudgeAnswer(t *testing.T) {
	hello := remote.Hello{Version: version, Privileged: true}
	without := remote.Hello{Version: version}
	old := remote.Hello{Version: "0.0.1", Privileged: true}
	judged(t, judgeAnswer(hello, nil, false), ok, version, "")
	judged(t, judgeAnswer(old, nil, false), problem, "the helper 0.0.1", "make install")
	judged(t, judgeAnswer(without, nil, true), note, "without rights", "")
	judged(t, judgeAnswer(without, nil, false), problem, "does not give it its group", "security module")
	judged(t, judgeAnswer(remote.Hello{}, &message.Failure{Reason: message.NoHelper, Detail: "it does not start: exit status 1"}, false),
		problem, "does not work: it does not start: exit status 1", "make install")
	judged(t, judgeAnswer(remote.Hello{}, errors.New("x"), true), note, "for the reason above", "")
	judged(t, judgeAnswer(remote.Hello{}, &message.Failure{Reason: message.Version, Detail: "version 9 speaks"}, true), problem, "version 9", "make install")
}

func TestJudgeCounts(t *testing.T) {
	run, counts := file{path: "/run/msg", mode: 0o755}, file{path: "/run/msg/rate", mode: 0o770, gid: 5}
	judged(t, judgeCounts(run, counts, ttyGroup, "heal"), ok, "root:tty 0770", "")
	for _, c := range []struct {
		change func()
		found  string
	}{
		{func() { run.err = fs.ErrNotExist }, "not exist"},
		{func() { run.uid = 54321 }, "others than root may change /run/msg"},
		{func() { run.mode = 0o777 }, "others than root may change /run/msg"},
		{func() { run.mode = 0o700 }, "/run/msg/rate, root:tty 0770, must be root:tty 0770, below 0755"},
		{func() { counts.err = fs.ErrNotExist }, "not exist"},
		{func() { counts.mode = 0o777 }, "root:tty 0777, must be"},
		{func() { counts.mode = 0o700 }, "root:tty 0700, must be"},
		{func() { counts.gid = 54321 }, "root:54321 0770, must be"},
		{func() { counts.uid = 54321 }, "54321:tty 0770, must be"},
	} {
		r, k := run, counts
		c.change()
		judged(t, judgeCounts(run, counts, ttyGroup, "heal"), problem, c.found, "heal")
		run, counts = r, k
	}
	counts.full = "no inode is free"
	judged(t, judgeCounts(run, counts, ttyGroup, "heal"), problem, "/run/msg/rate: no inode is free; until then", `"df -i /run/msg/rate"`)
}

func TestJudgePending(t *testing.T) {
	run, pending := file{path: "/run/msg", mode: 0o755}, file{path: "/run/msg/pending", mode: 0o1775, gid: 5}
	judged(t, judgePending(run, pending, ttyGroup, "heal"), ok, "root:tty 1775", "")
	for _, c := range []struct {
		change func(run, pending *file)
		status string
		found  string
		heal   string
	}{
		{func(run, _ *file) { run.err = fs.ErrNotExist }, note, "for the reason above", ""},
		{func(run, _ *file) { run.mode = 0o777 }, note, "for the reason above", ""},
		{func(_, p *file) { p.err = fs.ErrNotExist }, problem, "not exist; until then", "heal"},
		{func(_, p *file) { p.mode = 0o1777 }, problem, "root:tty 1777, must be", "heal"},
		{func(_, p *file) { p.mode = 0o775 }, problem, "root:tty 0775, must be", "heal"},
		{func(_, p *file) { p.mode = 0o1770 }, problem, "root:tty 1770, must be", "heal"},
		{func(_, p *file) { p.gid = 54321 }, problem, "root:54321 1775, must be", "heal"},
		{func(_, p *file) { p.uid = 54321 }, problem, "54321:tty 1775, must be", "heal"},
	} {
		r, p := run, pending
		c.change(&r, &p)
		judged(t, judgePending(r, p, ttyGroup, "heal"), c.status, c.found, c.heal)
	}
	pending.full = "read-only file system"
	judged(t, judgePending(run, pending, ttyGroup, "heal"), problem, "/run/msg/pending: read-only file system; until then", "findmnt -T /run/msg/pending")
}

func TestJudgeConfig(t *testing.T) {
	const path = "/etc/msg/msg.toml"
	dir, f := file{path: "/etc/msg", mode: 0o755}, file{path: path, mode: 0o644}
	missing := file{path: path, err: fs.ErrNotExist}
	wrong := errors.New(path + ": unknown key")
	system := config.Default()
	system.Policy.Send, system.Policy.Broadcast = nil, []string{"*"}
	for _, c := range []struct {
		f, dir            file
		err               error
		status, found, do string
	}{
		{f, dir, nil, ok, path + ": only root may send, everyone to everyone at once; 20 a minute, and 10 more at once", ""},
		{missing, file{err: fs.ErrNotExist}, nil, ok, "no " + path + ", so the defaults hold: ", ""},
		{missing, dir, nil, ok, "defaults hold", ""},
		{f, dir, wrong, problem, "unknown key", "msg.conf(5)"},
		{file{path: path, mode: 0o666}, dir, wrong, problem, "others than root may change " + path, "chown root " + path + " && chmod 644 " + path},
		{file{path: path, mode: 0o644, uid: 1}, dir, wrong, problem, "others than root may change " + path, "chown root"},
		{file{path: path, mode: 0o600}, dir, nil, problem, "users cannot read it", "chmod 644 " + path},
		{file{path: path, mode: 0o640, gid: 5}, dir, wrong, problem, "users cannot read it", "chmod 644 " + path},
		{file{path: path, err: fs.ErrPermission}, file{path: "/etc/msg", mode: 0o700}, fs.ErrPermission, problem, "users cannot read it", "chmod 755 /etc/msg"},
		{f, file{path: "/etc/msg", mode: 0o777}, nil, problem, "others than root may change /etc/msg", "chown root /etc/msg && chmod 755 /etc/msg"},
		{f, file{path: "/etc/msg", mode: 0o755, uid: 1}, nil, problem, "others than root may change /etc/msg", "chown root /etc/msg"},
	} {
		judged(t, judgeConfig(c.f, c.dir, system, c.err), c.status, c.found, c.do)
	}
}

func TestJudgeRegisters(t *testing.T) {
	judged(t, judgeLog(nil, fs.ErrNotExist), ok, "journald", "")
	judged(t, judgeLog(fs.ErrNotExist, nil), ok, "syslog", "")
	judged(t, judgeLog(fs.ErrNotExist, fs.ErrNotExist), note, "not logged", "start systemd-journald")
	judged(t, judgeUtmp("/run/utmp", nil), ok, "/run/utmp", "")
	judged(t, judgeUtmp("/run/utmp", fs.ErrNotExist), ok, "none", "")
	judged(t, judgeUtmp("/run/utmp", readableFile(t.TempDir())), note, "is not a regular file", "rm /run/utmp")
	judged(t, judgeUtmp("/run/utmp", fs.ErrPermission), note, "permission denied", "chmod 664 /run/utmp")
	one := []sessions.Session{{Class: "user"}, {Class: "manager"}}
	judged(t, judgeLogind(one, nil, true), ok, "1 person's session", "")
	judged(t, judgeLogind(nil, nil, true), ok, "0 people's sessions", "")
	judged(t, judgeLogind(nil, nil, false), ok, "none", "")
	judged(t, judgeLogind(nil, errors.New("timeout"), true), note, "does not answer: timeout", "systemctl status")
}

func TestJudgeLogins(t *testing.T) {
	var p sessions.Picture
	var logins []sessions.Session
	sources := []sessions.Source{sessions.Device, sessions.Proc}
	for i := range 5 {
		id := fmt.Sprintf("c%d", i)
		p.Terminals = append(p.Terminals, sessions.Terminal{Name: fmt.Sprintf("pts/%d", i), User: "bob", Session: id, Sources: sources})
		logins = append(logins, sessions.Session{ID: id, Class: "user", User: "bob"})
	}
	judged(t, judgeLogins(p, logins), note, "bob on pts/0, session c0; bob on pts/1, session c1; bob on pts/2, session c2 and 2 more; wall", "")
	judged(t, judgeLogins(p, logins[:1]), note, "of bob on pts/0, session c0; wall", "")
	known := []sessions.Session{
		{ID: "c0", Class: "user", Terminal: "pts/0"},
		{ID: "c1", Class: "manager"},
		{ID: "c2", Class: "user", Type: "wayland"},
		{ID: "c9", Class: "user"},
	}
	judged(t, judgeLogins(p, known), ok, "", "")
}

func TestJudgeMessages(t *testing.T) {
	judged(t, judgeMessages(&mine.Terminal{Name: "pts/1", Mode: 0o620}, nil), ok, "on at pts/1", "")
	judged(t, judgeMessages(&mine.Terminal{Name: "pts/1", Mode: 0o600}, nil), note, "off at pts/1", "msg mesg y")
	judged(t, judgeMessages(nil, mine.ErrNone), ok, "no terminal", "")
	judged(t, judgeMessages(nil, mine.ErrNoName), note, "no name", "")
}

// TestQuoted: a remedy does to a path of any name what it says, and nothing else.
func TestQuoted(t *testing.T) {
	for path, want := range map[string]string{
		"/usr/libexec/msg-helper": "/usr/libexec/msg-helper", "/a b": "'/a b'", "/a';reboot'": `'/a'\'';reboot'\'''`, "/$(x)": "'/$(x)'",
	} {
		if got := quoted(path); got != want {
			t.Errorf("%q becomes %s", path, got)
		}
	}
}

// TestFindingsFitTheWindow: but for what to do, which is to be copied, and no
// text does anything to the terminal.
func TestFindingsFitTheWindow(t *testing.T) {
	long := strings.Repeat("/a-long-name", 20)
	found := []finding{
		finding{"helper", problem, long + " \x1b[2J and words behind it, some more of them\nok all is well", "chmod 2755 " + long}.clean(),
		{"devpts", ok, "/dev/pts", ""},
	}
	for width, rows := range map[int]int{0: 4, 60: 11, 30: 0, 5: 0} {
		var out strings.Builder
		if err := printFindings(&out, found, 1, false, width); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		for _, line := range lines {
			if width > 30 && text.Width(line) > width && !strings.Contains(line, "  do: ") {
				t.Errorf("%q is wider than %d columns", line, width)
			}
		}
		if strings.Contains(out.String(), "\x1b") || rows > 0 && len(lines) != rows {
			t.Errorf("%d columns show %d lines\n%s", width, len(lines), out.String())
		}
		if last := lines[len(lines)-1]; last != "1 problem; what to do is for root" || !strings.Contains(out.String(), "\n         do: chmod 2755 "+long+"\n") {
			t.Errorf("%s", out.String())
		}
	}
}

// TestLinkedHelper: who may write where the link is, and where it leads to, may put
// another helper there.
func TestLinkedHelper(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"one", "two"} {
		if err := errors.Join(os.Mkdir(dir+"/"+sub, 0o755), os.Chmod(dir+"/"+sub, 0o757)); err != nil {
			t.Fatal(err)
		}
	}
	link := dir + "/one/msg-helper"
	if err := errors.Join(os.WriteFile(dir+"/two/real", nil, 0o755), os.Symlink("../two/real", link)); err != nil {
		t.Fatal(err)
	}
	all := machine{helper: link}.helperWorks(t.Context(), world{engine: delivery.Local()}, ttyGroup, nil)
	if f := all[1]; f.Status != problem || strings.Count(f.Found, "/one") != 1 || strings.Count(f.Found, "/two") != 1 {
		t.Errorf("%+v", f)
	}
}

// TestMachine reads what it is pointed at.
func TestMachine(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "log")
	log, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	m := machine{
		helper: filepath.Join(dir, "libexec/msg-helper"), config: filepath.Join(dir, "etc/msg.toml"),
		counts: filepath.Join(dir, "run/msg/rate"), pending: filepath.Join(dir, "run/msg/pending"), seats: dir, log: journal.Log{Journald: dir + "/none", Syslog: socket},
	}
	for name, content := range map[string]string{m.helper: "#!/bin/sh\necho nonsense\n", m.config: "[policy]\nsnd = []\n"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(content), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	w := world{engine: delivery.Local(), getenv: os.Getenv}
	m.logins = func(context.Context) ([]sessions.Session, error) { return nil, errors.New("it hangs") }
	w.engine.System.Utmp = filepath.Join(dir, "utmp")
	all, err := m.examine(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]finding{}
	for _, f := range all {
		got[f.Check] = f
	}
	remedy := "chmod 2755 " + m.helper
	if os.Getuid() != 0 {
		remedy = "rm " + m.helper + ", and install it anew" // it is not root's
	}
	judged(t, got["helper"], problem, m.helper+", ", remedy)
	judged(t, got["answers"], note, "for the reason above", "")
	judged(t, got["counts"], problem, "no such file or directory", "install -d -m 770 -o root -g tty "+m.counts)
	judged(t, got["log"], ok, "syslog", "")
	judged(t, got["utmp"], ok, "none", "")
	judged(t, got["logind"], note, "it hangs", "systemctl")
	judged(t, got["names"], ok, " domain", "")
	if got["config"].Status != problem || got["answer"].Status == ok || got["messages"].Status != ok {
		t.Errorf("%+v", all)
	}
}

func TestJudgeNames(t *testing.T) {
	judged(t, judgeNames(&addressbook.Book{}, nil, false), ok, "0 aliases, 0 domains", "")
	judged(t, judgeNames(nil, errors.New("/home/a/.config/msg/msg.toml: line 2: no"), false), problem, "line 2: no; nothing is sent to a bare word", "edit that file")
	skipped := addressbook.Skipped{Err: errors.New("/home/a/.config/msg/msg.toml: belongs to uid 1001")}
	judged(t, judgeNames(&addressbook.Book{}, skipped, false), note, "belongs to uid 1001; its names are left out", "sudo -H")
	judged(t, judgeNames(&addressbook.Book{}, skipped, true), note, "for the reason above", "")
	judged(t, judgeNames(nil, errors.New("no"), true), note, "for the reason above", "")
}

func TestJudgeShutdown(t *testing.T) {
	judged(t, judgeShutdown("", "", nil), ok, "no systemd", "")
	judged(t, judgeShutdown("not-found", "inactive", nil), note, "is not installed; not everyone is warned", "make install")
	judged(t, judgeShutdown("loaded", "inactive", nil), note, "is inactive; not everyone", "systemctl enable --now msg-shutdown.path")
	judged(t, judgeShutdown("loaded", "failed", nil), note, "is failed", "systemctl enable --now msg-shutdown.path")
	judged(t, judgeShutdown("loaded", "active", nil), ok, "everyone is warned", "")
	judged(t, judgeShutdown("", "", errors.New("no")), note, "does not tell", "systemctl status")
}
