//go:build linux

package e2e_test

import (
	"encoding/json"
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

// breakages are what can go wrong, and what is said of it. Where there is no
// command that heals it, there is one here.
var breakages = []struct{ broken, check, found, heal string }{
	{"chmod 755 " + helper, "helper", "root:tty 0755: not set-gid", ""},
	{"chown carol " + helper, "helper", "carol:tty 0755: not root's, not set-gid", "chown root:tty " + helper + " && chmod 2755 " + helper},
	{"chgrp root " + helper + " && chmod 2755 " + helper, "helper", "root:root 2755: not of group tty", ""},
	{"chmod 2757 " + helper, "helper", "others than root may change it", "chmod 2755 " + helper},
	{"chmod 2750 " + helper, "helper", "not everyone may run it", ""},
	{"chmod 2644 " + helper, "helper", "not everyone may run it", ""},
	{"mv " + helper + " /root/away", "helper", "msg-helper is not in /usr/local/libexec/msg-helper or ", "mv /root/away " + helper},
	{"chmod 757 /usr/local/libexec", "folders", "everyone may write to /usr/local/libexec", ""},
	{"chown dave /usr/local/libexec", "folders", "/usr/local/libexec belongs to dave", ""},
	{"mount --bind /usr/local/libexec /usr/local/libexec && mount -o remount,bind,nosuid /usr/local/libexec", "mount", "/usr/local/libexec is mounted nosuid", "mount -o remount,bind,suid /usr/local/libexec"},
	{"rm -r /run/msg", "counts", "/run/msg: no such file or directory", ""},
	{"rm -r /run/msg/rate", "counts", "/run/msg/rate: no such file or directory", ""},
	{"chmod 777 /run/msg/rate", "counts", "/run/msg/rate, root:tty 0777, must be root:tty 0770", ""},
	{"rm -r /run/msg/pending", "answers", "/run/msg/pending: no such file or directory; until then no message can wait", ""},
	{"chmod 777 /run/msg/pending", "answers", "/run/msg/pending, root:tty 0777, must be root:tty 1775", ""},
	{"chown carol /run/msg", "counts", "others than root may change /run/msg", ""},
	{"mkdir /etc/msg && touch /etc/msg/msg.toml && chmod 666 /etc/msg/msg.toml", "config", "others than root may change /etc/msg/msg.toml", ""},
	{"chown carol /etc/msg/msg.toml", "config", "others than root may change /etc/msg/msg.toml", ""},
	{"chown carol /etc/msg", "config", "others than root may change /etc/msg", ""},
	{"chmod 600 /etc/msg/msg.toml", "config", "users cannot read it", ""},
	{"chmod 700 /etc/msg", "config", "users cannot read it", ""},
	{"echo '[policy]\nbrodcast = []' >/etc/msg/msg.toml", "config", `unknown key "policy.brodcast"`, "rm -r /etc/msg"},
	{"mkdir /etc/msg && printf '[aliases]\\nteam = 7\\n' >/etc/msg/msg.toml", "names", "/etc/msg/msg.toml: line 2: aliases.team must be", "rm -r /etc/msg"},
	{"mount -o remount,gid=5,mode=600,ptmxmode=666 /dev/pts", "devpts", "new terminals have messages off", ""},
	{"mount -o remount,gid=0,mode=620,ptmxmode=666 /dev/pts", "devpts", "new terminals are not of group tty (5)", ""},
}

// TestDoctor breaks one thing after another: each is found, by root and by a
// user, and what the doctor says to do mends it.
func TestDoctor(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		t.Cleanup(func() {
			h.Run(t, "rm", "-rf", "/etc/msg")
			h.Exec(t, "", "umount", "/usr/local/libexec") // there may be nothing to take away
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
			healthy(t, h, b.broken+"; "+remedy)
		}
	})
}

// TestDoctorRunsNothingOfOthers: root does not start a helper that somebody else
// could have put there.
func TestDoctorRunsNothingOfOthers(t *testing.T) {
	h := lab.D13
	install(t, h)
	h.Run(t, "sh", "-c", "cp -a "+helper+" /root/away; printf '#!/bin/sh\ntouch /root/started\n' >"+helper+"; chown dave "+helper)
	t.Cleanup(func() { h.Run(t, "sh", "-c", "rm -f /root/started; mv /root/away "+helper) })
	if found := doctor(t, h, "root"); found["answer"].Status != "note" || found["helper"].Status != "problem" {
		t.Errorf("%+v", found)
	}
	if h.Exec(t, "", "test", "-e", "/root/started").Code == 0 {
		t.Error("root has started dave's program")
	}
}

// TestDoctorNoNewPrivs: below a process with no_new_privs no helper has rights.
func TestDoctorNoNewPrivs(t *testing.T) {
	h := lab.D13
	install(t, h)
	out := h.SSH(t, "carol", "setpriv", "--no-new-privs", "msg", "doctor")
	if out.Code != 1 || !strings.Contains(out.Stdout, "\nproblem  rights    no_new_privs is set here") ||
		!strings.Contains(out.Stdout, "\nnote     answer    ") || !strings.HasSuffix(out.Stdout, "\n1 problem; what to do is for root\n") {
		t.Errorf("%+v", out)
	}
	if out := h.Exec(t, "", "setpriv", "--no-new-privs", "msg", "doctor"); out.Code != 0 || !strings.Contains(out.Stdout, "\nnote     rights    ") {
		t.Errorf("root: %+v", out)
	}
}

// TestDoctorVersion: msg and a helper of another version are a problem.
func TestDoctorVersion(t *testing.T) {
	h := lab.D12
	install(t, h)
	old := "#!/bin/sh\n" + `echo '{"event":"hello","protocol":[1,1],"version":"0.0.9","host":"d12","privileged":true}'; read x`
	h.Run(t, "mv", helper, "/root/away")
	t.Cleanup(func() { h.Run(t, "mv", "/root/away", helper) })
	if out := h.Exec(t, old, "sh", "-c", "cat >"+helper+"; chown root:tty "+helper+"; chmod 2755 "+helper); out.Code != 0 {
		t.Fatal(out)
	}
	for _, user := range []string{"root", "carol"} {
		if f := doctor(t, h, user)["answer"]; f.Status != "problem" || !strings.HasSuffix(f.Found, ", and the helper 0.0.9") {
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
			"helper":   "^ok /usr/local/libexec/msg-helper, root:tty 2755$",
			"rights":   "^ok ",
			"answer":   `^ok version \d`,
			"devpts":   "^ok /dev/pts, group 5, mode 620$",
			"config":   "^ok no /etc/msg/msg.toml, so the defaults hold: everyone may send, %sudo, %wheel, %adm to ",
			"names":    "^ok 0 aliases, 0 domains$",
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
