package report

import (
	"fmt"
	"strings"
	"testing"

	"msg/internal/message"
)

// shown shows results of a message to d1 and d2, and returns the lines.
func shown(t *testing.T, o Options, results func(tell func(message.Result))) (stdout, stderr []string, r *Report) {
	t.Helper()
	var out, errs strings.Builder
	o.Program, o.Stdout, o.Stderr, o.Here, o.Hosts = Msg, &out, &errs, "here", []string{"d1", "d2"}
	r = New(o)
	results(r.Result)
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), strings.Split(strings.TrimSuffix(errs.String(), "\n"), "\n"), r
}

// TestManyAreShown: what a host with as many people as there are terminals (kernel.pty.max)
// has to tell is shown to the last line.
func TestManyAreShown(t *testing.T) {
	const people = 4096
	all := func(event message.Event, change func(*message.Result)) func(func(message.Result)) {
		return func(tell func(message.Result)) {
			for i := range people {
				r := message.Result{Event: message.Delivered, Host: "d1", User: fmt.Sprint("u", i), Terminal: fmt.Sprint("pts/", i)}
				tell(r)
				if event != message.Delivered {
					r.Event = event
					change(&r)
					tell(r)
				}
			}
			tell(message.Result{Event: message.Reached, Host: "d1"})
		}
	}
	if stdout, _, _ := shown(t, Options{Verbose: true}, all(message.Delivered, nil)); len(stdout) != people {
		t.Errorf("%d lines of %d terminals", len(stdout), people)
	}
	stdout, stderr, r := shown(t, Options{Waits: true}, all(message.Answered, ok12))
	if len(stdout) != people || strings.Join(stderr, "") != "" || r.Tally().Answered() != people {
		t.Errorf("%d lines of %d answers, %q", len(stdout), people, stderr)
	}
	stdout, _, _ = shown(t, Options{Waits: true, JSON: true}, all(message.Unanswered, func(*message.Result) {}))
	if want := 2*people + 2; len(stdout) != want { // reached, and the summary
		t.Errorf("%d objects, want %d", len(stdout), want)
	}
}

// TestFloodedByAnswers: a host has lines for so many rows, and the other host has its own. What
// is not shown is counted, and counts.
func TestFloodedByAnswers(t *testing.T) {
	const people = 2000
	long := strings.Repeat("line\n", 49) + "line"
	stdout, stderr, r := shown(t, Options{Waits: true}, func(tell func(message.Result)) {
		for i := range people {
			user := fmt.Sprint("u", i)
			tell(message.Result{Event: message.Delivered, Host: "d1", User: user, Terminal: fmt.Sprint("pts/", i)})
			tell(message.Result{Event: message.Answered, Host: "d1", User: user, Answer: message.Reply, Text: long, AfterMS: 5})
		}
		tell(message.Result{Event: message.Delivered, Host: "d2", User: "bob", Terminal: "pts/1"})
		tell(message.Result{Event: message.Answered, Host: "d2", User: "bob", Answer: message.OK, AfterMS: 5})
	})
	if len(stdout) < mostRows || len(stdout) > mostRows+100 || stdout[len(stdout)-1] != "bob at d2: ok (0 s)" {
		t.Errorf("%d lines, the last is %q", len(stdout), stdout[len(stdout)-1])
	}
	if more := people - mostRows/51 - 1; len(stderr) != 1 || stderr[0] != fmt.Sprintf("msg: d1: %d more answers", more) {
		t.Errorf("%q, want %d more", stderr, more)
	}
	if r.Status() != OK || r.Tally().Answered() != people+1 {
		t.Errorf("status %d, %d have answered", r.Status(), r.Tally().Answered())
	}
}

// TestFloodedByStrangers: answers of people who were not sent the message are shown and kept up
// to a bound. One who was sent it has answered all the same.
func TestFloodedByStrangers(t *testing.T) {
	stdout, stderr, r := shown(t, Options{Waits: true, JSON: true}, func(tell func(message.Result)) {
		tell(message.Result{Event: message.Delivered, Host: "d1", User: "bob", Terminal: "pts/1"})
		for i := range 5000 {
			tell(message.Result{Event: message.Answered, Host: "d1", User: fmt.Sprint("u", i), Answer: message.OK, AfterMS: 5})
		}
		tell(message.Result{Event: message.Answered, Host: "d1", User: "bob", Answer: message.OK, AfterMS: 5})
	})
	if most := mostAnswers + mostOfOne; len(stdout) != most+2 || len(r.tally.people) != most+1 || r.Status() != OK {
		t.Errorf("%d objects, %d people, status %d", len(stdout), len(r.tally.people), r.Status())
	}
	if said := strings.Join(stderr, "\n"); said != "" {
		t.Errorf("%q", said)
	}
}

// TestFailsAfterMany: a host that fails as a whole says so, however many failures it has told.
func TestFailsAfterMany(t *testing.T) {
	_, stderr, _ := shown(t, Options{}, func(tell func(message.Result)) {
		for i := range 100 {
			tell(message.Result{Event: message.Failed, Host: "d1", User: "bob", Terminal: fmt.Sprint("pts/", i), Reason: message.Gone})
		}
		tell(message.Result{Event: message.Failed, Host: "d1", Reason: message.Timeout, Detail: "no word within 40s"})
	})
	if len(stderr) != mostLines+2 || stderr[mostLines] != "msg: d1: msg does not answer (no word within 40s)" || stderr[mostLines+1] != "msg: d1: 80 more failed" {
		t.Errorf("%d lines: %q", len(stderr), stderr[max(0, len(stderr)-2):])
	}
}

// TestList: a list of people has an end, and says how many are not in it.
func TestList(t *testing.T) {
	long := strings.Repeat("x", mostListed)
	for _, c := range []struct {
		names []string
		want  string
	}{
		{[]string{"alice"}, "alice"},
		{[]string{"alice", "bob"}, "alice, bob"},
		{[]string{"alice", long, "bob"}, "alice and 2 more"},
		{[]string{long, "alice", "bob"}, long + " and 2 more"},
	} {
		if got := list(c.names); got != c.want {
			t.Errorf("%.60q, want %.60q", got, c.want)
		}
	}
}
