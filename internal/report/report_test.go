package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"msg/internal/hostlist"
	"msg/internal/message"
	"msg/internal/text"
)

// FuzzReport holds that whatever a host says of itself and its people, nothing that is shown is
// anything but lines of text, or of JSON.
func FuzzReport(f *testing.F) {
	f.Add(`{"event":"failed","host":"d13","user":"bob\u001b[2J","terminal":"pts/3","reason":"stuck","detail":"a\nb"}`, "\x9b\u202e\n", uint8(0))
	f.Add(`{"event":"answered","host":"d13","user":"bob","answer":"reply","text":"one\ntwo\u009b31m"}`, "msg: x", uint8(0b1110))
	f.Add(`{"event":"failed","host":"web\u001b","reason":"unreachable","detail":"\u0007"}`, "", uint8(0b101))
	f.Add(`{"event":"unanswered","host":"\u2028","user":"eve\r"}`, "\xff", uint8(0b1111))
	f.Add("{\"event\":\"\x7f\",\"reason\":\"\x7f\",\"answer\":\"\x7f\"}", "", uint8(0b100))
	f.Fuzz(func(t *testing.T, line, hint string, how uint8) {
		var object Object
		if json.Unmarshal([]byte(line), &object) != nil {
			return
		}
		r := object.Result()
		r.Hint = hint
		var stdout, stderr strings.Builder
		o := Options{
			Program: Msg, Stdout: &stdout, Stderr: &stderr, Here: "d13",
			Waits: how&1 != 0, Verbose: how&2 != 0, JSON: how&4 != 0,
		}
		if how&8 != 0 {
			o.Hosts = []string{"d13", "web1"}
		}
		out := New(o)
		for _, event := range []message.Event{r.Event, message.Delivered, message.Failed, message.Answered, message.Reached} {
			r.Event = event
			out.Result(r)
		}
		if err := out.End(); err != nil {
			t.Fatal(err)
		}
		for _, shown := range []string{stdout.String(), stderr.String()} {
			if text.Clean(shown) != shown {
				t.Errorf("%q shows %q", line, shown)
			}
		}
		for one := range strings.Lines(stdout.String()) {
			if o.JSON && !json.Valid([]byte(one)) {
				t.Errorf("%q shows %q, which is no JSON", line, one)
			}
		}
	})
}

// TestManyHostsInOneLine: what a person sees of forty hosts of which some fail.
func TestManyHostsInOneLine(t *testing.T) {
	var out, problems strings.Builder
	hosts, err := hostlist.Expand("web[01-40]", nil)
	if err != nil {
		t.Fatal(err)
	}
	o := New(Options{Program: Msg, Stdout: &out, Stderr: &problems, Here: "here", Hosts: slices.Clone(hosts)})
	slices.Reverse(hosts) // results come as they come
	for i, host := range hosts {
		switch {
		case i%10 == 3:
			o.Result(message.Result{Event: message.Failed, Host: host, Reason: "unreachable", Detail: "connection \x1b[31mrefused", Hint: "look at " + host})
			continue
		case i == 5:
			o.Result(message.Result{Event: message.Failed, Host: host, User: "bob", Terminal: "pts/1", Reason: "messages-off"})
		case i != 7:
			o.Result(message.Result{Event: message.Planned, Host: host, User: fmt.Sprint("user", i%3), Terminal: "pts/1"})
		}
		o.Result(message.Result{Event: message.Reached, Host: host})
	}
	if err := o.End(); err != nil || o.Status() != NotReached {
		t.Errorf("%v, status %d", err, o.Status())
	}
	want := "web[01-06,08-16,18-26,28-32,34,36,38-40]: would be delivered to 34 terminals of 3 people\nweb33: nobody to send to\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	want = "msg: web[07,17,27,37]: connection ^[[31mrefused\nhint: look at web37\nmsg: web35: bob on pts/1: messages are off\nhint: they can type \"msg mesg y\"; root reaches those, too\n"
	if problems.String() != want {
		t.Errorf("%q, want %q", problems.String(), want)
	}
}

// TestLate: when the next message of a series is due, a terminal that was given up was held, and
// a host that had not begun was not in time. When the sender gives up, they say so themselves.
func TestLate(t *testing.T) {
	for late, want := range map[bool]string{
		false: "msg: bob on pts/2: interrupted: nothing was written\n",
		true:  "msg: bob on pts/2: the terminal is stuck (not done when the next message, or the end, was due)\nhint: probably held with Ctrl-S; --time waits longer\n",
	} {
		var out, problems strings.Builder
		o := New(Options{Program: Msg, Stdout: &out, Stderr: &problems, Here: "here"})
		o.Late = func() bool { return late }
		o.Result(message.Result{Event: message.Failed, Host: "here", User: "bob", Terminal: "pts/2", Reason: message.GivenUp, Detail: "interrupted: nothing was written"})
		if err := o.End(); err != nil || problems.String() != want || out.String() != "" {
			t.Errorf("late %v: %q, %v, want %q", late, problems.String(), err, want)
		}
	}
}
