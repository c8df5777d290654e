//go:build linux

package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"msg/test/lab"
)

type finding struct{ Check, Status, Found, Do string }

// doctor runs msg doctor as carol, or root, and checks that its status tells
// whether there is a problem.
func doctor(t *testing.T, h *lab.Host, user string) map[string]finding {
	t.Helper()
	command := []string{"msg", "doctor", "--json"}
	if user != "root" { // ten times as fast as by ssh
		command = append([]string{"setpriv", "--reuid", user, "--regid", "ops", "--init-groups"}, command...)
	}
	out := h.Exec(t, "", command...)
	var all []finding
	if err := json.Unmarshal([]byte(out.Stdout), &all); err != nil || out.Stderr != "" {
		t.Fatalf("%s: %v: %+v", user, err, out)
	}
	found := map[string]finding{}
	for _, f := range all {
		if _, twice := found[f.Check]; twice {
			t.Errorf("%s: %s comes twice: %+v", user, f.Check, all)
		}
		found[f.Check] = f
	}
	bad := slices.ContainsFunc(all, func(f finding) bool { return f.Status == "problem" })
	if bad != (out.Code == 1) || !bad && out.Code != 0 {
		t.Errorf("%s: status %d with %+v", user, out.Code, all)
	}
	return found
}

// problems are the names of the checks that are one.
func problems(found map[string]finding) []string {
	var names []string
	for name, f := range found {
		if f.Status == "problem" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// healthy checks that nobody has a problem.
func healthy(t *testing.T, h *lab.Host, when string) {
	t.Helper()
	for _, user := range []string{"root", "carol"} {
		if found := doctor(t, h, user); len(problems(found)) != 0 {
			t.Errorf("%s: %s has problems: %+v", when, user, found)
		}
	}
}

const msgdPath = "/usr/local/sbin/msgd"

// breakages are what can go wrong, and what is said of it. If no command heals it, heal is one. A
// finding that only carol or only root can have is no breakage here.
var breakages = []struct{ broken, check, found, heal string }{
	{"chown carol " + msgdPath, "program", "others than root may change " + msgdPath, ""},
	{"chmod 757 " + msgdPath, "program", "others than root may change " + msgdPath, ""},
	{"chmod 2755 " + msgdPath, "program", "mode 2755: it needs no special bit", ""},
	{"chmod 757 /usr/local/sbin", "program", "others than root may change /usr/local/sbin, and so replace msgd", ""},
	{"chown dave /usr/local/sbin", "program", "others than root may change /usr/local/sbin, and so replace msgd", ""},
	{"install -D -m 2755 -g tty /bin/true /usr/local/libexec/msg-helper", "leftover", "/usr/local/libexec/msg-helper, mode 2755, is of an older version", ""},
	{"sed -i.away s/^msg:/gsm:/ /etc/passwd", "account", "there is no account msg", "mv /etc/passwd.away /etc/passwd"},
	{"rm -r /run/msg", "door", "/run/msg: no such file or directory: users reach their own terminals alone", ""},
	{"chmod 700 /run/msg", "door", "/run/msg is closed to users", ""},
	{"chown carol /run/msg", "door", "others than root may change /run/msg", ""},
	{"rm /run/msg/door", "door", "no door at /run/msg/door", ""},
	{"rm /run/msg/door; touch /run/msg/door", "door", "/run/msg/door is no socket", ""},
	{"chown carol /run/msg/door", "door", "/run/msg/door belongs to carol, who can close it", ""},
	{"chmod 600 /run/msg/door", "door", "/run/msg/door has mode 600: it is closed to users", ""},
	{closeAll, "msgd", "nobody listens at /run/msg/door: users reach their own terminals alone", ""},
	{"rm -r /run/msg/rate", "counts", "/run/msg/rate: no such file or directory", ""},
	{"chmod 777 /run/msg/rate", "counts", "/run/msg/rate, msg:msg 0777, must be msg:msg 0700", ""},
	{"chown root:tty /run/msg/rate && chmod 770 /run/msg/rate", "counts", "/run/msg/rate, root:tty 0770, must be msg:msg 0700", ""}, // as msg-helper had it
	{"rm -r /run/msg/pending", "answers", "/run/msg/pending: no such file or directory: no message can wait", ""},
	{"chgrp tty /run/msg/pending", "answers", "/run/msg/pending, root:tty 1775, must be root:msg 1775", ""},
	{"chmod 777 /run/msg/pending", "answers", "/run/msg/pending, root:msg 0777, must be root:msg 1775", ""},
	{"rm -r /var/lib/msg", "state", "/var/lib/msg: no such file or directory: nobody can say for all of their terminals", ""},
	{"chmod 755 /var/lib/msg", "state", "/var/lib/msg, msg:msg 0755, must be msg:msg 0700", ""},
	{"mkdir /etc/msg && touch /etc/msg/msg.toml && chmod 666 /etc/msg/msg.toml", "config", "others than root may change /etc/msg/msg.toml", ""},
	{"chown carol /etc/msg/msg.toml", "config", "others than root may change /etc/msg/msg.toml", ""},
	{"chown carol /etc/msg", "config", "others than root may change /etc/msg", ""},
	{"chmod 600 /etc/msg/msg.toml", "config", "users cannot read it", ""},
	{"chmod 700 /etc/msg", "config", "users cannot read it", ""},
	{"echo '[policy]\nbrodcast = []' >/etc/msg/msg.toml", "config", `unknown key "policy.brodcast"`, "rm -r /etc/msg"},
	{"mkdir /etc/msg && printf '[aliases]\\nteam = 7\\n' >/etc/msg/msg.toml", "names", "/etc/msg/msg.toml: line 2: aliases.team must be", "rm -r /etc/msg"},
	{"mount -o remount,gid=5,mode=666,ptmxmode=666 /dev/pts", "devpts", "everyone may write to them, past msg", ""},
}

// closeAll has nobody listen, and leaves the door.
const closeAll = "if test -d /run/systemd/system; then systemctl stop msg.socket msgd.service; else /etc/init.d/msgd stop; fi"

// TestDoctor breaks one thing after another: each is found, by root and by a
// user, and what the doctor says to do mends it.
func TestDoctor(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		t.Cleanup(func() {
			h.Run(t, "rm", "-rf", "/etc/msg")
			h.Run(t, "mount", "-o", fmt.Sprintf("remount,gid=5,mode=%o,ptmxmode=666", h.PtyMode), "/dev/pts")
			makeRun(t, h)
		})
		healthy(t, h, "installed")
		for _, b := range breakages {
			h.Run(t, "sh", "-c", b.broken)
			remedy := b.heal
			for _, user := range []string{"root", "carol"} {
				found := doctor(t, h, user)
				f := found[b.check]
				if names := problems(found); len(names) != 1 || f.Status != "problem" || !strings.Contains(f.Found, b.found) || f.Do == "" {
					t.Errorf("%s: %s: the problems are %v, %+v; want %s and %q", b.broken, user, names, f, b.check, b.found)
				}
				if remedy == "" {
					remedy = f.Do
				}
			}
			h.Run(t, "sh", "-c", remedy)
			h.Run(t, "timeout", "20", "sh", "-c", "until test -S /run/msg/door; do sleep 0.05; done") // msgd starts in the background without systemd
			healthy(t, h, b.broken+"; "+remedy)
		}
	})
}

