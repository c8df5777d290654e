//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"msg/internal/consent"
	"msg/internal/device"
	"msg/internal/hang"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/tty"
)

// mostOpening is how many terminals may hang as they are opened until no more are tried: more
// than a judge tries for any one sender. Each costs a thread.
const mostOpening = 2048

// monitor opens terminals for its judge, until that ends. The argument is when the conversation
// was accepted. The kernel may block in an opening in spite of O_NONBLOCK, until a program of the
// terminal's owner lets it go on: each opening has a thread of its own, and when the judge says
// that it has ended, so does this process, whatever its threads hang in.
func monitor(args []string) error {
	if len(args) != 1 {
		return errArguments
	}
	if err := begin(hang.Monitor); err != nil {
		return err
	}
	accepted, err := acceptedAt(args[0])
	if err != nil {
		return err
	}
	w, err := of(connFD, accepted, sessions.Local(nil))
	if err != nil {
		return nil // the judge tells the client
	}
	defer hang.Leave()
	rule := w.rules()
	opening := make(chan struct{}, mostOpening)
	for {
		var q question
		record := make([]byte, binary.Size(q))
		n, _, err := receive(betweenFD, record, nil)
		if err != nil || n != len(record) {
			return err // the judge has ended, or does not keep to the form
		}
		if _, err := binary.Decode(record, binary.NativeEndian, &q); err != nil {
			return err
		}
		held := rule(q.Owner)
		select {
		case opening <- struct{}{}:
			go func() {
				w.carryOut(q, held)
				<-opening
			}()
		default:
			send(reply{Code: replyStuck, Number: q.Number}, -1)
		}
	}
}

// carryOut opens a terminal and hands the descriptor over.
func (w who) carryOut(q question, rule consent.Rule) {
	r, fd := w.reply(q, rule)
	r.Number = q.Number
	send(r, fd)
	if r.Code == opened {
		defer hang.At(q.Device)()
		_ = unix.Close(fd)
	}
}

// reply opens a terminal, and checks the descriptor by itself, whatever the judge has checked;
// or it looks at the terminal's settings, for which messages need not be on.
func (w who) reply(q question, rule consent.Rule) (r reply, fd int) {
	path := pathOf(q.Device)
	if path == "" {
		return reply{Code: replyGone}, -1
	}
	want := tty.Want{Path: path, Device: q.Device, Owner: q.Owner, Rule: rule, Always: w.root && q.Flags&polite == 0}
	if q.Flags&lookOnly != 0 {
		if (tty.Directly{}).FullScreen(want) {
			return reply{Code: replyFullScreen}, -1
		}
		return reply{Code: replyLines}, -1
	}
	fd, err := tty.OpenChecked(want)
	return replyOf(err), fd
}

// Devices that are another terminal's second name: writing to tty0 writes to whichever console
// is in front, and tty is the terminal that msgd itself was started from.
var (
	inFront = unix.Mkdev(4, 0)
	current = unix.Mkdev(5, 0)
)

// pathOf returns the path of the terminal with that number, or "".
func pathOf(number uint64) string {
	if !device.IsTerminal(number) || number == inFront || number == current {
		return ""
	}
	if name := device.Name(number); name != "" {
		return "/dev/" + name
	}
	entries, err := os.ReadDir("/dev")
	if err != nil {
		return ""
	}
	for _, entry := range entries {
		var st unix.Stat_t
		path := "/dev/" + entry.Name()
		if strings.HasPrefix(entry.Name(), "tty") || strings.HasPrefix(entry.Name(), "hvc") {
			if unix.Lstat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == number {
				return path
			}
		}
	}
	return ""
}

// replyOf returns the record that tells what came of an opening.
func replyOf(err error) reply {
	var errno unix.Errno
	var failure *message.Failure
	switch {
	case err == nil:
		return reply{Code: opened}
	case errors.As(err, &failure):
		for code, one := range reasons {
			if one.Reason == failure.Reason {
				return reply{Code: code}
			}
		}
	case errors.As(err, &errno):
		return reply{Code: failed, Errno: uint32(errno)}
	}
	return reply{Code: replyGone}
}

// send sends a reply. If the judge has ended, nobody misses it.
func send(r reply, fd int) {
	record, err := binary.Append(nil, binary.NativeEndian, r)
	if err != nil {
		panic(err) // of a fixed form
	}
	var rights []byte
	if r.Code == opened {
		rights = unix.UnixRights(fd)
	}
	_ = unix.Sendmsg(betweenFD, record, rights, nil, unix.MSG_NOSIGNAL)
}
