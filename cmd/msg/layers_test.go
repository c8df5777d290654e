package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestLayers holds the way that a message goes: no package looks back, and what
// a privileged program will be made of has neither D-Bus nor a command line.
func TestLayers(t *testing.T) {
	for pkg, allowed := range map[string]string{
		"text":            "",
		"target":          "",
		"accounts":        "",
		"sessions":        "",
		"sessions/logind": "sessions",
		"tty":             "text",
		"journal":         "",
		"rate":            "",
		"config":          "rate",
		"delivery":        "accounts journal sessions target text tty",
	} {
		deps := depsOf(t, "msg/internal/"+pkg)
		for _, dep := range deps {
			ours, isOurs := strings.CutPrefix(dep, "msg/")
			ours = strings.TrimPrefix(ours, "internal/")
			if isOurs && ours != pkg && !slices.Contains(strings.Fields(allowed), ours) {
				t.Errorf("%s depends on %s", pkg, ours)
			}
		}
		for _, heavy := range []string{"net/http", "github.com/alecthomas/kong", "github.com/godbus/dbus/v5"} {
			if slices.Contains(deps, heavy) && pkg != "sessions/logind" {
				t.Errorf("%s depends on %s", pkg, heavy)
			}
		}
	}
}

func depsOf(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-tags", "osusergo,netgo", "-deps", pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}
