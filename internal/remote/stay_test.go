package remote

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"msg/internal/answers"
	"msg/internal/message"
)

// ample is how long what must come may take on a busy machine.
const ample = 20 * time.Second

// await waits for a value.
func await[T any](t *testing.T, from <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(ample):
		t.Fatalf("%s does not come", what)
	}
	return v
}

// waits is a request whose answers are awaited.
func waits() message.Request {
	r := aRequest
	r.Wait, r.AnswerTime = true, 90*time.Second
	return r
}

// typedOn is a request that lines are typed to.
func typedOn(lines <-chan string) message.Request {
	r := aRequest
	r.Lines = lines
	return r
}

// TestWireOfStaying: what a message that stays has goes over the line as it is; a time is
// rounded up, and only as much said as there is to say.
func TestWireOfStaying(t *testing.T) {
	both := typedOn(make(chan string))
	both.Wait, both.AnswerTime = true, 1500*time.Microsecond
	rounded := both
	rounded.AnswerTime = 2 * time.Millisecond
	for name, c := range map[string]struct {
		sent, want message.Request
		line       string // what is in it
		not        string // and is not
	}{
		"neither": {aRequest, aRequest, `"targets"`, "wait,answer_ms,typed"},
		"waits":   {waits(), waits(), `"wait":true,"answer_ms":90000`, "typed"},
		"typed":   {typedOn(both.Lines), typedOn(both.Lines), `"typed":true`, "wait,answer_ms"},
		"both":    {both, rounded, `"wait":true,"answer_ms":2,"typed":true`, ""},
	} {
		line, err := json.Marshal(wire(newest, c.sent))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(line), c.line) {
			t.Errorf("%s: %s, without %s", name, line, c.line)
		}
		for not := range strings.SplitSeq(c.not, ",") {
			if not != "" && strings.Contains(string(line), `"`+not+`"`) {
				t.Errorf("%s: %s, with %s", name, line, not)
			}
		}
		var r request
		if err := decode(line, &r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got, err := r.unwire()
		if r.Typed != (c.sent.Lines != nil) {
			t.Errorf("%s: typed is %v", name, r.Typed)
		}
		got.Lines = c.want.Lines // is made by who reads the lines
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
	}
	for _, ms := range []int64{-1, 9_000_000_000_000_000_000} {
		r := wire(newest, waits())
		r.AnswerMS = ms
		if got, err := r.unwire(); err == nil {
			t.Errorf("%d ms: %+v", ms, got)
		}
	}
}

// conversation is a talk with Serve, in one process.
type conversation struct {
	results chan message.Result
	sent    chan error // what became of it, at the client
	served  chan error // and at the helper
	toll    context.CancelFunc
}

func converse(t *testing.T, r message.Request, send Send) *conversation {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	c := &conversation{make(chan message.Result, 100), make(chan error, 1), make(chan error, 1), cancel}
	in, toHelper := pipe(t)
	fromHelper, out := io.Pipe()
	go func() { c.served <- Serve(context.Background(), in, out, RequestTime, Hello{Host: "d13"}, send) }()
	go func() {
		talk := newTalk(toHelper, fromHelper, nil)
		c.sent <- talk.send(ctx, r, func(r message.Result) { c.results <- r })
		_ = toHelper.Close() // as a process's input is
	}()
	return c
}

// end waits for both ends, and returns the results that were not read.
func (c *conversation) end(t *testing.T) (rest []message.Result) {
	t.Helper()
	if err := await(t, c.sent, "the client's end"); err != nil {
		t.Errorf("at the client: %v", err)
	}
	if err := await(t, c.served, "the helper's end"); err != nil {
		t.Errorf("at the helper: %v", err)
	}
	close(c.results)
	for r := range c.results {
		rest = append(rest, r)
	}
	return rest
}

