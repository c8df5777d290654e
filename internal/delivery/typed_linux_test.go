package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/answers"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/tty/ttytest"
)

// typedOn is a request that lines are typed to.
func typedOn(t *testing.T, list, text string) (message.Request, *message.Lines) {
	t.Helper()
	r := request(t, list, text)
	r.Typed = true
	return r, message.NewLines()
}

// typeLine types a line, which has to be taken.
func typeLine(t *testing.T, lines *message.Lines, line string) {
	t.Helper()
	lines.Add(line)
	for deadline := time.Now().Add(ample); lines.Unread() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%.20q is not taken", line)
		}
	}
}

// rows are what a terminal shows, without the blanks at their ends. The kernel puts a CR of
// its own before LF.
func rows(term *ttytest.Terminal) (all []string) {
	for row := range strings.SplitSeq(term.Seen(), "\n") {
		all = append(all, strings.TrimRight(row, " \r"))
	}
	return all
}

// checkRow holds that a terminal comes to show that row, once, with who says it at the right.
func checkRow(t *testing.T, term *ttytest.Terminal, what, who string) {
	t.Helper()
	const columns = 79 // but for the last one
	want, n := what+strings.Repeat(" ", columns-len(what)-len(who))+who, 0
	term.Await(t, "\n"+want)
	for _, row := range rows(term) {
		if row == want {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%s has %q %d times in %q", term.Name, want, n, rows(term))
	}
}

// TestTyped: each line that is typed is shown below the last, with who types; the banner is
// there once, and the end is told.
func TestTyped(t *testing.T) {
	one, two, e := person(t), person(t), engine()
	var log logged
	e.Rules.Log = log.add
	r, lines := typedOn(t, one.Name+","+two.Name, "first")
	s := beginTyped(t, e, r, lines)
	if open := s.result(t, message.Open); open.Host != "here" {
		t.Errorf("%+v", open)
	}
	typed := []string{"second", "", "Third\x1b[2J", strings.Repeat("x", 100), "last"}
	for _, line := range typed {
		typeLine(t, lines, line)
	}
	one.Await(t, "| last")
	if all := s.now(); len(all) != 1 {
		t.Errorf("before the end there is %+v", all)
	}
	lines.Close()
	results := s.end(t)
	checkEvents(t, results, message.Open, message.Delivered, message.Delivered)
	who := "(" + ttytest.Me(t) + ")"
	for _, term := range []*ttytest.Terminal{one, two} {
		seen := term.Await(t, "\nEOF")
		if n := strings.Count(seen, "Message from "+ttytest.Me(t)+"@here at "); n != 1 {
			t.Errorf("%d banners: %q", n, seen)
		}
		for _, row := range []string{"| second", "|", "| Third^[[2J", "| last", "EOF"} {
			checkRow(t, term, row, who)
		}
		long := 0 // goes on in a second row
		for _, row := range rows(term) {
			if n := strings.Count(row, "x"); n > 1 {
				if long += n; !strings.HasPrefix(row, "| x") || !strings.HasSuffix(row, " "+who) || len(row) != 79 {
					t.Errorf("a row of the long line is %q", row)
				}
			}
		}
		if long != 100 {
			t.Errorf("%d letters of the long line", long)
		}
		at := -1
		for _, want := range []string{"\n| first ", "\n| second ", "\n|  ", "\n| Third", "\n| xxx", "\n| last ", "\nEOF "} {
			n := strings.Index(term.Seen(), want)
			if n <= at {
				t.Errorf("%q is at %d, behind %d: %q", want, n, at, term.Seen())
			}
			at = n
		}
	}
	records := log.lines()
	if len(records) != len(typed) {
		t.Fatalf("logged: %+v", records)
	}
	for i, r := range records {
		if entry := r.Entry(false); r.Line != typed[i] || !strings.HasSuffix(entry.Message, " to "+one.Name+","+two.Name+": one more line") {
			t.Errorf("%+v: %+v", r, entry)
		}
	}
}

// TestTypedInterrupted: who gives up ends it as who comes to the end does.
func TestTypedInterrupted(t *testing.T) {
	term, e := person(t), engine()
	r, lines := typedOn(t, term.Name, "first")
	s := beginTyped(t, e, r, lines)
	typeLine(t, lines, "second")
	term.Await(t, "| second")
	s.interrupt()
	checkEvents(t, s.end(t), message.Open, message.Delivered)
	checkRow(t, term, "EOF", "("+ttytest.Me(t)+")")
}

// TestTypedMessagesOff: who switches messages off in between gets no more lines, and the
// others do.
func TestTypedMessagesOff(t *testing.T) {
	term, early, late, e := person(t), person(t), person(t), engine()
	r, lines := typedOn(t, term.Name+","+early.Name+","+late.Name, "first")
	r.Polite = true
	s := beginTyped(t, e, r, lines)
	s.result(t, message.Open)
	switchOff := func(off *ttytest.Terminal) {
		t.Helper()
		if err := off.Slave.Chmod(0o600); err != nil {
			t.Fatal(err)
		}
	}
	switchOff(early)
	typeLine(t, lines, "second")
	failed := s.result(t, message.Failed)
	if failed.Terminal != early.Name || failed.Reason != "messages-off" || !strings.HasSuffix(failed.Detail, ", after the first line") {
		t.Errorf("%+v", failed)
	}
	late.Await(t, "| second")
	switchOff(late)
	typeLine(t, lines, "third")
	term.Await(t, "| third")
	lines.Close()
	results := s.end(t)
	if len(results) != 4 || len(terminals(results, message.Failed)) != 2 || !slices.Equal(terminals(results, message.Delivered), []string{term.Name}) {
		t.Fatalf("%+v", results)
	}
	i := slices.IndexFunc(results, func(r message.Result) bool { return r.Terminal == late.Name })
	if r := results[i]; r.Reason != "messages-off" || !strings.HasSuffix(r.Detail, ", after 2 lines") {
		t.Errorf("%+v", r)
	}
	term.Await(t, "\nEOF")
	for _, c := range []struct {
		term *ttytest.Terminal
		not  []string
	}{{early, []string{"| second", "| third", "\nEOF"}}, {late, []string{"| third", "\nEOF"}}} {
		if err := c.term.Slave.Chmod(0o620); err != nil {
			t.Fatal(err)
		}
		shown(t, c.term) // all has come
		for _, not := range c.not {
			if strings.Contains(c.term.Seen(), not) {
				t.Errorf("%s shows %q: %q", c.term.Name, not, c.term.Seen())
			}
		}
	}
}

// TestTypedToNobody: when the last terminal has gone, that is the end, though more could be
// typed; also where there was none from the start.
func TestTypedToNobody(t *testing.T) {
	term, off, e := person(t), person(t), engine()
	r, lines := typedOn(t, term.Name, "first")
	s := beginTyped(t, e, r, lines)
	s.result(t, message.Open)
	term.HangUp()
	typeLine(t, lines, "second")
	results := s.end(t)
	checkEvents(t, results, message.Open, message.Failed)
	if last := results[1]; last.Reason != "gone" || !strings.HasSuffix(last.Detail, ", after the first line") {
		t.Errorf("%+v", last)
	}
	if err := off.Slave.Chmod(0o600); err != nil {
		t.Fatal(err)
	}
	r, lines = typedOn(t, off.Name, "first")
	r.Polite = true
	checkEvents(t, beginTyped(t, e, r, lines).end(t), message.Failed, message.Open)
	if err := off.Slave.Chmod(0o620); err != nil {
		t.Fatal(err)
	}
	r, lines = typedOn(t, off.Name, "first")
	r.DryRun = true
	checkEvents(t, beginTyped(t, e, r, lines).end(t), message.Planned)
}

// TestTypedIsCounted: each line counts as a message does. One that is one too many waits,
// which is told once; where a line cannot be counted, that is the end.
func TestTypedIsCounted(t *testing.T) {
	term, e := person(t), engine()
	var mu sync.Mutex
	asked, wait, broken := 0, time.Duration(0), error(nil)
	set := func(w time.Duration, err error) {
		mu.Lock()
		defer mu.Unlock()
		wait, broken = w, err
	}
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return asked
	}
	e.Rules.Policy = allowed(new(int))
	e.Rules.Policy.Count = func(context.Context, func(string)) (time.Duration, error) {
		mu.Lock()
		defer mu.Unlock()
		asked++
		return wait, broken
	}
	r, lines := typedOn(t, term.Name, "first")
	s := beginTyped(t, e, r, lines)
	for i := range 3 {
		typeLine(t, lines, fmt.Sprint("line ", i))
		term.Await(t, fmt.Sprint("| line ", i))
	}
	if n := count(); n != 4 {
		t.Errorf("counted %d times for four lines", n)
	}
	set(10*time.Millisecond, nil)
	typeLine(t, lines, "too many")
	until(t, "one more count", func() bool { return count() >= 4+5 })
	if all := s.now(); strings.Contains(term.Seen(), "too many") || !slices.Equal(events(all), []message.Event{message.Open, message.Waiting}) ||
		all[1].Detail != "too many lines; the next one waits for 1 s" {
		t.Errorf("%q, %+v", term.Seen(), all)
	}
	set(0, nil)
	term.Await(t, "| too many")
	set(0, errors.New("no place"))
	typeLine(t, lines, "uncounted")
	results := s.end(t)
	checkEvents(t, results, message.Open, message.Waiting, message.Failed)
	if last := results[2]; last.Reason != message.RateLimited || last.Detail != "no place, after 5 lines" || last.Terminal != term.Name {
		t.Errorf("%+v", last)
	}
	if seen := term.Await(t, "\nEOF"); strings.Contains(seen, "uncounted") {
		t.Errorf("it is shown: %q", seen)
	}
}