// TestDoctorMended: after what the doctor says to do about a /run/msg that somebody has removed, a
// user's message goes out.
func TestDoctorMended(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		t.Cleanup(func() { makeRun(t, h) })
		bob := h.Login(t, "bob")
		h.Run(t, "rm", "-r", "/run/msg", "/var/lib/msg")
		found := doctor(t, h, "root")
		h.Run(t, "sh", "-c", found["door"].Do)
		h.Run(t, "timeout", "20", "sh", "-c", "until test -S /run/msg/door; do sleep 0.05; done")
		h.Run(t, "setpriv", "--reuid", "carol", "--regid", "ops", "--init-groups", "msg", "bob", "mended")
		bob.Expect(t, "mended")
	})
}

// TestDoctorNoNewPrivs: no_new_privs, which a set-gid program does not work below, is nothing to
// msgd.
func TestDoctorNoNewPrivs(t *testing.T) {
	h := lab.D13
	install(t, h)
	if out := h.SSH(t, "carol", "setpriv", "--no-new-privs", "msg", "doctor"); out.Code != 0 {
		t.Errorf("%+v", out)
	}
}

// TestDoctorBoot: a door that is open until the next boot alone is told of.
func TestDoctorBoot(t *testing.T) {
	h := lab.D12
	install(t, h)
	h.Run(t, "systemctl", "disable", "msg.socket")
	t.Cleanup(func() { h.Run(t, "systemctl", "enable", "msg.socket") })
	for _, user := range []string{"root", "carol"} {
		f := doctor(t, h, user)["door"]
		if f.Status != "note" || !strings.HasSuffix(f.Found, "not after the next boot") || f.Do != "systemctl enable msg.socket" {
			t.Errorf("%s: %+v", user, f)
		}
	}
}

