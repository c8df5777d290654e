package report

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"msg/internal/message"
)

// TestLineTakesAllAway: a Ctrl-C shows itself behind the status line. When the line goes, so does
// that, whether something is printed in its place or not.
func TestLineTakesAllAway(t *testing.T) {
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: 40}); err != nil {
		t.Fatal(err)
	}
	shown := make(chan string)
	go func() {
		all, _ := io.ReadAll(master) // ends with EIO, as terminals do
		shown <- string(all)
	}()
	o := New(Options{Program: Msg, Stdout: io.Discard, Stderr: terminal, Here: "here", Waits: true})
	for _, event := range []message.Event{message.Delivered, message.Open} {
		o.Result(message.Result{Event: event, Host: "here", User: "bob", Terminal: "pts/2"})
	}
	time.Sleep(2 * betweenDrawings) // until it may be drawn again
	o.Result(message.Result{Event: message.Unanswered, Host: "here", User: "bob"})
	if err := o.End(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	master.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := <-shown
	const line = "waiting for 1 of 1: bob"
	whole := "\r" + strings.Repeat(" ", 39) + "\r"
	if !strings.Contains(got, line) || !strings.HasSuffix(got, line+whole+"msg: no answer from bob\r\n") {
		t.Errorf("%q", got)
	}
}
