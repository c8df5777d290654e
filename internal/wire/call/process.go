package call

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strings"
	"time"

	"msg/internal/message"
	"msg/internal/tail"
)

// Process is a program that runs, and is a server or leads to one.
type Process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.Reader
	stderr tail.Tail
}

// mostWords limits what is kept of a program's standard error, in bytes.
const mostWords = 4 << 10

// Start starts a program.
func Start(cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd, stderr: tail.Tail{Most: mostWords}}
	cmd.Stderr = &p.stderr
	cmd.WaitDelay = time.Second
	var inErr, outErr error
	p.stdin, inErr = cmd.StdinPipe()
	p.stdout, outErr = cmd.StdoutPipe()
	err := errors.Join(inErr, outErr)
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, err
	}
	return p, nil
}

// Talk begins a conversation over the program's pipes.
func (p *Process) Talk(o Options) *Talk { return New(p.stdin, p.stdout, o) }

// Words returns the end of what the program has written to its standard error. It is for
// after Wait.
func (p *Process) Words() string { return p.stderr.String() }

// Status returns the program's exit status, or -1 if a signal ended it. It is for after Wait.
func (p *Process) Status() int { return p.cmd.ProcessState.ExitCode() }

// goodbye is how long a program may take to end after its last word.
const goodbye = 2 * time.Second

// Leave is End for a program that a terminal may hold: one that has said all is not waited for.
func (p *Process) Leave(err error) error {
	var failure *message.Failure
	if !errors.As(err, &failure) {
		_ = p.stdin.Close()
		go func() { _ = p.cmd.Wait() }()
		return err
	}
	said := make(chan error, 1)
	go func() { said <- p.End(err) }()
	select {
	case err = <-said:
	case <-time.After(goodbye + time.Second): // it was killed before
	}
	return err
}

// End waits for the program, and returns err, what came of the conversation. It adds to a
// failure what the program said of it.
func (p *Process) End(err error) error {
	waitErr := p.Wait(err)
	var failure *message.Failure
	if !errors.As(err, &failure) {
		return err
	}
	said := *failure
	if words := strings.TrimSpace(p.Words()); words != "" {
		said.Detail += ": " + words
	} else if said.Reason == message.Lost || said.Reason == message.NoHelper {
		said.Detail += ": " + fmt.Sprint(waitErr)
	}
	return &said
}

// Wait waits for the end of the program; err is what came of the conversation. If that
// failed, but not because the program ended, Wait has the program end.
func (p *Process) Wait(err error) error {
	_ = p.stdin.Close() // the program may have gone, and the pipe with it
	var failure *message.Failure
	patience := goodbye
	if errors.As(err, &failure) && !errors.Is(err, ErrNoStart) && !errors.Is(err, ErrEnded) {
		terminate(p.cmd)
		patience = goodbye / 4
	}
	defer time.AfterFunc(patience, func() { Kill(p.cmd) }).Stop()
	return p.cmd.Wait()
}
