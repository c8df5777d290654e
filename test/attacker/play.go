//go:build linux

package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"msg/test/attacker/plan"

	"golang.org/x/sys/unix"
)

const door = "/run/msg/door"

// usualPatience is more than msgd may take for anything at all.
const usualPatience = 25 * time.Second

// How long a client tries again if the door is busy, and how soon, as msg does.
const (
	busyTime  = 10 * time.Second
	busyPause = 25 * time.Millisecond
)

// carryOut connects as the plan says and has the conversation.
func carryOut(p plan.Plan) plan.Outcome {
	begun := time.Now()
	for busy := 0; ; busy++ {
		var o plan.Outcome
		err := connected(p, func(conn int) { o = converse(p, conn) })
		if err != nil {
			return plan.Outcome{Failed: err.Error()}
		}
		isBusy := len(o.Lines) == 1 && strings.HasPrefix(o.Lines[0], `{"event":"busy"`)
		if !isBusy || p.Once || time.Since(begun) > busyTime {
			o.Busy, o.Took = busy, time.Since(begun)
			return o
		}
		time.Sleep(busyPause)
	}
}

// talk is a conversation with msgd, seen from its client.
type talk struct {
	plan plan.Plan
	conn *net.UnixConn

	mu    sync.Mutex
	data  []byte        // what msgd has said
	hello chan struct{} // closed when the first line has come, or none can
	ended chan struct{} // closed when the last line has come
	sent  chan string   // why the descriptors could not be sent along; closed if there are none
}

// converse has a conversation on a connection, and closes that.
func converse(p plan.Plan, fd int) plan.Outcome {
	file := os.NewFile(uintptr(fd), "conversation")
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		return plan.Outcome{Failed: err.Error()}
	}
	defer conn.Close()
	t := &talk{
		plan: p, conn: conn.(*net.UnixConn),
		hello: make(chan struct{}), ended: make(chan struct{}), sent: make(chan string, 1),
	}
	go t.listen()
	go t.speak()
	return t.await()
}

// listen reads the answers, or does not, as the plan has it.
func (t *talk) listen() {
	defer close(t.ended)
	first := sync.OnceFunc(func() { close(t.hello) })
	defer first()
	switch t.plan.Output {
	case "closed":
		_ = t.conn.CloseRead()
		return
	case "unread":
		return
	}
	buffer := make([]byte, 1<<16)
	for {
		n, err := t.conn.Read(buffer)
		t.mu.Lock()
		t.data = append(t.data, buffer[:n]...)
		line, end := bytes.IndexByte(t.data, '\n') >= 0, isEnd(t.data)
		t.mu.Unlock()
		if line {
			first()
		}
		if err != nil || end {
			return
		}
	}
}

func isEnd(data []byte) bool {
	for _, event := range []string{"end", "refused", "error", "busy"} {
		if bytes.Contains(data, []byte(`{"event":"`+event+`"`)) && bytes.HasSuffix(data, []byte("\n")) {
			return true
		}
	}
	return false
}

func (t *talk) speak() {
	if !t.plan.Early {
		<-t.hello
	}
	pieces := t.plan.Input
	if t.plan.Rights != "" && len(pieces) > 0 {
		t.sent <- t.sendAlong(pieces[0])
		pieces = pieces[1:]
	}
	close(t.sent)
	for _, piece := range pieces {
		for n := 0; n < max(1, piece.Times) || piece.Times < 0; n++ {
			if _, err := t.conn.Write(piece.Data); err != nil {
				return // it has gone
			}
			time.Sleep(piece.Pause)
		}
	}
	if t.plan.HangUp {
		_ = t.conn.CloseWrite()
	}
}

// sendAlong sends a piece with descriptors. If the kernel does not let it, the piece goes alone.
func (t *talk) sendAlong(piece plan.Piece) string {
	fds, err := descriptors(t.plan.Rights, t.conn)
	if err == nil {
		_, _, err = t.conn.WriteMsgUnix(piece.Data, unix.UnixRights(fds...), nil)
		discard(fds)
	}
	if err == nil {
		return ""
	}
	_, _ = t.conn.Write(piece.Data)
	return err.Error()
}

// await waits until msgd has hung up.
func (t *talk) await() plan.Outcome {
	patience := usualPatience
	if t.plan.Patience > 0 {
		patience = t.plan.Patience
	}
	deadline := time.Now().Add(patience)
	_ = t.conn.SetDeadline(deadline)
	<-t.ended
	if t.plan.Output == "" && !t.plan.StayAfter {
		_ = t.conn.CloseWrite()
	}
	o := plan.Outcome{Stayed: !t.hungUp(deadline), Rights: <-t.sent}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.data) > 0 {
		o.Cut = !bytes.HasSuffix(t.data, []byte("\n"))
		o.Lines = strings.Split(strings.TrimSuffix(string(t.data), "\n"), "\n")
	}
	return o
}

// hungUp waits for the end of the stream. It reads nothing if the plan does not read.
func (t *talk) hungUp(deadline time.Time) bool {
	if t.plan.Output == "" {
		rest, err := io.ReadAll(t.conn)
		t.mu.Lock()
		t.data = append(t.data, rest...)
		t.mu.Unlock()
		return !errors.Is(err, os.ErrDeadlineExceeded)
	}
	for ; time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if hasHungUp(t.conn) {
			return true
		}
	}
	return false
}

// hasHungUp reports whether the other end is closed.
func hasHungUp(conn *net.UnixConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return true
	}
	poll := []unix.PollFd{{}}
	err = raw.Control(func(fd uintptr) {
		poll[0].Fd = int32(fd)
		_, _ = unix.Poll(poll, 0)
	})
	// A half that this end has closed itself is no hang-up.
	return err != nil || poll[0].Revents&(unix.POLLERR|unix.POLLNVAL) != 0 || poll[0].Revents&unix.POLLHUP != 0
}
