package call

import (
	"os"
	"testing"
	"time"

	"msg/internal/message"
	"msg/internal/target"
)

var aRequest = message.Request{
	Targets: []target.Target{{Kind: target.Word, Name: "bob"}, {Kind: target.Group, Name: "domain users"}, {Kind: target.Everyone}},
	Except:  []target.Target{{Kind: target.Terminal, Name: "pts/3"}, {Kind: target.User, Name: "tty1"}, {Kind: target.Session, Name: "c2"}},
	Text:    "Grüße\x9b\x00\r\n\xff", Time: 1500 * time.Millisecond, Polite: true, DryRun: true, Says: "alice@laptop",
}

// waits is a request whose answers are awaited.
func waits() message.Request {
	r := aRequest
	r.DryRun, r.Wait, r.AnswerTime = false, true, 90*time.Second
	return r
}

// typedOn is a request that lines are typed to.
func typedOn() message.Request {
	r := aRequest
	r.DryRun, r.Typed = false, true
	return r
}

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
