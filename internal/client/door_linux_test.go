package client

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/sessions/logins"
	"msg/internal/target"
)

// doorOf is a way through a helper that says these lines, on a host where root is
// at a desktop.
func doorOf(t *testing.T, hello, lines string) throughHelper {
	t.Helper()
	path := filepath.Join(t.TempDir(), "helper")
	script := "#!/bin/sh\necho '" + hello + "'; read -r request; echo '" + lines + "'\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	here := delivery.Local()
	me := delivery.Myself(here.Accounts)
	here.Name, me.UID = "here", 4242
	here.System.Dev = t.TempDir() // nobody is on a terminal
	here.System.Logind = logins.Func(func(context.Context) ([]sessions.Session, error) {
		return []sessions.Session{{ID: "c1", User: "root", UID: 0, Class: "user", Type: "wayland", Since: time.Unix(1, 0)}}, nil
	})
	return throughHelper{here, me, path}
}

const (
	hello        = `{"event":"hello","protocol":[1,1],"version":"0","host":"here","privileged":true}`
	unprivileged = `{"event":"hello","protocol":[1,1],"version":"0","host":"here","privileged":false}`
	delivered    = `{"event":"delivered","host":"here","user":"bob","terminal":"pts/2"}` + "\n"
	notLoggedIn  = `{"event":"failed","host":"here","target":"root","reason":"not-logged-in","detail":"not logged in"}` + "\n"
	denied       = `{"event":"failed","host":"here","target":"*","reason":"denied","detail":"no"}` + "\n"
	noRight      = `{"event":"failed","host":"here","user":"bob","terminal":"pts/2","reason":"denied","detail":"open: permission denied"}` + "\n"
	end1         = `{"event":"end","results":1}`
	end2         = `{"event":"end","results":2}`
)

// TestThroughHelper: what the helper says is passed on, and what it cannot know is
// added: who is at a desktop, what it is without its rights.
func TestThroughHelper(t *testing.T) {
	type short struct{ user, terminal, target, reason string }
	atDesk := short{"root", "", "root", "no-terminal"}
	for name, c := range map[string]struct {
		hello, lines string
		targets      string
		want         []short
	}{
		"reached":          {hello, delivered + end1, "bob", []short{{"bob", "pts/2", "", ""}}},
		"at a desktop":     {hello, notLoggedIn + end1, "root", []short{atDesk}},
		"twice":            {hello, notLoggedIn + strings.Replace(notLoggedIn, `"root"`, `"user:root"`, 1) + end2, "root,user:root", []short{atDesk}},
		"unknown":          {hello, strings.NewReplacer("root", "nobody-here", "not-logged-in", "unknown").Replace(notLoggedIn) + end1, "nobody-here", []short{{"", "", "nobody-here", "unknown"}}},
		"by number":        {hello, strings.Replace(delivered, `"bob"`, `"0"`, 1) + end1, "bob", []short{{"root", "pts/2", "", ""}}},
		"and another":      {hello, notLoggedIn + delivered + end2, "root,bob", []short{{"bob", "pts/2", "", ""}, atDesk}},
		"everyone":         {hello, delivered + end1, "*", []short{{"bob", "pts/2", "", ""}, {"root", "", "*", "no-terminal"}}},
		"everyone, denied": {hello, denied + end1, "*", []short{{"", "", "*", "denied"}}},
		"without rights":   {unprivileged, noRight + end1, "bob", []short{{"bob", "pts/2", "", "no-helper"}}},
		"policy":           {unprivileged, denied + end1, "*", []short{{"", "", "*", "denied"}}},
		"breaks off":       {hello, delivered + notLoggedIn, "bob,root", []short{{"bob", "pts/2", "", ""}, {"", "", "", "lost"}, {"", "", "root", "not-logged-in"}}},
		"refuses":          {hello, `{"event":"refused","results":0,"problem":"no"}`, "*", nil},
	} {
		targets, err := target.Parse(c.targets)
		if err != nil {
			t.Fatal(err)
		}
		var got []short
		err = doorOf(t, c.hello, c.lines).Send(t.Context(), message.Request{Targets: targets, Text: "hi"}, nil, func(r message.Result) {
			if r.Host != "here" {
				t.Errorf("%s: %+v", name, r)
			}
			got = append(got, short{r.User, r.Terminal, r.Target, string(r.Reason)})
		})
		if (err != nil) != (name == "refuses") || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
}

// TestThroughHelperStays: who is not reached is told before a message waits, and once,
// however often the helper says that it goes on.
func TestThroughHelperStays(t *testing.T) {
	targets, err := target.Parse("bob,root")
	if err != nil {
		t.Fatal(err)
	}
	const open = `{"event":"open","host":"here"}` + "\n"
	lines := delivered + notLoggedIn + open + `{"event":"answered","host":"here","user":"bob","answer":"ok","after_ms":1}` + "\n" + open + `{"event":"end","results":5}`
	var got []string
	err = doorOf(t, strings.Replace(hello, "[1,1]", "[1,2]", 1), lines).Send(t.Context(), message.Request{Targets: targets, Text: "hi", Wait: true}, nil, func(r message.Result) {
		got = append(got, string(r.Event)+" "+string(r.Reason))
	})
	want := []string{"delivered ", "failed no-terminal", "open ", "answered ", "open "}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// TestOwnTerminals: without a helper, what only it could have done is told as that.
func TestOwnTerminals(t *testing.T) {
	for _, c := range []struct{ in, want message.Reason }{
		{"denied", message.NoHelper}, {"messages-off", "messages-off"}, {"", ""},
	} {
		if got := without(message.Result{Terminal: "pts/2", Reason: c.in}, "why").Reason; got != c.want {
			t.Errorf("%q is %q, want %q", c.in, got, c.want)
		}
	}
}
