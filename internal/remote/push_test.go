//go:build unix

package remote

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/internal/message"
	"msg/internal/wire"
	"msg/internal/wire/call"
)

// TestPushScript: every login shell hands the script to sh as it is, and what it is sent is
// run and removed.
func TestPushScript(t *testing.T) {
	program := "#!/bin/sh\nls -d /run/msg-* /dev/shm/msg-* /tmp/msg-* /var/tmp/msg-* 2>/dev/null; echo \"it runs\"\n"
	tried := 0
	for _, shell := range []string{"sh", "bash", "dash", "csh", "tcsh", "zsh", "fish", "ksh", "mksh"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		tried++
		cmd := exec.Command(path, "-c", pushCommand())
		cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir()}
		cmd.Stdin = strings.NewReader(fmt.Sprintf("%d\n%s", len(program), program))
		out, err := cmd.CombinedOutput()
		want := regexp.MustCompile(`^{"event":"push","machine":"\w+","uid":\d+}\nit runs\n$`)
		if err != nil || !want.Match(out) {
			t.Errorf("%s: %v, %q", shell, err, out)
		}
	}
	if tried < 2 {
		t.Errorf("%d shells are here", tried)
	}
	cut := exec.Command("sh", "-c", pushCommand())
	cut.Env = []string{"PATH=/usr/bin:/bin"}
	cut.Stdin = strings.NewReader("1000\nnot all of it")
	if out, err := cut.CombinedOutput(); err == nil || strings.Contains(string(out), "not all") {
		t.Errorf("half a program: %v, %q", err, out)
	}
	if left, _ := filepath.Glob("/run/msg-*"); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// FuzzTalk holds that whatever a server says, and a login before it, it is sent nothing before
// its hello but the program that it may ask for once; the request once after that; and that it
// is done only where the results that came are as many as it says.
func FuzzTalk(f *testing.F) {
	const (
		hello      = `{"event":"hello","protocol":[1,2],"version":"0.2.0","host":"d13"}`
		open       = `{"event":"open","host":"d13"}`
		reply      = `{"event":"answered","host":"d13","user":"bob","answer":"reply","text":"yes","after_ms":5}`
		unanswered = `{"event":"unanswered","host":"d13","user":"bob"}`
		delivered  = `{"event":"delivered","host":"d13","user":"bob","terminal":"pts/2"}`
		end        = `{"event":"end","results":1}`
		push       = `{"event":"push","machine":"x86_64","uid":0}`
	)
	for _, lines := range [][]string{
		{hello, delivered, open, reply, unanswered, `{"event":"end","results":4}`},
		{"Welcome to d13!", push, hello, `{"event":"alive"}`, delivered, end},
		{push, push, hello, `{"event":"refused","problem":"too long","hint":"shorter"}`},
		{strings.Replace(push, "0}", "1000}", 1)},
		{strings.Replace(push, "x86_64", "../x", 1)},
		{strings.Replace(hello, "[1,2]", "[1,1]", 1), `{"event":"error","problem":"\u009b"}`},
		{strings.Replace(hello, "[1,2]", "[4,5]", 1)},
		{strings.Repeat("x", 200), hello},
		{hello, delivered, delivered},
		{`{"event":"hello","protocol":[1,2]}`, `{"event":"end"}`},
	} {
		f.Add([]byte(strings.Join(lines, "\n")+"\n"), len(lines)%2 == 0)
	}
	f.Fuzz(func(t *testing.T, said []byte, stay bool) {
		r, told := aRequest, &toServer{}
		if stay {
			r.DryRun, r.Wait, r.AnswerTime = false, true, 90*time.Second
		}
		pushed, done := 0, 0
		programs := &Push{programs: map[string][]byte{"amd64": []byte("PROGRAM")}}
		talk := call.New(told, bytes.NewReader(said), call.Options{Preamble: 100, Push: programs.wanted, Pushed: func() { pushed++ }})
		err := talk.Send(t.Context(), r, nil, func(result message.Result) {
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
		var sent wire.Request
		if rest != "" && (behind != "" || wire.Decode([]byte(line), &sent) != nil || !bytes.Contains(said, []byte(wire.EventHello))) {
			t.Errorf("%q: it was sent %q", said, rest)
		}
		var failure *message.Failure
		switch {
		case err == nil && (rest == "" || done > 0 && !bytes.Contains(said, fmt.Append(nil, done))): // 0 need not be said
			t.Errorf("%q is the end of %d results", said, done)
		case errors.As(err, &failure) && !slices.Contains([]message.Reason{message.Version, message.NoHelper, message.Lost}, failure.Reason):
			t.Errorf("%q: %v", said, err)
		case errors.As(err, &failure) && failure.Reason != message.Lost && done > 0:
			t.Errorf("%q: %v, and %d results", said, err, done)
		}
	})
}

// toServer keeps what a server is told.
type toServer struct{ bytes.Buffer }

func (*toServer) Close() error { return nil }