// TestTypedWaitsAndIsInterrupted: a line that waits to be counted is not waited for by who
// gives up, and they are told that it has not come.
func TestTypedWaitsAndIsInterrupted(t *testing.T) {
	term, e, asked := person(t), engine(), 0
	e.Rules.Policy = allowed(&asked)
	e.Rules.Policy.Count = func(context.Context, func(string)) (time.Duration, error) {
		if asked++; asked > 1 {
			return time.Hour, nil
		}
		return 0, nil
	}
	r, lines := typedOn(t, term.Name, "first")
	s := beginTyped(t, e, r, lines)
	typeLine(t, lines, "too many")
	s.result(t, message.Waiting)
	s.interrupt()
	results := s.end(t)
	checkEvents(t, results, message.Open, message.Waiting, message.Failed)
	if want := "interrupted before the last line, after the first line"; results[2].Detail != want {
		t.Errorf("%+v, want %q", results[2], want)
	}
	if seen := term.Await(t, "\nEOF"); strings.Contains(seen, "too many") {
		t.Errorf("it is shown: %q", seen)
	}
}

// TestTypedIsNeverLost: a line that is typed just before the sender gives up is on the
// terminal, or the sender is told that it is not.
func TestTypedIsNeverLost(t *testing.T) {
	e := engine()
	for range 20 {
		term := person(t)
		r, lines := typedOn(t, term.Name, "first")
		s := beginTyped(t, e, r, lines)
		s.result(t, message.Open)
		lines.Add("second")
		s.interrupt()
		results := s.end(t)
		shows := strings.Contains(term.Await(t, "\nEOF"), "| second")
		lost := results[1].Detail == "interrupted before the last line, after the first line"
		if len(results) != 2 || shows == lost || shows != (results[1].Event == message.Delivered) {
			t.Fatalf("shown: %v, %+v", shows, results)
		}
	}
}

