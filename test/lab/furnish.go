//go:build linux

package lab

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// furnish lays the host's own writable layer over the cached root file system,
// and puts in it what differs from host to host and from run to run.
func (h *Host) furnish() error {
	for _, dir := range []string{"upper", "work", "root"} {
		if err := os.MkdirAll(h.dir(dir), 0o755); err != nil {
			return err
		}
	}
	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s",
		h.root.dir(), h.dir("upper"), h.dir("work"))
	if err := unix.Mount("overlay", h.dir("root"), "overlay", 0, layers); err != nil {
		return fmt.Errorf("mounting the overlay (%s): %w", layers, err)
	}
	return errors.Join(
		h.write("etc/hostname", h.Name+"\n", 0o644),
		h.write("etc/machine-id", strings.ToLower(fmt.Sprintf("%x\n", randomID())), 0o444),
		h.write("etc/hosts", hostsFile(), 0o644),
		h.write("sbin/lab-init", plainInit, 0o755),
		h.silenceShell(),
		h.writeKeys(),
	)
}

// silenceShell keeps bash from telling the terminal about each command, as
// systemd has had it do since version 258: tests look for what people see. A
// missing file would be back after the boot.
func (h *Host) silenceShell() error {
	const name = "etc/profile.d/80-systemd-osc-context.sh"
	// Removed first: it is a link to a path that is the machine's from here.
	err := os.Remove(filepath.Join(h.dir("root"), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, h.write(name, "", 0o644))
}

// writeKeys lets everybody on the host log in everywhere. One private key
// serves all of them: ssh(1) refuses a key that others may read only to the
// owner of the file, and nobody here is nobody.
func (h *Host) writeKeys() error {
	public, err := os.ReadFile(keyFile + ".pub")
	if err != nil {
		return err
	}
	private, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	known, err := knownHosts()
	if err != nil {
		return err
	}
	const key = "etc/ssh/lab_key"
	return errors.Join(
		h.write("etc/ssh/lab_authorized_keys", string(public), 0o644),
		h.write("etc/ssh/ssh_known_hosts", known, 0o644),
		h.write("etc/ssh/ssh_config.d/lab.conf", "IdentityFile /"+key+"\n", 0o644),
		h.write(key, string(private), 0o644),
		os.Chown(filepath.Join(h.dir("root"), key), 65534, 65534),
	)
}

// write makes a file on a host that does not run yet.
func (h *Host) write(name, content string, mode os.FileMode) error {
	path := filepath.Join(h.dir("root"), name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

// hostsFile is /etc/hosts for all of the lab.
func hostsFile() string {
	lines := []string{"127.0.0.1 localhost", testerAddr + " " + testerName}
	for _, h := range Hosts() {
		lines = append(lines, h.Addr+" "+h.Name)
	}
	return strings.Join(lines, "\n") + "\n"
}

// randomID is a machine-id(5): two hosts made from one root file system are
// still two machines.
func randomID() []byte {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails, says its documentation
	return id
}
