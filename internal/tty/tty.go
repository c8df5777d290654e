// Package tty is one terminal: opened so that it can be nothing else, measured,
// and written to with a deadline; and the message as it looks there.
//
// It refuses to write to anything but the device that was asked for; what it lays
// out, it cleans. It does not look for terminals and does not decide who may
// send.
package tty

import (
	"time"

	"msg/internal/text"
)

// Want is the terminal that Open is to open, as it was seen when it was chosen.
type Want struct {
	Path   string // /dev/pts/3
	Device uint64 // st_rdev
	Owner  uint32

	// Always opens it although its messages are off. That is for root.
	Always bool

	// Text refuses a virtual console that shows a desktop, where nobody would see
	// a message.
	Text bool

	// Lines says that what is in front writes lines whatever the terminal's
	// settings look like: it shows another host, as ssh does, or is not known.
	Lines bool

	// Within is the terminal whose screen a relay passes on here, nil where there
	// is none. Then it is that one's program and settings that tell; nothing is
	// written to it.
	Within *Want
}

// Sizes for a terminal that says nothing of its own size, or that lies.
const (
	usualColumns = 80
	leastColumns = len(prefix) + text.LeastWidth + 1
	mostColumns  = 512
)

// retry is how often a waiting write tries again although it was not woken: a
// write fails for the moment also while another one holds the terminal, and no
// event need follow the end of that.
const retry = 200 * time.Millisecond
