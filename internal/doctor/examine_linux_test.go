package doctor

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"msg/internal/accounts"
	"msg/internal/journal"
	"msg/internal/message"
	"msg/internal/sessions"
)

const version = "7"

// here is this host with an msgd.
func here() Host {
	directory := &accounts.Directory{}
	return Host{
		UID: uint32(os.Getuid()), Version: version, System: sessions.Local(directory.Names), Accounts: directory,
		Ask: func(context.Context) (Hello, error) { return Hello{Version: version}, nil },
	}
}

// logAt is a log's socket at that path.
func logAt(t *testing.T, path string) string {
	t.Helper()
	log, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return path
}

// TestMachine reads what it is pointed at.
func TestMachine(t *testing.T) {
	dir := t.TempDir()
	h := here()
	h.Ask = func(context.Context) (Hello, error) { return Hello{}, message.Fail(message.NoHelper, "nobody listens") }
	h.Config, h.UserConfig = filepath.Join(dir, "etc/msg.toml"), filepath.Join(dir, "home/msg.toml")
	h.Counts, h.Pending = filepath.Join(dir, "run/msg/rate"), filepath.Join(dir, "run/msg/pending")
	h.State, h.Door = filepath.Join(dir, "state"), filepath.Join(dir, "run/msg/door")
	h.Programs, h.Leftovers = []string{filepath.Join(dir, "sbin/msgd")}, []string{filepath.Join(dir, "msg-helper")}
	h.Services = filepath.Join(dir, "nsswitch.conf")
	h.Seats, h.Log = dir, journal.Log{Journald: dir + "/none", Syslog: logAt(t, dir+"/log")}
	for name, content := range map[string]string{
		h.Config: "[policy]\nsnd = []\n", h.Leftovers[0]: "old", h.Services: "passwd: files sss\n", h.Programs[0]: "msgd",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(content), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	h.Logins = func(context.Context) ([]sessions.Session, error) { return nil, errors.New("it hangs") }
	h.System.Utmp = filepath.Join(dir, "utmp")
	all, err := h.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Finding{}
	for _, f := range all {
		got[f.Check] = f
	}
	judged(t, got["leftover"], Note, h.Leftovers[0]+" is of an older version", "rm "+h.Leftovers[0])
	judged(t, got["msgd"], Note, "for the reason above", "")
	judged(t, got["counts"], Note, "for the reason above", "")
	judged(t, got["answers"], Note, "for the reason above", "")
	judged(t, got["nsswitch"], OK, "", "")
	judged(t, got["log"], OK, "syslog", "")
	judged(t, got["utmp"], OK, "none", "")
	judged(t, got["logind"], Note, "it hangs", "systemctl")
	if os.Getuid() == 0 {
		judged(t, got["names"], OK, " domain", "")
	} else {
		judged(t, got["names"], Note, "for the reason above", "") // the file is not root's
	}
	if got["config"].Status != Problem || got["messages"].Status != OK {
		t.Errorf("%+v", all)
	}
}
