package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/target"
	"msg/internal/tty"
	"msg/internal/tty/ttytest"
)

// allowed is a policy that allows everything, and counts how often it is asked.
func allowed(asked *int) delivery.Policy {
	return delivery.Policy{
		Send: delivery.Permission{Granted: true}, Broadcast: delivery.Permission{Granted: true},
		Count: func(context.Context, func(string)) (time.Duration, error) {
			*asked++
			return 0, nil
		},
	}
}

func TestPolicyDenies(t *testing.T) {
	term, asked := person(t), 0
	e := engine()
	e.Rules.Policy = allowed(&asked)
	e.Rules.Policy.Broadcast = delivery.Permission{Who: "root and %adm"}
	results := send(t, e, request(t, "*", "hello"))
	want := message.Result{
		Event: message.Failed, Host: "here", Target: "*", Reason: "denied",
		Detail: "only root and %adm may send to everyone",
	}
	if len(results) != 1 || results[0] != want || asked != 0 {
		t.Errorf("%+v, counted %d; want %+v", results, asked, want)
	}
	results = send(t, e, request(t, "*,"+term.Name, "hello"))
	if got := terminals(results, message.Delivered); !slices.Equal(got, []string{term.Name}) || len(results) != 2 {
		t.Errorf("to everyone and one: %+v", results)
	}
	if seen := term.Await(t, "| hello"); strings.Contains(seen, "Broadcast") {
		t.Errorf("what went to one was called a broadcast: %q", seen)
	}
	e.Rules.Policy.Send = delivery.Permission{Who: "root"}
	results = send(t, e, request(t, "*,no-such-user,"+term.Name, "again"))
	if len(results) != 3 || slices.ContainsFunc(results, func(r message.Result) bool { return r.Reason != "denied" }) {
		t.Errorf("who may not send at all: %+v", results)
	}
}

// TestCounting: a message is counted once, and only where something is to be
// written.
func TestCounting(t *testing.T) {
	one, two, asked := person(t), person(t), 0
	e := engine()
	e.Rules.Policy = allowed(&asked)
	send(t, e, request(t, one.Name+","+two.Name, "hello"))
	if asked != 1 {
		t.Errorf("counted %d times for two terminals", asked)
	}
	dry := request(t, one.Name, "hello")
	dry.DryRun = true
	send(t, e, dry)
	send(t, e, request(t, "no-such-user", "hello"))
	if asked != 1 {
		t.Errorf("counted %d times, for a dry run and nobody, too", asked)
	}
	e.Rules.Policy.Count = func(_ context.Context, note func(string)) (time.Duration, error) {
		note("counting takes time")
		return 2100 * time.Millisecond, nil
	}
	results := send(t, e, request(t, one.Name+","+two.Name+",no-such-user", "too many"))
	limited := 0
	for _, r := range results {
		if r.Reason == message.RateLimited && r.Detail == "the next may go out in 3 s" && r.Terminal != "" {
			limited++
		}
	}
	if limited != 2 || len(results) != 4 || !slices.ContainsFunc(results, func(r message.Result) bool {
		return r.Event == message.Waiting && r.Detail == "counting takes time"
	}) {
		t.Errorf("%+v", results)
	}
	e.Rules.Policy.Count = func(context.Context, func(string)) (time.Duration, error) { return 0, errors.New("no place") }
	results = send(t, e, request(t, one.Name, "not counted"))
	if len(results) != 1 || results[0].Reason != message.RateLimited || results[0].Detail != "no place" {
		t.Errorf("what cannot be counted: %+v", results)
	}
	if seen := one.Seen(); strings.Contains(seen, "too many") || strings.Contains(seen, "not counted") {
		t.Errorf("it was shown: %q", seen)
	}
}

// TestReaderHoldsUpNothing: a reader of results that stops, already at the first one, keeps
// no terminal from getting the message.
func TestReaderHoldsUpNothing(t *testing.T) {
	term, asked := person(t), 0
	e := engine()
	e.Rules.Policy = allowed(&asked)
	results := 0
	err := e.Send(t.Context(), request(t, "no-such-user,"+term.Name, "hello"), nil, func(message.Result) {
		results++
		term.Await(t, "hello")
	})
	if err != nil || results != 2 {
		t.Errorf("%d results, %v", results, err)
	}
}

