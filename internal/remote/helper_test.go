//go:build unix

package remote

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"msg/internal/message"
)

// program is a helper that is a shell script.
func program(t *testing.T, script string) Helper {
	t.Helper()
	path := filepath.Join(t.TempDir(), "helper")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return Helper{Path: path}
}

const sayHello = `echo '{"event":"hello","protocol":[1,1],"version":"0.1.0","host":"d13","privileged":true}'; `

// TestHelper starts programs, and tells apart how they fail.
func TestHelper(t *testing.T) {
	for script, want := range map[string]string{
		sayHello + `read r; echo '{"event":"end","results":0}'`:                                 "",
		sayHello + `read r; echo '{"event":"refused","results":0,"problem":"no","hint":"yes"}'`: "no",
		`echo 'must not be set-uid' >&2; exit 1`:                                                "no-helper: it does not start: must not be set-uid",
		`exit 3`:                                                                                "no-helper: it does not start: exit status 3",
		sayHello + `read r; kill -9 $$`:                                                         "lost: it ended early; whether all have the message is not known: signal: killed",
		sayHello + `read r; yes oops | head -c 100000 >&2`:                                      "lost: it ended early; whether all have the message is not known: oops",
		`test -z "$(env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=)" || exec env >&2; ` + sayHello + `read r; echo '{"event":"end","results":0}'`: "",
	} {
		err := program(t, script).Send(t.Context(), aRequest, func(message.Result) {})
		if got := errorText(err); got != want && (want == "" || !strings.HasPrefix(got, want)) {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
	err := Helper{Path: "/nonexistent/helper"}.Send(t.Context(), aRequest, func(message.Result) {})
	if want := "no-helper: /nonexistent/helper: no such file or directory"; errorText(err) != want {
		t.Errorf("%v, want %q", err, want)
	}
	hello, err := program(t, sayHello+"cat >/dev/null").Ask(t.Context())
	if err != nil || hello.Version != "0.1.0" {
		t.Errorf("asked, it is %+v, %v", hello, err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestGivingUp: who has given up still gets what became of the terminals, from a
// helper that is told so by the end of its input.
func TestGivingUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	helper := program(t, sayHello+`read r
		echo '{"event":"waiting","host":"d13","user":"bob","terminal":"pts/2"}'
		cat >/dev/null
		echo '{"event":"failed","host":"d13","user":"bob","terminal":"pts/2","reason":"stuck","detail":"interrupted"}'
		echo '{"event":"end","results":1}'`)
	var results []message.Result
	err := helper.Send(ctx, aRequest, func(r message.Result) {
		results = append(results, r)
		cancel()
	})
	if err != nil || len(results) != 2 || results[1].Reason.Public() != "stuck" {
		t.Errorf("%+v, %v", results, err)
	}
}

// TestGivenUpWhenWritten: a request that was written as it was given up is carried out, and
// nobody says that nothing was sent.
func TestGivenUpWhenWritten(t *testing.T) {
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		in, toHelper := pipe(t)
		fromHelper, out := io.Pipe()
		go func() {
			_, _ = io.WriteString(out, `{"event":"hello","protocol":[1,1]}`+"\n")
			_, _ = io.Copy(io.Discard, in)
			_, _ = io.WriteString(out, `{"event":"delivered","host":"d13","user":"bob","terminal":"pts/2"}`+"\n"+`{"event":"end","results":1}`+"\n")
		}()
		got := 0
		err := newTalk(thenCancelled{toHelper, cancel}, fromHelper, nil).send(ctx, aRequest, func(message.Result) { got++ })
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

// TestSilence: a helper that hangs is not waited for without end.
func TestSilence(t *testing.T) {
	for _, said := range []string{"", `{"event":"hello","protocol":[1,1]}` + "\n"} {
		in, toHelper := io.Pipe()
		fromHelper, out := io.Pipe()
		go func() {
			_, _ = io.WriteString(out, said)
			_, _ = io.Copy(io.Discard, in)
		}()
		talk := newTalk(toHelper, fromHelper, nil)
		talk.patience = patience{100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond}
		var failure *message.Failure
		if err := talk.send(t.Context(), aRequest, nil); !errors.As(err, &failure) || failure.Reason != message.Timeout {
			t.Errorf("after %q: %v", said, err)
		}
	}
}

// TestHelperThatHangs: at no point does one keep msg for longer than it may, and once
// interrupted not for long at all. What it has not read is not sent.
func TestHelperThatHangs(t *testing.T) {
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
			p, err := program(t, c.script).start()
			if err != nil {
				t.Fatal(err)
			}
			interrupt := func(Hello) {
				if interrupted {
					time.AfterFunc(100*time.Millisecond, cancel)
				}
			}
			talk := newTalk(p.stdin, p.stdout, interrupt)
			if talk.patience = soon; interrupted {
				talk.patience = long
			}
			if c.want == "" && !c.unsent { // it answers, on a busy machine, too
				talk.patience.end = 5 * time.Second
			}
			if !strings.HasPrefix(c.script, sayHello) {
				interrupt(Hello{})
			}
			begun := time.Now()
			err = p.end(talk.send(ctx, c.request, func(message.Result) {}))
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

// TestSlowReader: who reads the results late, or stops in between, has them all.
func TestSlowReader(t *testing.T) {
	helper := program(t, sayHello+`read r; i=0; while [ $i -lt 3000 ]; do i=$((i+1))
		echo '{"event":"delivered","host":"d13","user":"bob","terminal":"pts/'$i'"}'; done; echo '{"event":"end","results":3000}'`)
	count := 0
	err := helper.Send(t.Context(), aRequest, func(message.Result) {
		if count == 0 {
			time.Sleep(time.Second) // more than a pipe's worth comes meanwhile
		}
		count++
	})
	if err != nil || count != 3000 {
		t.Errorf("%d results, %v", count, err)
	}
}
