package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"msg/internal/message"
	"msg/internal/wire/wiretest"
)

// carriedOut serves one client that sends input and keeps its end open, and
// returns the answers behind the hello.
func carriedOut(t *testing.T, input string) (answers string, carried bool, err error) {
	t.Helper()
	var out bytes.Buffer
	in, client := wiretest.Pipe(t)
	go func() { _, _ = io.WriteString(client, input) }() // and it stays open
	err = serve(t.Context(), in, &out, Hello{},
		func(context.Context, message.Request, *message.Lines, func(message.Result)) error {
			carried = true
			return nil
		})
	hello, answers, _ := strings.Cut(out.String(), "\n")
	if !strings.HasPrefix(hello, `{"event":"hello","protocol":[1,3],`) {
		t.Errorf("the hello is %s", hello)
	}
	return answers, carried, err
}

// TestStrict: what is not exactly a request is an error, and nothing is done.
func TestStrict(t *testing.T) {
	if answers, carried, err := carriedOut(t, good+"\n"); !carried || err != nil || answers != "{\"event\":\"end\",\"results\":0}\n" {
		t.Fatalf("%s, %v, %v", answers, carried, err)
	}
	with := func(field string) string { return strings.Replace(good, "{", "{"+field+",", 1) }
	for name, in := range map[string]string{
		"nothing":               "\n",
		"not JSON":              "bob hi\n",
		"an array":              "[" + good + "]\n",
		"a string":              `"bob"` + "\n",
		"null":                  "null\n",
		"unknown":               with(`"uid":0`) + "\n",
		"consent, too":          strings.Replace(with(`"consent":{}`), `:1`, `:3`, 1) + "\n",
		"consent, of before":    `{"protocol":2,"consent":{}}` + "\n",
		"no answer":             `{"protocol":3,"consent":{"say":{"say":"perhaps"}}}` + "\n",
		"a no for some":         `{"protocol":3,"consent":{"say":{"say":"no","only":["bob"]}}}` + "\n",
		"consent of another":    `{"protocol":3,"consent":{"uid":0}}` + "\n",
		"sender":                with(`"sender":"root"`) + "\n",
		"nested unknown":        with(`"sender":{"user":"root"}`) + "\n",
		"other letters":         strings.Replace(good, "text", "TEXT", 1) + "\n",
		"folded letters":        strings.Replace(good, "targets", "target\u017f", 1) + "\n",
		"twice":                 with(`"text":"eA=="`) + "\n",
		"twice, escaped":        with(`"te\u0078t":"eA=="`) + "\n",
		"two requests":          good + "\n" + good + "\n",
		"something behind":      good + "x\n",
		"another behind":        good + good + "\n",
		"a NUL":                 strings.Replace(good, "bob", "bob\x00", 1) + "\n",
		"an escaped NUL":        strings.Replace(good, "bob", `bob\u0000`, 1) + "\n",
		"no base64":             strings.Replace(good, "aGk=", "hi!", 1) + "\n",
		"a number as text":      strings.Replace(good, `"aGk="`, "1", 1) + "\n",
		"another protocol":      strings.Replace(good, `:1`, `:4`, 1) + "\n",
		"no protocol":           strings.Replace(good, `"protocol":1,`, ``, 1) + "\n",
		"a negative time":       with(`"time_ms":-1`) + "\n",
		"a long time":           with(`"time_ms":9000000000000000000`) + "\n",
		"a huge number":         with(`"time_ms":1e400`) + "\n",
		"two targets in one":    strings.Replace(good, "bob", "bob,alice", 1) + "\n",
		"an empty target":       strings.Replace(good, "bob", "", 1) + "\n",
		"a file of targets":     strings.Replace(good, "bob", "@/etc/passwd", 1) + "\n",
		"a path":                strings.Replace(good, "bob", "tty:../../etc/passwd", 1) + "\n",
		"deep":                  with(`"except":`+strings.Repeat("[", 100_000)) + "\n",
		"deep and closed":       with(`"except":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)) + "\n",
		"deep objects":          with(`"except":`+strings.Repeat(`{"a":`, 50_000)+"1"+strings.Repeat("}", 50_000)) + "\n",
		"too long":              with(`"says":"`+strings.Repeat("x", MostRequest)+`"`) + "\n",
		"endless without lines": strings.Repeat("x", 2*MostRequest),
	} {
		answers, carried, err := carriedOut(t, in)
		if carried || err == nil || !strings.HasPrefix(answers, `{"event":"error","results":0,"problem":"`) || strings.Count(answers, "\n") != 1 {
			t.Errorf("%s: carried out %v, %v; %.200s", name, carried, err, answers)
		}
	}
}

// TestLongest: a line that is as long as it may be is read, byte by byte, too.
func TestLongest(t *testing.T) {
	for _, over := range []int{0, 1} {
		line := good + strings.Repeat(" ", MostRequest-len(good)-1+over)
		_, carried, err := carriedOut(t, line+"\n")
		if carried != (over == 0) {
			t.Errorf("%d bytes over: carried out %v, %v", over, carried, err)
		}
	}
	l := NewReader(iotest.OneByteReader(strings.NewReader("one\n\ntwo\nthr")), 4)
	for _, want := range []string{"one", "", "two"} {
		if line, err := l.Next(); string(line) != want || err != nil {
			t.Errorf("%q, %v; want %q", line, err, want)
		}
	}
	if line, err := l.Next(); !errors.Is(err, errCutOff) {
		t.Errorf("%q, %v", line, err)
	}
}

// TestCutOff: a request that is not ended by a line feed may have been longer.
func TestCutOff(t *testing.T) {
	for _, in := range []string{"", good, good[:len(good)-1]} {
		var out bytes.Buffer
		from, client := wiretest.Pipe(t)
		_, _ = io.WriteString(client, in)
		_ = client.Close()
		err := serve(t.Context(), from, &out, Hello{}, func(context.Context, message.Request, *message.Lines, func(message.Result)) error {
			t.Errorf("%q was carried out", in)
			return nil
		})
		if err == nil {
			t.Errorf("%q was taken for a request", in)
		}
	}
}

// TestClientGivesUp: closing its end, or one more byte, ends the waiting.
func TestClientGivesUp(t *testing.T) {
	for _, more := range []string{"", good + "\n"} {
		in, client := wiretest.Pipe(t)
		begun := make(chan struct{})
		go func() {
			_, _ = io.WriteString(client, good+"\n")
			<-begun
			_, _ = io.WriteString(client, more)
			_ = client.Close()
		}()
		err := serve(t.Context(), in, io.Discard, Hello{}, func(ctx context.Context, _ message.Request, _ *message.Lines, _ func(message.Result)) error {
			close(begun)
			<-ctx.Done()
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestNobodyReads: a client that does not read keeps no message from being
// delivered and logged, which is what send does.
func TestNobodyReads(t *testing.T) {
	_, out := io.Pipe()
	sent := make(chan struct{})
	in, client := wiretest.Pipe(t)
	_, _ = io.WriteString(client, good+"\n")
	go func() {
		_ = serve(t.Context(), in, out, Hello{},
			func(_ context.Context, _ message.Request, _ *message.Lines, report func(message.Result)) error {
				for range 100_000 {
					report(message.Result{Event: message.Delivered, Host: "d13", User: "bob", Terminal: "pts/2"})
				}
				close(sent)
				return nil
			})
	}()
	select {
	case <-sent:
	case <-time.After(20 * time.Second):
		t.Error("it waits for the reader")
	}
	_ = out.Close()
}

// TestWaiterGivesUp: closing its end, or one more byte, ends a message that waits, too.
func TestWaiterGivesUp(t *testing.T) {
	const waiting = `{"protocol":2,"targets":["bob"],"text":"aGk=","wait":true}` + "\n"
	for _, more := range []string{"", `{"end":true}` + "\n"} {
		in, client := wiretest.Pipe(t)
		served := make(chan error, 1)
		began := make(chan struct{})
		go func() {
			served <- serve(context.Background(), in, io.Discard, Hello{}, func(ctx context.Context, r message.Request, lines *message.Lines, _ func(message.Result)) error {
				if !r.Wait || r.Typed || lines != nil {
					t.Errorf("%+v", r)
				}
				close(began)
				<-ctx.Done()
				return nil
			})
		}()
		_, _ = io.WriteString(client, waiting)
		wiretest.Await(t, began, "the request")
		_, _ = io.WriteString(client, more)
		if more == "" {
			_ = client.Close()
		}
		if err := wiretest.Await(t, served, "Serve's end"); err != nil {
			t.Error(err)
		}
	}
}

// FuzzServe holds that whatever a client sends, it gets a hello, results and one ending, each
// a line; that one request at most is carried out, and none behind which comes what is no
// line of it; and that lines are passed on as they were typed.
func FuzzServe(f *testing.F) {
	typed := strings.NewReplacer(`:1`, `:2`, `{"p`, `{"typed":true,"p`).Replace(good) + "\n"
	f.Add([]byte(good+"\n"), uint8(200))
	f.Add([]byte(good+"\n"+good), uint8(10))
	f.Add([]byte(typed+`{"line":"QW5k"}`+"\n"+`{"line":""}`+"\n"+`{"end":true}`+"\n"), uint8(3))
	f.Add([]byte(typed+`{"line":"QW5k","end":true}`+"\n"+`{"line":"QQ=="}`+"\n"), uint8(100))
	f.Add([]byte("\n"), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, chunk uint8) {
		var out bytes.Buffer
		var lines []string
		carried := 0
		err := serve(t.Context(), &chunks{bytes.Clone(in), int(chunk) + 1}, &out, Hello{Host: "d13"},
			func(ctx context.Context, r message.Request, typed *message.Lines, report func(message.Result)) error {
				carried++
				for more := r.Typed; more; {
					var line string
					if line, more, _ = typed.Next(ctx, len(lines)); more {
						lines = append(lines, line)
					}
				}
				report(message.Result{Event: message.Delivered, Host: "d13", User: r.Text, Terminal: "pts/2"})
				return nil
			})
		said := strings.Split(out.String(), "\n")
		first, rest, _ := bytes.Cut(in, []byte{'\n'})
		var r Request
		if Decode(first, &r) == nil && r.Consent != nil && carried == 0 {
			return // TestStrict and call.TestConsent have these
		}
		if carried > 1 || len(said) != 3+carried || said[len(said)-1] != "" || (err == nil) != (carried == 1) {
			t.Fatalf("%q is carried out %d times, %v: %q", in, carried, err, said)
		}
		var end Ending
		if err := Decode([]byte(said[len(said)-2]), &end); err != nil || end.Results != carried || (end.Event == EventEnd) != (carried == 1) {
			t.Errorf("%q ends with %+v, %v", in, end, err)
		}
		if carried == 0 {
			return
		}
		if r.Protocol == 0 || !r.Typed && len(rest) > 0 && int(chunk) >= len(in) {
			t.Errorf("%q is carried out", in)
		}
		for i, line := range lines {
			var one Typed
			data, behind, whole := bytes.Cut(rest, []byte{'\n'})
			if rest = behind; !whole || Decode(data, &one) != nil || one.End || string(one.Line) != line {
				t.Errorf("%q has the line %d %q", in, i, line)
			}
		}
	})
}

// TestRequestTime: a client that says nothing has half of the time, and one that has begun has
// the rest, too.
func TestRequestTime(t *testing.T) {
	const whole = 2 * time.Second
	for _, c := range []struct {
		name  string
		sends []string // one every quarter of the time, from the start on
		took  time.Duration
		says  string
	}{
		{"nothing", nil, whole / 2, "no request within 1s"},
		{"a first byte", []string{"{"}, whole, "no request within 2s"},
		{"byte by byte", []string{"{", " ", " "}, whole, "no request within 2s"},
		{"a late end", []string{"", good[:1], "", good[1:] + "\n"}, whole * 3 / 4, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in, client := wiretest.Pipe(t)
			go func() {
				for _, some := range c.sends {
					_, _ = io.WriteString(client, some)
					time.Sleep(whole / 4)
				}
			}()
			var out bytes.Buffer
			began, carried := time.Now(), false
			service := Service{RequestTime: whole, Send: func(context.Context, message.Request, *message.Lines, func(message.Result)) error {
				carried = true
				return nil
			}}
			err := service.Serve(t.Context(), in, &out)
			if took := time.Since(began); took < c.took || took > c.took+10*time.Second {
				t.Errorf("it took %v, not %v", took, c.took)
			}
			if carried != (c.says == "") || (err == nil) != carried || !strings.Contains(out.String(), c.says) {
				t.Errorf("carried out %v, %v: %s", carried, err, &out)
			}
		})
	}
}
