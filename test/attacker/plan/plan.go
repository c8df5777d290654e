// Package plan is how an attack on msg-helper goes, for the test that plans it and the
// attacker who carries it out.
package plan

import (
	"encoding/json"
	"syscall"
	"time"
)

// Plan is how the helper is started and what it is told. Its zero value is what msg
// does, but for the request.
type Plan struct {
	Path   string   `json:",omitempty"` // of the program, /usr/local/libexec/msg-helper
	Argv   []string `json:",omitempty"` // [Path]
	NoArgv bool     `json:",omitempty"` // not even a name
	Env    []string `json:",omitempty"`
	Dir    string   `json:",omitempty"`

	Limits map[string]int64 `json:",omitempty"` // of resources, soft and hard; -1 is unlimited
	Close  []int            `json:",omitempty"` // descriptors that are closed
	Open   map[int]string   `json:",omitempty"` // descriptors that are files instead; "socket" is a socket
	Ignore bool             `json:",omitempty"` // all signals are ignored
	Block  bool             `json:",omitempty"` // all signals are blocked
	Alarm  time.Duration    `json:",omitempty"` // timers of all three kinds go off again and again

	NoNewPrivs, Trace, UserNamespace bool `json:",omitempty"`
	Setsid                           bool `json:",omitempty"`
	OwnTerminal                      bool `json:",omitempty"` // a new pty is its controlling terminal
	Orphan                           bool `json:",omitempty"` // who started it has gone

	Input     []Piece       `json:",omitempty"`
	Early     bool          `json:",omitempty"` // the input goes without waiting for the hello
	HangUp    bool          `json:",omitempty"` // standard input is closed behind the input
	Output    string        `json:",omitempty"` // "unread", "closed": what becomes of the answers; "" is read
	Signals   []Signal      `json:",omitempty"`
	Patience  time.Duration `json:",omitempty"` // then it is killed; 0 is 25 s
	StayAfter bool          `json:",omitempty"` // keep standard input open until it ends by itself
}

// String is what is special about the plan, without its input.
func (p Plan) String() string {
	p.Input = nil
	data, _ := json.Marshal(p) // nothing in it cannot be
	return string(data)
}

// Piece is input: Data so many times (once for 0; -1 is for ever), with a pause
// after each.
type Piece struct {
	Data  []byte
	Times int
	Pause time.Duration
}

// Signal is sent to the helper some time after its start.
type Signal struct {
	Number syscall.Signal
	After  time.Duration
}

// Outcome is what became of a plan.
type Outcome struct {
	Lines  []string // of standard output
	Stderr string
	Exit   int // -1 where a signal ended it
	Signal string
	Took   time.Duration
	Stayed bool   // it did not end, and was killed
	Failed string // the attack itself went wrong: it shows nothing
}
