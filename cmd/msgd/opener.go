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
	Polite uint32 // 1 if root asks for what anybody may have
}

// reply is a record from the monitor. With code opened, it comes with the descriptor.
type reply struct {
	Code  uint32
	Errno uint32 // of failed
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
)

// reasons are those of the codes that say why a terminal was not opened.
var reasons = map[uint32]*message.Failure{
	replyMessagesOff:  message.Fail(message.MessagesOff, "switched off"),
	replyOwnerChanged: message.Fail(message.OwnerChanged, "somebody else's by now"),
	replyNotATerminal: message.Fail(message.NotATerminal, "another device by now"),
	replyStuck:        message.Fail(message.Stuck, "it hangs as it is opened"),
	replyGone:         message.Fail(message.Gone, "no device of that number"),
}

// opener has the monitor open terminals.
type opener struct {
	between int
	mu      sync.Mutex
	lost    bool // the monitor has not answered
}

// monitorTime is many times what the monitor takes, which leaves behind what hangs.
const monitorTime = 10 * time.Second

var errNoMonitor = message.Fail(message.NoHelper, "msgd's monitor, which opens terminals, does not answer")

// open is a tty.Opener. After a question without an answer it asks no other: it would wait again,
// and could take a late answer for the next one.
func (o *opener) open(want tty.Want) (fd int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lost {
		return -1, errNoMonitor
	}
	fd, err = o.ask(want)
	o.lost = errors.Is(err, errNoMonitor)
	return fd, err
}

func (o *opener) ask(want tty.Want) (fd int, err error) {
	q := question{Device: want.Device, Owner: want.Owner}
	if !want.Always {
		q.Polite = 1
	}
	record, err := binary.Append(nil, binary.NativeEndian, q)
	if err != nil {
		return -1, err
	}
	if err := unix.Sendto(o.between, record, unix.MSG_NOSIGNAL, nil); err != nil {
		return -1, errNoMonitor
	}
	return o.answer()
}

func (o *opener) answer() (fd int, err error) {
	var r reply
	record := make([]byte, binary.Size(r))
	rights := make([]byte, unix.CmsgSpace(4))
	n, control, err := receive(o.between, record, rights, monitorTime)
	if err != nil || n != len(record) {
		return -1, errNoMonitor
	}
	if _, err := binary.Decode(record, binary.NativeEndian, &r); err != nil {
		return -1, errNoMonitor
	}
	descriptors, err := descriptorsIn(rights[:control])
	switch {
	case err != nil:
		return -1, err
	case r.Code == opened && len(descriptors) == 1:
		return descriptors[0], nil
	case r.Code == failed:
		return -1, unix.Errno(r.Errno)
	case reasons[r.Code] != nil:
		return -1, reasons[r.Code]
	}
	return -1, errNoMonitor
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
	if err != nil || len(messages) != 1 {
		return nil, errNoMonitor
	}
	return unix.ParseUnixRights(&messages[0])
}
