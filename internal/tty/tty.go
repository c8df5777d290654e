// Package tty is one terminal: opened so that it can be nothing else, measured, and written
// to with a deadline.
//
// It writes to nothing but the device that was asked for. It does not look for terminals, does
// not decide who may send, and knows of what it writes only what its Output says.
package tty

import (
	"time"

	"msg/internal/consent"
)

// Want is the terminal that Open is to open, as it was seen when it was chosen.
type Want struct {
	Path   string // /dev/pts/3
	Device uint64 // st_rdev
	Owner  uint32

	Rule   consent.Rule // whether its messages are on
	Always bool         // opens it although they are off; for root
	Text   bool         // refuses a virtual console that shows a desktop: nobody would see a message

	// Lines says that the program in front writes lines, whatever the terminal's settings: it
	// shows another host, as ssh does, or is not known.
	Lines bool

	// Within is the terminal whose screen a relay passes on here, or nil. Its program and
	// settings tell what is in front; nothing is written to it.
	Within *Want
}

// Opener opens terminals, in a process that may: Directly, or another process for this one.
type Opener interface {
	// Open opens a terminal for writing, without waiting, and returns the descriptor. Its error is
	// the kernel's or a *message.Failure.
	Open(Want) (fd int, err error)

	// FullScreen reports whether a full-screen program has a terminal that nothing is written to.
	// Its messages may be off.
	FullScreen(Want) bool
}

// Directly is the Opener of a process that may open terminals itself.
type Directly struct{}

// Screen is what a terminal shows.
type Screen struct {
	Columns int // 1 or more
	Rows    int // of a full-screen program; 0 if the program in front writes line after line

	// UTF8 is false for a console or a serial line in an 8-bit mode. There, parts of other
	// letters would be control characters.
	UTF8 bool
}

// Output is what to write to a terminal, and what to do if that takes only a part at first.
type Output struct {
	Data []byte

	// Resume begins the rest of a row that was cut off. Something else may have been written
	// behind the cut: the rest would begin wherever the sender likes, as a banner perhaps.
	Resume string

	// Whole says that a part is worth nothing. It counts as not written: all of Data follows
	// once more, after a CAN that ends a half sequence.
	Whole bool

	// Undo puts right what a part of a Whole output has left behind, if the rest never comes.
	Undo string
}

// From returns the output without its first n bytes.
func (o Output) From(n int) Output {
	o.Data = o.Data[n:]
	return o
}

// MostAtOnce is how many bytes the kernel writes to a terminal with nothing of another
// writer in between (tty_write, drivers/tty/tty_io.c).
const MostAtOnce = 2048

// Sizes for a terminal that does not say its size, or that lies.
const (
	usualColumns = 80
	mostColumns  = 512
)

// How soon a waiting write tries again: at first, and after some time.
const (
	shortPause = time.Millisecond
	longPause  = 50 * time.Millisecond
)
