package main

import (
	"os"
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
		"sessions":        "device",
		"sessions/logins": "device sessions",
		"sessions/logind": "device sessions sessions/logins",
		"message":         "target",
		"tty":             "device message target",
		"tty/mine":        "",
		"banner":          "device message target text tty",
		"journal":         "",
		"rate":            "",
		"compat":          "",
		"config":          "rate",
		"answers":         "message rate target",
		"answers/ask":     "answers message rate target",
		"countdown":       "",
		"motd":            "",
		"tail":            "",
		"addressbook":     "config hostlist rate tail target",
		"doctor":          "accounts addressbook answers config device hostlist journal message rate sessions sessions/logins tail target text tty/mine",
		"shutdown":        "",
		"hostlist":        "",
		"report":          "hostlist message target text window",
		"table":           "text window",
		"window":          "text",
		"remote/sshhosts": "hostlist",
		"completion":      "addressbook answers config device hostlist message rate sessions tail target text",
		"delivery":        "accounts answers banner device journal message rate sessions target text tty",
		"wire":            "message target text",
		"wire/call":       "answers message rate tail target text wire",
		"client":          "accounts addressbook answers banner config delivery device hostlist journal message rate remote report sessions sessions/logins tail target text tty window wire wire/call",
		"remote":          "answers message rate tail target text wire wire/call",
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

// mostLines is how much of ours the privileged program may be made of, with its comments.
const mostLines = 7_500

// TestHelperImports holds what the privileged program is made of: of ours nothing that talks to
// the bus or reads a user's files, and no more than can be read; of others' only what is listed
// here.
func TestHelperImports(t *testing.T) {
	ours := strings.Fields("accounts answers banner config delivery device journal message rate sessions target text tty wire")
	others := strings.Fields(`
		github.com/pelletier/go-toml/v2 github.com/clipperhouse/displaywidth github.com/clipperhouse/uax29/v2
		golang.org/x/sys golang.org/x/term`)
	lines := 0
	for _, dep := range depsOf(t, "msg/cmd/msg-helper") {
		name, isOurs := strings.CutPrefix(dep, "msg/internal/")
		first, _, _ := strings.Cut(dep, "/")
		switch {
		case isOurs && !slices.Contains(ours, name):
			t.Errorf("the helper imports %s", dep)
		case strings.Contains(first, ".") && !slices.ContainsFunc(others, func(module string) bool {
			return dep == module || strings.HasPrefix(dep, module+"/")
		}):
			t.Errorf("the helper imports %s", dep)
		case dep == "net" || strings.HasPrefix(dep, "net/") || dep == "plugin" || strings.HasPrefix(dep, "text/template"):
			t.Errorf("the helper imports %s", dep)
		}
		if isOurs {
			lines += linesOf(t, dep)
		}
	}
	t.Logf("%d lines", lines)
	if lines == 0 || lines > mostLines {
		t.Errorf("the helper is made of %d lines", lines)
	}
}

// linesOf counts the lines of a package, as it is built here, without its tests.
func linesOf(t *testing.T, pkg string) int {
	t.Helper()
	out, err := exec.Command("go", "list", "-tags", "osusergo,netgo", "-f", "{{range .GoFiles}}{{$.Dir}}/{{.}}\n{{end}}", pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, file := range strings.Fields(string(out)) {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(source), "\n")
	}
	return lines
}

func depsOf(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-tags", "osusergo,netgo", "-deps", pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}
