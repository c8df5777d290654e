package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"msg/internal/compat"
	"msg/internal/message"
)

// exitFailed is wall's and write's status for whatever went wrong.
const exitFailed = 1

// tool is a program that msg takes the place of, when it is called by its name.
type tool struct {
	usage string
	run   func(ctx context.Context, args []string, w world) (code int, err error)
}

// toolOf returns the program of that name, without run where there is none.
func toolOf(name string) tool {
	switch name {
	case "wall":
		return tool{wallUsage, runWall}
	case "write":
		return tool{writeUsage, runWrite}
	case "mesg":
		return tool{mesgUsage, runMesg}
	}
	return tool{}
}

// calledAs tells which of these programs argv[0] stands for: "" where it is msg itself.
func calledAs(argv0 string) string {
	name := filepath.Base(argv0)
	if toolOf(name).run == nil {
		return ""
	}
	return name
}

// runAs does what the program would that msg is called as.
func runAs(ctx context.Context, args []string, w world) (code int, err error) {
	code, err = toolOf(w.name).run(ctx, args, w)
	var usage *compat.UsageError
	if errors.As(err, &usage) && usage.Try {
		w.complain(err)
		fmt.Fprintf(w.stderr, "Try '%s --help' for more information.\n", w.name)
		err = nil
	}
	return code, err
}

// tell prints what was asked for in place of anything else.
func (w world) tell(asked compat.Asked) (code int, err error) {
	words := fmt.Sprintf("%s (msg %s)\n", w.name, version)
	if asked == compat.Help {
		words = toolOf(w.name).usage
	}
	if _, err = io.WriteString(w.stdout, words); err != nil {
		return exitFailed, err
	}
	return exitOK, nil
}

// sendAs sends as wall and write do: it does not say who was reached. The status is 1 for
// whatever went wrong.
func sendAs(ctx context.Context, w world, o outgoing) (code int, err error) {
	w.stdout = io.Discard
	code, err = statusOf(o.send(ctx, w))
	if code == exitUsage {
		code = exitFailed
	}
	return code, err
}

// mostPatience limits how long a terminal may take.
func mostPatience(w world, asked time.Duration) time.Duration {
	most := message.MaxPatience
	if w.me.UID == 0 {
		most = message.MaxPatienceRoot
	}
	return min(asked, most)
}
