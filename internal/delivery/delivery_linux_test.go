package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msg/internal/accounts"
	"msg/internal/answers"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/sessions/logins"
	"msg/internal/target"
	"msg/internal/tty/ttytest"
)

func engine() *delivery.Engine {
	var directory accounts.Directory
	system := sessions.Local(directory.Names)
	system.Utmp = "/nonexistent"
	return &delivery.Engine{
		Host:   delivery.Host{Name: "here", System: system, Accounts: &directory, Now: time.Now, Pending: answers.Dir},
		Sender: delivery.Sender{UID: uint32(os.Getuid()), Root: os.Getuid() == 0, Self: sessions.Self{}, Names: &directory},
		Rules:  delivery.Unlimited(),
	}
}

func person(t *testing.T) *ttytest.Terminal {
	t.Helper()
	term := ttytest.Open(t)
	term.Lead(t, "sleep", "1000")
	return term
}

func parse(t *testing.T, list string) []target.Target {
	t.Helper()
	if list == "" {
		return nil
	}
	targets, err := target.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return targets
}

func request(t *testing.T, list, text string) message.Request {
	t.Helper()
	return message.Request{Targets: parse(t, list), Text: text, Time: 10 * time.Second}
}

func send(t *testing.T, e *delivery.Engine, r message.Request) []message.Result {
	t.Helper()
	var results []message.Result
	if err := e.Send(t.Context(), r, nil, func(r message.Result) { results = append(results, r) }); err != nil {
		t.Fatal(err)
	}
	return results
}

// terminals are the names in the results with that event.
func terminals(results []message.Result, event message.Event) []string {
	var names []string
	for _, r := range results {
		if r.Event == event {
			names = append(names, r.Terminal)
		}
	}
	return names
}

func TestSendToTerminal(t *testing.T) {
	term, other := person(t), person(t)
	results := send(t, engine(), request(t, term.Name, "hello\n\n"))
	want := message.Result{Event: message.Delivered, Host: "here", User: ttytest.Me(t), Terminal: term.Name}
	if len(results) != 1 || results[0] != want {
		t.Errorf("got %+v, want %+v", results, want)
	}
	seen := term.Await(t, "| hello")
	if strings.Count(seen, "\n| ") != 1 || !strings.Contains(seen, "Message from "+ttytest.Me(t)+"@here at ") {
		t.Errorf("got %q", seen)
	}
	checkShows(t, other)
}

func TestSendToUser(t *testing.T) {
	one, two, nobody := person(t), person(t), ttytest.Open(t)
	results := send(t, engine(), request(t, ttytest.Me(t)+",user:"+ttytest.Me(t)+","+one.Name, "hello"))
	got := terminals(results, message.Delivered)
	for _, term := range []*ttytest.Terminal{one, two} {
		term.Await(t, "| hello")
		if n := slices.Index(got, term.Name); n < 0 || slices.Contains(got[n+1:], term.Name) {
			t.Errorf("%s is not once in %v", term.Name, got)
		}
	}
	if slices.Contains(got, nobody.Name) {
		t.Errorf("%s, where nobody is, is in %v", nobody.Name, got)
	}
}

func TestEveryoneButOneself(t *testing.T) {
	own, other := person(t), person(t)
	e := engine()
	e.Sender.Self.Terminal = own.Device
	results := send(t, e, request(t, "*", "hello"))
	got := terminals(results, message.Delivered)
	if slices.Contains(got, own.Name) || !slices.Contains(got, other.Name) {
		t.Errorf("from %s, with somebody on %s, it went to %v", own.Name, other.Name, got)
	}
	if seen := other.Await(t, "| hello"); !strings.Contains(seen, "Broadcast message from "+ttytest.Me(t)+"@here on "+own.Name+" at ") {
		t.Errorf("got %q", seen)
	}
}

func TestExcept(t *testing.T) {
	one, two := person(t), person(t)
	r := request(t, one.Name+","+two.Name, "hello")
	r.Except = parse(t, one.Name)
	if got := terminals(send(t, engine(), r), message.Delivered); !slices.Equal(got, []string{two.Name}) {
		t.Errorf("got %v", got)
	}
	r.Except = parse(t, "no-such-user")
	checkRefused(t, engine(), r, "--except no-such-user: no such user")
	checkShows(t, one)
	checkShows(t, two, "hello")
}

