package client

import (
	"io"
	"slices"
	"testing"
)

// TestTypedLines: the first line with anything in it begins the message; the others follow when it
// is through, the last one without its line feed, too.
func TestTypedLines(t *testing.T) {
	in, keyboard := io.Pipe()
	go func() {
		_, _ = io.WriteString(keyboard, "\n \nfirst\nsecond\n\nlast")
		keyboard.Close()
	}()
	typing, first, err := StartTyping(in)
	if first != "first" || err != nil || !typing.Typing() {
		t.Fatalf("%q, %v", first, err)
	}
	if typing.Lines.Len() != 0 {
		t.Error("lines are read before the first is through")
	}
	typing.Begin()
	var got []string
	for n := 0; ; n++ {
		line, ok, err := typing.Lines.Next(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		got = append(got, line)
	}
	if want := []string{"second", "", "last"}; !slices.Equal(got, want) || typing.Typing() {
		t.Errorf("%q, want %q; typing goes on: %v", got, want, typing.Typing())
	}
}
