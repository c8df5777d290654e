package remote

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strings"
	"time"

	"msg/internal/message"
)

// process is a program that runs, and leads to a helper.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.Reader
	stderr tail
}

func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd}
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

// goodbye is how long a program that has said its last word may take to end.
const goodbye = 2 * time.Second

// end waits for the process and adds to a failure what it said of it.
func (p *process) end(err error) error {
	waitErr := p.wait(err)
	var failure *message.Failure
	if !errors.As(err, &failure) {
		return err
	}
	said := *failure
	if words := strings.TrimSpace(p.stderr.String()); words != "" {
		said.Detail += ": " + words
	} else if said.Reason == message.Lost || said.Reason == message.NoHelper {
		said.Detail += ": " + fmt.Sprint(waitErr)
	}
	return &said
}

// wait waits for the end of the process. One that has failed otherwise than by ending
// is not waited for.
func (p *process) wait(err error) error {
	_ = p.stdin.Close() // it may have gone, and with it the pipe
	var failure *message.Failure
	patience := goodbye
	if errors.As(err, &failure) && !errors.Is(err, errNoStart) && !errors.Is(err, errEnded) {
		terminate(p.cmd)
		patience = goodbye / 4
	}
	defer time.AfterFunc(patience, func() { kill(p.cmd) }).Stop()
	return p.cmd.Wait()
}

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

const mostTail = 4 << 10

func (t *tail) Write(data []byte) (int, error) {
	t.kept = append(t.kept, data[max(0, len(data)-mostTail):]...)
	t.kept = append(t.kept[:0], t.kept[max(0, len(t.kept)-mostTail):]...)
	return len(data), nil
}

func (t *tail) String() string { return string(t.kept) }
