//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const (
	keyFile   = workDir + "/key"
	knownFile = workDir + "/known_hosts"
	sshConfig = workDir + "/ssh_config"
)

// SSHConfig is the file that lets ssh on the tester reach all hosts by name,
// as any user, without a question: `ssh -F FILE alice@d13`.
func SSHConfig() string { return sshConfig }

// makeKeys makes this run's key pair and the tester's ssh configuration.
func makeKeys() error {
	keygen := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", keyFile)
	if out, err := keygen.CombinedOutput(); err != nil {
		return fmt.Errorf("making a key: %w: %s", err, out)
	}
	known, err := knownHosts()
	if err != nil {
		return err
	}
	var config strings.Builder
	for _, h := range Hosts() {
		fmt.Fprintf(&config, "Host %s\n  HostName %s\n", h.Name, h.Addr)
	}
	fmt.Fprintf(&config, "Host *\n  IdentityFile %s\n  UserKnownHostsFile %s\n", keyFile, knownFile)
	config.WriteString("  IdentitiesOnly yes\n  BatchMode yes\n  ConnectTimeout 20\n  LogLevel ERROR\n")
	return errors.Join(
		os.WriteFile(knownFile, []byte(known), 0o644),
		os.WriteFile(sshConfig, []byte(config.String()), 0o644),
	)
}

// knownHosts is an ssh_known_hosts file with each host's key. They are in the
// cached root file systems, since no more depends on them than that nobody is
// asked a question.
func knownHosts() (string, error) {
	var lines strings.Builder
	for _, h := range Hosts() {
		key, err := os.ReadFile(filepath.Join(h.root.dir(), "etc/ssh/ssh_host_ed25519_key.pub"))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&lines, "%s,%s %s", h.Name, h.Addr, key)
	}
	return lines.String(), nil
}

// SSH runs a command as user over ssh, without a terminal at either end, and
// fails the test if ssh itself fails (status 255). The arguments arrive as
// they are: no shell takes them apart.
func (h *Host) SSH(t testing.TB, user string, argv ...string) Output {
	t.Helper()
	h.mustRun(t)
	ctx, cancel := patience(t)
	defer cancel()
	out := capture(ctx, t, h.SSHCommand(ctx, user, argv...))
	if out.Code == 255 {
		t.Fatalf("ssh %s@%s %q: %s", user, h.Name, argv, out.Stderr)
	}
	return out
}

// SSHCommand is what SSH runs, for a test that needs more of it: input, or to
// have it run while something else happens.
func (h *Host) SSHCommand(ctx context.Context, user string, argv ...string) *exec.Cmd {
	quoted := make([]string, len(argv))
	for i, arg := range argv {
		quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	cmd := h.ssh(ctx, "-T", user+"@"+h.Name, "--", strings.Join(quoted, " "))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// ssh is the tester's ssh, which knows no user's configuration or agent.
func (h *Host) ssh(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "ssh", append([]string{"-F", sshConfig}, args...)...)
	cmd.Env = []string{"PATH=" + defaultPath, "TERM=xterm-256color", "HOME=" + workDir}
	return cmd
}
