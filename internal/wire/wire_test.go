package wire

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	"msg/internal/message"
)

// pipe is one of the kernel's.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.Close()
		_ = r.Close()
	})
	return r, w
}

// ample is how long what must come may take on a busy machine.
const ample = 20 * time.Second

// await waits for a value.
func await[T any](t *testing.T, from <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(ample):
		t.Fatalf("%s does not come", what)
	}
	return v
}

// serve serves one client, who has the usual time.
func serve(ctx context.Context, in Input, out io.Writer, hello Hello, send message.Send) error {
	return Service{Hello: hello, RequestTime: RequestTime, Send: send}.Serve(ctx, in, out)
}

const good = `{"protocol":1,"targets":["bob"],"text":"aGk="}`

const goodTyped = `{"protocol":2,"targets":["bob"],"text":"aGk=","typed":true}`
