package doctor

import (
	"strings"
	"testing"
)

// judged checks a finding: its status, words of what was found, and words of what to do.
func judged(t *testing.T, got Finding, status, found, do string) {
	t.Helper()
	if got.Status != status || !strings.Contains(got.Found, found) || !strings.Contains(got.Do, do) || do == "" && got.Do != "" {
		t.Errorf("%+v; want %s, %q, %q", got, status, found, do)
	}
}

// TestQuoted: for a path of any name, a remedy does what it says and nothing else.
func TestQuoted(t *testing.T) {
	for path, want := range map[string]string{
		"/usr/sbin/msgd": "/usr/sbin/msgd", "/a b": "'/a b'", "/a';reboot'": `'/a'\'';reboot'\'''`, "/$(x)": "'/$(x)'",
	} {
		if got := quoted(path); got != want {
			t.Errorf("%q becomes %s", path, got)
		}
	}
}