// checkShows holds that a terminal has got these messages and no others: one
// more behind them is the last that comes.
func checkShows(t *testing.T, term *ttytest.Terminal, want ...string) {
	t.Helper()
	if got := shown(t, term); !slices.Equal(got, want) {
		t.Errorf("%s shows %q, want %q", term.Name, got, want)
	}
}

// shown returns the rows of messages' texts that a terminal shows.
func shown(t *testing.T, term *ttytest.Terminal) (got []string) {
	t.Helper()
	send(t, engine(), request(t, term.Name, "barrier"))
	for line := range strings.Lines(term.Await(t, "| barrier")) {
		if text, ok := strings.CutPrefix(line, "| "); ok {
			got = append(got, strings.TrimSpace(text))
		}
	}
	return slices.DeleteFunc(got, func(s string) bool { return s == "barrier" })
}

func TestTargetsWithoutTerminal(t *testing.T) {
	e := engine()
	e.Host.System.Logind = logins.Func(func(context.Context) ([]sessions.Session, error) {
		return []sessions.Session{
			{ID: "c8", UID: 1, User: "daemon", Class: "user", Type: "wayland"},
			{ID: "c9", UID: 1, User: "daemon", Class: "user", Type: "wayland"},
		}, nil
	})
	for list, want := range map[string]struct {
		reason message.Reason
		user   string
	}{
		"no-such-user":      {message.Unknown, ""},
		"user:no-such-user": {message.Unknown, ""},
		"%no-such-group":    {message.Unknown, ""},
		"pts/9999999":       {message.Unknown, ""},
		"session:zz9":       {message.Unknown, ""},
		"nobody":            {message.NotLoggedIn, ""},
		"%nogroup":          {message.NotLoggedIn, ""},
		"daemon":            {message.NoTerminal, "daemon"},
		"%daemon":           {message.NoTerminal, "daemon"},
		"c9":                {message.NoTerminal, "daemon"},
	} {
		results := send(t, e, request(t, list+","+list, "hello"))
		if len(results) != 1 || results[0].Reason != want.reason || results[0].Target != list ||
			results[0].User != want.user || results[0].Event != message.Failed || results[0].Detail == "" {
			t.Errorf("%s: got %+v, want %+v", list, results, want)
		}
	}
}

// TestBrokenDirectory has a directory service that fails: whoever may be a
// member without our knowing is told of, beside those who are reached.
func TestBrokenDirectory(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a terminal to somebody else; the lab's tests run as root")
	}
	stranger, mine := person(t), person(t)
	if err := stranger.Slave.Chown(3999999, -1); err != nil {
		t.Fatal(err)
	}
	getent := t.TempDir() + "/getent"
	if err := os.WriteFile(getent, []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	e := engine()
	e.Host.Accounts.Getent = getent
	results := send(t, e, request(t, "%root", "hello"))
	failed := slices.IndexFunc(results, func(r message.Result) bool { return r.Target == "%root" })
	if failed < 0 || results[failed].Reason != message.Unknown || !strings.Contains(results[failed].Detail, "getent") ||
		!slices.Contains(terminals(results, message.Delivered), mine.Name) {
		t.Errorf("got %+v", results)
	}
}

