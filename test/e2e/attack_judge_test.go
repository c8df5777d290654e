//go:build linux

package e2e_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// event is one line of msgd's.
type event struct {
	Event, Terminal, Target, Reason, Detail, Problem string
	Results                                          int
	Privileged                                       bool
}

func events(t *testing.T, o plan.Outcome) []event {
	t.Helper()
	var all []event
	for i, line := range o.Lines {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			if !o.Cut || i < len(o.Lines)-1 {
				t.Errorf("line %q: %v", line, err)
			}
			continue
		}
		all = append(all, e)
	}
	return all
}

// last is what the conversation ended with; empty where it died before.
func last(t *testing.T, o plan.Outcome) event {
	t.Helper()
	if all := events(t, o); len(all) > 0 && strings.Contains("end refused error", all[len(all)-1].Event) {
		return all[len(all)-1]
	}
	return event{}
}

// reported is how often it says that a terminal has the message.
func reported(t *testing.T, o plan.Outcome, terminal string) int {
	t.Helper()
	n := 0
	for _, e := range events(t, o) {
		if e.Event == "delivered" && e.Terminal == terminal {
			n++
		}
	}
	return n
}

// reasons are those of the failures.
func reasons(t *testing.T, o plan.Outcome) []string {
	t.Helper()
	var all []string
	for _, e := range events(t, o) {
		if e.Event == "failed" {
			all = append(all, e.Reason)
		}
	}
	return all
}

// shown is a message on a screen.
type shown struct{ banner, text string }

var bannerRow = regexp.MustCompile(`^(Message|Broadcast message) from (.*) at [0-2][0-9]:[0-5][0-9]:$`)

// messages takes apart what somebody at a prompt saw. Whatever is neither a banner
// nor a row of a message behind one is an error.
func messages(t *testing.T, l *lab.Login) []shown {
	t.Helper()
	var all []shown
	open := false
	for row := range strings.SplitSeq(l.Sync(t), "\r\n") {
		// The terminal has made a CR LF of the LF, too.
		row = strings.TrimRight(strings.TrimSuffix(strings.TrimPrefix(row, "\a"), "\r"), " ")
		found := bannerRow.FindStringSubmatch(row)
		text, isText := strings.CutPrefix(row+" ", "| ")
		text = strings.TrimSuffix(text, " ")
		if strings.ContainsAny(row, "\x1b\r\a\b") {
			t.Errorf("%v saw the row %q", l, row)
		}
		switch {
		case found != nil:
			all = append(all, shown{banner: found[2]})
			open = true
		case isText && open && all[len(all)-1].text == "":
			all[len(all)-1].text = text
		case isText && open:
			all[len(all)-1].text += "\n" + text
		case row != "" && row != "$":
			t.Errorf("%v saw the row %q", l, row)
			open = false
		}
	}
	l.Mark()
	return all
}

// honest holds what bob saw against what msgd said of it, plan by plan: the
// text of plan i is texts[i], and each is another. It returns how many he got.
func honest(t *testing.T, bob *lab.Login, from string, texts []string, outcomes []plan.Outcome) int {
	t.Helper()
	came := map[string]int{}
	got := 0
	for _, m := range messages(t, bob) {
		if m.banner != from+"@"+bob.Host.Name {
			t.Errorf("%v: %q comes from %q", bob, m.text, m.banner)
		}
		came[m.text]++
		got++
	}
	for i, o := range outcomes {
		n, said := came[texts[i]], reported(t, o, bob.Terminal)
		died := last(t, o).Event == ""
		if n > 1 || said > n || n > said && !died {
			t.Errorf("%v got %q %d times, and it said that %d times: %+v", bob, texts[i], n, said, o)
		}
		delete(came, texts[i])
	}
	for text := range came {
		t.Errorf("%v got %q, which nobody sent", bob, text)
	}
	return got
}
