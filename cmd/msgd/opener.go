//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"sync"

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
	Number uint64 // which question this is: a terminal that hangs is answered last
}

// The flags of questions.
const (
	polite   = 1 << iota // root asks for what anybody may have
	lookOnly             // do not open it: only tell whether a full-screen program has it
)

// reply is a record from the monitor. With code opened, it comes with the descriptor.
type reply struct {
	Code   uint32
	Errno  uint32 // of failed
	Number uint64 // of the question
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
	replyStuck:        message.Fail(message.Stuck, "too many terminals hang as they are opened"),
	replyGone:         message.Fail(message.Gone, "no device of that number"),
}

// opener is a tty.Opener: it has the monitor open terminals, several at a time.
type opener struct {
	between int

	mu      sync.Mutex
	asked   uint64                  // how many questions
	waiting map[uint64]chan<- heard // by the question's number
	hearing bool                    // somebody receives replies
	ended   bool                    // there will be no more
}

// heard is what the monitor says. The descriptor is -1 unless the code is opened.
type heard struct {
	code uint32
	fd   int
	err  error
}

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

// ask returns the monitor's reply, with the descriptor of one that it has opened, else -1. A
// question about a terminal that hangs is answered when that no longer does.
func (o *opener) ask(q question) (code uint32, fd int, err error) {
	answer := make(chan heard, 1)
	if q.Number = o.enter(answer); q.Number == 0 {
		return 0, -1, errNoMonitor
	}
	record, err := binary.Append(nil, binary.NativeEndian, q)
	if err == nil {
		err = unix.Sendto(o.between, record, unix.MSG_NOSIGNAL, nil)
	}
	if err != nil {
		o.end()
	}
	said := <-answer
	return said.code, said.fd, said.err
}

// enter returns the number of a new question, 0 if the monitor has ended.
func (o *opener) enter(answer chan<- heard) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return 0
	}
	if !o.hearing {
		o.hearing, o.waiting = true, map[uint64]chan<- heard{}
		go o.hear()
	}
	o.asked++
	o.waiting[o.asked] = answer
	return o.asked
}

// hear receives replies until there are no more.
func (o *opener) hear() {
	for {
		number, said, err := o.receive()
		if err != nil {
			o.end()
			return
		}
		o.mu.Lock()
		answer := o.waiting[number]
		delete(o.waiting, number)
		o.mu.Unlock()
		if answer == nil { // it answers what nobody has asked
			if said.fd >= 0 {
				_ = unix.Close(said.fd)
			}
			o.end()
			return
		}
		answer <- said
	}
}

// end tells all who wait that there will be no reply.
func (o *opener) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	for number, answer := range o.waiting {
		delete(o.waiting, number)
		answer <- heard{fd: -1, err: errNoMonitor}
	}
}

// receive returns the next reply. Its error is errNoMonitor.
func (o *opener) receive() (number uint64, said heard, err error) {
	var r reply
	record := make([]byte, binary.Size(r))
	rights := make([]byte, unix.CmsgSpace(4))
	n, control, err := receive(o.between, record, rights)
	if err != nil {
		return 0, heard{}, errNoMonitor
	}
	descriptors, err := descriptorsIn(rights[:control])
	if err == nil && n == len(record) {
		_, err = binary.Decode(record, binary.NativeEndian, &r)
	}
	if err != nil || n != len(record) || len(descriptors) != r.descriptors() {
		for _, fd := range descriptors {
			_ = unix.Close(fd)
		}
		return 0, heard{}, errNoMonitor
	}
	switch {
	case r.Code == opened:
		return r.Number, heard{opened, descriptors[0], nil}, nil
	case r.Code == failed:
		return r.Number, heard{failed, -1, unix.Errno(r.Errno)}, nil
	case r.Code == replyLines, r.Code == replyFullScreen:
		return r.Number, heard{r.Code, -1, nil}, nil
	case reasons[r.Code] != nil:
		return r.Number, heard{r.Code, -1, reasons[r.Code]}, nil
	}
	return 0, heard{}, errNoMonitor
}

// receive waits for a record. It returns 0 bytes at the end, and also for a record that is too
// long.
func receive(fd int, record, rights []byte) (n, control int, err error) {
	for {
		n, control, flags, _, err := unix.Recvmsg(fd, record, rights, unix.MSG_CMSG_CLOEXEC)
		if flags&unix.MSG_TRUNC != 0 {
			return 0, control, err
		}
		if !errors.Is(err, unix.EINTR) {
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
