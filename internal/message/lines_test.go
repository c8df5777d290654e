package message_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"msg/internal/message"
)

// TestLines: each reader gets every line in order, however late it comes, and learns of the
// end.
func TestLines(t *testing.T) {
	lines := message.NewLines()
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for n := 0; ; n++ {
				line, ok, err := lines.Next(t.Context(), n)
				switch {
				case err != nil, ok && line != fmt.Sprint(n):
					t.Errorf("line %d: %q, %v", n, line, err)
					return
				case !ok && n != 100:
					t.Errorf("the end comes after %d lines", n)
				}
				if !ok {
					return
				}
			}
		})
	}
	for n := range 100 {
		lines.Add(fmt.Sprint(n))
	}
	lines.Close()
	lines.Add("behind the end")
	readers.Wait()
	if lines.Len() != 100 || lines.Unread() != 0 {
		t.Errorf("%d lines, %d bytes unread", lines.Len(), lines.Unread())
	}
}

// TestLinesUnread: bytes count as unread until the first reader has them.
func TestLinesUnread(t *testing.T) {
	lines := message.NewLines()
	lines.Add("four")
	lines.Add("sixsix")
	if got := lines.Unread(); got != 10 {
		t.Errorf("%d bytes unread, want 10", got)
	}
	for range 2 { // a second reader changes nothing
		if _, ok, err := lines.Next(t.Context(), 0); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if got := lines.Unread(); got != 6 {
		t.Errorf("%d bytes unread, want 6", got)
	}
}

// TestLinesGivenUp: a reader who gives up does not wait.
func TestLinesGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	lines := message.NewLines()
	if _, ok, err := lines.Next(ctx, 0); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", ok, err)
	}
	lines.Add("one")
	if line, ok, err := lines.Next(ctx, 0); line != "one" || !ok || err != nil { // it is there
		t.Errorf("%q, %v, %v", line, ok, err)
	}
}