// TestDoctorServices: name services that need the network do not work in msgd's unit, unless nscd
// asks them.
func TestDoctorServices(t *testing.T) {
	h := lab.D13
	install(t, h)
	h.Run(t, "sed", "-i.away", "s/^passwd:.*/passwd: files nis/", "/etc/nsswitch.conf")
	t.Cleanup(func() { h.Run(t, "mv", "/etc/nsswitch.conf.away", "/etc/nsswitch.conf") })
	for _, user := range []string{"root", "carol"} {
		f := doctor(t, h, user)["nsswitch"]
		if f.Status != "problem" || !strings.HasSuffix(f.Found, "does not find users and groups of nis") || f.Do == "" {
			t.Errorf("%s: %+v", user, f)
		}
	}
}

// TestDoctorVersion: msg and msgd of different versions are a problem.
func TestDoctorVersion(t *testing.T) {
	h := lab.D12
	install(t, h)
	dir := t.TempDir()
	build := exec.Command("go", "build", "-tags", "osusergo,netgo", "-ldflags", "-X main.version=0.0.9", "-o", dir+"/msgd", "../../cmd/msgd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	old, err := os.ReadFile(dir + "/msgd")
	if err != nil {
		t.Fatal(err)
	}
	h.Run(t, "mv", msgdPath, "/root/away")
	t.Cleanup(func() {
		h.Run(t, "mv", "/root/away", msgdPath)
		makeRun(t, h)
	})
	if out := h.Exec(t, string(old), "sh", "-c", "cat >"+msgdPath+"; chmod 755 "+msgdPath); out.Code != 0 {
		t.Fatal(out)
	}
	makeRun(t, h)
	for _, user := range []string{"root", "carol"} {
		if f := doctor(t, h, user)["msgd"]; f.Status != "problem" || !strings.HasSuffix(f.Found, ", and msgd 0.0.9") {
			t.Errorf("%s: %+v", user, f)
		}
	}
}

// TestDoctorAtATerminal: what a person sees fits the window, and has their own
// terminal and their session in it; on a host without utmp, logind does not know
// where they sit.
func TestDoctorAtATerminal(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.LoginWith(t, lab.LoginOptions{User: "bob", Rows: 40, Cols: 60})
		bob.Type(t, "clear; msg doctor; echo status $?\r")
		seen := bob.Expect(t, "status 0\r\n")
		for row := range strings.SplitSeq(seen, "\r\n") {
			if len([]rune(row)) > 60 && !strings.HasPrefix(row, "         do: ") && !strings.Contains(row, "\x1b") {
				t.Errorf("%q is wider than 60 columns", row)
			}
		}
		if want := "\r\nok       messages  on at " + bob.Terminal + ": the terminal began so\r\n"; !strings.Contains(seen, want) {
			t.Errorf("bob saw %q without %q", seen, want)
		}
		bob.Mark()
		bob.Type(t, "msg mesg n; msg doctor; echo status $?\r")
		seen = bob.Expect(t, "status 0\r\n")
		for _, off := range []string{"\r\nnote     messages  off at " + bob.Terminal + ", only root's come:", "(mesg n)\r\n         do: msg mesg y\r\n"} {
			if !strings.Contains(seen, off) {
				t.Errorf("bob saw %q without %q", seen, off)
			}
		}
		bob.Type(t, "msg mesg y\r")
		unknown := "bob on " + bob.Terminal + ", session " + bob.Session + ";"
		for _, user := range []string{"root", "carol"} {
			f := doctor(t, h, user)["sessions"]
			want := "ok"
			if h.Logind && !h.Utmp {
				want = "note"
			}
			if f.Status != want || (want == "note") != strings.Contains(f.Found, unknown) {
				t.Errorf("%s: %+v, want %s", user, f, want)
			}
		}
	})
}

