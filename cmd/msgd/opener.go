//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/message"
	"msg/internal/tty"
)

// question is a record from the judge to the monitor: which terminal to open. It has a fixed
// form, and no text.
type question struct {
	Device uint64 // st_rdev
	Owner  uint32
	Flags  uint32
}

// The flags of questions.
const (
	polite   = 1 << iota // root asks for what anybody may have
	lookOnly             // do not open it: only tell whether a full-screen program has it
)

// reply is a record from the monitor. With code opened, it comes with the descriptor.
type reply struct {
	Code  uint32
	Errno uint32 // of failed
}

// descriptors returns how many descriptors come with the reply.
func (r reply) descriptors() int {
	if r.Code == opened {
		return 1
	}
	return 0
}

// The codes of replies.
const (
	opened = iota
	failed
	replyMessagesOff
	replyOwnerChanged
	replyNotATerminal
	replyStuck
	replyGone
	replyLines // it is one that lines are written to
	replyFullScreen
)

// reasons are those of the codes that say why a terminal was not opened.
var reasons = map[uint32]*message.Failure{
	replyMessagesOff:  message.Fail(message.MessagesOff, "switched off"),
	replyOwnerChanged: message.Fail(message.OwnerChanged, "somebody else's by now"),
	replyNotATerminal: message.Fail(message.NotATerminal, "another device by now"),
	replyStuck:        message.Fail(message.Stuck, "it hangs as it is opened"),
	replyGone:         message.Fail(message.Gone, "no device of that number"),
}

// opener is a tty.Opener: it has the monitor open terminals.
type opener struct {
	between int
	mu      sync.Mutex
	ended   bool // a reply that comes late would be taken for that to another question
}

// monitorTime is many times what the monitor takes, which leaves behind what hangs.
const monitorTime = 10 * time.Second

var errNoMonitor = message.Fail(message.NoHelper, "msgd's monitor, which opens terminals, has ended")

// Open has the monitor open a terminal.
func (o *opener) Open(want tty.Want) (fd int, err error) {
	q := question{Device: want.Device, Owner: want.Owner}
	if !want.Always {
		q.Flags |= polite
	}
	code, fd, err := o.ask(q)
	if err == nil && code != opened {
		err = errNoMonitor
	}
	return fd, err
}

// FullScreen has the monitor look.
func (o *opener) FullScreen(want tty.Want) bool {
	code, fd, err := o.ask(question{Device: want.Device, Owner: want.Owner, Flags: lookOnly})
	if fd >= 0 {
		_ = unix.Close(fd)
	}
	return err == nil && code == replyFullScreen
}

// ask returns the monitor's reply, with the descriptor of one that it has opened, else -1.
func (o *opener) ask(q question) (code uint32, fd int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return 0, -1, errNoMonitor
	}
	record, err := binary.Append(nil, binary.NativeEndian, q)
	if err != nil {
		return 0, -1, err
	}
	if err := unix.Sendto(o.between, record, unix.MSG_NOSIGNAL, nil); err != nil {
		return 0, -1, errNoMonitor
	}
	code, fd, err = o.answer(monitorTime)
	o.ended = errors.Is(err, errNoMonitor)
	return code, fd, err
}

func (o *opener) answer(within time.Duration) (code uint32, fd int, err error) {
	var r reply
	record := make([]byte, binary.Size(r))
	rights := make([]byte, unix.CmsgSpace(4))
	n, control, err := receive(o.between, record, rights, within)
	if err != nil {
		return 0, -1, errNoMonitor
	}
	descriptors, err := descriptorsIn(rights[:control])
	if err == nil && n == len(record) {
		_, err = binary.Decode(record, binary.NativeEndian, &r)
	}
	if err != nil || n != len(record) || len(descriptors) != r.descriptors() {
		for _, fd := range descriptors {
			_ = unix.Close(fd)
		}
		return 0, -1, errNoMonitor
	}
	switch {
	case r.Code == opened:
		return opened, descriptors[0], nil
	case r.Code == failed:
		return failed, -1, unix.Errno(r.Errno)
	case r.Code == replyLines, r.Code == replyFullScreen:
		return r.Code, -1, nil
	case reasons[r.Code] != nil:
		return r.Code, -1, reasons[r.Code]
	}
	return 0, -1, errNoMonitor
}

// receive waits for a record, for so long; 0 is for ever. It returns 0 bytes at the end, and
// also for a record that is too long.
func receive(fd int, record, rights []byte, within time.Duration) (n, control int, err error) {
	limit := -1
	if within > 0 {
		limit = int(within.Milliseconds())
	}
	for {
		ready, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, limit)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || ready == 0 {
			return 0, 0, errors.Join(err, unix.ETIMEDOUT)
		}
		n, control, flags, _, err := unix.Recvmsg(fd, record, rights, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
		if flags&unix.MSG_TRUNC != 0 {
			return 0, control, err
		}
		if !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
			return n, control, err
		}
	}
}

func descriptorsIn(control []byte) ([]int, error) {
	if len(control) == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(messages) != 1 || len(messages[0].Data)%4 != 0 { // with a part of one, ParseUnixRights panics
		return nil, errNoMonitor
	}
	return unix.ParseUnixRights(&messages[0])
}
