package remote

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"msg/internal/message"
)

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
func (h Helper) Send(ctx context.Context, r message.Request, report func(message.Result)) error {
	p, err := h.start()
	if err != nil {
		return err
	}
	return p.end(newTalk(p.stdin, p.stdout, h.Hello).send(ctx, r, report))
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

func (h Helper) start() (*process, error) {
	cmd := exec.Command(h.Path)
	cmd.Env = []string{} // it would not look at it
	p, err := start(cmd)
	if err != nil {
		return nil, message.Fail(message.NoHelper, "%s: %v", h.Path, err)
	}
	return p, nil
}