// TestLog: each request is one record, refused ones, too.
func TestLog(t *testing.T) {
	term := person(t)
	e := engine()
	e.Sender.Self = sessions.Self{Terminal: term.Device, LoginUID: 4242, LoggedIn: true}
	var records []delivery.Record
	e.Rules.Log = func(r delivery.Logged) error {
		records = append(records, r.(delivery.Record))
		return nil
	}
	r := request(t, term.Name+",no-such-user", "one\ntwo\x1b[2J\xff")
	send(t, e, r)
	r.DryRun = true
	send(t, e, r)
	r.Text = ""
	_ = e.Send(t.Context(), r, nil, func(message.Result) {})
	if len(records) != 3 {
		t.Fatalf("%d records of 3 requests", len(records))
	}
	me := ttytest.Me(t)
	fields := map[string]string{}
	entry := records[0].Entry(true)
	for _, f := range entry.Fields {
		fields[f.Name] = f.Value
	}
	sender := records[0].Sender.String()
	if !strings.HasPrefix(sender, me+"@here") || !strings.HasSuffix(sender, " on "+term.Name) {
		t.Errorf("the sender is %q", sender)
	}
	login := "" // of a user it may be a claim
	if os.Getuid() == 0 {
		login = "4242"
	}
	for name, want := range map[string]string{
		"MSG_LOGIN_UID": login, "MSG_SENDER": sender, "MSG_TARGETS": term.Name + ",no-such-user",
		"MSG_SENT": "1", "MSG_FAILED": "1", "MSG_TEXT": "one\ntwo^[[2J\\xff", "MSG_DRY_RUN": "",
		"MSG_RESULTS": me + " " + term.Name + " sent\nno-such-user unknown",
	} {
		if fields[name] != want {
			t.Errorf("%s is %q, want %q", name, fields[name], want)
		}
	}
	if want := sender + " to " + term.Name + ",no-such-user: sent to 1, failed 1 (unknown)"; entry.Message != want {
		t.Errorf("%q, want %q", entry.Message, want)
	}
	if got := records[1].Entry(false).Message; !strings.HasSuffix(got, "dry run, would send to 1, failed 1 (unknown)") {
		t.Errorf("the dry run is %q", got)
	}
	if got := records[2].Entry(false).Message; !strings.HasSuffix(got, ": refused, the message is empty") {
		t.Errorf("the refused one is %q", got)
	}
	for _, f := range records[0].Entry(false).Fields {
		if f.Name == "MSG_TEXT" {
			t.Error("the text is logged unasked")
		}
	}
}

// TestLoginUIDOfAUser: anybody may set a login uid that has not been set, so it
// has to be borne out by the terminal's owner or the slice.
func TestLoginUIDOfAUser(t *testing.T) {
	term := person(t)
	own := uint32(os.Getuid())
	for _, c := range []struct {
		self sessions.Self
		want string
	}{
		{sessions.Self{LoginUID: 0, LoggedIn: true}, "4242@here at "},
		{sessions.Self{LoginUID: 1, LoggedIn: true, SliceUID: 2, InSlice: true}, "4242@here at "},
		{sessions.Self{LoginUID: 0, LoggedIn: true, SliceUID: 0}, "4242@here at "},
		{sessions.Self{LoginUID: 1, LoggedIn: true, SliceUID: 1, InSlice: true}, "4242@here (daemon) at "},
		{sessions.Self{LoginUID: 1, LoggedIn: true, Terminal: term.Device}, "4242@here on " + term.Name + " at "},
		{sessions.Self{LoginUID: own, LoggedIn: true, Terminal: term.Device}, "4242@here (" + ttytest.Me(t) + ") on " + term.Name + " at "},
	} {
		other := person(t)
		e := engine()
		e.Sender.UID, e.Sender.Root, e.Sender.Self = 4242, false, c.self
		send(t, e, request(t, other.Name, "hello"))
		other.Await(t, "Message from "+c.want)
	}
}

// TestClaim: what clients say of themselves is shown as that, or refused.
func TestClaim(t *testing.T) {
	term := person(t)
	e := engine()
	e.Sender.UID = 4242
	r := request(t, term.Name, "hello")
	e.Sender.Root = false
	r.Says = "root@d13"
	send(t, e, r)
	term.Await(t, "Message from 4242@here (says root@d13) at ")
	for _, claim := range []string{
		"root@d13) on pts/1", "root@d13 on pts/1", "(root)", "root\nroot@d13", "root\x1b[2J", "root\u202e", "root:", "a b",
		"root\u00a0", "\xff", strings.Repeat("x", 65), "root\u3000at", "root\u200d", "a,b", "\"root\"", "|", "root\u2060",
	} {
		r.Says = claim
		checkRefused(t, e, r, "who you say you are")
	}
}

