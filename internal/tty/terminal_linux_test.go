package tty_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"msg/internal/banner"
	"msg/internal/message"
	"msg/internal/tty"
	"msg/internal/tty/ttytest"
)

func want(term *ttytest.Terminal) tty.Want {
	return tty.Want{Path: term.Path, Device: term.Device, Owner: uint32(os.Getuid())}
}

func open(t *testing.T, w tty.Want) *tty.Terminal {
	t.Helper()
	terminal, err := tty.Open(w, tty.Directly{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return terminal
}

// output is what is written as a message's rows are: what goes on in a row has a bar.
func output(data string) tty.Output { return tty.Output{Data: []byte(data), Resume: "| "} }

func checkReason(t *testing.T, err error, reason message.Reason) {
	t.Helper()
	var failure *message.Failure
	if !errors.As(err, &failure) || failure.Reason != reason || failure.Detail == "" {
		t.Errorf("got %v, want reason %s with a detail", err, reason)
	}
}

func TestWrite(t *testing.T) {
	term := ttytest.Open(t)
	terminal := open(t, want(term))
	if columns := terminal.Screen().Columns; columns != 80 {
		t.Errorf("%d columns, want 80", columns)
	}
	if n, err := terminal.Write(output("hello\r\n")); n != 7 || err != nil {
		t.Errorf("wrote %d, %v", n, err)
	}
	term.Await(t, "hello\r")
}

// TestOpenRefuses holds that nothing but the wanted terminal is ever open, and
// that each refusal says which it was.
func TestOpenRefuses(t *testing.T) {
	term := ttytest.Open(t)
	other := ttytest.Open(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("untouched"), 0o666); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(term.Path, link); err != nil {
		t.Fatal(err)
	}
	off := ttytest.Open(t)
	if err := off.Slave.Chmod(0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(*tty.Want)
		reason message.Reason
	}{
		"a file":            {func(w *tty.Want) { w.Path = file }, message.NotATerminal},
		"a directory":       {func(w *tty.Want) { w.Path = "/dev/pts" }, message.NotATerminal},
		"below a file":      {func(w *tty.Want) { w.Path = file + "/3" }, message.NotATerminal},
		"another device":    {func(w *tty.Want) { w.Path = "/dev/null" }, message.NotATerminal},
		"a link to it":      {func(w *tty.Want) { w.Path = link }, message.NotATerminal},
		"another terminal":  {func(w *tty.Want) { w.Path = other.Path }, message.NotATerminal},
		"nothing":           {func(w *tty.Want) { w.Path = "/dev/pts/9999999" }, message.Gone},
		"another's by now":  {func(w *tty.Want) { w.Owner++ }, message.OwnerChanged},
		"with messages off": {func(w *tty.Want) { *w = want(off) }, message.MessagesOff},
	} {
		t.Run(name, func(t *testing.T) {
			w := want(term)
			tt.change(&w)
			_, err := tty.Open(w, tty.Directly{})
			checkReason(t, err, tt.reason)
		})
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != "untouched" {
		t.Errorf("the file holds %q, %v", content, err)
	}
}

func TestAlwaysOpensWithMessagesOff(t *testing.T) {
	term := ttytest.Open(t)
	if err := term.Slave.Chmod(0o600); err != nil {
		t.Fatal(err)
	}
	w := want(term)
	w.Always = true
	open(t, w)
}

// asNobody runs the named test of this file as a user without rights.
func asNobody(t *testing.T, test string, env ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody else; the lab's tests run as root")
	}
	program := filepath.Join(os.TempDir(), "tty.test."+test) // where nobody may look
	if out, err := exec.Command("cp", os.Args[0], program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	defer os.Remove(program)
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.v", "-test.run=^"+test+"$")
	cmd.Env, cmd.Dir = append(env, "AS_NOBODY=1"), "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+test) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

func TestOpenAsNobody(t *testing.T) {
	if os.Getenv("AS_NOBODY") == "" {
		on, unsaid, off, busy := ttytest.Open(t), ttytest.Open(t), ttytest.Open(t), ttytest.Open(t)
		if err := errors.Join(unsaid.Slave.Chmod(0o600), off.Slave.Chmod(0o600|os.ModeSticky)); err != nil {
			t.Fatal(err)
		}
		if err := busy.Slave.Chmod(0o622); err != nil {
			t.Fatal(err)
		}
		if err := unix.IoctlSetInt(int(busy.Slave.Fd()), unix.TIOCEXCL, 0); err != nil {
			t.Fatal(err)
		}
		asNobody(t, "TestOpenAsNobody", "ON="+on.Path, "UNSAID="+unsaid.Path, "OFF="+off.Path, "EXCLUSIVE="+busy.Path)
		return
	}
	for name, reason := range map[string]message.Reason{
		"ON": message.Denied, "UNSAID": message.Denied, "OFF": message.MessagesOff, "EXCLUSIVE": message.Busy,
	} {
		_, err := tty.Open(tty.Want{Path: os.Getenv(name)}, tty.Directly{})
		checkReason(t, err, reason)
	}
	// Whoever overrides a no hears that it may not open the terminal, and can ask another to.
	_, err := tty.Open(tty.Want{Path: os.Getenv("OFF"), Always: true}, tty.Directly{})
	checkReason(t, err, message.Denied)
}

func TestHeldTerminal(t *testing.T) {
	term := ttytest.Open(t)
	term.Hold(t)
	terminal := open(t, want(term))
	if n, err := terminal.Write(output("x")); n != 0 || !errors.Is(err, tty.ErrWouldBlock) {
		t.Fatalf("wrote %d, %v to a held terminal", n, err)
	}
	n, err := terminal.WriteWithin(t.Context(), output("x"), time.Now().Add(50*time.Millisecond))
	if n != 0 {
		t.Errorf("wrote %d bytes to a held terminal", n)
	}
	checkReason(t, err, message.Stuck)
	term.Release(t)
	if n, err := terminal.WriteWithin(t.Context(), output("after"), time.Now().Add(10*time.Second)); n != 5 || err != nil {
		t.Errorf("wrote %d, %v after its release", n, err)
	}
	term.Await(t, "after")
}

// TestMoreThanTheTerminalTakes writes more than the kernel buffers, while the
// person reads on only after a while. What goes on within a row is marked as a row of
// the message's: another may have written meanwhile.
func TestMoreThanTheTerminalTakes(t *testing.T) {
	term := ttytest.Open(t)
	term.Hold(t)
	terminal := open(t, want(term))
	time.AfterFunc(20*time.Millisecond, func() { term.Release(t) })
	data := strings.Repeat("0123456789abcdef", 16<<10) + "end"
	n, err := terminal.WriteWithin(t.Context(), output(data), time.Now().Add(30*time.Second))
	if n != len(data) || err != nil {
		t.Fatalf("wrote %d of %d bytes, %v", n, len(data), err)
	}
	seen := term.Await(t, "end")
	if whole := strings.NewReplacer("\r\r\n| ", "", "\r\n| ", "").Replace(seen); whole != data {
		t.Errorf("%d bytes arrived, want %d", len(whole), len(data))
	}
	if pieces := strings.Count(seen, "\n"); pieces == 0 || strings.Count(seen, "\n| ") != pieces {
		t.Errorf("of %d pieces, not all begin with a bar", pieces)
	}
}

func TestHungUp(t *testing.T) {
	term := ttytest.Open(t)
	terminal := open(t, want(term))
	term.HangUp()
	_, err := terminal.Write(output("x"))
	checkReason(t, err, message.Gone)
	_, err = tty.Open(want(term), tty.Directly{})
	checkReason(t, err, message.Gone)
}

func TestInterrupted(t *testing.T) {
	term := ttytest.Open(t)
	term.Hold(t)
	terminal := open(t, want(term))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := terminal.WriteWithin(ctx, output("x"), time.Now().Add(time.Hour))
	checkReason(t, err, message.GivenUp)
}

func TestColumnsWithinBounds(t *testing.T) {
	for columns, wanted := range map[uint16]int{0: 80, 1: 3, 3: 3, 4: 4, 132: 132, 65535: 512} {
		term := ttytest.Open(t)
		size := unix.Winsize{Row: 24, Col: columns}
		if err := unix.IoctlSetWinsize(int(term.Slave.Fd()), unix.TIOCSWINSZ, &size); err != nil {
			t.Fatal(err)
		}
		on := open(t, want(term)).Screen()
		rows := strings.Split(string(banner.Message{Text: "hello"}.Layout(on).For(on).Data), "\r\n")
		if got := len(rows[1]) + 1; got != wanted { // the last column stays free
			t.Errorf("%d columns are laid out as %d, want %d", columns, got, wanted)
		}
	}
}

// TestGraphicsMode: a message would be seen by nobody.
func TestGraphicsMode(t *testing.T) {
	console := ttytest.OpenConsole(t)
	for _, graphics := range []bool{false, true} {
		console.SetGraphics(t, graphics)
		for _, text := range []bool{false, true} {
			terminal, err := tty.Open(tty.Want{Path: console.Path, Device: console.Device, Always: true, Text: text}, tty.Directly{})
			if failed := errors.Is(err, message.NoTerminal); failed != (graphics && text) || !failed && err != nil {
				t.Errorf("graphics %v, only text %v: %v", graphics, text, err)
			}
			if err == nil {
				terminal.Close()
			}
		}
	}
}

// TestOverlayCutOff: a terminal that takes half of what is to be written over a
// full-screen program gets all of it again, and begins anew.
func TestOverlayCutOff(t *testing.T) {
	_, scratch := rawTerminal(t)
	capacity := fill(t, scratch, 1<<20)
	for _, drained := range []bool{true, false} {
		master, slave := rawTerminal(t)
		var st syscall.Stat_t
		if err := syscall.Fstat(int(slave.Fd()), &st); err != nil {
			t.Fatal(err)
		}
		terminal := open(t, tty.Want{Path: slave.Name(), Device: st.Rdev, Owner: uint32(os.Getuid())})
		on := terminal.Screen()
		out := banner.Message{Text: strings.Repeat("A line.\n", 18) + "The end."}.Layout(on).For(on)
		data := out.Data
		if data[1] != '\x1b' || len(data) < 1000 {
			t.Fatalf("not an overlay: %q", data)
		}
		fill(t, slave, capacity-len(data)/2)
		if n, err := terminal.Write(out); n != 0 || !errors.Is(err, tty.ErrWouldBlock) {
			t.Fatalf("wrote %d, %v", n, err)
		}
		shown := make(chan string, 1)
		if drained {
			go func() { shown <- drain(master, "\x1b[m\x1b8") }()
		}
		n, err := terminal.WriteWithin(t.Context(), out, time.Now().Add(time.Second))
		if !drained {
			if half := terminal.Half(); n != 0 || !errors.Is(err, message.Stuck) || half == 0 || half >= len(data) {
				t.Errorf("a stuck terminal: %d, %v, with %d of %d bytes on the screen", n, err, half, len(data))
			}
			continue
		}
		seen := strings.TrimLeft(<-shown, "x")
		half, whole, again := strings.Cut(seen, "\x18")
		if n != len(data) || err != nil || !again || whole != string(data) || !strings.HasPrefix(string(data), half) {
			t.Errorf("wrote %d, %v; it shows %q", n, err, seen)
		}
	}
}

// TestCutInPadding: a row that is cut behind its text ends where it is.
func TestCutInPadding(t *testing.T) {
	_, scratch := rawTerminal(t)
	capacity := fill(t, scratch, 1<<20)
	master, slave := rawTerminal(t)
	var st syscall.Stat_t
	if err := syscall.Fstat(int(slave.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	terminal := open(t, tty.Want{Path: slave.Name(), Device: st.Rdev, Owner: uint32(os.Getuid()), Lines: true})
	data := "\r\n| One." + strings.Repeat(" ", 2000) + "\r\n| Two.\r\nend"
	fill(t, slave, capacity-len(data)/2)
	n, err := terminal.Write(output(data))
	if n < 20 || n > 2000 || !errors.Is(err, tty.ErrWouldBlock) {
		t.Fatalf("wrote %d, %v", n, err)
	}
	shown := make(chan string, 1)
	go func() { shown <- drain(master, "end") }()
	if m, err := terminal.WriteWithin(t.Context(), output(data[n:]), time.Now().Add(10*time.Second)); n+m != len(data) || err != nil {
		t.Errorf("wrote %d and %d, %v", n, m, err)
	}
	if seen := strings.TrimLeft(<-shown, "x"); seen != data {
		t.Errorf("it shows %q", seen)
	}
}

// rawTerminal is one as full-screen programs set it, of 24 rows.
func rawTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close(); slave.Close() })
	_, err = term.MakeRaw(int(slave.Fd()))
	err = errors.Join(err, slave.Chmod(0o620), pty.Setsize(slave, &pty.Winsize{Rows: 24, Cols: 80}))
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// fill writes that much to a terminal that nobody reads, or as much as it takes, and
// returns how much that was.
func fill(t *testing.T, slave *os.File, most int) int {
	t.Helper()
	fd, err := unix.Open(slave.Name(), unix.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	total := 0
	for range 3 { // the kernel moves it on meanwhile
		for total < most {
			n, err := unix.Write(fd, bytes.Repeat([]byte("x"), min(1024, most-total)))
			if total += max(0, n); err != nil {
				break
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return total
}

// drain reads until that has come.
func drain(master *os.File, end string) string {
	var seen strings.Builder
	buffer := make([]byte, 4096)
	for !strings.HasSuffix(seen.String(), end) {
		n, err := master.Read(buffer)
		if err != nil {
			break
		}
		seen.Write(buffer[:n])
	}
	return seen.String()
}

// TestCutAfterRow: what follows a row that was written whole begins a new one, since another
// message may have been cut off within a row behind it.
func TestCutAfterRow(t *testing.T) {
	_, scratch := rawTerminal(t)
	capacity := fill(t, scratch, 1<<20)
	data := "\r\n" + strings.Repeat("| row\r\n", 300) + "end"
	for left := len(data) / 2; left < len(data)/2+100; left++ {
		master, slave := rawTerminal(t)
		var st syscall.Stat_t
		if err := syscall.Fstat(int(slave.Fd()), &st); err != nil {
			t.Fatal(err)
		}
		terminal := open(t, tty.Want{Path: slave.Name(), Device: st.Rdev, Owner: uint32(os.Getuid()), Lines: true})
		fill(t, slave, capacity-left)
		n, err := terminal.Write(output(data))
		if !errors.Is(err, tty.ErrWouldBlock) {
			t.Fatalf("wrote %d, %v", n, err)
		}
		if n < 3 || data[n-1] != '\n' {
			continue
		}
		shown := make(chan string, 1)
		go func() { shown <- drain(master, "end") }()
		if m, err := terminal.WriteWithin(t.Context(), output(data[n:]), time.Now().Add(10*time.Second)); n+m != len(data) || err != nil {
			t.Errorf("wrote %d and %d, %v", n, m, err)
		}
		if seen := strings.TrimLeft(<-shown, "x"); seen != data[:n]+"\r\n"+data[n:] {
			t.Errorf("cut after %d bytes, it shows %q", n, seen)
		}
		return
	}
	t.Error("it was never cut behind a row")
}
