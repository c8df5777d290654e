//go:build linux

package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// unit is where a unit of ours is.
func unit(name string) string { return filepath.Join(root, "packaging/systemd", name) }

// settings returns the values of a unit's settings, in their order.
func settings(t *testing.T, name string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(unit(name))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(key, "#") {
			values[key] = append(values[key], value)
		}
	}
	return values
}

// TestExposure: systemd finds msgd as well confined as docs/security.md says.
func TestExposure(t *testing.T) {
	const most = 2.0
	out := run(t, "systemd-analyze", "security", "--offline=true", "--no-pager", unit("msgd.service"))
	found := regexp.MustCompile(`Overall exposure level for msgd.service: ([0-9.]+)`).FindStringSubmatch(out)
	if found == nil {
		t.Fatal(out)
	}
	if level, err := strconv.ParseFloat(found[1], 64); err != nil || level > most {
		t.Errorf("the exposure level is %s, %v; want %v at most:\n%s", found[1], err, most, out)
	}
}

// TestUnits: systemd knows all settings of the units.
func TestUnits(t *testing.T) {
	// It also checks that the programs are there.
	dir := t.TempDir()
	run(t, "make", "-C", root, "install", "DESTDIR="+dir)
	units, err := filepath.Glob(filepath.Join(dir, "usr/local/lib/systemd/system/*"))
	if err != nil || len(units) != 4 {
		t.Fatal(units, err)
	}
	for i, path := range units {
		text, err := os.ReadFile(path)
		if err == nil {
			text = []byte(strings.ReplaceAll(string(text), "=/usr/local/", "="+dir+"/usr/local/"))
			err = os.WriteFile(path, text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		units[i] = path
	}
	out, err := exec.Command("systemd-analyze", append([]string{"verify", "--man=no", "--recursive-errors=no"}, units...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// TestDoorStays: nothing in the units deletes the door, or closes it because users knock often.
func TestDoorStays(t *testing.T) {
	socket, service := settings(t, "msg.socket"), settings(t, "msgd.service")
	for _, c := range []struct {
		name     string
		unit     map[string][]string
		key, has string
	}{
		{"msg.socket", socket, "ListenStream", "/run/msg/door"},
		{"msg.socket", socket, "Accept", "no"},
		{"msg.socket", socket, "TriggerLimitIntervalSec", "0"},
		{"msg.socket", socket, "RemoveOnStop", "no"},
		{"msgd.service", service, "StartLimitIntervalSec", "0"},
		{"msgd.service", service, "KillMode", "process"},
		{"msgd.service", service, "OOMPolicy", "continue"},
		{"msgd.service", service, "RuntimeDirectory", ""},
		{"msgd.service", service, "StateDirectory", ""},
		{"msgd.service", service, "User", ""},
	} {
		if got := strings.Join(c.unit[c.key], "\n"); got != c.has {
			t.Errorf("%s has %s=%s, want %q", c.name, c.key, got, c.has)
		}
	}
}
