package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"msg/internal/accounts"
	"msg/internal/delivery"
)

var update = flag.Bool("update", false, "renew what the tests compare with")

// TestProgram holds that the command line that internal/completion is tested with is msg's own.
// "go test ./cmd/msg -run TestProgram -update" renews it.
func TestProgram(t *testing.T) {
	var tree cli
	parser, err := newParser(&tree, world{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(programOf(parser.Model).Commands, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const file = "../../internal/completion/testdata/commands.json"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s (%v) is not msg's command line, which -update writes there:\n%s", file, err, got)
	}
}

// completed is what bash is told on a machine where nobody is logged in.
func completed(t *testing.T, home, line string) string {
	t.Helper()
	here := delivery.Host{Accounts: &accounts.Directory{}, Pending: t.TempDir()}
	here.System.Dev, here.System.Proc, here.System.UserNames = t.TempDir(), t.TempDir(), here.Accounts.Names
	var out, complaints strings.Builder
	code, err := run(t.Context(), []string{"completion", "bash", "--line=" + line}, world{
		stdout: &out, stderr: &complaints, here: here,
		getenv: func(key string) string { return map[string]string{"HOME": home}[key] },
	})
	if code != 0 || err != nil || complaints.Len() > 0 {
		t.Errorf("%q: %d, %v, %q", line, code, err, complaints.String())
	}
	return out.String()
}

// TestCompletes holds that completion gets all that it needs of msg: the command line, as the
// parser takes it, and the names. Its own tests are in internal/completion.
func TestCompletes(t *testing.T) {
	home := t.TempDir()
	for name, content := range map[string]string{
		".ssh/config":          "Host qweb1 qweb2",
		".config/msg/msg.toml": "[aliases]\nqteam = [\"bob\"]\n[domains]\nqlab = \"q[1-2]\"",
	} {
		name = filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]string{
		"msg bob@qw":                    "from qw\neb1\neb2\n",
		"msg -d q":                      "from q\nlab\n",
		"msg q":                         "from q\nteam\n",
		"msg %roo":                      "from %roo\nt\n",
		"msg /v /server:web1 q":         "from q\nteam\n",
		"msg /v -- q":                   "from q\nteam\n",
		"msg -- sessions ":              "",
		"msg rep":                       "from rep\nly\n",
		"msg shut":                      "",
		"msg completion ba":             "from ba\nsh\n",
		"msg sessions --all":            "from --all\n-terminals\n",
		"msg countdown --no-c":          "from --no-c\nancel\n",
		"msg countdown --file=":         "files --file=\n",
		"msg ok ":                       "",
		"msg countdown --until 22:00 q": "from q\nteam\n",
	} {
		if got := completed(t, home, line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}