// TestTypedTooLong: a line that msg would not send ends it, which its terminals have as
// their result; nothing of it is shown.
func TestTypedTooLong(t *testing.T) {
	const user = 4242
	for name, c := range map[string]struct {
		uid    uint32
		length int
		end    string // of the line
		shown  bool
	}{
		"user's most":     {user, message.MaxBytes, "", true},
		"user's too long": {user, message.MaxBytes + 1, "", false},
		"root's":          {0, message.MaxBytes + 1, "", true},
		"root's too long": {0, message.MaxBytesRoot + 1, "", false},
		"two lines":       {0, 10, "\nBroadcast", false},
	} {
		t.Run(name, func(t *testing.T) {
			term, e := person(t), engine()
			e.Sender.UID = c.uid
			e.Sender.Root = c.uid == 0
			r, lines := typedOn(t, term.Name, "first")
			s := beginTyped(t, e, r, lines)
			typeLine(t, lines, strings.Repeat("x", c.length)+c.end)
			if c.shown {
				typeLine(t, lines, "next")
				term.Await(t, "| next")
				lines.Close()
			}
			results := s.end(t)
			last := results[len(results)-1]
			denied := last.Event == message.Failed && last.Reason == "denied" && strings.HasSuffix(last.Detail, ", after the first line")
			if len(results) != 2 || results[0].Event != message.Open || denied == c.shown || !denied && last.Event != message.Delivered {
				t.Errorf("%+v", results)
			}
			if seen := term.Await(t, "\nEOF"); strings.Count(seen, "x") < c.length && c.shown || strings.Contains(seen, "xx") != c.shown ||
				strings.Contains(seen, "Broadcast") {
				t.Errorf("it shows %d of %d: %.200q", strings.Count(seen, "x"), c.length, seen)
			}
		})
	}
	e, term := engine(), person(t)
	r, _ := typedOn(t, term.Name, "one\ntwo")
	checkRefused(t, e, r, "begins with one line")
}

