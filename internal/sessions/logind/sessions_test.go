package logind_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"msg/internal/sessions"
	"msg/internal/sessions/logind"
)

// TestSessions has logind know two sessions, and more of them than their files tell.
func TestSessions(t *testing.T) {
	export(t, bus(t), manager{sessions: []listed{{ID: "c1", Path: "/s/c1"}, {ID: "2", Path: "/s/2"}}}, map[string]properties{
		"/s/c1": {"Id": dbus.MakeVariant("c1"), "RemoteHost": dbus.MakeVariant("asked")},
		"/s/2":  {"Id": dbus.MakeVariant("2"), "RemoteHost": dbus.MakeVariant("asked")},
	})
	const file = "#\nUID=1001\nUSER=alice\nSTATE=active\nREMOTE_HOST=10.0.0.5\n"
	for _, c := range []struct {
		name   string
		files  map[string]string
		hidden bool
		want   string // the sessions, and what each is known from
	}{
		{"nobody", map[string]string{"c1.ref": "", ".#c1": file, "a b": file}, false, ""},
		{"files", map[string]string{"c1": file, "2": file}, false, "2:10.0.0.5 c1:10.0.0.5"},
		{"one has logged out", map[string]string{"c1": file, "2": strings.Replace(file, "active", "closing", 1)}, false, "c1:10.0.0.5"},
		{"one has a display", map[string]string{"c1": file, "2": file + "DISPLAY=:0\nREMOTE_HOST=evil\n"}, false, "2:asked c1:10.0.0.5"},
		{"one is of another form", map[string]string{"c1": `{"uid":1001}`, "2": file}, false, "2:10.0.0.5 c1:asked"},
		{"one is not to be read", map[string]string{"c1/x": "", "2": file}, false, "2:10.0.0.5 c1:asked"},
		{"no files", nil, false, "2:asked c1:asked"},
		{"hidden processes", map[string]string{"c1": file}, true, "2:asked c1:asked"},
	} {
		on := sessions.System{Proc: t.TempDir(), Logins: t.TempDir() + "/sessions"}
		if !c.hidden {
			write(t, on.Proc+"/1/stat", "1 (systemd) S 0")
		}
		for name, content := range c.files {
			write(t, on.Logins+"/"+name, content)
		}
		if c.files != nil { // as logind has it; to open it would wait
			if err := unix.Mkfifo(on.Logins+"/2.ref", 0o600); err != nil {
				t.Fatal(err)
			}
		}
		found, err := logind.Sessions(on)(t.Context())
		var got []string
		for _, s := range found {
			got = append(got, s.ID+":"+s.Host)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want || err != nil {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}