// TestDoctorSources has the registers and the log as each host has them.
func TestDoctorSources(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		want := map[string]string{
			"program":  "^ok " + msgdPath + ", root's$",
			"account":  `^ok msg, uid \d+, a system account$`,
			"door":     "^ok /run/msg/door, open to everyone$",
			"msgd":     `^ok answers, version \d`,
			"counts":   "^ok /run/msg/rate, msg:msg 0700$",
			"answers":  "^ok /run/msg/pending, root:msg 1775$",
			"state":    "^ok /var/lib/msg, msg:msg 0700$",
			"nsswitch": "^ok msgd can ask for all users and groups$",
			"devpts":   fmt.Sprintf("^ok new terminals begin with mode %o[:,]", h.PtyMode),
			"config":   "^ok no /etc/msg/msg.toml, so the defaults hold: everyone may send, .*; messages are on for users who say nothing$",
			"names":    "^ok 0 aliases, 0 domains$",
			"warners":  "^ok no daemon here",
			"log":      "^ok journald$",
			"logind":   `^ok \d+ (person|people).s sessions?$`,
			"utmp":     "^ok none",
			"proc":     "^ok ",
			"messages": "^ok there is no terminal here$",
		}
		if h.Utmp {
			want["utmp"] = "^ok /run/utmp$"
		}
		if !h.Logind {
			want["logind"], want["log"] = "^ok none", "^note neither"
		}
		for _, user := range []string{"root", "carol"} {
			found := doctor(t, h, user)
			for check, words := range want {
				if f := found[check]; !regexp.MustCompile(words).MatchString(f.Status + " " + f.Found) {
					t.Errorf("%s: %+v, want %q", user, f, words)
				}
			}
		}
	})
}

// TestDoctorHiddenProc: where /proc hides others' processes, what it costs is
// told, to users and to root.
func TestDoctorHiddenProc(t *testing.T) {
	h := lab.D13
	install(t, h)
	h.Run(t, "mount", "-o", "remount,hidepid=invisible", "/proc")
	t.Cleanup(func() { h.Run(t, "mount", "-o", "remount,hidepid=0", "/proc") })
	for _, user := range []string{"root", "carol"} {
		f := doctor(t, h, user)["proc"]
		if f.Status != "note" || !strings.Contains(f.Found, "(hidepid=invisible)") || !strings.HasSuffix(f.Do, "mount -o remount,hidepid=0 /proc") {
			t.Errorf("%s: %+v", user, f)
		}
	}
	h.Run(t, "sh", "-c", "mount -o remount,hidepid=0 /proc")
	if f := doctor(t, h, "carol")["proc"]; f.Status != "ok" {
		t.Errorf("%+v", f)
	}
}
