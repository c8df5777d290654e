//go:build unix

package call

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"msg/internal/message"
	"msg/internal/wire"
	"msg/internal/wire/wiretest"
)

// program starts a server that is a shell script.
func program(t *testing.T, script string) *Process {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p, err := Start(exec.Command(path))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const sayHello = `echo '{"event":"hello","protocol":[1,1],"version":"0.1.0","host":"d13","privileged":true}'; `

// TestGivenUpWhenWritten: a request that was written as it was given up is carried out, and
// nobody says that nothing was sent.
func TestGivenUpWhenWritten(t *testing.T) {
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		in, toServer := wiretest.Pipe(t)
		fromServer, out := io.Pipe()
		go func() {
			_, _ = io.WriteString(out, `{"event":"hello","protocol":[1,1]}`+"\n")
			_, _ = io.Copy(io.Discard, in)
			_, _ = io.WriteString(out, `{"event":"delivered","host":"d13","user":"bob","terminal":"pts/2"}`+"\n"+`{"event":"end","results":1}`+"\n")
		}()
		got := 0
		err := New(thenCancelled{toServer, cancel}, fromServer, Options{}).Send(ctx, aRequest, nil, func(message.Result) { got++ })
		if err != nil || got != 1 {
			t.Fatalf("%d results, %v", got, err)
		}
	}
}

// thenCancelled is given up once something is written.
type thenCancelled struct {
	io.WriteCloser
	cancel func()
}

func (w thenCancelled) Write(data []byte) (int, error) {
	defer w.cancel()
	return w.WriteCloser.Write(data)
}

// TestSilence: a server that hangs is not waited for without end.
func TestSilence(t *testing.T) {
	for _, said := range []string{"", `{"event":"hello","protocol":[1,1]}` + "\n"} {
		in, toServer := io.Pipe()
		fromServer, out := io.Pipe()
		go func() {
			_, _ = io.WriteString(out, said)
			_, _ = io.Copy(io.Discard, in)
		}()
		talk := New(toServer, fromServer, Options{})
		talk.patience = patience{100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond}
		var failure *message.Failure
		if err := talk.Send(t.Context(), aRequest, nil, nil); !errors.As(err, &failure) || failure.Reason != message.Timeout {
			t.Errorf("after %q: %v", said, err)
		}
	}
}

// TestServerThatHangs: at no point does one keep msg for longer than it may, and once
// interrupted not for long at all. What it has not read is not sent.
func TestServerThatHangs(t *testing.T) {
	soon := patience{300 * time.Millisecond, 300 * time.Millisecond, 100 * time.Millisecond}
	long := patience{time.Hour, time.Hour, 100 * time.Millisecond}
	big := aRequest
	big.Text = strings.Repeat("x", 100_000) // more than a pipe takes
	const oneResult = `{"event":"delivered","host":"d13","user":"bob","terminal":"pts/2"}`
	for name, c := range map[string]struct {
		script  string
		request message.Request
		want    string
		unsent  bool // of the request, when it is given up
	}{
		"says nothing":     {"exec sleep 1000", aRequest, "timeout", true},
		"reads nothing":    {sayHello + "exec sleep 1000", aRequest, "timeout", false},
		"reads not all":    {sayHello + "exec sleep 1000", big, "timeout", true},
		"stays":            {sayHello + "read r; echo '" + oneResult + `'; echo '{"event":"end","results":1}'; exec sleep 1000`, aRequest, "", false},
		"goes silent":      {sayHello + "read r; echo '" + oneResult + "'; exec sleep 1000", aRequest, "timeout", false},
		"ends without end": {sayHello + "read r; echo '" + oneResult + "'; exec >&-; exec sleep 1000", aRequest, "lost", false},
	} {
		for _, interrupted := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			p := program(t, c.script)
			interrupt := func(wire.Hello) {
				if interrupted {
					time.AfterFunc(100*time.Millisecond, cancel)
				}
			}
			talk := p.Talk(Options{Hello: interrupt})
			if talk.patience = soon; interrupted {
				talk.patience = long
			}
			if c.want == "" && !c.unsent { // it answers, on a busy machine, too
				talk.patience.end = 5 * time.Second
			}
			if !strings.HasPrefix(c.script, sayHello) {
				interrupt(wire.Hello{})
			}
			begun := time.Now()
			err := p.End(talk.Send(ctx, c.request, nil, func(message.Result) {}))
			want := c.want
			if interrupted && c.unsent {
				want = "interrupted"
			}
			var failure *message.Failure
			if errors.As(err, &failure) != (want != "") || failure != nil && string(failure.Reason) != want {
				t.Errorf("%s, interrupted %v: %v, want %q", name, interrupted, err, want)
			}
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("%s, interrupted %v: it took %v", name, interrupted, took)
			}
			cancel()
		}
	}
}
