package addressbook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"msg/internal/tail"
)

// patience is how long a command may take; tests have less.
var patience = 10 * time.Second

const (
	mostOutput = 1 << 20 // bytes
	mostError  = 300     // of what a command says is wrong, in bytes
)

// run returns what a command prints. It has the caller's environment and nothing to
// read. One that takes too long is ended with all that it has started.
func run(ctx context.Context, command string) (string, error) {
	limited, stop := context.WithTimeout(ctx, patience)
	defer stop()
	cmd := exec.CommandContext(limited, "sh", "-c", command)
	apart(cmd)
	cmd.WaitDelay = time.Second
	out, said := &head{most: mostOutput, full: stop}, &tail.Tail{Most: mostError}
	cmd.Stdout, cmd.Stderr = out, said
	err := cmd.Run()
	switch {
	case out.isFull:
		return "", fmt.Errorf("its command prints more than %d KiB", mostOutput>>10)
	case ctx.Err() != nil:
		return "", fmt.Errorf("its command was ended: %w", ctx.Err())
	case errors.Is(err, exec.ErrWaitDelay):
		_ = cmd.Cancel() // what it has started is there
		return "", saying("its command has started something that keeps its output open", said)
	case limited.Err() != nil:
		return "", saying(fmt.Sprintf("its command takes longer than %v", patience), said)
	case err != nil:
		return "", saying(fmt.Sprintf("its command fails, %v", err), said)
	case len(bytes.TrimSpace(out.kept)) == 0:
		return "", saying("its command prints nothing", said)
	}
	return string(out.kept), nil
}

// head keeps what is written, and takes no more than most bytes.
type head struct {
	kept   []byte
	most   int
	full   func()
	isFull bool
}

var errFull = errors.New("too much output")

func (h *head) Write(p []byte) (int, error) {
	if len(h.kept)+len(p) > h.most {
		h.isFull = true
		h.full()
		return 0, errFull
	}
	h.kept = append(h.kept, p...)
	return len(p), nil
}

// saying returns an error with what the command has said about it, in one line.
func saying(problem string, said *tail.Tail) error {
	if words := strings.Fields(strings.ToValidUTF8(said.String(), "")); len(words) > 0 {
		problem += ": " + strings.Join(words, " ")
	}
	return errors.New(problem)
}
