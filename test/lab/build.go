//go:build linux

package lab

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// machinePackages are what the machine itself needs to build and boot the
// hosts, each with a file that shows it is there.
var machinePackages = []struct{ name, file string }{
	{"systemd-container", "/usr/bin/systemd-nspawn"},
	{"debootstrap", "/usr/sbin/debootstrap"},
	{"debian-archive-keyring", "/usr/share/keyrings/debian-archive-keyring.gpg"},
	{"openssh-client", "/usr/bin/ssh"},
	{"iproute2", "/usr/sbin/ip"},
	{"util-linux", "/usr/bin/nsenter"},
}

// installPackages installs what the machine lacks.
func installPackages(ctx context.Context) error {
	var missing []string
	for _, p := range machinePackages {
		if _, err := os.Stat(p.file); err != nil {
			missing = append(missing, p.name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	progress("installing %s", strings.Join(missing, ", "))
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("the lab needs %s, and there is no apt-get to install them with",
			strings.Join(missing, ", "))
	}
	if err := runLogged(ctx, nil, "apt-get", "-q", "update"); err != nil {
		return err
	}
	return runLogged(ctx, nil, "apt-get",
		append([]string{"-q", "-y", "--no-install-recommends", "install"}, missing...)...)
}

// build makes the root file system under another name and renames it when it
// is whole, so that an interrupted one is never taken for good.
func (r recipe) build(ctx context.Context) error {
	progress("building %s's root file system (about a minute)", r.name)
	begun := time.Now()
	target := r.dir() + ".building"
	err := r.fill(ctx, target)
	if err != nil {
		_ = os.RemoveAll(target)
		return fmt.Errorf("building %s's root file system: %w", r.name, err)
	}
	unix.Sync() // a name must not survive a crash that its files do not
	if err := os.Rename(target, r.dir()); err != nil {
		return err
	}
	progress("built %s's root file system in %v", r.name, time.Since(begun).Round(time.Second))
	return nil
}

func (r recipe) fill(ctx context.Context, target string) error {
	// What debootstrap mounts in target must go with it when it is killed.
	jail := []string{"--mount", "--pid", "--fork", "--kill-child", "--mount-proc"}
	err := runLogged(ctx, nil, "unshare", append(jail, r.debootstrap(target)...)...)
	if err != nil {
		details, _ := os.ReadFile(filepath.Join(target, "debootstrap/debootstrap.log"))
		return fmt.Errorf("%w\n%s", err, tail(string(details)))
	}
	jail = append(jail, "chroot", target, "sh", "-eu", "-s", r.suite)
	return runLogged(ctx, []byte(customise), "unshare", jail...)
}

// runLogged runs a command of the machine's and, if it fails, tells the end of
// what it said. It ends with ctx and with this process.
func runLogged(ctx context.Context, stdin []byte, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: unix.SIGKILL}
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, tail(string(out)))
	}
	return nil
}

// tail is the last lines of a log, where the cause of a failure usually is.
func tail(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
