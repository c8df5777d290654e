package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"msg/internal/delivery"
)

// The reasons of a host.
const (
	NoHelper delivery.Reason = "no-helper" // there is none, or it does not start
	Version  delivery.Reason = "version"   // it speaks no protocol that this one does
	Timeout  delivery.Reason = "timeout"   // it does not answer
	Lost     delivery.Reason = "lost"      // it ended early: what it has done is not known
)

// Failure is why a helper did not do what it was asked.
type Failure struct {
	Reason delivery.Reason
	Detail string
}

func (f *Failure) Error() string { return string(f.Reason) + ": " + f.Detail }

// Helper is msg-helper on this host.
type Helper struct {
	Path string

	// Hello is called with what it begins with, unless it is nil.
	Hello func(Hello)
}

// Find returns the path of the helper that belongs to the program that calls:
// in libexec beside its bin, else where it is usually installed. It is "" where
// there is none.
func Find() string {
	for _, path := range Candidates() {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// Candidates are the places where Find looks.
func Candidates() []string {
	paths := []string{"/usr/local/libexec/msg-helper", "/usr/libexec/msg-helper"}
	if own, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(own), "../libexec/msg-helper")
		if beside != paths[0] && beside != paths[1] {
			paths = append([]string{beside}, paths...)
		}
	}
	return paths
}

// Send has the helper carry out a request, and hands each result to report as it
// comes. When ctx ends it tells the helper to wait no longer, and still reports
// what became of every terminal. Its error is a *delivery.RequestError, a
// *Failure, or one of the helper's in words.
func (h Helper) Send(ctx context.Context, r delivery.Request, report func(delivery.Result)) error {
	p, err := h.start()
	if err != nil {
		return err
	}
	talk := newTalk(p.stdin, p.stdout, h.Hello)
	err = talk.send(ctx, r, report)
	return p.end(err)
}

// Ask starts the helper, to see whether it answers, and has it do nothing.
func (h Helper) Ask(ctx context.Context) (Hello, error) {
	p, err := h.start()
	if err != nil {
		return Hello{}, err
	}
	hello, err := newTalk(p.stdin, p.stdout, nil).hello(ctx)
	return hello, p.end(err)
}

// process is a helper that runs.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.Reader
	stderr head
}

func (h Helper) start() (*process, error) {
	p := &process{cmd: exec.Command(h.Path)}
	p.cmd.Env = []string{} // it would not look at it
	p.cmd.Stderr = &p.stderr
	p.cmd.WaitDelay = time.Second
	var inErr, outErr error
	p.stdin, inErr = p.cmd.StdinPipe()
	p.stdout, outErr = p.cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, p.cmd.Start()); err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, &Failure{NoHelper, fmt.Sprintf("%s: %v", h.Path, err)}
	}
	return p, nil
}

// goodbye is how long a helper that has said its last word may take to end.
const goodbye = 2 * time.Second

// end waits for the process and adds to a failure what it said of it. A helper
// that has not kept to the protocol is not waited for.
func (p *process) end(err error) error {
	_ = p.stdin.Close() // it may have gone, and with it the pipe
	var failure *Failure
	kill := func() { _ = p.cmd.Process.Kill() } // unless it has ended
	if errors.As(err, &failure) {
		kill()
	}
	defer time.AfterFunc(goodbye, kill).Stop()
	waitErr := p.cmd.Wait()
	if failure == nil {
		return err
	}
	detail := failure.Detail
	if words := strings.TrimSpace(p.stderr.String()); words != "" {
		detail += ": " + words
	} else if failure.Reason == Lost || failure.Reason == NoHelper {
		detail += ": " + fmt.Sprint(waitErr)
	}
	return &Failure{failure.Reason, detail}
}

// head keeps the beginning of what is written to it.
type head struct{ strings.Builder }

const mostHead = 1 << 10

func (h *head) Write(data []byte) (int, error) {
	h.Builder.Write(data[:min(len(data), mostHead-h.Len())])
	return len(data), nil
}