// TestReaderOfResultsStops has nobody take the results: all terminals are
// written to all the same.
func TestReaderOfResultsStops(t *testing.T) {
	one, two := person(t), person(t)
	stopped, done := make(chan struct{}), make(chan error)
	go func() {
		r := request(t, one.Name+","+two.Name, "hello")
		done <- engine().Send(t.Context(), r, nil, func(message.Result) { <-stopped })
	}()
	one.Await(t, "| hello")
	two.Await(t, "| hello")
	close(stopped)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func checkRefused(t *testing.T, e *delivery.Engine, r message.Request, want string) {
	t.Helper()
	err := e.Send(t.Context(), r, nil, func(result message.Result) { t.Errorf("result %+v", result) })
	var refused *message.Refusal
	if !errors.As(err, &refused) || !strings.Contains(refused.Problem, want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestRefused(t *testing.T) {
	term := person(t)
	user := engine()
	user.Sender.UID = 12345
	user.Sender.Root = false
	root := engine()
	root.Sender.UID, root.Sender.Root = 0, true
	for name, tt := range map[string]struct {
		engine *delivery.Engine
		change func(*message.Request)
		want   string
	}{
		"nobody":       {root, func(r *message.Request) { r.Targets = nil }, "no target"},
		"empty":        {root, func(r *message.Request) { r.Text = "" }, "is empty"},
		"blank":        {root, func(r *message.Request) { r.Text = " \n\t\n" }, "is empty"},
		"long":         {root, func(r *message.Request) { r.Text = strings.Repeat("x", 64<<10+1) }, "longer than 64 KiB"},
		"user's long":  {user, func(r *message.Request) { r.Text = strings.Repeat("x", 8<<10+1) }, "longer than 8 KiB"},
		"many lines":   {root, func(r *message.Request) { r.Text = strings.Repeat("x\n", 1001) }, "more than 1000 lines"},
		"user's lines": {user, func(r *message.Request) { r.Text = strings.Repeat("x\n", 101) }, "more than 100 lines"},
		"no banner":    {user, func(r *message.Request) { r.NoBanner = true }, "only root"},
		"host":         {root, func(r *message.Request) { r.Targets = parse(t, "bob@web[1-9]") }, "another host"},
		"except host":  {root, func(r *message.Request) { r.Except = parse(t, "bob@web1") }, "another host"},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, term.Name, "hello")
			tt.change(&r)
			checkRefused(t, tt.engine, r, tt.want)
		})
	}
	checkShows(t, term)
}

func TestMostThatMayBeSent(t *testing.T) {
	term := person(t)
	most, lines := message.MaxBytes, message.MaxLines
	if os.Getuid() == 0 {
		most, lines = message.MaxBytesRoot, message.MaxLinesRoot
	}
	line := strings.Repeat("x", min(most/lines-1, 77)) // one row of the terminal
	text := strings.Repeat(line+"\n", lines)
	if got := terminals(send(t, engine(), request(t, term.Name, text)), message.Delivered); len(got) != 1 {
		t.Fatalf("delivered to %v", got)
	}
	// It is more than the kernel holds for a terminal that is read slowly: there, a row
	// is cut and goes on in the next.
	rows, cuts, rest := 0, 0, line
	for i, row := range shown(t, term) {
		var fits bool
		if rest, fits = strings.CutPrefix(rest, row); !fits {
			t.Fatalf("row %d is %q, want the beginning of %q", i, row, rest)
		}
		if rest != "" {
			cuts++
			continue
		}
		rows, rest = rows+1, line
	}
	if rows != lines || rest != line || cuts > lines/10 {
		t.Errorf("%d lines arrived, with %d cuts, and all but %q of another; want %d", rows, cuts, rest, lines)
	}
}

func TestPoliteAndMessagesOff(t *testing.T) {
	term := person(t)
	if err := term.Slave.Chmod(0o600); err != nil {
		t.Fatal(err)
	}
	r := request(t, term.Name, "hello")
	r.Polite = true
	results := send(t, engine(), r)
	if len(results) != 1 || results[0].Reason != "messages-off" || results[0].Terminal != term.Name {
		t.Errorf("got %+v", results)
	}
}

func TestDryRun(t *testing.T) {
	term := person(t)
	r := request(t, term.Name, "hello")
	r.DryRun = true
	if got := terminals(send(t, engine(), r), message.Planned); !slices.Equal(got, []string{term.Name}) {
		t.Errorf("planned %v", got)
	}
	checkShows(t, term)
}

