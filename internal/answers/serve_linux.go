package answers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"msg/internal/message"

	"golang.org/x/sys/unix"
)

// talkTime is how long one connection may take.
const talkTime = 2 * time.Second

// busy is the reaction to a connection that has no place.
const busy = `{"event":"` + EventBusy + `"}` + "\n"

// Serve hears answers until the socket is closed. It then cuts off the connections that have
// said nothing: they learn the same as later ones, that nobody listens.
func (s *Socket) Serve(desk Desk) {
	room := newRoom()
	all := ofAll.Bucket()
	var talks sync.WaitGroup
	defer talks.Wait()
	ctx, cutOff := context.WithCancel(context.Background())
	defer cutOff()
	for {
		fd, err := s.accept()
		switch {
		case errors.Is(err, os.ErrClosed):
			return
		case err != nil: // it has hung up already, or this system lacks something
			time.Sleep(5 * time.Millisecond)
			continue
		}
		time.Sleep(all.Wait(time.Now()))
		who, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err != nil {
			_ = unix.Close(fd)
			continue
		}
		from := Answer{UID: who.Uid, PID: int(who.Pid)}
		stranger := who.Uid != 0 && !desk.Asks(from)
		if !room.enter(who.Uid, stranger, time.Now()) {
			_, _ = unix.Write(fd, []byte(busy)) // it fits, or nobody waits for it
			_ = unix.Close(fd)
			continue
		}
		talks.Go(func() {
			defer room.leave(who.Uid, stranger)
			hear(ctx, os.NewFile(uintptr(fd), "answer"), from, desk)
		})
	}
}

// accept is accept4(2) without the address: that says nothing here, and reading it takes code.
func (s *Socket) accept() (int, error) {
	raw, err := s.file.SyscallConn()
	if err != nil {
		return -1, os.ErrClosed
	}
	var fd uintptr
	var errno unix.Errno
	err = raw.Read(func(listening uintptr) bool {
		fd, _, errno = unix.Syscall6(unix.SYS_ACCEPT4, listening, 0, 0, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0, 0)
		return errno != unix.EAGAIN
	})
	switch {
	case err != nil:
		return -1, os.ErrClosed
	case errno != 0:
		return -1, errno
	}
	return int(fd), nil
}

// hear has one conversation, and closes it. When ctx ends, it reads no further.
func hear(ctx context.Context, conn *os.File, from Answer, desk Desk) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(talkTime)) // a socket has deadlines
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })()
	line, err := ReadLine(conn, MostQuestion)
	if err != nil {
		return // who says nothing gets nothing
	}
	_, _ = conn.Write(Encode(answer(line, from, desk))) // a client that does not read it has gone
}

// answer returns the reaction to a line.
func answer(line []byte, from Answer, desk Desk) Reaction {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	var q Question
	if err := d.Decode(&q); err != nil {
		return refused("what came is no answer")
	}
	from.Kind, from.Text = q.Want, string(q.Text)
	if from.UID == 0 {
		from.For = q.For
	}
	switch from.Kind {
	case Show:
		if !desk.Asks(from) {
			return refused(NotAsked)
		}
		return shown(EventMessage, desk.Message(from))
	case message.OK:
		from.Text = ""
	case message.Reply:
		if err := CheckReply(from.Text); err != nil {
			return refused(err.Error())
		}
	default:
		return refused("what came is no answer")
	}
	if err := desk.Take(from); err != nil {
		return refused(err.Error())
	}
	return shown(EventTaken, desk.Message(from))
}

func refused(problem string) Reaction { return Reaction{Event: EventRefused, Problem: problem} }

// mostShown limits how much of a message's text is shown, in bytes.
const mostShown = 512

func shown(event string, m Message) Reaction {
	text := m.Text
	if cut := mostShown; len(text) > cut {
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	return Reaction{Event: event, From: m.From, AtMS: m.At.UnixMilli(), Text: text, Answered: m.Answered}
}