// TestAnswersCome: what a message that waits has of results comes through as it is, but
// for texts, which are made harmless.
func TestAnswersCome(t *testing.T) {
	results := []message.Result{
		{Event: message.Delivered, Host: "d13", User: "bob", Terminal: "pts/2"},
		{Event: message.Answered, Host: "d13", User: "bob", Terminal: "pts/2", Answer: message.OK, AfterMS: 1},
		{Event: message.Open, Host: "d13"},
		{Event: message.Answered, Host: "d13", User: "eve", Answer: message.Reply, Text: "Ten\x1b[2J\xff\nminutes", AfterMS: 1500},
		{Event: message.Answered, Host: "d13", User: "eve", Answer: message.Reply, Text: strings.Repeat("\xff", answers.MaxText), AfterMS: 1 << 40},
		{Event: message.Answered, Host: "d13", User: "eve", Answer: message.Reply, Text: strings.Repeat("<", answers.MaxText), AfterMS: 2},
		{Event: message.Answered, Host: "d13", User: "eve", Answer: message.Reply, Text: strings.Repeat("\u202e", answers.MaxText/3), AfterMS: 2},
		{Event: message.Unanswered, Host: "d13", User: "mallory"},
	}
	carried := make(chan message.Request, 1)
	c := converse(t, waits(), func(_ context.Context, r message.Request, report func(message.Result)) error {
		carried <- r
		for _, result := range results {
			report(result)
		}
		return nil
	})
	if got := await(t, carried, "the request"); !reflect.DeepEqual(got, waits()) {
		t.Errorf("%+v, want %+v", got, waits())
	}
	got := c.end(t)
	results[3].Text = "Ten^[[2J\\xff\nminutes"
	results[4].Text = strings.Repeat(`\xff`, answers.MaxText)
	if len(got) != len(results) {
		t.Fatalf("%d came of %d", len(got), len(results))
	}
	for i := range results {
		if i == 6 {
			results[6].Text = got[6].Text // it is written out somehow
			if strings.Contains(got[6].Text, "\u202e") || got[6].Text == "" {
				t.Errorf("%.40q", got[6].Text)
			}
		}
		if got[i] != results[i] {
			t.Errorf("%.200s, want %.200s", fmt.Sprintf("%+v", got[i]), fmt.Sprintf("%+v", results[i]))
		}
	}
}

// TestLinesPass: what is typed comes through in order, whatever bytes it has. Its end
// closes the lines, and not the conversation.
func TestLinesPass(t *testing.T) {
	typed := make(chan string)
	lines := []string{"second", "", "\x1b[2J\xff\x00", "with\nanother", strings.Repeat("x", message.MaxBytesRoot), `{"end":true}`}
	came := make(chan string, len(lines))
	ended, goOn := make(chan error, 1), make(chan struct{})
	c := converse(t, typedOn(typed), func(ctx context.Context, r message.Request, report func(message.Result)) error {
		report(message.Result{Event: message.Open, Host: "d13"})
		for line := range r.Lines {
			came <- line
		}
		ended <- ctx.Err()
		select {
		case <-ctx.Done():
			return errors.New("given up")
		case <-goOn:
		}
		report(message.Result{Event: message.Delivered, Host: "d13", User: "bob", Terminal: "pts/2"})
		return ctx.Err()
	})
	if r := await(t, c.results, "open"); r.Event != message.Open {
		t.Errorf("%+v", r)
	}
	for _, line := range lines {
		select {
		case typed <- line:
		case <-time.After(ample):
			t.Fatalf("%.20q is not taken", line)
		}
		if got := await(t, came, "a line"); got != line {
			t.Errorf("%.40q came of %.40q", got, line)
		}
	}
	close(typed)
	if err := await(t, ended, "the last line"); err != nil {
		t.Errorf("with the last line: %v", err)
	}
	select { // still nothing has ended it
	case err := <-c.sent:
		t.Fatalf("the client has ended: %v", err)
	case <-time.After(10 * soon):
	}
	close(goOn)
	if rest := c.end(t); len(rest) != 1 || rest[0].Event != message.Delivered {
		t.Errorf("%+v", rest)
	}
}

