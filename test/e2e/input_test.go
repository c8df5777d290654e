//go:build linux

package e2e_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"msg/test/lab"
)

func TestWrongInput(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice := h.Login(t, "alice")
		fails(t, h, 1, "msg: no-such-user: no such user\n", "no-such-user", "hi")
		fails(t, h, 1, "msg: dave: not logged in\n", "dave", "hi")
		fails(t, h, 1, "msg: %sudo: not logged in\n", "%sudo", "hi")
		fails(t, h, 1, "msg: pts/99999: no such terminal\n", "pts/99999", "hi")
		fails(t, h, 2, "the message is empty", "alice", "")
		fails(t, h, 2, "the message is empty", "alice")
		fails(t, h, 2, "empty target", "alice,,bob", "hi")
		fails(t, h, 2, "open /nonexistent: no such file", "alice", "-f", "/nonexistent")
		fails(t, h, 2, "runs backwards", "alice@web[3-1]", "hi")
		out := h.Exec(t, strings.Repeat("x", 1<<20), "msg", "alice")
		if out.Code != 2 || out.Stderr != "msg: the message is longer than 64 KiB\n" {
			t.Errorf("1 MiB: %+v", out)
		}
		got(t, alice)
		if seen := alice.Sync(t); seen != "" {
			t.Errorf("alice saw %q", seen)
		}
		fails(t, h, 1, "no-such-user", "alice,no-such-user", "To those who are.")
		got(t, alice, "To those who are.")
	})
}

// TestHostileText sends every byte there is, and what would forge a banner.
func TestHostileText(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice := h.Login(t, "alice")
		var every []byte
		for b := range 256 {
			every = append(every, byte(b))
		}
		text := string(every) + "\n\x1b]0;owned\a\x1b[2J\rMessage from root@" + h.Name + " at 10:00:\u202e\n\xff\xfe caf\xe9"
		if out := h.Exec(t, text, "msg", "alice"); out != (lab.Output{}) {
			t.Errorf("msg: %+v", out)
		}
		seen := alice.Sync(t)
		if n := strings.Count(seen, "\a"); n != 1 {
			t.Errorf("%d bells in %q", n, seen)
		}
		for i := range len(seen) {
			if b := seen[i]; b < 0x20 && !strings.ContainsRune("\a\r\n", rune(b)) || b >= 0x7f {
				t.Fatalf("byte %#x in %q", b, seen)
			}
		}
		lines := body(seen)
		if want := `\xff\xfe caf\xe9`; lines[len(lines)-1] != want {
			t.Errorf("got %q, want %q last", lines, want)
		}
		if strings.Count(seen, "\r\nMessage from ") != 1 {
			t.Errorf("a banner was forged in %q", seen)
		}
	})
}

// entry is a login in utmp as x86-64 has it.
func entry(line, user string) []byte {
	b := make([]byte, 384)
	binary.NativeEndian.PutUint16(b, 7) // USER_PROCESS
	binary.NativeEndian.PutUint32(b[4:], 1)
	copy(b[8:40], line)
	copy(b[44:76], user)
	copy(b[76:332], "evil.example")
	return b
}

// TestHostileUtmp writes a utmp that lies. People are found as before, and
// nothing is written where it leads.
func TestHostileUtmp(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		if !h.Utmp {
			t.Logf("%s has no utmp; here it gets one", h.Name)
			t.Cleanup(func() { h.Run(t, "rm", "/run/utmp") })
		}
		alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
		before := h.Run(t, "sha256sum", "/etc/passwd", "/etc/shadow").Stdout
		files := h.Run(t, "find", "/", "-xdev", "-newer", "/etc/hostname", "-type", "f", "-path", "/dev/*").Stdout
		good := h.Exec(t, "", "cat", "/run/utmp").Stdout
		lies := bytes.Join([][]byte{
			entry("../../etc/passwd", "bob"), entry("/etc/passwd", "bob"), entry("sda", "bob"),
			entry("../shadow", "root"), entry(":0", "bob"), entry("", "bob"), entry("seat0", "bob"),
			entry(alice.Terminal, "bob"), // her terminal, said to be his
			entry(strings.Repeat("p", 32), strings.Repeat("u", 32)),
			entry("pts/9999", "bob"),
			entry("pts/8888", "bob")[:200],
		}, nil)
		if out := h.Exec(t, string(lies), "sh", "-c", "cat > /run/utmp"); out.Code != 0 {
			t.Fatal(out.Stderr)
		}
		send(t, h, "bob", "For bob.")
		got(t, bob, "For bob.")
		got(t, alice)
		send(t, h, "*", "For all.")
		got(t, bob, "For all.")
		got(t, alice, "For all.")
		for _, s := range sessionsOf(t, h) {
			if s.Host == "evil.example" || !slices.Contains([]string{alice.Terminal, bob.Terminal}, s.Terminal) {
				t.Errorf("the lies became %+v", s)
			}
		}
		if after := h.Run(t, "sha256sum", "/etc/passwd", "/etc/shadow").Stdout; after != before {
			t.Errorf("before:\n%safter:\n%s", before, after)
		}
		if after := h.Run(t, "find", "/", "-xdev", "-newer", "/etc/hostname", "-type", "f", "-path", "/dev/*").Stdout; after != files {
			t.Errorf("files in /dev: %q, before %q", after, files)
		}
		if out := h.Exec(t, good, "sh", "-c", "cat > /run/utmp"); out.Code != 0 {
			t.Fatal(out.Stderr)
		}
	})
}

// TestHeldTerminal has ten logins, one of them held with Ctrl-S.
func TestHeldTerminal(t *testing.T) {
	h := lab.D13
	install(t, h)
	var people []*lab.Login
	for range 10 {
		people = append(people, h.Login(t, "alice"))
	}
	held := people[4]
	held.Hold(t)
	cmd := h.Command(t.Context(), "msg", "--time", "10", "alice", "Who has it?")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	ended := make(chan struct{})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	for _, l := range people {
		if l != held {
			l.Expect(t, "| Who has it?")
		}
	}
	select {
	case <-ended:
		t.Error("nine had the message only when the tenth was given up")
	default:
	}
	<-ended
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("its exit status is %d", code)
	}
	want := "msg: alice on " + held.Terminal + ": the terminal is stuck (deadline: nothing was written)\n"
	if !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("it says %q, want %q", stderr.String(), want)
	}
	held.Release(t)
	got(t, held)
}

// TestHostileNames has alice run a program whose name is an escape sequence: it
// does not reach the terminal of who looks at the sessions.
func TestHostileNames(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, root := h.Login(t, "alice"), h.Login(t, "root")
		alice.Type(t, `n=$(printf '/tmp/\033[2J\233x'); cp /bin/sleep "$n"; "$n" 1000`+"\r")
		seen := ""
		for range 100 {
			if seen = h.Run(t, "msg", "sessions", "alice").Stdout; strings.Contains(seen, `^[[2J\x9bx`) {
				break
			}
		}
		if !strings.Contains(seen, `^[[2J\x9bx`) || strings.ContainsAny(seen, "\x1b") {
			t.Errorf("sessions: %q", seen)
		}
		root.Type(t, "msg sessions\r")
		if seen := root.Expect(t, `^[[2J\x9bx`); strings.Contains(seen, "\x1b") {
			t.Errorf("root saw %q", seen)
		}
	})
}