// TestHeldTerminalHoldsUpNoOther has one terminal of ten held with Ctrl-S: nine
// have the message before the tenth is given up, and it is stuck.
func TestHeldTerminalHoldsUpNoOther(t *testing.T) {
	var names []string
	var people []*ttytest.Terminal
	for range 10 {
		term := person(t)
		people, names = append(people, term), append(names, term.Name)
	}
	held := people[3]
	held.Hold(t)

	r := request(t, strings.Join(names, ","), "hello")
	r.Time = 500 * time.Millisecond
	start := time.Now()
	results := send(t, engine(), r)
	if took := time.Since(start); took < r.Time {
		t.Errorf("the held terminal was given up after %v of %v", took, r.Time)
	}
	if len(results) != 10 {
		t.Fatalf("%d results", len(results))
	}
	last := results[9]
	if last.Terminal != held.Name || last.Reason != "stuck" || last.Event != message.Failed {
		t.Errorf("the last result is %+v, want %s stuck", last, held.Name)
	}
	for _, term := range people {
		if term != held {
			term.Await(t, "| hello")
		}
	}
	if seen := held.Seen(); seen != "" {
		t.Errorf("the held terminal shows %q", seen)
	}
}

// TestWaitingIsAnnounced has a terminal that is released only after it was said
// to take long; its result is still one, and good.
func TestWaitingIsAnnounced(t *testing.T) {
	held := person(t)
	held.Hold(t)
	r := request(t, held.Name, "hello")
	r.Time = time.Minute
	var events []message.Event
	err := engine().Send(t.Context(), r, nil, func(r message.Result) {
		if events = append(events, r.Event); r.Event == message.Waiting {
			held.Release(t)
		}
	})
	if want := []message.Event{message.Waiting, message.Delivered}; err != nil || !slices.Equal(events, want) {
		t.Errorf("got %v, %v; want %v", events, err, want)
	}
	held.Await(t, "| hello")
}

func TestInterrupted(t *testing.T) {
	held := person(t)
	held.Hold(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	r := request(t, held.Name, "hello")
	r.Time = 5 * time.Minute
	var results []message.Result
	if err := engine().Send(ctx, r, nil, func(r message.Result) { results = append(results, r) }); err != nil {
		t.Fatal(err)
	}
	if len(results) != 1 || results[0].Reason.Public() != "stuck" || !strings.Contains(results[0].Detail, "interrupted") {
		t.Errorf("got %+v", results)
	}
}

func TestSender(t *testing.T) {
	own, term := person(t), person(t)
	uid := uint32(os.Getuid())
	for want, self := range map[string]sessions.Self{
		ttytest.Me(t) + "@here at ":                     {},
		ttytest.Me(t) + "@here (cron) at ":              {Job: "cron"},
		ttytest.Me(t) + "@here on " + own.Name + " at ": {Terminal: own.Device, Job: "cron", LoginUID: uid, LoggedIn: true},
		ttytest.Me(t) + "@here (daemon) on " + own.Name: {Terminal: own.Device, LoginUID: 1, LoggedIn: true},
		ttytest.Me(t) + "@here (4242) at ":              {LoginUID: 4242, LoggedIn: true, Job: "cron"},
	} {
		e := engine()
		e.Sender.Self = self
		e.Sender.Self.SliceUID, e.Sender.Self.InSlice = self.LoginUID, self.LoggedIn // bears it out
		send(t, e, request(t, term.Name, "hello"))
		term.Await(t, "Message from "+want)
	}
}

// TestManySenders has fifty messages at once to one terminal: none mixes with
// another within itself.
func TestManySenders(t *testing.T) {
	term := person(t)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			r := request(t, term.Name, fmt.Sprintf("one of %02d\ntwo of %02d", i, i))
			if err := engine().Send(t.Context(), r, nil, func(r message.Result) {
				if r.Event != message.Delivered {
					t.Errorf("%+v", r)
				}
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range 50 {
		term.Await(t, fmt.Sprintf("two of %02d", i))
	}
	seen := strings.NewReplacer(" ", "", "\r", "").Replace(term.Seen())
	for i := range 50 {
		if want := fmt.Sprintf("\n|oneof%02d\n|twoof%02d\n", i, i); strings.Count(seen, want) != 1 {
			t.Errorf("message %d is not whole: %q", i, seen)
		}
	}
}

func TestLeavesNoDescriptors(t *testing.T) {
	term := person(t)
	send(t, engine(), request(t, term.Name, "warm up"))
	before := descriptors(t)
	for range 20 {
		send(t, engine(), request(t, ttytest.Me(t)+",pts/9999999,no-such-user", "hello"))
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
