//go:build linux

package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// spawn starts the host's container, in a cgroup of the host's own: otherwise
// two hosts' systemds would each take the same one to be theirs alone.
func (h *Host) spawn() error {
	group, err := h.makeCgroup()
	if err != nil {
		return err
	}
	defer group.Close()
	log, err := os.OpenFile(h.dir("log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	h.process = exec.Command("systemd-nspawn", h.nspawnArgs()...)
	h.process.Stdout, h.process.Stderr = log, log
	h.process.Env = []string{"PATH=" + defaultPath, "NOTIFY_SOCKET=" + h.dir("notify")}
	h.process.SysProcAttr = &syscall.SysProcAttr{
		Setsid: true, UseCgroupFD: true, CgroupFD: int(group.Fd()),
	}
	if err := h.process.Start(); err != nil {
		return err
	}
	h.ended = make(chan struct{})
	go func() {
		_ = h.process.Wait()
		close(h.ended)
	}()
	return nil
}

func (h *Host) nspawnArgs() []string {
	args := []string{
		"--quiet", "--directory=" + h.dir("root"), "--machine=" + h.Name, "--hostname=" + h.Name,
		"--network-bridge=" + bridge, "--register=no", "--keep-unit",
		"--link-journal=no", "--resolv-conf=off", "--timezone=off",
		// As on a machine of its own, units may have rules for devices and addresses.
		"--system-call-filter=bpf", "--capability=CAP_BPF,CAP_NET_ADMIN,CAP_PERFMON",
	}
	if h.Logind {
		return append(args, "--notify-ready=yes", "--boot")
	}
	return append(args, "--console=pipe", "/sbin/lab-init")
}

// makeCgroup makes the cgroup that systemd-nspawn divides into the host's own,
// "payload", and one for itself.
func (h *Host) makeCgroup() (*os.File, error) {
	own, err := cgroupOf("self")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(own, h.Name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	return os.Open(dir)
}

// makeExecCgroup makes the cgroup that Exec's commands run in: "/lab" to the
// host, which is nothing that systemd or logind has made.
func (h *Host) makeExecCgroup() error {
	own, err := cgroupOf("self")
	if err != nil {
		return err
	}
	dir := filepath.Join(own, h.Name, "payload", "lab")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	h.cgroup, err = os.Open(dir)
	return err
}

// dropCgroup removes the cgroups of a host that has shut down.
func (h *Host) dropCgroup() error {
	own, err := cgroupOf("self")
	if err != nil {
		return err
	}
	h.cgroup.Close()
	h.cgroup = nil
	return removeEmptied(filepath.Join(own, h.Name))
}

var errEnded = errors.New("it ended by itself")

// awaitReady learns from sd_notify(3) messages which process is the host's
// first, and when all that it starts at boot is up.
func (h *Host) awaitReady(messages *net.UnixConn) error {
	buffer := make([]byte, 4096)
	for {
		n, err := messages.Read(buffer)
		if errors.Is(err, net.ErrClosed) {
			return errEnded
		}
		if err != nil {
			return fmt.Errorf("it did not become ready: %w", err)
		}
		for line := range strings.Lines(string(buffer[:n])) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			switch key {
			case "X_NSPAWN_LEADER_PID":
				h.leader, _ = strconv.Atoi(value)
			case "READY":
				return nil
			}
		}
	}
}
