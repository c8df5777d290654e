package call

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"msg/internal/answers"
	"msg/internal/message"
	"msg/internal/wire"
	"msg/internal/wire/wiretest"
)

// serve serves one client, who has the usual time.
func serve(ctx context.Context, in wire.Input, out io.Writer, hello wire.Hello, send message.Send) error {
	return wire.Service{Hello: hello, RequestTime: wire.RequestTime, Send: send}.Serve(ctx, in, out)
}

// TestConversation: a request arrives as it was sent, bytes that are not UTF-8
// included, and the results come back.
func TestConversation(t *testing.T) {
	results := []message.Result{
		{Event: message.Delivered, Host: "d13", User: "bob", Terminal: "pts/2", Session: "c2"},
		{Event: message.Waiting, Host: "d13", User: "eve\x1b[2J\x9b", Terminal: "pts/4"},
		{Event: message.Failed, Host: "d13", Target: "nobody", Reason: message.Unknown, Detail: "no such user"},
	}
	in, toServer := wiretest.Pipe(t)
	fromServer, out := io.Pipe()
	served := make(chan error, 1)
	var request message.Request
	go func() {
		served <- serve(t.Context(), in, out, wire.Hello{Version: "1", Host: "d13", Privileged: true},
			func(_ context.Context, r message.Request, _ *message.Lines, report func(message.Result)) error {
				request = r
				for _, result := range results {
					report(result)
				}
				return nil
			})
	}()
	var got []message.Result
	var hello wire.Hello
	talk := New(toServer, fromServer, Options{Hello: func(h wire.Hello) { hello = h }})
	if err := talk.Send(t.Context(), aRequest, nil, func(r message.Result) { got = append(got, r) }); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(request, aRequest) {
		t.Errorf("%+v arrived of %+v", request, aRequest)
	}
	results[1].User = `eve^[[2J\x9b`
	if !reflect.DeepEqual(got, results) {
		t.Errorf("%+v came back of %+v", got, results)
	}
	if hello.Host != "d13" || !hello.Privileged || hello.Version != "1" {
		t.Errorf("the hello is %+v", hello)
	}
}

func TestRefused(t *testing.T) {
	for _, want := range []error{
		&message.Refusal{Problem: "the message is empty", Hint: "type one"},
		errors.New("open /dev/pts: permission denied"),
	} {
		in, toServer := wiretest.Pipe(t)
		fromServer, out := io.Pipe()
		go func() {
			_ = serve(t.Context(), in, out, wire.Hello{}, func(context.Context, message.Request, *message.Lines, func(message.Result)) error { return want })
		}()
		err := New(toServer, fromServer, Options{}).Send(t.Context(), aRequest, nil, func(r message.Result) { t.Error(r) })
		if !reflect.DeepEqual(err, want) {
			t.Errorf("%#v, want %#v", err, want)
		}
	}
}

// conversation is a talk with wire.Serve, in one process.
type conversation struct {
	results chan message.Result
	sent    chan error // what became of it, at the client
	served  chan error // and at the server
	toll    context.CancelFunc
}

func converse(t *testing.T, r message.Request, lines *message.Lines, send message.Send) *conversation {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	c := &conversation{make(chan message.Result, 100), make(chan error, 1), make(chan error, 1), cancel}
	in, toServer := wiretest.Pipe(t)
	fromServer, out := io.Pipe()
	go func() {
		c.served <- serve(context.Background(), in, out, wire.Hello{Host: "d13"}, send)
	}()
	go func() {
		talk := New(toServer, fromServer, Options{})
		c.sent <- talk.Send(ctx, r, lines, func(r message.Result) { c.results <- r })
		_ = toServer.Close() // as a process's input is
	}()
	return c
}

// end waits for both ends, and returns the results that were not read.
func (c *conversation) end(t *testing.T) (rest []message.Result) {
	t.Helper()
	if err := wiretest.Await(t, c.sent, "the client's end"); err != nil {
		t.Errorf("at the client: %v", err)
	}
	if err := wiretest.Await(t, c.served, "the server"); err != nil {
		t.Errorf("at the server: %v", err)
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
	c := converse(t, waits(), nil, func(_ context.Context, r message.Request, _ *message.Lines, report func(message.Result)) error {
		carried <- r
		for _, result := range results {
			report(result)
		}
		return nil
	})
	if got := wiretest.Await(t, carried, "the request"); !reflect.DeepEqual(got, waits()) {
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
	typed := message.NewLines()
	lines := []string{"second", "", "\x1b[2J\xff\x00", "with\nanother", strings.Repeat("x", message.MaxBytesRoot), `{"end":true}`}
	came := make(chan string, len(lines))
	ended, goOn := make(chan error, 1), make(chan struct{})
	c := converse(t, typedOn(), typed, func(ctx context.Context, _ message.Request, lines *message.Lines, report func(message.Result)) error {
		report(message.Result{Event: message.Open, Host: "d13"})
		for n := 0; ; n++ {
			line, ok, err := lines.Next(ctx, n)
			if err != nil || !ok {
				break
			}
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
	if r := wiretest.Await(t, c.results, "open"); r.Event != message.Open {
		t.Errorf("%+v", r)
	}
	for _, line := range lines {
		typed.Add(line)
		if got := wiretest.Await(t, came, "a line"); got != line {
			t.Errorf("%.40q came of %.40q", got, line)
		}
	}
	typed.Close()
	if err := wiretest.Await(t, ended, "the last line"); err != nil {
		t.Errorf("with the last line: %v", err)
	}
	select { // still nothing has ended it
	case err := <-c.sent:
		t.Fatalf("the client has ended: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	close(goOn)
	if rest := c.end(t); len(rest) != 1 || rest[0].Event != message.Delivered {
		t.Errorf("%+v", rest)
	}
}

// TestTyperGivesUp: who gives up ends the lines and the conversation, and has what became
// of it.
func TestTyperGivesUp(t *testing.T) {
	typed := message.NewLines()
	began := make(chan struct{})
	c := converse(t, typedOn(), typed, func(ctx context.Context, _ message.Request, lines *message.Lines, report func(message.Result)) error {
		_, _, _ = lines.Next(ctx, 0)
		close(began)
		<-ctx.Done()
		report(message.Result{Event: message.Delivered, Host: "d13", User: "bob", Terminal: "pts/2"})
		return nil
	})
	typed.Add("second")
	wiretest.Await(t, began, "a line")
	c.toll()
	if rest := c.end(t); len(rest) != 1 || rest[0].Event != message.Delivered {
		t.Errorf("%+v", rest)
	}
}

// TestNobodyTypes: a conversation ends when the server has come to its end, though more could be
// typed.
func TestNobodyTypes(t *testing.T) {
	c := converse(t, typedOn(), message.NewLines(), func(context.Context, message.Request, *message.Lines, func(message.Result)) error { return nil })
	if rest := c.end(t); len(rest) > 0 {
		t.Errorf("%+v", rest)
	}
}
