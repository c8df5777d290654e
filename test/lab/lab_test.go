//go:build linux

package lab_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"msg/test/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// onEach runs a test on every host.
func onEach(t *testing.T, test func(t *testing.T, h *lab.Host)) {
	for _, h := range lab.Hosts() {
		t.Run(h.Name, func(t *testing.T) { test(t, h) })
	}
}

func TestHostsAreWhatTheySay(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		if name := strings.TrimSpace(h.Run(t, "hostname").Stdout); name != h.Name {
			t.Errorf("its name is %q", name)
		}
		if utmp := h.Exec(t, "", "test", "-e", "/run/utmp").Code == 0; utmp != h.Utmp {
			t.Errorf("it has utmp: %v, want %v", utmp, h.Utmp)
		}
		if logind := h.Exec(t, "", "loginctl").Code == 0; logind != h.Logind {
			t.Errorf("it has logind: %v, want %v", logind, h.Logind)
		}
		if h.Logind {
			if failed := h.Run(t, "systemctl", "--failed", "--quiet").Stdout; failed != "" {
				t.Errorf("units have failed:\n%s", failed)
			}
		}
	})
}

func TestPeople(t *testing.T) {
	want := map[string]string{
		"alice": "alice",
		"bob":   "bob ops",
		"carol": "ops",
		"dave":  "dave sudo",
	}
	onEach(t, func(t *testing.T, h *lab.Host) {
		for user, groups := range want {
			if got := strings.TrimSpace(h.Run(t, "id", "-Gn", user).Stdout); got != groups {
				t.Errorf("%s is in %q, want %q", user, got, groups)
			}
		}
		if out := h.SSH(t, "dave", "sudo", "-n", "id", "-un"); out.Stdout != "root\n" {
			t.Errorf("dave's sudo: %+v", out)
		}
	})
}

func TestExecHasNoTerminal(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		out := h.Exec(t, "typed", "sh", "-c", `cat; tty; echo >/dev/tty; exit 3`)
		if !strings.HasPrefix(out.Stdout, "typednot a tty\n") || out.Code == 0 {
			t.Errorf("got %+v", out)
		}
		out = h.Run(t, "sh", "-c", `env; ps -o sid=,pid= -p $$`)
		if strings.Contains(out.Stdout, "HOME=") {
			t.Errorf("the tester's environment came along:\n%s", out.Stdout)
		}
		ids := strings.Fields(out.Stdout)
		if session, pid := ids[len(ids)-2], ids[len(ids)-1]; session != pid {
			t.Errorf("process %s is in session %s, not one of its own", pid, session)
		}
	})
}

func TestExecTellsStatusAndStreamsApart(t *testing.T) {
	got := lab.D13.Exec(t, "in", "sh", "-c", `cat; echo err >&2; exit 3`)
	if want := (lab.Output{Stdout: "in", Stderr: "err\n", Code: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestInstall(t *testing.T) {
	local := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(local, []byte("#!/bin/sh\necho it runs\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	onEach(t, func(t *testing.T, h *lab.Host) {
		const remote = "/usr/local/libexec/lab/program"
		h.Install(t, local, remote, "root:tty", 0o2755)
		if got := h.SSH(t, "alice", remote).Stdout; got != "it runs\n" {
			t.Errorf("alice got %q", got)
		}
		if got := h.Run(t, "stat", "-c", "%U:%G %a", remote).Stdout; got != "root:tty 2755\n" {
			t.Errorf("it is %q", got)
		}
	})
}

func TestSSHPassesArgumentsAsTheyAre(t *testing.T) {
	const odd = `it's "odd" $HOME *`
	out := lab.D12.SSH(t, "bob", "sh", "-c", `printf '%s|' "$@"; tty; exit 4`, "sh", odd, "")
	if want := (lab.Output{Stdout: odd + "||not a tty\n", Code: 4}); out != want {
		t.Errorf("got %+v, want %+v", out, want)
	}
}

func TestHostsReachEachOther(t *testing.T) {
	for _, from := range lab.Hosts() {
		for _, to := range lab.Hosts() {
			out := from.SSH(t, "alice", "ssh", "bob@"+to.Name, "hostname; id -un")
			if want := to.Name + "\nbob\n"; out.Stdout != want {
				t.Errorf("from %s to %s: %+v", from.Name, to.Name, out)
			}
		}
	}
}

// Nothing that a test does can reach beyond the hosts: there is no way there.
func TestTesterIsApart(t *testing.T) {
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if i.Name != "lo" && i.Name != "lab" && !strings.HasPrefix(i.Name, "vb-") {
			t.Errorf("the tester is on the network %s", i.Name)
		}
	}
	routes, err := os.ReadFile("/proc/net/route")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(routes), "\n"); n != 2 { // one below the heading
		t.Errorf("the tester has other routes than to the hosts:\n%s", routes)
	}
	if terminals, _ := filepath.Glob("/dev/pts/[0-9]*"); len(terminals) != 0 {
		t.Errorf("the tester sees terminals of the machine's: %v", terminals)
	}
}
