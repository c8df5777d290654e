package report

import (
	"fmt"
	"os"
	"testing"

	"msg/internal/message"
)

// BenchmarkThousand tells of 1,000 terminals.
func BenchmarkThousand(b *testing.B) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	for b.Loop() {
		o := New(Options{Program: Msg, Stdout: null, Stderr: null, Here: "here"})
		for i := range 1000 {
			o.Result(message.Result{Event: message.Delivered, Host: "here", User: "bob", Terminal: fmt.Sprint("pts/", i)})
		}
		if err := o.End(); err != nil {
			b.Fatal(err)
		}
	}
}
