// Package plan is how an attack on msgd goes, for the test that plans it and the attacker who
// carries it out.
package plan

import (
	"encoding/json"
	"time"
)

// Plan is how a process connects to the door, and what it tells msgd. Its zero value is what msg
// does, but for the request.
type Plan struct {
	// The process that connects. Another one keeps up the conversation.
	NoNewPrivs    bool     `json:",omitempty"`
	Trace         bool     `json:",omitempty"` // the attacker is its debugger
	UserNamespace bool     `json:",omitempty"` // it is root in there
	PIDNamespace  bool     `json:",omitempty"` // the same, and it is process 1
	Setsid        bool     `json:",omitempty"`
	OwnTerminal   bool     `json:",omitempty"` // a new pty is its controlling terminal
	Orphan        bool     `json:",omitempty"` // it ends before a byte is written
	Exec          []string `json:",omitempty"` // it becomes this program before a byte is written

	Input     []Piece       `json:",omitempty"`
	Rights    string        `json:",omitempty"` // descriptors sent along with the input's first piece: a kind
	Early     bool          `json:",omitempty"` // the input goes without waiting for the hello
	Once      bool          `json:",omitempty"` // if the door is busy, it is not tried again
	HangUp    bool          `json:",omitempty"` // the client closes its half behind the input
	Output    string        `json:",omitempty"` // "unread", "closed": what becomes of the answers; "" is read
	Patience  time.Duration `json:",omitempty"` // how long msgd may take to hang up; 0 is 25 s
	StayAfter bool          `json:",omitempty"` // keep the client's half open until msgd hangs up
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

// Outcome is what became of a plan.
type Outcome struct {
	Lines  []string
	Cut    bool // the last line has no end
	Took   time.Duration
	Busy   int    // how often the door was busy before
	Rights string // why the descriptors could not be sent along
	Stayed bool   // msgd did not hang up in time
	Failed string // the attack itself went wrong: it shows nothing
}
