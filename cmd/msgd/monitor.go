//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/consent"
	"msg/internal/device"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/tty"
)

// openTime is how long a terminal may take to be opened. The kernel may block there in spite of
// O_NONBLOCK, and nothing ends that but the terminal's driver. On a busy machine, a terminal that
// does not hang was seen to take more than 100 ms.
const openTime = 300 * time.Millisecond

// monitor opens terminals for its judge, until that ends. The argument is when the conversation
// was accepted.
func monitor(args []string) error {
	if len(args) != 1 {
		return errArguments
	}
	if err := begin("msgd-monitor"); err != nil {
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
	rule := w.rules()
	for {
		var q question
		record := make([]byte, binary.Size(q))
		n, _, err := receive(betweenFD, record, nil, 0)
		if err != nil || n != len(record) {
			return err // the judge has ended, or does not keep to the form
		}
		if _, err := binary.Decode(record, binary.NativeEndian, &q); err != nil {
			return err
		}
		hangs, err := w.carryOut(q, rule(q.Owner))
		switch {
		case err != nil:
			return nil // the judge has ended
		case hangs:
			// This process is left behind with the terminal. Another goes on.
			_, err := startSelf(connFD, betweenFD, monitorRole, args[0])
			return err
		}
	}
}

// carryOut opens a terminal and hands the descriptor over. Its error says that nobody is there
// any more. It reports whether the terminal hangs.
func (w who) carryOut(q question, rule consent.Rule) (hangs bool, err error) {
	type outcome struct {
		reply
		fd int
	}
	done := make(chan outcome, 1)
	go func() {
		r, fd := w.reply(q, rule)
		done <- outcome{r, fd}
	}()
	select {
	case got := <-done:
		if got.Code == opened {
			defer unix.Close(got.fd)
		}
		return false, send(got.reply, got.fd)
	case <-time.After(openTime):
		return true, send(reply{Code: replyStuck}, -1)
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

func send(r reply, fd int) error {
	record, err := binary.Append(nil, binary.NativeEndian, r)
	if err != nil {
		return err
	}
	var rights []byte
	if r.Code == opened {
		rights = unix.UnixRights(fd)
	}
	return unix.Sendmsg(betweenFD, record, rights, nil, unix.MSG_NOSIGNAL)
}
