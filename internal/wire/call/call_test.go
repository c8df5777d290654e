package call

import (
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
