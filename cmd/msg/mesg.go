package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"msg/internal/message"
)

// The exit statuses of msg mesg, which are mesg(1)'s.
const (
	exitMessagesOn  = 0
	exitMessagesOff = 1
)

// The permissions of a terminal's device. Messages are on where its group may
// write; others have never had a need to.
const (
	groupWrites  fs.FileMode = 0o020
	othersWrite  fs.FileMode = 0o002
	anyoneWrites             = groupWrites | othersWrite
)

// Help is shown by msg mesg --help.
func (mesgCmd) Help() string {
	return `Examples:
  msg mesg                           is y, or is n
  msg mesg n                         no messages to this terminal, but root's
  msg mesg y                         messages again

The terminal is the first of standard input, output and error that is one.

Exit status: 0 messages are on, 1 they are off, 2 that cannot be told or changed.`
}

// Run shows or sets whether messages come to the terminal in use.
func (c *mesgCmd) Run(ctx context.Context, w world, status *int) error {
	mine, err := ownTerminal(w)
	if err != nil {
		return mesgError(err)
	}
	defer mine.close()
	on := mine.messages()
	if c.Messages != "" {
		on = strings.HasPrefix(c.Messages, "y")
		if err := mine.set(on); err != nil {
			return refused(ctx, w, mine, err)
		}
	}
	if *status = exitMessagesOff; on {
		*status = exitMessagesOn
	}
	return c.show(w, mine.name, on)
}

// show says how it is where somebody asked, as mesg(1) does, and after a change
// only where words are wanted.
func (c *mesgCmd) show(w world, name string, on bool) error {
	var err error
	switch {
	case c.JSON:
		err = json.NewEncoder(w.stdout).Encode(struct {
			Terminal string `json:"terminal"`
			Messages bool   `json:"messages"`
		}{name, on})
	case c.Verbose:
		_, err = fmt.Fprintf(w.stdout, "messages to %s are %s\n", name, onOff(on))
	case c.Messages == "":
		_, err = fmt.Fprintln(w.stdout, map[bool]string{true: "is y", false: "is n"}[on])
	}
	return err
}

// errNoTerminal says that none of the standard descriptors is a terminal.
var errNoTerminal = errors.New("none of standard input, output and error is a terminal")

func mesgError(err error) error {
	hint := ""
	if errors.Is(err, errNoTerminal) {
		hint = `it is for the terminal that it is typed at; over ssh, "ssh -t" gives one`
	}
	return &message.Refusal{Problem: err.Error(), Hint: hint}
}

// refused tells whose the terminal is, where the kernel lets only them change it.
func refused(ctx context.Context, w world, mine *terminal, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if !errors.Is(err, fs.ErrPermission) {
		return mesgError(fmt.Errorf("%s: %w", mine.name, err))
	}
	whose := fmt.Sprintf("uid %d", mine.owner)
	if name := w.engine.Accounts.Name(ctx, mine.owner); name != "" {
		whose = name
	}
	who := whose + " or root"
	if mine.owner == 0 {
		who = "root"
	}
	return &message.Refusal{
		Problem: fmt.Sprintf("%s belongs to %s", mine.name, whose),
		Hint:    fmt.Sprintf(`only %s may change that; after su or sudo, "exit" goes back to who logged in`, who),
	}
}

// terminal is the one that the program was started at.
type terminal struct {
	name  string // below /dev: pts/3
	file  *os.File
	own   bool // file is to be closed
	mode  fs.FileMode
	owner uint32
}

// ownTerminal finds the terminal that mesg(1) means: the first of the standard
// descriptors that is one.
func ownTerminal(w world) (*terminal, error) {
	for _, v := range []any{w.stdin, w.stdout, w.stderr} {
		if f, ok := v.(*os.File); ok && isTerminal(f) {
			return terminalOf(f)
		}
	}
	return nil, errNoTerminal
}

func (t *terminal) messages() bool { return t.mode&groupWrites != 0 }

// set changes the terminal's mode through the descriptor: a name could by now be
// another's.
func (t *terminal) set(on bool) error {
	mode := t.mode &^ anyoneWrites
	if on {
		mode = t.mode | groupWrites
	}
	if err := t.file.Chmod(mode); err != nil {
		return err
	}
	t.mode = mode
	return nil
}

func (t *terminal) close() {
	if t.own {
		_ = t.file.Close() // nothing was written
	}
}
