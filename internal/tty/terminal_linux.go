package tty

import (
	"bytes"
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"msg/internal/consent"
	"msg/internal/device"
	"msg/internal/hang"
	"msg/internal/message"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Terminal is a terminal that is open for writing.
type Terminal struct {
	want Want
	by   Opener
	fd   int
	utf8 bool
	full bool   // a full-screen program has it
	lead string // goes before what is written next: the output before that was cut off
	half int    // see Half
}

const openFlags = unix.O_WRONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC | unix.O_NOFOLLOW

// Open has the terminal opened and then checks the descriptor, which all writes go through,
// wherever the path leads later. Every error is a *Failure.
func Open(want Want, by Opener) (*Terminal, error) {
	fd, err := by.Open(want)
	if err != nil {
		return nil, openFailure(want, err)
	}
	t := &Terminal{want: want, by: by, fd: fd}
	if err := t.check(); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// Open opens the terminal at the path.
func (Directly) Open(want Want) (fd int, err error) {
	defer hang.At(want.Device)()
	return unix.Open(want.Path, openFlags, 0)
}

// OpenChecked opens the terminal at the path, with a look at the descriptor: it is the terminal that is wanted, its
// owner's, with messages on. It is for a process that opens terminals for another. Its error is
// the kernel's or a *message.Failure.
func OpenChecked(want Want) (fd int, err error) {
	fd, err = Directly{}.Open(want)
	if err != nil {
		return -1, err
	}
	if err := want.holds(fd); err != nil {
		return -1, errors.Join(err, want.close(fd))
	}
	return fd, nil
}

func (want Want) close(fd int) error {
	defer hang.At(want.Device)()
	return unix.Close(fd)
}

func openFailure(want Want, err error) error {
	if failure := (*message.Failure)(nil); errors.As(err, &failure) {
		return failure
	}
	reason := message.Gone // ENOENT, ENXIO, ENODEV; EIO if the other end has closed
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM), errors.Is(err, unix.EROFS):
		return refusal(want, err)
	case errors.Is(err, unix.EBUSY):
		reason = message.Busy
	case errors.Is(err, unix.ELOOP), errors.Is(err, unix.EISDIR), errors.Is(err, unix.ENOTDIR):
		reason = message.NotATerminal
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE), errors.Is(err, unix.ENOMEM):
		reason = message.Stuck // this system's shortage, which may pass
	}
	return message.Fail(reason, "open: %v", err)
}

// refusal tells messages that somebody has switched off from a caller without the right to open
// the terminal.
func refusal(want Want, err error) error {
	var st unix.Stat_t
	if !want.Always && unix.Lstat(want.Path, &st) == nil {
		if verdict := want.Rule.Judge(st.Mode & permissions); !verdict.On && verdict.Why != consent.ByDefault {
			return message.Fail(message.MessagesOff, "%s", verdict.Words())
		}
	}
	return message.Fail(message.Denied, "open: %v", err)
}

func (t *Terminal) check() error {
	want := t.want
	if err := want.holds(t.fd); err != nil {
		return err
	}
	settings, err := want.settings(t.fd)
	switch {
	case errors.Is(err, unix.ENOTTY):
		return message.Fail(message.NotATerminal, "has no terminal settings")
	case err != nil:
		return message.Fail(message.Gone, "hung up: %v", err)
	case want.Text && device.IsConsole(want.Device) && showsDesktop(t.fd):
		return message.Fail(message.NoTerminal, "shows a desktop")
	}
	// All terminal emulators read UTF-8. Not all set IUTF8: ssh passes on its own terminal's.
	t.utf8 = device.IsPseudo(want.Device) || settings.Iflag&unix.IUTF8 != 0
	if want.Within != nil {
		t.full = !want.Within.Lines && t.by.FullScreen(*want.Within)
	} else {
		t.full = !want.Lines && isFullScreen(settings)
	}
	return nil
}

// settings returns the terminal's settings (TCGETS, ioctl_tty(2)).
func (want Want) settings(fd int) (*unix.Termios, error) {
	defer hang.At(want.Device)()
	return unix.IoctlGetTermios(fd, unix.TCGETS)
}

// holds fails unless the descriptor is the terminal that is wanted.
func (want Want) holds(fd int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return message.Fail(message.Gone, "fstat: %v", err)
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFCHR || !device.IsTerminal(st.Rdev):
		return message.Fail(message.NotATerminal, "not a character device of a terminal")
	case st.Rdev != want.Device:
		return message.Fail(message.NotATerminal, "another device by now")
	case st.Uid != want.Owner:
		return message.Fail(message.OwnerChanged, "owned by uid %d, no longer by %d", st.Uid, want.Owner)
	}
	if verdict := want.Rule.Judge(st.Mode & permissions); !verdict.On && !want.Always {
		return message.Fail(message.MessagesOff, "%s", verdict.Words())
	}
	return nil
}

// permissions are the bits of st_mode that a person can set.
const permissions = 0o7777

// Holds fails if the terminal's messages are off by now, or its owner is another. From now on the
// rule is this one.
func (t *Terminal) Holds(rule consent.Rule) error {
	t.want.Rule = rule
	return t.want.holds(t.fd)
}

// isFullScreen reports whether a program draws the screen itself: it reads each key unseen, and
// begins rows itself. Shells and pagers, which write lines, have the kernel begin one at LF.
func isFullScreen(settings *unix.Termios) bool {
	const newRow = unix.OPOST | unix.ONLCR
	return settings.Lflag&(unix.ICANON|unix.ECHO) == 0 && settings.Oflag&newRow != newRow
}

