package call

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"msg/internal/answers"
	"msg/internal/message"
	"msg/internal/wire"
)

// results checks what a server reports: one result for each terminal or target, and nothing
// that the protocol does not have.
type results struct {
	protocol  int
	open      bool // the message stays
	hints     bool // results may have some
	asked     int  // targets of the request
	count     int
	opened    int  // how often the text was through
	outcomes  int  // of terminals and targets
	failed    bool // the host as a whole has
	terminals map[string]bool
}

// known are the reasons that a server may give, of a terminal or of a target.
var known = []message.Reason{
	message.MessagesOff, message.Stuck, message.Gone, message.Busy, message.Denied, message.NotATerminal, message.OwnerChanged,
	message.RateLimited, message.NotLoggedIn, message.NoTerminal, message.Unknown, message.NoHelper,
}

// ofDoor are the reasons that another host's msg may give of that host's door.
var ofDoor = []message.Reason{message.NoHelper, message.Version, message.Timeout, message.Interrupted, message.Lost}

// The limits of a server's results.
const (
	mostTerminals  = 1 << 16              // more than a host has (kernel.pty.max is 4096)
	mostOpen       = 2                    // how often the text is through: as sent, and as typed
	mostName       = 4 << 10              // of each name and detail, in bytes
	mostAnswerText = 10 * answers.MaxText // of a reply that was made harmless, in bytes
)

// read checks one line, and returns the result in it.
func (s *results) read(data []byte) (message.Result, error) {
	var l wire.Result
	if err := wire.Decode(data, &l); err != nil {
		return message.Result{}, err
	}
	if s.protocol < wire.Says && l.Reason != l.Reason.Public() {
		return message.Result{}, fmt.Errorf("failed for the reason %.40q", l.Reason)
	}
	if l.Hint != "" && !s.hints {
		return message.Result{}, errors.New("a hint")
	}
	r := resultOf(s.protocol, l)
	if err := checkWords(r); err != nil {
		return r, err
	}
	switch r.Event {
	case message.Waiting:
		return r, nil
	case message.Open, message.Answered, message.Unanswered:
		s.count++
		if r.Event == message.Open {
			s.opened++
		}
		return r, s.ofOpen(r)
	}
	if err := checkOutcome(r); err != nil {
		return r, err
	}
	return r, s.once(r)
}

// checkWords refuses names that are too long, and an answer that is none.
func checkWords(r message.Result) error {
	for _, name := range []string{r.Host, r.User, r.Terminal, r.Session, r.Target, r.Detail} {
		if len(name) > mostName {
			return fmt.Errorf("a word of %d bytes", len(name))
		}
	}
	if said := r.Answer != "" || r.Text != "" || r.AfterMS != 0; said != (r.Event == message.Answered) {
		return fmt.Errorf("%s, with an answer", r.Event)
	}
	return nil
}

// checkOutcome checks what became of one terminal or target, or of the host as a whole.
func checkOutcome(r message.Result) error {
	switch r.Event {
	case message.Delivered, message.Planned:
		if r.Reason != "" || r.Terminal == "" {
			return fmt.Errorf("%s, for the reason %.40q, on %.40q", r.Event, r.Reason, r.Terminal)
		}
	case message.Failed:
		reasons := known
		if r.OfHost() {
			reasons = ofDoor
		}
		if !slices.Contains(reasons, r.Reason.Public()) {
			return fmt.Errorf("failed for the reason %.40q", r.Reason)
		}
	default:
		return fmt.Errorf("event %.40q", r.Event)
	}
	return nil
}

// once counts an outcome. It refuses a second one of the same terminal or of the host, and
// more than a host can have terminals and was asked for targets.
func (s *results) once(r message.Result) error {
	nameless := r.OfHost() && (r.Event != message.Failed || s.failed)
	if r.Host == "" || nameless || r.Terminal != "" && r.Target != "" || s.terminals[r.Terminal] {
		return fmt.Errorf("a result of %.40q, %.40q at %.40q", r.Terminal, r.Target, r.Host)
	}
	if s.outcomes++; s.outcomes > mostTerminals+s.asked {
		return fmt.Errorf("more than %d terminals, for %d targets", mostTerminals, s.asked)
	}
	if r.Terminal != "" {
		if s.terminals == nil {
			s.terminals = map[string]bool{}
		}
		s.terminals[r.Terminal] = true
	}
	s.failed = s.failed || r.OfHost()
	s.count++
	return nil
}

// ofOpen checks what only a message that stays has.
func (s *results) ofOpen(r message.Result) error {
	isReply := r.Answer == message.Reply
	switch {
	case !s.open, s.opened > mostOpen, r.Host == "", r.Reason != "", r.Target != "",
		(r.User == "") != (r.Event == message.Open),
		r.Event == message.Answered && (!isReply && r.Answer != message.OK || !isReply && r.Text != "" || r.AfterMS < 0),
		len(r.Text) > mostAnswerText, strings.Count(r.Text, "\n") >= answers.MaxLines:
		return fmt.Errorf("%s, of %.40q at %.40q: %.40q", r.Event, r.User, r.Host, r.Answer)
	}
	return nil
}
