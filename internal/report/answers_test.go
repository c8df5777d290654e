package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/internal/message"
)

// reported shows these results of a message that waits, as they are printed where nothing is
// a terminal.
func reported(t *testing.T, hosts []string, json bool, results ...message.Result) (stdout, stderr string, status Status) {
	t.Helper()
	var out, errs bytes.Buffer
	o := New(Options{Program: Msg, Stdout: &out, Stderr: &errs, Here: "here", Hosts: hosts, Waits: true, JSON: json})
	for _, r := range results {
		o.Result(r)
	}
	if err := o.End(); err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), o.Status()
}

func saidOf(host, user string, event message.Event, more ...func(*message.Result)) message.Result {
	r := message.Result{Event: event, Host: host, User: user}
	if event == message.Delivered {
		r.Terminal = "pts/2"
	}
	for _, change := range more {
		change(&r)
	}
	return r
}

func ok12(r *message.Result) { r.Answer, r.AfterMS, r.Terminal = "ok", 12_400, "pts/2" }
func reply(r *message.Result) {
	r.Answer, r.AfterMS, r.Text = "reply", 40_000, "give me\x1b ten minutes"
}

// TestAnswersAreShown: each answer in a line, and who has not answered; the status says
// whether everybody has.
func TestAnswersAreShown(t *testing.T) {
	bob, alice := saidOf("here", "bob", message.Delivered), saidOf("here", "alice", message.Delivered)
	open := message.Result{Event: message.Open, Host: "here"}
	for name, c := range map[string]struct {
		hosts          []string
		results        []message.Result
		stdout, stderr string
		status         Status
	}{
		"all": {
			nil,
			[]message.Result{bob, alice, open, saidOf("here", "bob", message.Answered, ok12), saidOf("here", "alice", message.Answered, reply)},
			"bob on pts/2: ok (12 s)\nalice: \"give me^[ ten minutes\" (40 s)\n", "", OK,
		},
		"one of three": {
			nil,
			[]message.Result{
				bob, alice, saidOf("here", "carol", message.Delivered), open, saidOf("here", "bob", message.Answered, ok12),
				saidOf("here", "alice", message.Unanswered), saidOf("here", "carol", message.Unanswered),
			},
			"bob on pts/2: ok (12 s)\n", "msg: no answer from alice, carol\n", NotAnswered,
		},
		"one failed, one silent": {
			nil,
			[]message.Result{
				bob, saidOf("here", "alice", message.Failed, func(r *message.Result) { r.Terminal, r.Reason = "pts/3", "messages-off" }),
				open, saidOf("here", "bob", message.Unanswered),
			},
			"", "msg: alice on pts/3: messages are off\nhint: they can type \"msg mesg y\"; root reaches those, too\nmsg: no answer from bob\n", NotReached,
		},
		"hosts": {
			[]string{"d1", "d2", "d3"},
			[]message.Result{
				saidOf("d1", "bob", message.Delivered),
				{Event: message.Open, Host: "d1"},
				saidOf("d2", "bob", message.Delivered),
				{Event: message.Open, Host: "d2"},
				saidOf("d3", "bob", message.Delivered), saidOf("d3", "bob", message.Answered, reply),
				{Event: message.Open, Host: "d3"},
				saidOf("d3", "nobody", message.Unanswered), // who was not sent anything
				saidOf("d2", "bob", message.Unanswered), saidOf("d1", "bob", message.Unanswered),
				{Event: message.Reached, Host: "d1"},
				{Event: message.Reached, Host: "d2"},
				{Event: message.Reached, Host: "d3"},
			},
			"bob at d3: \"give me^[ ten minutes\" (40 s)\n", "msg: d[1-2]: no answer from bob\n", NotAnswered,
		},
	} {
		stdout, stderr, status := reported(t, c.hosts, false, c.results...)
		if stdout != c.stdout || stderr != c.stderr || status != c.status {
			t.Errorf("%s: %q, %q, %d; want %q, %q, %d", name, stdout, stderr, status, c.stdout, c.stderr, c.status)
		}
	}
}

// TestAnswersAsJSON: a person who answers twice is one who has answered, and who has not
// has an object, too.
func TestAnswersAsJSON(t *testing.T) {
	stdout, stderr, status := reported(t, nil, true,
		saidOf("here", "bob", message.Delivered), saidOf("here", "alice", message.Delivered), message.Result{Event: message.Open, Host: "here"},
		saidOf("here", "bob", message.Answered, ok12), saidOf("here", "bob", message.Answered, reply), saidOf("here", "alice", message.Unanswered))
	want := []string{
		`{"event":"delivered","host":"here","user":"bob","terminal":"pts/2"}`,
		`{"event":"delivered","host":"here","user":"alice","terminal":"pts/2"}`,
		`{"event":"answered","host":"here","user":"bob","terminal":"pts/2","answer":"ok","after_ms":12400}`,
		`{"event":"answered","host":"here","user":"bob","answer":"reply","text":"give me^[ ten minutes","after_ms":40000}`,
		`{"event":"unanswered","host":"here","user":"alice"}`,
		`{"event":"summary","delivered":2,"failed":0,"answered":1,"hosts":1}`,
	}
	if got := strings.Split(strings.TrimSpace(stdout), "\n"); !slices.Equal(got, want) || stderr != "" || status != NotAnswered {
		t.Errorf("%s%s%d, want %s", stdout, stderr, status, strings.Join(want, "\n"))
	}
}

// TestLinesOfAnswers: a reply of several lines has a bar before each.
func TestLinesOfAnswers(t *testing.T) {
	stdout, _, _ := reported(t, nil, false, saidOf("here", "bob", message.Delivered), saidOf("here", "bob", message.Answered, reply,
		func(r *message.Result) { r.Text = "no\nalice: \"yes\" (1 s)" }))
	if want := "bob (40 s):\n| no\n| alice: \"yes\" (1 s)\n"; stdout != want {
		t.Errorf("%q, want %q", stdout, want)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 499 * time.Millisecond: "0 s", 12 * time.Second: "12 s", 119 * time.Second: "119 s",
		2*time.Minute + 5*time.Second: "2 min 5 s", 119*time.Minute + 59*time.Second: "119 min 59 s",
		130 * time.Minute: "2 h 10 min", 49 * time.Hour: "49 h 0 min",
	} {
		if got := Span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