// TestTyperGivesUp: who gives up ends the lines and the conversation, and has what became
// of it.
func TestTyperGivesUp(t *testing.T) {
	typed := make(chan string)
	began := make(chan struct{})
	c := converse(t, typedOn(typed), func(ctx context.Context, r message.Request, report func(message.Result)) error {
		<-r.Lines
		close(began)
		<-ctx.Done()
		report(message.Result{Event: message.Delivered, Host: "d13", User: "bob", Terminal: "pts/2"})
		return nil
	})
	typed <- "second"
	await(t, began, "a line")
	c.toll()
	if rest := c.end(t); len(rest) != 1 || rest[0].Event != message.Delivered {
		t.Errorf("%+v", rest)
	}
}

// TestNobodyTypes: a conversation ends when the helper has come to its end, though more could be
// typed.
func TestNobodyTypes(t *testing.T) {
	c := converse(t, typedOn(make(chan string)), func(context.Context, message.Request, func(message.Result)) error { return nil })
	if rest := c.end(t); len(rest) > 0 {
		t.Errorf("%+v", rest)
	}
}

const goodTyped = `{"protocol":2,"targets":["bob"],"text":"aGk=","typed":true}`

// TestLinesStrict: after the request come lines, then their end, then nothing more. What
// else comes ends the lines and what is waited for.
func TestLinesStrict(t *testing.T) {
	const line, end = `{"line":"eA=="}` + "\n", `{"end":true}` + "\n"
	for name, c := range map[string]struct {
		after string // the request
		lines int    // that come through, at most where it does not go on
		close bool   // our end
		open  bool   // it goes on
	}{
		"nothing":              {"", 0, false, true},
		"a line":               {line, 1, false, true},
		"lines at once":        {strings.Repeat(line, 500), 500, false, true},
		"an empty line":        {"{}\n" + `{"line":""}` + "\n", 2, false, true},
		"the end":              {line + end, 1, false, true},
		"a line after the end": {line + end + line, 1, false, false},
		"the end twice":        {end + end, 0, false, false},
		"EOF":                  {line, 1, true, false},
		"EOF after the end":    {line + end, 1, true, false},
		"EOF within a line":    {line + line[:len(line)-1], 1, true, false},
		"an unknown key":       {line + `{"line":"eA==","to":"eve"}` + "\n" + line, 1, false, false},
		"other letters":        {`{"LINE":"eA=="}` + "\n", 0, false, false},
		"a key twice":          {`{"line":"eA==","line":"eA=="}` + "\n", 0, false, false},
		"no base64":            {`{"line":"hi!"}` + "\n", 0, false, false},
		"no JSON":              {line + "hi\n", 1, false, false},
		"an array":             {"[]\n", 0, false, false},
		"nothing on a line":    {"\n", 0, false, false},
		"something behind":     {`{"line":"eA=="}x` + "\n", 0, false, false},
		"another request":      {goodTyped + "\n", 0, false, false},
		"endless":              {line + strings.Repeat("x", mostRequest+1), 1, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			in, client := pipe(t)
			go func() {
				_, _ = io.WriteString(client, goodTyped+"\n"+c.after)
				if c.close {
					_ = client.Close()
				}
			}()
			came, given, stop := make(chan string, 1000), make(chan struct{}), make(chan struct{})
			linesEnded := make(chan struct{})
			served := make(chan error, 1)
			var out bytes.Buffer
			go func() {
				served <- Serve(context.Background(), in, &out, RequestTime, Hello{}, func(ctx context.Context, r message.Request, _ func(message.Result)) error {
					go func() {
						for {
							select {
							case line, ok := <-r.Lines:
								if !ok {
									close(linesEnded)
									return
								}
								came <- line
							case <-ctx.Done(): // without their end, lines have none
								return
							}
						}
					}()
					select {
					case <-ctx.Done():
						close(given)
					case <-stop:
					}
					return nil
				})
			}()
			for range c.lines {
				if !c.open {
					break // who gives up has perhaps not all of them passed on
				}
				if line := await(t, came, "a line"); line != "x" && name != "an empty line" {
					t.Errorf("%q came", line)
				}
			}
			if c.open {
				select {
				case <-given:
					t.Error("it has ended")
				case <-time.After(5 * soon):
				}
			} else {
				await(t, given, "the end")
			}
			if c.open && strings.HasSuffix(c.after, end) {
				await(t, linesEnded, "the end of the lines")
			}
			if !c.open && len(came) > 0 && <-came != "x" {
				t.Error("another line came")
			}
			close(stop)
			if err := await(t, served, "Serve's end"); err != nil {
				t.Error(err)
			}
			if rest := len(came); c.open && rest > 0 || rest > c.lines {
				t.Errorf("%d lines more", rest)
			}
			if _, last, _ := strings.Cut(out.String(), "\n"); last != `{"event":"end","results":0}`+"\n" {
				t.Errorf("it says %q", last)
			}
			_ = client.Close()
		})
	}
}

