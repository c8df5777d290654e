package client

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"msg/internal/message"
	"msg/internal/wire"
	"msg/internal/wire/call"
)

// Helper is msg-helper on this host.
type Helper struct {
	Path string

	// Hello is called with what it begins with, unless it is nil.
	Hello func(wire.Hello)
}

// Find returns the path of the helper that belongs to the program that calls it: in libexec
// beside its bin, else where helpers are usually installed. It returns "" if there is none.
func Find() string {
	for _, path := range Candidates() {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// Candidates returns the places where Find looks.
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

// Send has the helper carry out a request; see call.Talk.Send.
func (h Helper) Send(ctx context.Context, r message.Request, lines *message.Lines, report func(message.Result)) error {
	p, err := h.start()
	if err != nil {
		return err
	}
	return p.End(p.Talk(call.Options{Hello: h.Hello}).Send(ctx, r, lines, report))
}

// Ask starts the helper to see whether it answers, and has it do nothing.
func (h Helper) Ask(ctx context.Context) (wire.Hello, error) {
	p, err := h.start()
	if err != nil {
		return wire.Hello{}, err
	}
	hello, err := p.Talk(call.Options{}).Ask(ctx)
	return hello, p.End(err)
}

func (h Helper) start() (*call.Process, error) {
	cmd := exec.Command(h.Path)
	cmd.Env = []string{} // the helper ignores it
	p, err := call.Start(cmd)
	if err != nil {
		return nil, message.Fail(message.NoHelper, "%s: %v", h.Path, err)
	}
	return p, nil
}
