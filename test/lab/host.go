//go:build linux

package lab

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// A Host is one of the lab's machines. On each there are alice, bob, carol and
// dave (uid 1001 to 1004, bash with the prompt "$ "). The group ops has bob as
// a member and is carol's primary group; dave is in sudo and needs no
// password. Root and all of them may log in from the tester and from each
// other's accounts, and hosts know each other by name and by address.
type Host struct {
	Name   string // as in /etc/hosts and in its own hostname
	Addr   string // IPv4
	Utmp   bool   // logins are in /run/utmp
	Logind bool   // logins are logind's sessions

	// PtyMode is the mode of a terminal that a program has just opened. It is
	// the default of the release's systemd. sshd sets 0620 on its own.
	PtyMode os.FileMode

	root recipe

	process *exec.Cmd     // systemd-nspawn
	ended   chan struct{} // closed when process has ended
	leader  int           // the host's process 1
	cgroup  *os.File      // where commands of Exec run
}

// The lab's hosts, booted while tests run below Main.
var (
	// D12 is Debian 12 with systemd: utmp and logind.
	D12 = &Host{Name: "d12", Addr: "10.88.0.12", Utmp: true, Logind: true, PtyMode: 0o620, root: debian12}
	// D13 is Debian 13 with systemd: logind, and no utmp at all.
	D13 = &Host{Name: "d13", Addr: "10.88.0.13", Utmp: false, Logind: true, PtyMode: 0o600, root: debian13}
	// Plain is Debian 12 without systemd or D-Bus: utmp alone.
	Plain = &Host{Name: "plain", Addr: "10.88.0.14", Utmp: true, Logind: false, PtyMode: 0o620, root: debian12}
	// SID is Debian sid with systemd: what the next release is made of.
	SID = &Host{Name: "sid", Addr: "10.88.0.15", Utmp: false, Logind: true, PtyMode: 0o600, root: debianSid}
)

// The tester is the machine that the tests run on, as the hosts see it.
const (
	testerName = "tester"
	testerAddr = "10.88.0.1"
	bridge     = "lab"
)

// Hosts returns all of the lab's hosts, to do the same on each.
func Hosts() []*Host { return []*Host{D12, D13, Plain, SID} }

// runTests boots the hosts, runs the tests and shuts the hosts down.
func runTests(m *testing.M) (int, error) {
	if err := makeKeys(); err != nil {
		return 1, err
	}
	begun, code := time.Now(), 1
	err := onAll((*Host).boot)
	if took := time.Since(begun); took > slowBoot {
		progress("booting took %v", took.Round(time.Second))
	}
	if err == nil {
		code = m.Run()
	}
	return code, errors.Join(err, onAll((*Host).shutDown))
}

// onAll does the same to all hosts at once.
func onAll(do func(*Host) error) error {
	var wait sync.WaitGroup
	errs := make([]error, len(Hosts()))
	for i, h := range Hosts() {
		wait.Go(func() { errs[i] = do(h) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// dir is the directory of the host's files in the lab, root its file system
// there: what a program on the host changes ends with the run.
func (h *Host) dir(name string) string { return filepath.Join(workDir, h.Name, name) }

// mustRun fails a test that uses a host outside of Main.
func (h *Host) mustRun(t testing.TB) {
	t.Helper()
	if h.leader == 0 {
		t.Fatalf("%s is not booted: does TestMain call lab.Main?", h.Name)
	}
}