// TestGivenUpWithLines: who takes lines learns whether there was one more when it was given
// up, also where that comes at the same time.
func TestGivenUpWithLines(t *testing.T) {
	for i := range 200 {
		in, client := pipe(t)
		taken := i%2 == 0
		go func() {
			_, _ = io.WriteString(client, goodTyped+"\n"+`{"line":"eA=="}`+"\n")
			if !taken {
				_ = client.Close()
			}
		}()
		var out bytes.Buffer
		err := Serve(t.Context(), in, &out, RequestTime, Hello{}, func(ctx context.Context, r message.Request, _ func(message.Result)) error {
			if taken {
				await(t, r.Lines, "a line")
				_ = client.Close()
			}
			await(t, ctx.Done(), "the end")
			select {
			case _, more := <-r.Lines:
				if more == taken {
					t.Errorf("taken %v: more %v", taken, more)
				}
			case <-time.After(10 * time.Second):
				t.Errorf("taken %v: it is not told", taken)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSlowlyTaken: that who types has given up is noticed also where nobody takes the lines;
// and what is not taken is not kept without bound.
func TestSlowlyTaken(t *testing.T) {
	const line = `{"line":"eA=="}` + "\n"
	long, err := json.Marshal(typedLine{Line: bytes.Repeat([]byte("x"), message.MaxBytesRoot)})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		after string
		close bool
	}{
		"EOF":       {strings.Repeat(line, 100), true},
		"a mistake": {strings.Repeat(line, 100) + "hi\n", false},
		"endless":   {strings.Repeat(string(long)+"\n", 2*mostTyped/message.MaxBytesRoot), false},
	} {
		in, client := pipe(t)
		go func() {
			_, _ = io.WriteString(client, goodTyped+"\n"+c.after)
			if c.close {
				_ = client.Close()
			}
		}()
		served := make(chan error, 1)
		go func() {
			served <- Serve(context.Background(), in, io.Discard, RequestTime, Hello{}, func(ctx context.Context, _ message.Request, _ func(message.Result)) error {
				<-ctx.Done()
				return nil
			})
		}()
		if err := await(t, served, name+": Serve's end"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWaiterGivesUp: closing its end, or one more byte, ends a message that waits, too.
func TestWaiterGivesUp(t *testing.T) {
	const waiting = `{"protocol":2,"targets":["bob"],"text":"aGk=","wait":true}` + "\n"
	for _, more := range []string{"", `{"end":true}` + "\n"} {
		in, client := pipe(t)
		served := make(chan error, 1)
		began := make(chan struct{})
		go func() {
			served <- Serve(context.Background(), in, io.Discard, RequestTime, Hello{}, func(ctx context.Context, r message.Request, _ func(message.Result)) error {
				if !r.Wait || r.Lines != nil {
					t.Errorf("%+v", r)
				}
				close(began)
				<-ctx.Done()
				return nil
			})
		}()
		_, _ = io.WriteString(client, waiting)
		await(t, began, "the request")
		_, _ = io.WriteString(client, more)
		if more == "" {
			_ = client.Close()
		}
		if err := await(t, served, "Serve's end"); err != nil {
			t.Error(err)
		}
	}
}

// says lets a stand-in for a helper say these lines, the first as its hello, and then
// end. It returns what it was told, too.
func says(t *testing.T, r message.Request, said ...string) (results []message.Result, told string, err error) {
	t.Helper()
	in, toHelper := io.Pipe()
	fromHelper, out := io.Pipe()
	read := make(chan string, 1)
	go func() {
		_, _ = io.WriteString(out, said[0]+"\n")
		from := bufio.NewReader(in)
		line, readErr := from.ReadString('\n')
		for _, line := range said[1:] {
			if readErr == nil {
				_, _ = io.WriteString(out, line+"\n")
			}
		}
		_ = out.Close()
		rest, _ := io.ReadAll(from)
		read <- line + string(rest)
	}()
	err = newTalk(toHelper, fromHelper, nil).send(t.Context(), r, func(r message.Result) { results = append(results, r) })
	_ = toHelper.Close() // as a process's input is
	return results, await(t, read, "the stand-in's end"), err
}

// TestOlderHelper: one that does not know messages that stay is not sent any, and is the
// older one.
func TestOlderHelper(t *testing.T) {
	const older, end = `{"event":"hello","protocol":[1,1],"version":"0.1.0","host":"d13"}`, `{"event":"end","results":0}`
	both := typedOn(make(chan string))
	both.Wait = true
	for name, r := range map[string]message.Request{"waits": waits(), "typed": typedOn(make(chan string)), "both": both} {
		results, told, err := says(t, r, older, end)
		var failure *message.Failure
		if !errors.As(err, &failure) || failure.Reason != message.Version || !strings.Contains(failure.Detail, "0.1.0") ||
			failure.Hint != "msg there is the older one: update it" || told != "" || len(results) > 0 {
			t.Errorf("%s: %v; it was told %q", name, err, told)
		}
	}
	if _, told, err := says(t, aRequest, older, end); err != nil || !strings.HasPrefix(told, `{"protocol":1,`) {
		t.Errorf("one that does not stay: %v; it was told %q", err, told)
	}
	newer := strings.Replace(older, "[1,1]", "[1,7]", 1)
	if _, told, err := says(t, waits(), newer, end); err != nil || !strings.HasPrefix(told, `{"protocol":2,`) {
		t.Errorf("a newer one: %v; it was told %q", err, told)
	}
}

const (
	helloStays     = `{"event":"hello","protocol":[1,2],"version":"0.2.0","host":"d13"}`
	sayOpen        = `{"event":"open","host":"d13"}`
	sayAnswered    = `{"event":"answered","host":"d13","user":"bob","terminal":"pts/2","answer":"ok","after_ms":5}`
	sayReply       = `{"event":"answered","host":"d13","user":"bob","answer":"reply","text":"yes","after_ms":5}`
	sayUnanswered  = `{"event":"unanswered","host":"d13","user":"bob"}`
	sayDelivered   = `{"event":"delivered","host":"d13","user":"bob","terminal":"pts/2"}`
	sayEndOfResult = `{"event":"end","results":1}`
)

// TestResultsOfStaying: what only a message that stays has comes for nothing else.
func TestResultsOfStaying(t *testing.T) {
	for _, line := range []string{sayOpen, `{"event":"open","host":"d13"}`, sayAnswered, sayReply, sayUnanswered} {
		for name, r := range map[string]message.Request{"waits": waits(), "typed": typedOn(make(chan string)), "stays not": aRequest} {
			results, _, err := says(t, r, helloStays, line, sayEndOfResult)
			var failure *message.Failure
			switch lost := errors.As(err, &failure) && failure.Reason == message.Lost; {
			case name == "stays not" && (!lost || len(results) > 0), name != "stays not" && (err != nil || len(results) != 1):
				t.Errorf("%s, %s: %+v, %v", name, line, results, err)
			}
		}
	}
}

// TestMalformedResults: what is not exactly such a result is none, and the helper is lost.
func TestMalformedResults(t *testing.T) {
	with := func(line, field string) string { return strings.Replace(line, "{", "{"+field+",", 1) }
	without := func(line, field string) string {
		if !strings.Contains(line, ","+field) {
			t.Fatalf("%s is not in %s", field, line)
		}
		return strings.Replace(line, ","+field, "", 1)
	}
	instead := func(line, old, by string) string {
		if !strings.Contains(line, old) {
			t.Fatalf("%s is not in %s", old, line)
		}
		return strings.Replace(line, old, by, 1)
	}
	for name, line := range map[string]string{
		"answered by nobody":        without(sayAnswered, `"user":"bob"`),
		"answered nowhere":          without(sayAnswered, `"host":"d13"`),
		"answered without answer":   without(sayAnswered, `"answer":"ok"`),
		"neither ok nor reply":      instead(sayAnswered, `"ok"`, `"maybe"`),
		"shown":                     instead(sayAnswered, `"ok"`, `"show"`),
		"in capitals":               instead(sayAnswered, `"ok"`, `"OK"`),
		"an ok with a text":         with(sayAnswered, `"text":"yes"`),
		"before the message":        instead(sayReply, `:5`, `:-5`),
		"a time that is no number":  instead(sayReply, `:5`, `:"5"`),
		"a text that is too long":   instead(sayReply, "yes", strings.Repeat("x", mostAnswerText+1)),
		"a user that is too long":   instead(sayReply, "bob", strings.Repeat("x", mostWords+1)),
		"answered with a reason":    with(sayReply, `"reason":"stuck"`),
		"answered with a target":    with(sayReply, `"target":"bob"`),
		"answered with a code":      with(sayReply, `"code":"k7m"`),
		"answered with more":        with(sayReply, `"mood":"good"`),
		"open with a code":          with(sayOpen, `"code":"k7m"`),
		"open of somebody":          with(sayOpen, `"user":"bob"`),
		"open with an answer":       with(sayOpen, `"answer":"ok"`),
		"open with a text":          with(sayOpen, `"text":"yes"`),
		"open with a time":          with(sayOpen, `"after_ms":5`),
		"open with a reason":        with(sayOpen, `"reason":"stuck"`),
		"open nowhere":              without(sayOpen, `"host":"d13"`),
		"unanswered by nobody":      without(sayUnanswered, `"user":"bob"`),
		"unanswered nowhere":        without(sayUnanswered, `"host":"d13"`),
		"unanswered with an answer": with(sayUnanswered, `"answer":"ok"`),
		"unanswered with a text":    with(sayUnanswered, `"text":"yes"`),
		"unanswered with a code":    with(sayUnanswered, `"code":"k7m"`),
		"unanswered with a reason":  with(sayUnanswered, `"reason":"stuck"`),
		"delivered with an answer":  with(sayDelivered, `"answer":"ok"`),
		"delivered with a text":     with(sayDelivered, `"text":"yes"`),
		"delivered with a time":     with(sayDelivered, `"after_ms":5`),
		"delivered with a code":     with(sayDelivered, `"code":"k7m"`),
		"a code while it waits":     `{"event":"waiting","host":"d13","code":"k7m"}`,
		"an event that is not ours": `{"event":"reached","host":"d13"}`,
	} {
		results, _, err := says(t, waits(), helloStays, line, sayEndOfResult)
		var failure *message.Failure
		if !errors.As(err, &failure) || failure.Reason != message.Lost || len(results) > 0 || !strings.Contains(failure.Detail, "does not keep to the protocol") {
			t.Errorf("%s: %+v, %v", name, results, err)
		}
	}
	long := instead(sayReply, "yes", strings.Repeat("x", mostAnswerText))
	results, _, err := says(t, waits(), helloStays, sayDelivered, sayOpen, sayAnswered, sayReply, sayReply, long, sayUnanswered,
		strings.Replace(sayEndOfResult, "1", "7", 1))
	if err != nil || len(results) != 7 {
		t.Errorf("good ones: %d, %v", len(results), err)
	}
	_, _, err = says(t, waits(), helloStays, sayDelivered, sayOpen, sayEndOfResult)
	var failure *message.Failure
	if !errors.As(err, &failure) || failure.Reason != message.Lost {
		t.Errorf("one too few: %v", err)
	}
}

// FuzzResultOfStaying holds that no helper of a message that stays can make the client do
// more than report, of whom and what there has to be.
func FuzzResultOfStaying(f *testing.F) {
	for _, line := range []string{sayOpen, sayAnswered, sayReply, sayUnanswered, sayDelivered} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		s := results{open: true}
		r, err := s.read(line)
		if err != nil {
			return
		}
		ok := true
		switch r.Event {
		case message.Answered:
			ok = r.User != "" && r.Host != "" && (r.Answer == message.OK && r.Text == "" || r.Answer == message.Reply) &&
				len(r.Text) <= mostAnswerText && r.AfterMS >= 0
		case message.Unanswered:
			ok = r.User != "" && r.Host != "" && r.Answer == "" && r.Text == ""
		case message.Open:
			ok = r.User == "" && r.Host != "" && r.Answer == "" && r.Text == ""
		case message.Delivered, message.Failed, message.Planned, message.Waiting:
			ok = r.Answer == "" && r.Text == "" && r.AfterMS == 0
		default:
			ok = false
		}
		if !ok {
			t.Errorf("%q is %+v", line, r)
		}
	})
}

// FuzzTalk holds that whatever a helper says, and a login before it, it is sent nothing before
// its hello but the program that it may ask for once; the request once after that; and that it
// is done only where the results that came are as many as it says.
func FuzzTalk(f *testing.F) {
	const push = `{"event":"push","machine":"x86_64","uid":0}`
	for _, lines := range [][]string{
		{helloStays, sayDelivered, sayOpen, sayReply, sayUnanswered, `{"event":"end","results":4}`},
		{"Welcome to d13!", push, helloStays, `{"event":"alive"}`, sayDelivered, sayEndOfResult},
		{push, push, helloStays, `{"event":"refused","problem":"too long","hint":"shorter"}`},
		{strings.Replace(push, "0}", "1000}", 1)},
		{strings.Replace(push, "x86_64", "../x", 1)},
		{strings.Replace(helloStays, "[1,2]", "[1,1]", 1), `{"event":"error","problem":"\u009b"}`},
		{strings.Replace(helloStays, "[1,2]", "[3,4]", 1)},
		{strings.Repeat("x", 200), helloStays},
		{helloStays, sayDelivered, sayDelivered},
	} {
		f.Add([]byte(strings.Join(lines, "\n")+"\n"), len(lines)%2 == 0)
	}
	f.Fuzz(func(t *testing.T, said []byte, stay bool) {
		r, told := aRequest, &toHelper{}
		if stay {
			r = waits()
		}
		talk := newTalk(told, bytes.NewReader(said), nil)
		pushed, done := 0, 0
		talk.pushed, talk.onPush, talk.preamble = &Push{programs: map[string][]byte{"amd64": []byte("PROGRAM")}}, func() { pushed++ }, 100
		err := talk.send(t.Context(), r, func(result message.Result) {
			if result.Event != message.Waiting {
				done++
			}
			if told.Len() == 0 {
				t.Errorf("%q: %+v before the request", said, result)
			}
		})
		rest, wasPushed := strings.CutPrefix(told.String(), "7\nPROGRAM")
		if wasPushed != (pushed == 1) || pushed > 1 || wasPushed && !bytes.Contains(said, []byte("push")) {
			t.Errorf("%q: pushed %d times: %q", said, pushed, told)
		}
		line, behind, _ := strings.Cut(rest, "\n")
		var sent request
		if rest != "" && (behind != "" || decode([]byte(line), &sent) != nil || !bytes.Contains(said, []byte(eventHello))) {
			t.Errorf("%q: it was sent %q", said, rest)
		}
		var failure *message.Failure
		switch {
		case err == nil && (rest == "" || !bytes.Contains(said, fmt.Append(nil, done))):
			t.Errorf("%q is the end of %d results", said, done)
		case errors.As(err, &failure) && !slices.Contains([]message.Reason{message.Version, message.NoHelper, message.Lost}, failure.Reason):
			t.Errorf("%q: %v", said, err)
		case errors.As(err, &failure) && failure.Reason != message.Lost && done > 0:
			t.Errorf("%q: %v, and %d results", said, err, done)
		}
	})
}

// toHelper keeps what a helper is told.
type toHelper struct{ bytes.Buffer }

func (*toHelper) Close() error { return nil }

// TestFanOutOpens: a message that stays gives its slot to the next as soon as its text is
// through, in all and through a jump host; and gives it once.
func TestFanOutOpens(t *testing.T) {
	for name, via := range map[string][]string{
		"straight": {"", ""}, "through one jump host": {"bastion", "bastion"}, "one of them through one": {"bastion", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opens := []chan struct{}{make(chan struct{}), make(chan struct{})}
				var parts []Part
				for i := range opens {
					parts = append(parts, Part{
						Host: fmt.Sprint("h", i),
						Via:  func(context.Context) string { return via[i] },
						Send: func(ctx context.Context, _ message.Request, report func(message.Result)) error {
							for range 2 { // a host may say so as often as it likes
								report(message.Result{Event: message.Open, Host: "h"})
							}
							close(opens[i])
							select {
							case <-opens[1-i]:
							case <-time.After(time.Hour):
								return errors.New("the other never opens")
							}
							return nil
						},
					})
				}
				var got []message.Event
				FanOut{Hosts: 1, Via: 1}.Send(t.Context(), parts, func(r message.Result) { got = append(got, r.Event) })
				slices.Sort(got)
				want := []message.Event{message.Open, message.Open, message.Open, message.Open, message.Reached, message.Reached}
				if !slices.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
				}
			})
		})
	}
}

// TestFanOutKeepsItsBounds: until their text is through, no more than may be are at work;
// those that are open do not count.
func TestFanOutKeepsItsBounds(t *testing.T) {
	for _, via := range []string{"", "bastion"} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			now, most, open, mostOpen := 0, 0, 0, 0
			count := func(working, waiting int) {
				mu.Lock()
				defer mu.Unlock()
				now, open = now+working, open+waiting
				most, mostOpen = max(most, now), max(mostOpen, open)
			}
			var parts []Part
			for i := range 50 {
				parts = append(parts, Part{
					Host: fmt.Sprint("h", i),
					Via:  func(context.Context) string { return via },
					Send: func(_ context.Context, _ message.Request, report func(message.Result)) error {
						count(1, 0)
						time.Sleep(time.Second)
						count(-1, 1)
						report(message.Result{Event: message.Open, Host: "h"})
						time.Sleep(time.Hour)
						count(0, -1)
						return nil
					},
				})
			}
			begun, ended := time.Now(), 0
			FanOut{Hosts: 10, Via: 5}.Send(t.Context(), parts, func(r message.Result) {
				if r.Event == message.Reached {
					ended++
				}
			})
			want := 10
			if via != "" {
				want = 5
			}
			if took := time.Since(begun); most != want || mostOpen != 50 || ended != 50 || took > time.Hour+time.Minute {
				t.Errorf("through %q: %d at work, %d open, %d ended in %v", via, most, mostOpen, ended, took)
			}
		})
	}
}
