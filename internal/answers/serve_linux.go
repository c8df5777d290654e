package answers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"msg/internal/message"

	"golang.org/x/sys/unix"
)

// talkTime is how long one may take.
const talkTime = 2 * time.Second

// Serve hears answers until the socket is closed. Who has said nothing by then is cut off,
// which tells them the same as who comes later: nobody listens.
func (s *Socket) Serve(desk Desk) {
	room := newRoom()
	all := ofAll.bucket()
	var talks sync.WaitGroup
	defer talks.Wait()
	heard := heard{}
	defer heard.cutOff()
	for {
		fd, err := s.accept()
		switch {
		case errors.Is(err, os.ErrClosed):
			return
		case err != nil: // it has hung up already, or there is a lack of something
			time.Sleep(5 * time.Millisecond)
			continue
		}
		time.Sleep(all.wait(time.Now()))
		who, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err != nil {
			_ = unix.Close(fd)
			continue
		}
		from := Answer{UID: who.Uid, PID: int(who.Pid)}
		stranger := who.Uid != 0 && !desk.Asks(from)
		if !room.enter(who.Uid, stranger, time.Now()) {
			_, _ = unix.Write(fd, busy()) // it fits, or nobody waits for it
			_ = unix.Close(fd)
			continue
		}
		conn := os.NewFile(uintptr(fd), "answer")
		_ = conn.SetDeadline(time.Now().Add(talkTime)) // a socket has deadlines
		heard.add(conn)
		talks.Go(func() {
			defer room.leave(who.Uid, stranger)
			defer heard.remove(conn)
			hear(conn, from, desk)
		})
	}
}

// busy is made when somebody is sent away for the first time.
var busy = sync.OnceValue(func() []byte { return encode(reaction{Event: eventBusy}) })

func (s *Socket) accept() (fd int, err error) {
	raw, err := s.file.SyscallConn()
	if err != nil {
		return -1, os.ErrClosed
	}
	var acceptErr error
	err = raw.Read(func(listening uintptr) bool {
		fd, acceptErr = accept4(listening)
		return !errors.Is(acceptErr, unix.EAGAIN)
	})
	if err != nil {
		return -1, os.ErrClosed
	}
	return fd, acceptErr
}

// accept4 is accept4(2) without the address, which says nothing here, and whose reading
// would be a part of every helper.
func accept4(listening uintptr) (int, error) {
	fd, _, errno := unix.Syscall6(unix.SYS_ACCEPT4, listening, 0, 0, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// heard are the connections of who is being heard.
type heard struct {
	mu    sync.Mutex
	conns map[*os.File]bool
}

func (h *heard) add(conn *os.File) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conns == nil {
		h.conns = map[*os.File]bool{}
	}
	h.conns[conn] = true
}

func (h *heard) remove(conn *os.File) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, conn)
}

func (h *heard) cutOff() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for conn := range h.conns {
		_ = conn.SetReadDeadline(time.Now()) // it may have been closed meanwhile
	}
}

// hear has one conversation, and closes it.
func hear(conn *os.File, from Answer, desk Desk) {
	defer conn.Close()
	line, err := readLine(conn, mostQuestion)
	if err != nil {
		return // who says nothing gets nothing
	}
	_, _ = conn.Write(encode(answer(line, from, desk))) // who does not read it has gone
}

// answer is the reaction to a line.
func answer(line []byte, from Answer, desk Desk) reaction {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	var q question
	if err := d.Decode(&q); err != nil {
		return reaction{Event: eventRefused, Problem: "what came is no answer"}
	}
	from.Kind, from.Text, from.For = q.Want, string(q.Text), q.For
	if from.UID != 0 {
		from.For = nil
	}
	switch from.Kind {
	case show:
		if !desk.Asks(from) {
			return reaction{Event: eventRefused, Problem: NotAsked}
		}
		return shown(eventMessage, desk.Message(from))
	case message.OK:
		from.Text = ""
	case message.Reply:
		if err := CheckReply(from.Text); err != nil {
			return reaction{Event: eventRefused, Problem: err.Error()}
		}
	default:
		return reaction{Event: eventRefused, Problem: "what came is no answer"}
	}
	if err := desk.Take(from); err != nil {
		return reaction{Event: eventRefused, Problem: err.Error()}
	}
	return shown(eventTaken, desk.Message(from))
}

func shown(event string, m Message) reaction {
	text := m.Text
	if cut := mostShown; len(text) > cut {
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	return reaction{Event: event, From: m.From, AtMS: m.At.UnixMilli(), Text: text, Answered: m.Answered}
}

func encode(v any) []byte {
	line, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers can be written
	}
	return append(line, '\n')
}

var errTooLong = errors.New("a line that is too long")

// readLine reads one line, without its end. Nothing comes behind it.
func readLine(from io.Reader, most int) ([]byte, error) {
	held := make([]byte, 0, 512)
	for {
		if len(held) == cap(held) {
			held = append(make([]byte, 0, min(2*cap(held), most)), held...)
		}
		n, err := from.Read(held[len(held):cap(held)])
		held = held[:len(held)+n]
		if i := bytes.IndexByte(held, '\n'); i >= 0 {
			return held[:i], nil
		}
		switch {
		case err != nil:
			return nil, err
		case len(held) >= most:
			return nil, errTooLong
		}
	}
}
