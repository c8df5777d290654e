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
		"device":          "",
		"sessions":        "device hang",
		"sessions/logins": "device hang sessions",
		"sessions/logind": "device hang sessions sessions/logins",
		"message":         "target",
		"peer":            "",
		"tty":             "consent device hang message target",
		"tty/mine":        "",
		"banner":          "consent device hang message target text tty",
		"journal":         "",
		"rate":            "",
		"compat":          "",
		"consent":         "",
		"config":          "rate",
		"answers":         "message rate target",
		"answers/ask":     "answers message rate target",
		"countdown":       "",
		"motd":            "",
		"tail":            "",
		"addressbook":     "config hostlist rate tail target",
		"doctor":          "accounts addressbook answers config consent device hang hostlist journal message rate sessions sessions/logins tail target text tty/mine",
		"shutdown":        "",
		"hostlist":        "",
		"report":          "hostlist message target text window",
		"table":           "text window",
		"window":          "text",
		"remote/sshhosts": "hostlist",
		"completion":      "addressbook answers config device hang hostlist message rate sessions tail target text",
		"delivery":        "accounts answers banner consent device hang journal message rate sessions target text tty",
		"wire":            "consent message target text",
		"wire/call":       "answers consent message rate tail target text wire",
		"client":          "accounts addressbook answers banner config consent delivery device hang hostlist journal message rate remote report sessions sessions/logins tail target text tty window wire wire/call",
		"remote":          "answers consent message rate tail target text wire wire/call",
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

// TestMsgdImports holds what the privileged program is made of: of ours nothing that talks to
// the bus, runs ssh or reads a user's files; of others' only what is listed here.
func TestMsgdImports(t *testing.T) {
	ours := strings.Fields("accounts answers banner config consent delivery device hang journal message peer rate sessions target text tty wire")
	others := strings.Fields(`
		github.com/coreos/go-systemd/v22/activation github.com/coreos/go-systemd/v22/daemon
		github.com/pelletier/go-toml/v2 github.com/clipperhouse/uax29/v2
		golang.org/x/sys golang.org/x/term golang.org/x/text/width golang.org/x/text/transform`)
	deps := depsOf(t, "msg/cmd/msgd")
	if !slices.Contains(deps, "msg/internal/delivery") {
		t.Fatalf("it is made of %q", deps)
	}
	for _, dep := range deps {
		name, isOurs := strings.CutPrefix(dep, "msg/internal/")
		first, _, _ := strings.Cut(dep, "/")
		switch {
		case isOurs && !slices.Contains(ours, name):
			t.Errorf("msgd imports %s", dep)
		case strings.Contains(first, ".") && !slices.ContainsFunc(others, func(module string) bool {
			return dep == module || strings.HasPrefix(dep, module+"/")
		}):
			t.Errorf("msgd imports %s", dep)
		case dep == "net/http" || dep == "plugin" || strings.HasPrefix(dep, "text/template"):
			t.Errorf("msgd imports %s", dep)
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
