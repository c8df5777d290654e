package remote

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"msg/internal/message"
	"msg/internal/target"
)

var aRequest = message.Request{
	Targets: []target.Target{{Kind: target.Word, Name: "bob"}, {Kind: target.Group, Name: "domain users"}, {Kind: target.Everyone}},
	Except:  []target.Target{{Kind: target.Terminal, Name: "pts/3"}, {Kind: target.User, Name: "tty1"}, {Kind: target.Session, Name: "c2"}},
	Text:    "Grüße\x9b\x00\r\n\xff", Time: 1500 * time.Millisecond, Polite: true, DryRun: true, Says: "alice@laptop",
}

// pipe is one of the kernel's.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.Close()
		_ = r.Close()
	})
	return r, w
}

// TestConversation: a request arrives as it was sent, bytes that are not UTF-8
// included, and the results come back.
func TestConversation(t *testing.T) {
	results := []message.Result{
		{Event: message.Delivered, Host: "d13", User: "bob", Terminal: "pts/2", Session: "c2"},
		{Event: message.Waiting, Host: "d13", User: "eve\x1b[2J\x9b", Terminal: "pts/4"},
		{Event: message.Failed, Host: "d13", Target: "nobody", Reason: message.Unknown, Detail: "no such user"},
	}
	in, toHelper := pipe(t)
	fromHelper, out := io.Pipe()
	served := make(chan error, 1)
	var request message.Request
	go func() {
		served <- Serve(t.Context(), in, out, RequestTime, Hello{Version: "1", Host: "d13", Privileged: true},
			func(_ context.Context, r message.Request, report func(message.Result)) error {
				request = r
				for _, result := range results {
					report(result)
				}
				return nil
			})
	}()
	var got []message.Result
	var hello Hello
	talk := newTalk(toHelper, fromHelper, func(h Hello) { hello = h })
	if err := talk.send(t.Context(), aRequest, func(r message.Result) { got = append(got, r) }); err != nil {
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

// carriedOut serves one client that sends input and keeps its end open, and
// returns the answers behind the hello.
func carriedOut(t *testing.T, input string) (answers string, carried bool, err error) {
	t.Helper()
	var out bytes.Buffer
	in, client := pipe(t)
	go func() { _, _ = io.WriteString(client, input) }() // and it stays open
	err = Serve(t.Context(), in, &out, RequestTime, Hello{},
		func(context.Context, message.Request, func(message.Result)) error {
			carried = true
			return nil
		})
	hello, answers, _ := strings.Cut(out.String(), "\n")
	if !strings.HasPrefix(hello, `{"event":"hello","protocol":[1,2],`) {
		t.Errorf("the hello is %s", hello)
	}
	return answers, carried, err
}

const good = `{"protocol":1,"targets":["bob"],"text":"aGk="}`

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
		"another protocol":      strings.Replace(good, `:1`, `:3`, 1) + "\n",
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
		"too long":              with(`"says":"`+strings.Repeat("x", mostRequest)+`"`) + "\n",
		"endless without lines": strings.Repeat("x", 2*mostRequest),
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
		line := good + strings.Repeat(" ", mostRequest-len(good)-1+over)
		_, carried, err := carriedOut(t, line+"\n")
		if carried != (over == 0) {
			t.Errorf("%d bytes over: carried out %v, %v", over, carried, err)
		}
	}
	l := lines{from: iotest.OneByteReader(strings.NewReader("one\n\ntwo\nthr")), most: 4}
	for _, want := range []string{"one", "", "two"} {
		if line, err := l.next(); string(line) != want || err != nil {
			t.Errorf("%q, %v; want %q", line, err, want)
		}
	}
	if line, err := l.next(); !errors.Is(err, errCutOff) {
		t.Errorf("%q, %v", line, err)
	}
}