// TestLogBeforeWriting: the entry is there before anybody has seen anything; what a
// held terminal then does is a second one.
func TestLogBeforeWriting(t *testing.T) {
	term, held, off := person(t), person(t), person(t)
	held.Hold(t)
	if err := off.Slave.Chmod(0o600); err != nil {
		t.Fatal(err)
	}
	e := engine()
	var messages, lists []string
	e.Rules.Log = func(l delivery.Logged) error {
		r := l.(delivery.Record)
		if len(messages) == 0 {
			if seen := term.Seen(); seen != "" {
				t.Errorf("it was shown before it was logged: %q", seen)
			}
		}
		_, outcome, _ := strings.Cut(r.Entry(false).Message, ": ")
		messages = append(messages, outcome)
		for _, f := range r.Entry(false).Fields {
			if f.Name == "MSG_RESULTS" {
				lists = append(lists, f.Value)
			}
		}
		return nil
	}
	r := request(t, term.Name+","+held.Name+","+off.Name+",no-such-user", "hello")
	r.Polite, r.Time = true, 100*time.Millisecond
	if results := send(t, e, r); len(results) != 4 {
		t.Errorf("%+v", results)
	}
	want := []string{"sent to 2, failed 2 (unknown, messages-off)", "later sent to 0, failed 1 (stuck)"}
	if !slices.Equal(messages, want) {
		t.Errorf("%q, want %q", messages, want)
	}
	if me := ttytest.Me(t); lists[1] != me+" "+held.Name+" stuck" || !strings.Contains(lists[0], me+" "+held.Name+" sent") {
		t.Errorf("%q", lists)
	}
}

// slowly opens terminals, by path, after so long.
type slowly struct {
	tty.Directly
	after map[string]time.Duration
}

func (s slowly) Open(want tty.Want) (int, error) {
	time.Sleep(s.after[want.Path])
	return s.Directly.Open(want)
}

// TestLogBeforeLate: a terminal that was left aside, and is open before the log has the entry, shows
// nothing until then.
func TestLogBeforeLate(t *testing.T) {
	aside, other := person(t), person(t)
	e := engine()
	e.Rules.Open = slowly{after: map[string]time.Duration{aside.Path: 200 * time.Millisecond}}
	logged := false
	e.Rules.Log = func(delivery.Logged) error {
		time.Sleep(500 * time.Millisecond)
		if seen := aside.Seen() + other.Seen(); seen != "" && !logged {
			t.Errorf("it was shown before it was logged: %q", seen)
		}
		logged = true
		return nil
	}
	if results := send(t, e, request(t, aside.Name+","+other.Name, "hello")); len(results) != 2 || !logged {
		t.Errorf("%+v, logged %v", results, logged)
	}
	aside.Await(t, "| hello")
	other.Await(t, "| hello")
}

// TestMain lets the test binary be a sender with few descriptors, for
// TestFewDescriptors.
func TestMain(m *testing.M) {
	if list := os.Getenv("MSG_TEST_SEND"); list != "" {
		most, err := strconv.Atoi(os.Getenv("MSG_TEST_OPEN"))
		if err != nil {
			panic(err)
		}
		sendWithFew(list, most)
		return
	}
	os.Exit(m.Run())
}

// sendWithFew has so many terminals open at most. It prints how many were reached, how many were
// logged in how many entries, and how many results came before their entry.
func sendWithFew(list string, most int) {
	e := engine()
	targets, err := target.Parse(list)
	if err := errors.Join(err, delivery.LeaveFiles(most)); err != nil {
		panic(err)
	}
	logged, entries := map[string]bool{}, 0
	var mu sync.Mutex
	e.Rules.Log = func(r delivery.Logged) error {
		mu.Lock()
		defer mu.Unlock()
		entries++
		for _, one := range r.(delivery.Record).Results {
			logged[one.Terminal] = true
		}
		return nil
	}
	reached, early := 0, 0
	err = e.Send(context.Background(), message.Request{Targets: targets, Text: "hello"}, nil, func(r message.Result) {
		mu.Lock()
		defer mu.Unlock()
		if r.Event == message.Delivered {
			reached++
			if !logged[r.Terminal] {
				early++
			}
		}
	})
	fmt.Println(reached, len(logged), entries, early, err)
}

