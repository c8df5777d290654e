package call

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"msg/internal/message"
	"msg/internal/target"
	"msg/internal/wire"
)

// requestLine returns a request as a line for the server that has said hello.
func requestLine(hello wire.Hello, r message.Request) ([]byte, error) {
	data, err := json.Marshal(requestOf(protocolWith(hello), r))
	if err != nil {
		return nil, err
	}
	if len(data) >= wire.MostRequest {
		return nil, &message.Refusal{Problem: fmt.Sprintf("a request of %d KiB; it may have %d", len(data)>>10, wire.MostRequest>>10)}
	}
	if (r.Wait || r.Typed) && hello.Protocol[1] < wire.Stays { // a dry run tells that, too
		f := message.Fail(message.Version, "version %.40s delivers, and cannot wait for answers or for more to be typed", hello.Version)
		f.Hint = "msg there is the older one: update it"
		return nil, f
	}
	return append(data, '\n'), nil
}

// protocolWith returns the protocol to speak with whoever has said that hello.
func protocolWith(hello wire.Hello) int { return min(wire.Newest, hello.Protocol[1]) }

// requestOf returns a request as a line of that protocol.
func requestOf(protocol int, r message.Request) wire.Request {
	return wire.Request{
		Protocol: protocol, Targets: words(r.Targets), Except: words(r.Except), Text: []byte(r.Text),
		TimeMS: milliseconds(r.Time), NoBanner: r.NoBanner, Polite: r.Polite, DryRun: r.DryRun, Says: r.Says, All: r.AllTerminals,
		Wait: r.Wait, AnswerMS: milliseconds(r.AnswerTime), Typed: r.Typed,
	}
}

// milliseconds rounds up, so that a short time does not become none.
func milliseconds(d time.Duration) int64 { return int64((d + time.Millisecond - 1) / time.Millisecond) }

func words(targets []target.Target) []string {
	var all []string
	for _, t := range targets {
		all = append(all, t.String())
	}
	return all
}

// interrupted begins the detail of a message.GivenUp. Protocols 1 and 2 have no reason for it:
// it is a Stuck with such a detail.
const interrupted = "interrupted"

// resultOf returns what a line of that protocol says.
func resultOf(protocol int, l wire.Result) message.Result {
	if protocol < wire.Says && l.Reason == message.Stuck && strings.HasPrefix(l.Detail, interrupted) {
		l.Reason = message.GivenUp
	}
	return message.Result(l)
}
