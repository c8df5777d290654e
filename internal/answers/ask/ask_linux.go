package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"msg/internal/answers"

	"golang.org/x/sys/unix"
)

// How long who answers waits for who is asked.
const (
	answerTime = 10 * time.Second
	showTime   = 3 * time.Second       // for all messages
	oneTime    = time.Second           // for one, which may be stopped
	pause      = 50 * time.Millisecond // before the next attempt where it is busy
)

// Send answers the message with that code in dir, and returns it. Its error is answers.ErrNobody,
// ErrBusy, ErrSilent, a *Refused or the system's.
func Send(ctx context.Context, dir, code string, a answers.Answer) (answers.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return ask(ctx, dir, code, answers.Question{Want: a.Kind, Text: []byte(a.Text), For: a.For})
}

// Read returns the message with that code, where it asks the caller, or whom root answers
// for. Its errors are those of Send.
func Read(ctx context.Context, dir, code string, whom *uint32) (answers.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return ask(ctx, dir, code, answers.Question{Want: answers.Show, For: whom})
}

// ask sends a question, and again if too many others are at it. If the time is up during one
// more try, it was busy, not silent.
func ask(ctx context.Context, dir, code string, q answers.Question) (answers.Message, error) {
	for again := false; ; again = true {
		m, err := askOnce(ctx, dir, code, q)
		if again && errors.Is(err, ErrSilent) {
			err = ErrBusy
		}
		if !errors.Is(err, ErrBusy) {
			return m, err
		}
		select {
		case <-ctx.Done():
			return m, err
		case <-time.After(pause):
		}
	}
}

// atOnce bounds the messages that are asked about at once.
const atOnce = 512

// Waiting returns the messages in dir that wait for an answer of the caller, or of whom
// root answers for; the newest first. Its error is ErrBusy where some did not say in time
// whose they are, and the system's.
func Waiting(ctx context.Context, dir string, whom *uint32) ([]answers.Message, error) {
	names, err := answers.Sockets(dir, owner)
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, showTime)
	defer cancel()
	var mu sync.Mutex
	var found []answers.Message
	var busy error
	var all sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for _, name := range names {
		if !answers.IsCode(name) {
			continue
		}
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			ctx, cancel := context.WithTimeout(ctx, oneTime)
			defer cancel()
			m, err := ask(ctx, dir, name, answers.Question{Want: answers.Show, For: whom})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				found = append(found, m)
			case errors.Is(err, ErrBusy), errors.Is(err, ErrSilent):
				busy = ErrBusy
			} // else it is not theirs, or nobody listens any more
		})
	}
	all.Wait()
	slices.SortFunc(found, func(a, b answers.Message) int { return b.At.Compare(a.At) })
	return found, busy
}

func askOnce(ctx context.Context, dir, code string, q answers.Question) (answers.Message, error) {
	m := answers.Message{Code: code}
	deadline, _ := ctx.Deadline()
	conn, err := dial(ctx, dir+"/"+code, deadline)
	switch {
	case errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ENOENT):
		return m, answers.ErrNobody
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINPROGRESS):
		return m, ErrBusy
	case err != nil:
		return m, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })()
	_, writeErr := conn.Write(answers.Encode(q)) // who is busy says so without reading
	line, err := answers.ReadLine(conn, answers.MostReaction)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return m, ErrSilent
	case err != nil && writeErr == nil, err != nil && errors.Is(writeErr, unix.EPIPE):
		return m, answers.ErrNobody // it has ended meanwhile
	case err != nil:
		return m, writeErr
	}
	return understood(m, q, line)
}

// understood returns the message with what a reaction tells of it.
func understood(m answers.Message, q answers.Question, reaction []byte) (answers.Message, error) {
	var r answers.Reaction
	if err := json.Unmarshal(reaction, &r); err != nil {
		return m, fmt.Errorf("what waits there does not keep to the protocol: %w", err)
	}
	done := answers.EventTaken
	if q.Want == answers.Show {
		done = answers.EventMessage
	}
	switch r.Event {
	case done:
	case answers.EventBusy:
		return m, ErrBusy
	case answers.EventRefused:
		return m, &Refused{r.Problem}
	default: // who answers is not to believe that it was taken
		return m, fmt.Errorf("what waits there does not keep to the protocol: %.40q", r.Event)
	}
	m.From, m.At, m.Text, m.Answered = r.From, time.UnixMilli(r.AtMS), r.Text, r.Answered
	return m, nil
}

// dial connects, and waits until the deadline where others are before in the queue.
func dial(ctx context.Context, path string, deadline time.Time) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err = connectWithin(ctx, fd, path, deadline); err == nil {
		err = unix.SetNonblock(fd, true) // for deadlines
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	conn := os.NewFile(uintptr(fd), path)
	return conn, conn.SetDeadline(deadline)
}

// patience is how long the kernel is let wait at once, so that ctx can end it.
const patience = 200 * time.Millisecond

// owner is whose the directory has to be; tests that are not root's have their own.
var owner uint32

func connectWithin(ctx context.Context, fd int, path string, deadline time.Time) error {
	for {
		left := unix.NsecToTimeval(max(time.Millisecond, min(patience, time.Until(deadline))).Nanoseconds())
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &left); err != nil {
			return err
		}
		err := unix.Connect(fd, &unix.SockaddrUnix{Name: path})
		switch {
		case errors.Is(err, unix.EINTR): // a signal, as the runtime sends them
		case errors.Is(err, unix.EAGAIN) && ctx.Err() == nil && time.Now().Before(deadline):
		default:
			return err
		}
	}
}
