//go:build linux

package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The hosts boot in two seconds and are down in half of one. A busy machine
// may need a good deal longer for the first, which is worth a remark; nothing
// is lost by cutting short the second.
const (
	slowBoot     = 10 * time.Second
	bootTime     = 2 * time.Minute
	shutDownTime = 5 * time.Second
)

// sigPowerOff asks systemd, as process 1, to power off; see systemd(1).
const sigPowerOff = unix.Signal(34 + 4) // SIGRTMIN+4

// boot starts the host and returns when it takes logins.
func (h *Host) boot() error {
	if err := h.furnish(); err != nil {
		return fmt.Errorf("preparing %s: %w", h.Name, err)
	}
	if err := h.start(time.Now().Add(bootTime)); err != nil {
		log, _ := os.ReadFile(h.dir("log"))
		return fmt.Errorf("booting %s: %w\n%s", h.Name, err, tail(string(log)))
	}
	return nil
}

func (h *Host) start(deadline time.Time) error {
	address := &net.UnixAddr{Name: h.dir("notify"), Net: "unixgram"}
	messages, err := net.ListenUnixgram(address.Net, address)
	if err != nil {
		return err
	}
	defer messages.Close()
	if err := h.spawn(); err != nil {
		return err
	}
	go func() {
		<-h.ended
		messages.Close() // nobody is left to say that it is ready
	}()
	_ = messages.SetReadDeadline(deadline)
	if err := h.awaitReady(messages); err != nil {
		return err
	}
	if err := h.setPtyMode(); err != nil {
		return err
	}
	if err := h.makeFuse(); err != nil {
		return err
	}
	if err := h.plugIn(); err != nil {
		return err
	}
	if err := h.makeExecCgroup(); err != nil {
		return err
	}
	return h.awaitSSH(deadline)
}

// setPtyMode has new terminals begin as on a real machine of the host's
// release. systemd-nspawn has mounted /dev/pts as the building machine's does.
func (h *Host) setPtyMode() error {
	options := fmt.Sprintf("remount,gid=5,mode=%o,ptmxmode=666", h.PtyMode)
	mount := exec.Command("nsenter", "--mount", "--target", strconv.Itoa(h.leader),
		"mount", "-o", options, "/dev/pts")
	if out, err := mount.CombinedOutput(); err != nil {
		return fmt.Errorf("remounting /dev/pts: %w: %s", err, out)
	}
	return nil
}

// makeFuse makes the device that gives every user file systems of their own, as on an installed
// Debian. Newer releases of systemd-nspawn make it.
func (h *Host) makeFuse() error {
	path := fmt.Sprintf("/proc/%d/root/dev/fuse", h.leader)
	err := unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(10, 229)))
	if err == nil || errors.Is(err, unix.EEXIST) {
		err = os.Chmod(path, 0o666)
	}
	if err != nil {
		return fmt.Errorf("making /dev/fuse: %w", err)
	}
	return nil
}

// plugIn gives the host its address.
func (h *Host) plugIn() error {
	return runIP([]string{"nsenter", "--net", "--target", strconv.Itoa(h.leader)},
		"addr add "+h.Addr+"/24 dev host0",
		"link set host0 up",
	)
}

// awaitSSH returns when sshd answers.
func (h *Host) awaitSSH(deadline time.Time) error {
	for {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(h.Addr, "22"), time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-h.ended:
			return errEnded
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("sshd does not answer: %w", err)
		}
	}
}

// Reboot shuts the host down as an operator would and boots it again. Files
// stay, but those in /run and /tmp are gone, and so is everybody who was logged
// in. Nothing else may use the host meanwhile.
func (h *Host) Reboot(t testing.TB) {
	t.Helper()
	h.mustRun(t)
	h.powerOff()
	select {
	case <-h.ended:
	case <-time.After(timeout):
		t.Fatalf("%s does not shut down", h.Name)
	}
	h.leader = 0
	if err := errors.Join(h.dropCgroup(), os.Remove(h.dir("notify"))); err != nil {
		t.Fatalf("clearing up after %s: %v", h.Name, err)
	}
	if err := h.start(time.Now().Add(bootTime)); err != nil {
		log, _ := os.ReadFile(h.dir("log"))
		t.Fatalf("booting %s again: %v\n%s", h.Name, err, tail(string(log)))
	}
}

// shutDown ends the host as an operator would; what does not follow in time
// ends with the lab's pid namespace.
func (h *Host) shutDown() error {
	if h.leader == 0 {
		return nil // it never ran
	}
	h.powerOff()
	select {
	case <-h.ended:
	case <-time.After(shutDownTime):
		return h.process.Process.Kill()
	}
	return nil
}

func (h *Host) powerOff() {
	signal := sigPowerOff
	if !h.Logind {
		signal = unix.SIGTERM
	}
	_ = unix.Kill(h.leader, signal)
}
