package client

import (
	"bufio"
	"context"
	"errors"
	"net"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/sessions/logins"
	"msg/internal/target"
)

// doorOf is a way through an msgd that says these lines, on a host where root is at a desktop.
func doorOf(t *testing.T, hello, lines string) throughDoor {
	t.Helper()
	path := filepath.Join(t.TempDir(), "door")
	listening, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listening.Close() })
	go func() {
		conn, err := listening.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Write([]byte(hello + "\n"))
		if strings.Contains(hello, "hello") {
			_, _ = bufio.NewReader(conn).ReadString('\n')
			_, _ = conn.Write([]byte(lines + "\n"))
		}
	}()
	here := delivery.Local()
	me := delivery.Myself(here.Accounts)
	here.Name, me.UID = "here", 4242
	here.System.Dev = t.TempDir() // nobody is on a terminal
	here.System.Logind = logins.Func(func(context.Context) ([]sessions.Session, error) {
		return []sessions.Session{{ID: "c1", User: "root", UID: 0, Class: "user", Type: "wayland", Since: time.Unix(1, 0)}}, nil
	})
	return throughDoor{here, me, path}
}

const (
	hello       = `{"event":"hello","protocol":[1,1],"version":"0","host":"here","privileged":true}`
	full        = `{"event":"error","results":0,"problem":"you have 32 messages open here already"}`
	delivered   = `{"event":"delivered","host":"here","user":"bob","terminal":"pts/2"}` + "\n"
	notLoggedIn = `{"event":"failed","host":"here","target":"root","reason":"not-logged-in","detail":"not logged in"}` + "\n"
	denied      = `{"event":"failed","host":"here","target":"*","reason":"denied","detail":"no"}` + "\n"
	end1        = `{"event":"end","results":1}`
	end2        = `{"event":"end","results":2}`
)

// TestThroughDoor: what msgd says is passed on, and what it cannot know is
// added: who is at a desktop.
func TestThroughDoor(t *testing.T) {
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
		"and another":      {hello, notLoggedIn + delivered + end2, "root,bob", []short{{"bob", "pts/2", "", ""}, atDesk}},
		"everyone":         {hello, delivered + end1, "*", []short{{"bob", "pts/2", "", ""}, {"root", "", "*", "no-terminal"}}},
		"everyone, denied": {hello, denied + end1, "*", []short{{"", "", "*", "denied"}}},
		"breaks off":       {hello, delivered + notLoggedIn, "bob,root", []short{{"bob", "pts/2", "", ""}, {"", "", "", "lost"}, {"", "", "root", "not-logged-in"}}},
		"refuses":          {hello, `{"event":"refused","results":0,"problem":"no"}`, "*", nil},
		"full":             {full, "", "bob", nil},
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
		if (err != nil) != (c.want == nil) || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
}

// TestThroughDoorWithoutLogind: if logind can't be asked, nobody is said to be logged out.
func TestThroughDoorWithoutLogind(t *testing.T) {
	for name, c := range map[string]struct{ lines, targets, want string }{
		"reached":          {delivered + end1, "*", "pts/2 "},
		"not on terminals": {notLoggedIn + end1, "root", "root unknown: logind"},
		"one of two":       {notLoggedIn + delivered + end2, "root,bob", "pts/2 , root unknown: logind"},
		"everyone":         {`{"event":"end","results":0}`, "*", "* unknown: logind"},
		"everyone, denied": {denied + end1, "*", "* denied"},
	} {
		targets, err := target.Parse(c.targets)
		if err != nil {
			t.Fatal(err)
		}
		door := doorOf(t, hello, c.lines)
		door.here.System.Logind = logins.Func(func(context.Context) ([]sessions.Session, error) { return nil, errors.New("it is dead") })
		var got []string
		err = door.Send(t.Context(), message.Request{Targets: targets, Text: "hi"}, nil, func(r message.Result) {
			said := r.Terminal + r.Target + " " + string(r.Reason)
			if strings.Contains(r.Detail, "logind: it is dead") && r.Hint != "" {
				said += ": logind"
			}
			got = append(got, said)
		})
		if err != nil || strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

// TestThroughDoorStays: who is not reached is told before a message waits, and once,
// however often msgd says that it goes on.
func TestThroughDoorStays(t *testing.T) {
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

// TestNobodyAtTheDoor: without msgd, what only it could have done is told as that, and nothing
// waits for answers.
func TestNobodyAtTheDoor(t *testing.T) {
	targets, err := target.Parse("nobody-here")
	if err != nil {
		t.Fatal(err)
	}
	d := doorOf(t, hello, end1)
	d.path += ".none"
	var got []message.Result
	err = d.Send(t.Context(), message.Request{Targets: targets, Text: "hi"}, nil, func(r message.Result) { got = append(got, r) })
	if err != nil || len(got) != 1 || got[0].Reason != message.Unknown {
		t.Errorf("%+v, %v", got, err)
	}
	var refused *message.Refusal
	err = d.Send(t.Context(), message.Request{Targets: targets, Text: "hi", Wait: true}, nil, func(r message.Result) { t.Errorf("%+v", r) })
	if !errors.As(err, &refused) || refused.Hint == "" {
		t.Errorf("%v", err)
	}
}

// TestNoFilesForTheDoor: a process that may open no files hears that, and not that msgd does not
// answer.
func TestNoFilesForTheDoor(t *testing.T) {
	d := doorOf(t, hello, end1)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 0, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := dial(t.Context(), d.path)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	var refused *message.Refusal
	if !errors.As(err, &refused) || refused.Problem != "this process may open no more files" {
		t.Errorf("%v", err)
	}
}

// TestInterruptedAtTheDoor: a caller who gives up while msg connects hears that, and not that
// msgd does not answer.
func TestInterruptedAtTheDoor(t *testing.T) {
	ctx, giveUp := context.WithCancel(t.Context())
	giveUp()
	_, err := dial(ctx, filepath.Join(t.TempDir(), "door"))
	var failure *message.Failure
	if !errors.As(err, &failure) || failure.Reason != message.Interrupted {
		t.Errorf("%v, want %q", err, message.Interrupted)
	}
}
