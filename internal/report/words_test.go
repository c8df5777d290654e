package report

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"msg/internal/message"
)

// TestEveryReasonHasWords holds that no reason is shown without a text, and
// that the page has each with its words.
func TestEveryReasonHasWords(t *testing.T) {
	page, err := os.ReadFile("../../man/msg.1.scd")
	if err != nil {
		t.Fatal(err)
	}
	flat := strings.Join(strings.Fields(string(page)), " ")
	all := declaredReasons(t, "../message/reason.go")
	if len(reasons) != len(all) || len(all) < 10 {
		t.Errorf("%d reasons have words, there are %v", len(reasons), all)
	}
	for _, reason := range all {
		words := why(message.Result{Reason: reason, Detail: "no such user"})
		if words == "" || !strings.Contains(flat, "*"+strings.TrimSuffix(words, " (no such user)")+"*") {
			t.Errorf("the page lacks the words for %s: %q", reason, words)
		}
		if !strings.Contains(string(page), "*"+string(reason)+"*") {
			t.Errorf("the page lacks %s", reason)
		}
	}
}

// declaredReasons are the constants of that type in the files.
func declaredReasons(t *testing.T, files ...string) []message.Reason {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^\t\w+\s+Reason = "([a-z-]+)"`)
	var all []message.Reason
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllSubmatch(source, -1) {
			if reason := message.Reason(m[1]); reason == reason.Public() { // the others are never shown
				all = append(all, reason)
			}
		}
	}
	return all
}

// TestUnseen: a target that can't be seen has a hint of its own, and may be there the next time.
func TestUnseen(t *testing.T) {
	for hint, want := range map[string]struct {
		says   string
		inVain bool
	}{
		"ask root": {"msg: bob: it is dark\nhint: ask root\n", false},
		"":         {"msg: bob: it is dark\nhint: \"msg sessions\" shows who is logged in\n", true},
	} {
		var stderr strings.Builder
		r := New(Options{Program: Msg, Stdout: &strings.Builder{}, Stderr: &stderr})
		r.Result(message.Result{Event: message.Failed, Target: "bob", Reason: message.Unknown, Detail: "it is dark", Hint: hint})
		if got := r.Tally().InVain(); got != want.inVain || stderr.String() != want.says || r.Status() != NotReached {
			t.Errorf("%q: in vain %v, %q", hint, got, stderr.String())
		}
	}
}
