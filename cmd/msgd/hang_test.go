//go:build linux

package main

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/message"
	"msg/internal/tty"
	"msg/internal/tty/hangtest"
)

// TestMonitorHangs: a terminal that hangs as it is opened holds up no other. The monitor ends with
// its judge all the same, and the client's connection closes.
func TestMonitorHangs(t *testing.T) {
	asRoot(t)
	good := terminalOf(t, bobUID, 0o620)
	_, bad := hangtest.Terminal(t, bobUID)
	conn, c := accepted(t, aliceUID)
	m := start(t, conn, monitorRole, strconv.FormatInt(int64(sinceBoot(t)), 10))
	_ = unix.Close(conn)
	o := &opener{between: m.between}
	hung := make(chan error, 3)
	for range cap(hung) {
		go func() {
			_, err := o.Open(tty.Want{Device: bad, Owner: bobUID})
			hung <- err
		}()
		fd, err := o.Open(tty.Want{Device: good.Device, Owner: bobUID})
		if err != nil {
			t.Fatalf("another terminal: %v", err)
		}
		if _, err := unix.Write(fd, []byte("on")); err != nil {
			t.Error(err)
		}
		_ = unix.Close(fd)
	}
	good.Await(t, "ononon")
	select {
	case err := <-hung:
		t.Errorf("a terminal that hangs: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	if err := unix.Shutdown(m.between, unix.SHUT_RDWR); err != nil {
		t.Fatal(err)
	}
	for range cap(hung) {
		if err := <-hung; !errors.Is(err, message.NoHelper) {
			t.Errorf("without a monitor: %v", err)
		}
	}
	m.awaitEnd(t)
	_ = c.stdin.Close()
	select {
	case <-c.gone:
	case <-time.After(patience):
		t.Error("the client's connection stays open")
	}
}
