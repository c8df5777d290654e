package doctor

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"msg/internal/accounts"
	"msg/internal/journal"
	"msg/internal/message"
	"msg/internal/sessions"
)

// here is this host with the helper at that path. asked, unless it is nil, counts how often
// the helper is started.
func here(helper string, asked *int) Host {
	directory := &accounts.Directory{}
	ask := func(ctx context.Context, path string) (Hello, error) {
		if asked != nil {
			*asked++
		}
		out, err := exec.CommandContext(ctx, path).Output()
		return Hello{}, message.Fail(message.NoHelper, "it says %q, %v", out, err)
	}
	return Host{
		UID: uint32(os.Getuid()), Version: version, System: sessions.Local(directory.Names), Accounts: directory,
		Helper: Helper{Path: helper, Ask: ask},
	}
}

// TestLinkedHelper: a user who may write to the link's directory, or to the one that it
// leads to, may put another helper there.
func TestLinkedHelper(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"one", "two"} {
		if err := errors.Join(os.Mkdir(dir+"/"+sub, 0o755), os.Chmod(dir+"/"+sub, 0o757)); err != nil {
			t.Fatal(err)
		}
	}
	link := dir + "/one/msg-helper"
	if err := errors.Join(os.WriteFile(dir+"/two/real", nil, 0o755), os.Symlink("../two/real", link)); err != nil {
		t.Fatal(err)
	}
	all := here(link, nil).helperWorks(t.Context(), ttyGroup, nil)
	if f := all[1]; f.Status != Problem || strings.Count(f.Found, "/one") != 1 || strings.Count(f.Found, "/two") != 1 {
		t.Errorf("%+v", f)
	}
}

// TestRootStartsNothingOfOthers: root does not start a helper that others may change, or
// put in its place. A user loses nothing by starting it.
func TestRootStartsNothingOfOthers(t *testing.T) {
	for _, c := range []struct {
		dir, helper os.FileMode
	}{{0o757, 0o755}, {0o755, 0o775}} {
		dir := t.TempDir()
		path := filepath.Join(dir, "msg-helper")
		if err := errors.Join(os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755), os.Chmod(path, c.helper), os.Chmod(dir, c.dir)); err != nil {
			t.Fatal(err)
		}
		for uid, want := range map[uint32]int{0: 0, 1000: 1} {
			asked := 0
			h := here(path, &asked)
			h.UID = uid
			all := h.helperWorks(t.Context(), ttyGroup, nil)
			if last := all[len(all)-1]; asked != want || last.Check != "answer" || last.Status == OK {
				t.Errorf("%o in %o, for uid %d: started %d times, %+v", c.helper, c.dir, uid, asked, last)
			}
		}
	}
}

// TestCandidate: a helper that nobody may execute is the one to look at.
func TestCandidate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "msg-helper")
	h := Helper{Candidates: []string{path + "-none", path}}
	if got := h.path(); got != "" {
		t.Errorf("%q", got)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := h.path(); got != path {
		t.Errorf("%q", got)
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
	h := here(filepath.Join(dir, "libexec/msg-helper"), nil)
	h.Config, h.UserConfig = filepath.Join(dir, "etc/msg.toml"), filepath.Join(dir, "home/msg.toml")
	h.Counts, h.Pending = filepath.Join(dir, "run/msg/rate"), filepath.Join(dir, "run/msg/pending")
	h.Seats, h.Log = dir, journal.Log{Journald: dir + "/none", Syslog: logAt(t, dir+"/log")}
	for name, content := range map[string]string{h.Helper.Path: "#!/bin/sh\necho nonsense\n", h.Config: "[policy]\nsnd = []\n"} {
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
	remedy := "chmod 2755 " + h.Helper.Path
	if os.Getuid() != 0 {
		remedy = "rm " + h.Helper.Path + ", and install it anew" // it is not root's
	}
	judged(t, got["helper"], Problem, h.Helper.Path+", ", remedy)
	judged(t, got["answers"], Note, "for the reason above", "")
	judged(t, got["counts"], Problem, "no such file or directory", "install -d -m 770 -o root -g tty "+h.Counts)
	judged(t, got["log"], OK, "syslog", "")
	judged(t, got["utmp"], OK, "none", "")
	judged(t, got["logind"], Note, "it hangs", "systemctl")
	if os.Getuid() == 0 {
		judged(t, got["names"], OK, " domain", "")
	} else {
		judged(t, got["names"], Note, "for the reason above", "") // the file is not root's
	}
	if got["config"].Status != Problem || got["answer"].Status == OK || got["messages"].Status != OK {
		t.Errorf("%+v", all)
	}
}