// TestCutOff: a request that is not ended by a line feed may have been longer.
func TestCutOff(t *testing.T) {
	for _, in := range []string{"", good, good[:len(good)-1]} {
		var out bytes.Buffer
		from, client := pipe(t)
		_, _ = io.WriteString(client, in)
		_ = client.Close()
		err := Serve(t.Context(), from, &out, RequestTime, Hello{}, func(context.Context, message.Request, func(message.Result)) error {
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
		in, client := pipe(t)
		begun := make(chan struct{})
		go func() {
			_, _ = io.WriteString(client, good+"\n")
			<-begun
			_, _ = io.WriteString(client, more)
			_ = client.Close()
		}()
		err := Serve(t.Context(), in, io.Discard, RequestTime, Hello{}, func(ctx context.Context, _ message.Request, _ func(message.Result)) error {
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
	in, client := pipe(t)
	_, _ = io.WriteString(client, good+"\n")
	go func() {
		_ = Serve(t.Context(), in, out, RequestTime, Hello{},
			func(_ context.Context, _ message.Request, report func(message.Result)) error {
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

func TestRefused(t *testing.T) {
	for _, want := range []error{
		&message.Refusal{Problem: "the message is empty", Hint: "type one"},
		errors.New("open /dev/pts: permission denied"),
	} {
		in, toHelper := pipe(t)
		fromHelper, out := io.Pipe()
		go func() {
			_ = Serve(t.Context(), in, out, RequestTime, Hello{}, func(context.Context, message.Request, func(message.Result)) error { return want })
		}()
		err := newTalk(toHelper, fromHelper, nil).send(t.Context(), aRequest, func(r message.Result) { t.Error(r) })
		if !reflect.DeepEqual(err, want) {
			t.Errorf("%#v, want %#v", err, want)
		}
	}
}

// helperSays lets a stand-in for a helper say these lines, and end.
func helperSays(t *testing.T, said ...string) ([]message.Result, error) {
	t.Helper()
	in, toHelper := io.Pipe()
	fromHelper, out := io.Pipe()
	go func() {
		_, _ = io.WriteString(out, said[0]+"\n")
		_, _ = bufio.NewReader(in).ReadString('\n')
		for _, line := range said[1:] {
			_, _ = io.WriteString(out, line+"\n")
		}
		_ = out.Close()
		_ = in.Close()
	}()
	var results []message.Result
	err := newTalk(toHelper, fromHelper, nil).send(t.Context(), aRequest, func(r message.Result) { results = append(results, r) })
	return results, err
}

// TestOtherHelpers: newer and older ones, and what is no helper or breaks off.
func TestOtherHelpers(t *testing.T) {
	const (
		hello  = `{"event":"hello","protocol":[1,1],"version":"0.1.0","host":"d13"}`
		result = `{"event":"delivered","host":"d13","user":"bob","terminal":"pts/2"}`
		end    = `{"event":"end","results":1}`
	)
	newer := `{"event":"hello","protocol":[1,7],"version":"9","host":"d13","privileged":true,"mood":{"good":true}}`
	if results, err := helperSays(t, newer, `{"event":"alive"}`, result, end); err != nil || len(results) != 1 {
		t.Errorf("a newer one: %v, %v", results, err)
	}
	for name, c := range map[string]struct {
		said   []string
		reason message.Reason
		got    int
	}{
		"too new":          {[]string{`{"event":"hello","protocol":[3,4],"version":"9"}`, end}, message.Version, 0},
		"too old":          {[]string{`{"event":"hello","protocol":[0,0],"version":"0"}`, end}, message.Version, 0},
		"no helper":        {[]string{"Welcome to d13!"}, message.NoHelper, 0},
		"another event":    {[]string{end}, message.NoHelper, 0},
		"ends":             {[]string{hello}, message.Lost, 0},
		"ends early":       {[]string{hello, result}, message.Lost, 1},
		"loses a result":   {[]string{hello, `{"event":"end","results":2}`}, message.Lost, 0},
		"counts too few":   {[]string{hello, result, strings.Replace(result, "pts/2", "pts/3", 1), end}, message.Lost, 2},
		"one twice":        {[]string{hello, result, result, end}, message.Lost, 1},
		"nobody":           {[]string{hello, `{"event":"delivered"}`, end}, message.Lost, 0},
		"no host":          {[]string{hello, strings.Replace(result, "d13", "", 1), end}, message.Lost, 0},
		"no terminal":      {[]string{hello, `{"event":"delivered","host":"d13","target":"bob"}`, end}, message.Lost, 0},
		"both":             {[]string{hello, strings.Replace(result, "{", `{"target":"bob",`, 1), end}, message.Lost, 0},
		"a reason":         {[]string{hello, strings.Replace(result, "{", `{"reason":"denied",`, 1), end}, message.Lost, 0},
		"no reason":        {[]string{hello, strings.Replace(result, "delivered", "failed", 1), end}, message.Lost, 0},
		"its own reason":   {[]string{hello, strings.Replace(result, `"delivered"`, `"failed","reason":"a\u009b31m"`, 1), end}, message.Lost, 0},
		"unknown field":    {[]string{hello, strings.Replace(result, "{", `{"x":1,`, 1), end}, message.Lost, 0},
		"unknown event":    {[]string{hello, strings.Replace(result, "delivered", "answered", 1), end}, message.Lost, 0},
		"no JSON":          {[]string{hello, "Segmentation fault", end}, message.Lost, 0},
		"an endless line":  {[]string{hello, strings.Repeat("x", mostEvent+1)}, message.Lost, 0},
		"an endless hello": {[]string{strings.Repeat("x", mostEvent+1)}, message.NoHelper, 0},
	} {
		results, err := helperSays(t, c.said...)
		var failure *message.Failure
		if !errors.As(err, &failure) || failure.Reason != c.reason || len(results) != c.got {
			t.Errorf("%s: %v and %d results, want %s and %d", name, err, len(results), c.reason, c.got)
		}
	}
}

// FuzzRequest holds that what is taken for a request is one that msg could have
// sent: said again by us it is the same.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(good))
	line, err := json.Marshal(wire(newest, aRequest))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add(fmt.Appendf(nil, `{"protocol":1,"targets":["*"],"text":%q}`, base64.StdEncoding.EncodeToString(make([]byte, 100))))
	f.Fuzz(func(t *testing.T, line []byte) {
		var r request
		if decode(line, &r) != nil {
			return
		}
		sent, err := r.unwire()
		if err != nil {
			return
		}
		again, err := wire(r.Protocol, sent).unwire()
		if err != nil || !reflect.DeepEqual(sent, again) {
			t.Errorf("%q is %+v, and said again %+v, %v", line, sent, again, err)
		}
		for _, one := range sent.Targets {
			if strings.ContainsAny(one.Name, "\x00\n\x1b") || one.Kind == target.Terminal && strings.Contains(one.Name, "..") {
				t.Errorf("%q has the target %+v", line, one)
			}
		}
	})
}

// FuzzEvent holds that no helper can make the client do more than report.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"event":"failed","host":"d13","user":"bob","terminal":"pts/3","reason":"messages-off","detail":"x"}`))
	f.Add([]byte(`{"event":"end","results":1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if r, err := new(results).read(line); err == nil && r.Event != message.Delivered && r.Event != message.Failed &&
			r.Event != message.Planned && r.Event != message.Waiting {
			t.Errorf("%q is %+v", line, r)
		}
	})
}

// FuzzLines holds that lines come as they are, however they arrive, and that none is longer
// than it may be.
func FuzzLines(f *testing.F) {
	f.Add([]byte("one\n\ntwo\nthr"), uint8(4), uint8(1))
	f.Add([]byte("\n12345678\n"), uint8(8), uint8(3))
	f.Add(bytes.Repeat([]byte("\x00"), 300), uint8(255), uint8(200))
	f.Fuzz(func(t *testing.T, data []byte, most, chunk uint8) {
		l := lines{from: &chunks{data, int(chunk) + 1}, most: int(most) + 1}
		for rest := data; ; {
			want, behind, whole := bytes.Cut(rest, []byte{'\n'})
			got, err := l.next()
			switch {
			case err == nil:
				if !whole || !bytes.Equal(got, want) || len(got) >= l.most {
					t.Fatalf("%q of at most %d bytes, want %q", got, l.most, want)
				}
				rest = behind
				continue
			case errors.Is(err, errTooLong) && len(want) >= l.most,
				errors.Is(err, errCutOff) && !whole && len(want) > 0,
				errors.Is(err, io.EOF) && len(rest) == 0:
			default:
				t.Fatalf("%v at %q, of at most %d bytes", err, rest, l.most)
			}
			return
		}
	})
}

// chunks are read so many bytes at a time.
type chunks struct {
	data []byte
	most int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.most)], c.data)
	c.data = c.data[n:]
	return n, nil
}

// SetReadDeadline has chunks be an Input: they are there at once.
func (*chunks) SetReadDeadline(time.Time) error { return nil }

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
		err := Serve(t.Context(), &chunks{bytes.Clone(in), int(chunk) + 1}, &out, RequestTime, Hello{Host: "d13"},
			func(ctx context.Context, r message.Request, report func(message.Result)) error {
				carried++
				for more := r.Lines != nil; more; {
					var line string
					select {
					case line, more = <-r.Lines:
						if more {
							lines = append(lines, line)
						}
					case <-ctx.Done():
						more = false
					}
				}
				report(message.Result{Event: message.Delivered, Host: "d13", User: r.Text, Terminal: "pts/2"})
				return nil
			})
		said := strings.Split(out.String(), "\n")
		if carried > 1 || len(said) != 3+carried || said[len(said)-1] != "" || (err == nil) != (carried == 1) {
			t.Fatalf("%q is carried out %d times, %v: %q", in, carried, err, said)
		}
		var end ending
		if err := decode([]byte(said[len(said)-2]), &end); err != nil || end.Results != carried || (end.Event == eventEnd) != (carried == 1) {
			t.Errorf("%q ends with %+v, %v", in, end, err)
		}
		if carried == 0 {
			return
		}
		first, rest, _ := bytes.Cut(in, []byte{'\n'})
		var r request
		if decode(first, &r) != nil || !r.Typed && len(rest) > 0 && int(chunk) >= len(in) {
			t.Errorf("%q is carried out", in)
		}
		for i, line := range lines {
			var one typedLine
			data, behind, whole := bytes.Cut(rest, []byte{'\n'})
			if rest = behind; !whole || decode(data, &one) != nil || one.End || string(one.Line) != line {
				t.Errorf("%q has the line %d %q", in, i, line)
			}
		}
	})
}