// TestTypedAndAnswered: what is typed can be answered meanwhile, more than once; once all
// is said, who has answered is not waited for.
func TestTypedAndAnswered(t *testing.T) {
	e, term := waitingEngine(t), person(t)
	r, lines := typedOn(t, term.Name, "first")
	r.Wait = true
	s := beginTyped(t, e, r, lines)
	code := s.code(t, e)
	for _, kind := range []message.Answer{message.OK, message.OK, message.Reply} {
		typeLine(t, lines, "more")
		if _, err := answer(t, e, code, answers.Answer{Kind: kind, Text: "yes"}); err != nil {
			t.Error(err)
		}
	}
	until(t, "the third answer", func() bool { return len(terminals(s.now(), message.Answered)) == 3 })
	select {
	case <-s.done:
		t.Error("it has ended before all was said")
	default:
	}
	lines.Close()
	checkEvents(t, s.end(t), message.Open, message.Answered, message.Answered, message.Answered, message.Delivered, message.Open)
}

// TestTypedAndUnanswered: the time for answers begins when all has been said.
func TestTypedAndUnanswered(t *testing.T) {
	e, term := waitingEngine(t), person(t)
	r, lines := typedOn(t, term.Name, "first")
	const long = 200 * time.Millisecond
	r.Wait, r.AnswerTime = true, long
	s := beginTyped(t, e, r, lines)
	for begun := time.Now(); time.Since(begun) < 2*long; {
		line := fmt.Sprint("after ", time.Since(begun))
		typeLine(t, lines, line)
		term.Await(t, "| "+line)
	}
	begun := time.Now()
	lines.Close()
	checkEvents(t, s.end(t), message.Open, message.Delivered, message.Open, message.Unanswered)
	if took := time.Since(begun); took < long {
		t.Errorf("it took %v", took)
	}
}

// TestTypedAndSwitchedOff: who has not got all of it is not waited for.
func TestTypedAndSwitchedOff(t *testing.T) {
	e, term := waitingEngine(t), person(t)
	r, lines := typedOn(t, term.Name, "first")
	r.Wait, r.Polite = true, true
	s := beginTyped(t, e, r, lines)
	s.result(t, message.Open)
	if err := term.Slave.Chmod(0o600); err != nil {
		t.Fatal(err)
	}
	typeLine(t, lines, "second")
	checkEvents(t, s.end(t), message.Open, message.Failed, message.Open)
}

// TestTypedToTooMany: what is typed on has no more terminals than may be open at once; where
// there are more, nothing is sent, and nothing counted.
func TestTypedToTooMany(t *testing.T) {
	one, two, e, asked := person(t), person(t), engine(), 0
	e.Rules.Policy = allowed(&asked)
	var usual unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &usual); err != nil {
		t.Fatal(err)
	}
	if err := delivery.LeaveFiles(1); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &usual); err != nil {
			t.Error(err)
		}
	}()
	r, lines := typedOn(t, one.Name+","+two.Name, "crowded")
	lines.Close()
	checkRefused(t, e, r, "2 terminals; at most 1 can be typed to")
	if asked != 0 {
		t.Errorf("counted %d times", asked)
	}
	r.Targets = parse(t, one.Name)
	checkEvents(t, beginTyped(t, e, r, lines).end(t), message.Open, message.Delivered)
	if slices.Contains(shown(t, two), "crowded") {
		t.Errorf("it is shown: %q", two.Seen())
	}
}
