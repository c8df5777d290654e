package remote

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strings"
	"time"
)

// process is a program that runs, and leads to a helper.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.Reader
	stderr head
}

func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd}
	cmd.Stderr = &p.stderr
	cmd.WaitDelay = time.Second
	var inErr, outErr error
	p.stdin, inErr = cmd.StdinPipe()
	p.stdout, outErr = cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, err
	}
	return p, nil
}

// goodbye is how long a program that has said its last word may take to end.
const goodbye = 2 * time.Second

// end waits for the process and adds to a failure what it said of it.
func (p *process) end(err error) error {
	waitErr := p.wait(err)
	var failure *Failure
	if !errors.As(err, &failure) {
		return err
	}
	said := *failure
	if words := strings.TrimSpace(p.stderr.String()); words != "" {
		said.Detail += ": " + words
	} else if said.Reason == Lost || said.Reason == NoHelper {
		said.Detail += ": " + fmt.Sprint(waitErr)
	}
	return &said
}

// wait waits for the end of the process. One that has failed otherwise than by ending
// is not waited for.
func (p *process) wait(err error) error {
	_ = p.stdin.Close() // it may have gone, and with it the pipe
	var failure *Failure
	if errors.As(err, &failure) && !errors.Is(err, errNoStart) && !errors.Is(err, errEnded) {
		kill(p.cmd)
	}
	defer time.AfterFunc(goodbye, func() { kill(p.cmd) }).Stop()
	return p.cmd.Wait()
}

// head keeps the beginning of what is written to it.
type head struct{ strings.Builder }

const mostHead = 4 << 10

func (h *head) Write(data []byte) (int, error) {
	h.Builder.Write(data[:min(len(data), mostHead-h.Len())])
	return len(data), nil
}