// FullScreen looks at the settings of the terminal at the path.
func (Directly) FullScreen(want Want) bool {
	want.Always = true
	fd, err := OpenChecked(want)
	if err != nil {
		return false
	}
	settings, err := want.settings(fd)
	_ = want.close(fd)
	return err == nil && isFullScreen(settings)
}

// showsDesktop reports whether a console is in graphics mode (KDGETMODE, ioctl_console(2)).
func showsDesktop(fd int) bool {
	const getMode, graphics = 0x4b3b, 1 // KDGETMODE, KD_GRAPHICS (linux/kd.h)
	mode, err := unix.IoctlGetInt(fd, getMode)
	return err == nil && mode == graphics
}

// Screen asks the terminal for what a message is laid out for.
func (t *Terminal) Screen() Screen {
	defer hang.At(t.want.Device)()
	on := Screen{Columns: usualColumns, UTF8: t.utf8}
	columns, rows, err := term.GetSize(t.fd)
	if err != nil || columns == 0 {
		return on
	}
	on.Columns = min(columns, mostColumns)
	if t.full {
		on.Rows = rows
	}
	return on
}

// ErrWouldBlock says that the terminal takes no more output now.
var ErrWouldBlock = errors.New("the terminal takes no output now")

// Write writes what the terminal takes without waiting, and returns how many bytes of the data
// that is. Up to MostAtOnce bytes stay together. Its error is ErrWouldBlock if something is
// left, or a *Failure.
func (t *Terminal) Write(out Output) (int, error) {
	written := 0
	for written < len(out.Data) {
		n, err := t.put(t.fd, out.From(written))
		written += n
		switch {
		case err == nil, errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return written, ErrWouldBlock
		default:
			return written, writeFailure(err)
		}
	}
	return written, nil
}

const (
	cancel = "\x18" // ends a control sequence that was cut off (CAN)

	// newRow goes before what is left after whole rows: another message may have been cut off
	// within a row meanwhile. If none was, there is an empty row.
	newRow = "\r\n"
)

// put writes once, and returns how many bytes of the data are written, without the lead. It asks
// first: its owner may have switched messages off, or be another, since it was opened.
func (t *Terminal) put(fd int, out Output) (int, error) {
	if err := t.want.holds(fd); err != nil {
		return 0, err
	}
	n, err := t.write(fd, append([]byte(t.lead), out.Data...))
	if n <= 0 {
		return 0, err
	}
	n -= len(t.lead)
	if out.Whole && n < len(out.Data) {
		t.half = max(t.half, n)
		t.lead = cancel
		return 0, unix.EAGAIN
	}
	t.half, n = 0, max(0, n)
	for n > 0 && n < len(out.Data) && !utf8.RuneStart(out.Data[n]) {
		n--
	}
	if n > 0 { // else the lead is still to come
		t.lead = leadOf(out, n)
	}
	return n, err
}

func (t *Terminal) write(fd int, data []byte) (int, error) {
	defer hang.At(t.want.Device)()
	return unix.Write(fd, data)
}

// leadOf returns what goes before the rest of an output, of which n bytes are written.
func leadOf(out Output, n int) string {
	switch written, rest := out.Data[:n], out.Data[n:]; {
	case len(rest) == 0, isRowEnd(rest):
		return ""
	case written[n-1] == '\n':
		return newRow
	}
	return newRow + out.Resume
}

// Half returns how many bytes of a Whole output are on the screen, and count as not written.
func (t *Terminal) Half() int { return t.half }

// isRowEnd reports whether nothing of a row is left but blanks.
func isRowEnd(data []byte) bool {
	rest := bytes.TrimLeft(data, " \r")
	return len(rest) > 0 && rest[0] == '\n'
}

func writeFailure(err error) error {
	if failure := (*message.Failure)(nil); errors.As(err, &failure) {
		return failure
	}
	return message.Fail(message.Gone, "write: %v", err) // EIO after a hangup
}

// WriteWithin writes as Write does, but waits for a terminal that is held. At the deadline its
// error is a *Failure with Stuck, and when ctx ends one with GivenUp. It does not poll(2): a
// terminal may hang in that too, and in Go's runtime all goroutines would wait with it.
func (t *Terminal) WriteWithin(ctx context.Context, out Output, deadline time.Time) (int, error) {
	written := 0
	for pause := shortPause; ; pause = min(2*pause, longPause) {
		n, err := t.Write(out.From(written))
		written += n
		if !errors.Is(err, ErrWouldBlock) {
			return written, err
		}
		if n > 0 {
			pause = shortPause
		}
		select {
		case <-ctx.Done():
			t.undo(out)
			return written, message.Fail(message.GivenUp, "interrupted")
		case <-time.After(min(pause, time.Until(deadline))):
		}
		if !time.Now().Before(deadline) {
			t.undo(out)
			return written, message.Fail(message.Stuck, "deadline")
		}
	}
}

// undo puts right what a part of the output has left behind, if the terminal takes that.
func (t *Terminal) undo(out Output) {
	if t.lead == cancel {
		_, _ = t.write(t.fd, []byte(cancel+out.Undo))
	}
}

// Close closes the terminal. What was written is not lost.
func (t *Terminal) Close() error {
	return t.want.close(t.fd)
}