// TestNotLogged: what can't be logged is refused, and nothing is shown. That holds for a line that
// is typed, too.
func TestNotLogged(t *testing.T) {
	term, held := person(t), person(t)
	held.Hold(t)
	e := engine()
	e.Rules.Log = func(delivery.Logged) error { return errors.New("no room") }
	for _, change := range []func(*message.Request){
		func(*message.Request) {},
		func(r *message.Request) { r.Typed = true },
	} {
		r := request(t, term.Name+","+held.Name+",no-such-user", "hello")
		change(&r)
		lines := message.NewLines()
		lines.Add("unseen")
		lines.Close()
		err := e.Send(t.Context(), r, lines, func(r message.Result) {
			if r.Terminal != "" {
				t.Errorf("%+v", r)
			}
		})
		var refusal *message.Refusal
		if !errors.As(err, &refusal) || refusal.Problem != "the message can't be logged: no room" {
			t.Errorf("%v", err)
		}
	}
	e.Rules.Log = func(l delivery.Logged) error {
		if _, isLine := l.(delivery.LineRecord); isLine {
			return errors.New("no room")
		}
		return nil
	}
	r, lines := request(t, term.Name, "seen"), message.NewLines()
	r.Typed = true
	lines.Add("unseen")
	lines.Close()
	var last message.Result
	err := e.Send(t.Context(), r, lines, func(r message.Result) { last = r })
	if err != nil || last.Event != message.Failed || !strings.Contains(last.Detail, "the line can't be logged: no room") {
		t.Errorf("%+v, %v", last, err)
	}
	if seen := term.Await(t, "| seen"); strings.Contains(seen, "hello") || strings.Contains(seen, "unseen") {
		t.Errorf("it was shown: %q", seen)
	}
}

// TestCountOpen: descriptors are counted the same without /proc.
func TestCountOpen(t *testing.T) {
	var usual unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &usual); err != nil {
		t.Fatal(err)
	}
	err := delivery.LeaveFiles(7)
	with, without, countErr := delivery.CountedFree()
	if err := errors.Join(err, countErr, unix.Setrlimit(unix.RLIMIT_NOFILE, &usual)); err != nil {
		t.Fatal(err)
	}
	if with != 24+7 || without != with {
		t.Errorf("%d may be open, and %d by the other count", with, without)
	}
}

// TestEntryOfMany: however many targets come to nothing, the entry has who was sent
// to, and the outcome.
func TestEntryOfMany(t *testing.T) {
	r := delivery.Record{Results: []message.Result{}}
	for n := range 1000 {
		name := fmt.Sprintf("%s%d", strings.Repeat("é", 60), n)
		r.Request.Targets = append(r.Request.Targets, target.Target{Kind: target.User, Name: name})
		r.Results = append(r.Results, message.Result{Event: message.Failed, Reason: "unknown", Target: name})
	}
	r.Results = append(r.Results, message.Result{Event: message.Delivered, User: "bob", Terminal: "pts/0"})
	e := r.Entry(false)
	if !strings.HasSuffix(e.Message, "…: sent to 1, failed 1000 (unknown)") || len(e.Message) > 400 || !utf8.ValidString(e.Message) {
		t.Errorf("%q", e.Message)
	}
	for _, f := range e.Fields {
		if f.Name == "MSG_RESULTS" && !strings.HasPrefix(f.Value, "bob pts/0 sent\n") || !utf8.ValidString(f.Value) {
			t.Errorf("%s is %.100q", f.Name, f.Value)
		}
	}
}

// TestMessagesOffWhileWaiting: what was counted as on when the terminal was opened
// is asked again when it takes output at last.
func TestMessagesOffWhileWaiting(t *testing.T) {
	held, e, asked := person(t), engine(), 0
	held.Hold(t)
	e.Rules.Policy = allowed(&asked)
	r := request(t, held.Name, "hello")
	r.Polite, r.Time = true, 10*time.Second
	var results []message.Result
	err := e.Send(t.Context(), r, nil, func(result message.Result) {
		if results = append(results, result); result.Event == message.Waiting {
			if err := held.Slave.Chmod(0o600); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second) // a write that has looked before is over by then
			held.Release(t)
		}
	})
	if err != nil || len(results) != 2 || results[1].Reason != "messages-off" {
		t.Errorf("%+v, %v", results, err)
	}
	if seen := held.Seen(); strings.Contains(seen, "hello") {
		t.Errorf("it shows %q", seen)
	}
}

// TestFewDescriptors has fewer of them than terminals: those that come later are
// written to, and logged, all the same.
func TestFewDescriptors(t *testing.T) {
	var names []string
	var people []*ttytest.Terminal
	for range 12 {
		term := person(t)
		people, names = append(people, term), append(names, term.Name)
	}
	send := func(most int) string {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), "MSG_TEST_SEND="+strings.Join(names, ","), "MSG_TEST_OPEN="+strconv.Itoa(most))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return string(out)
	}
	// A caller can leave a process too few.
	if out := send(0); out != "0 0 1 0 only 24 more files may be open, and a message needs 25\n" {
		t.Errorf("%s", out)
	}
	for _, term := range people {
		if seen := term.Seen(); seen != "" {
			t.Fatalf("%s shows %q", term.Name, seen)
		}
	}
	if out := send(5); out != "12 12 3 0 <nil>\n" {
		t.Errorf("%s", out)
	}
	for _, term := range people {
		term.Await(t, "| hello")
	}
}
