//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"msg/test/lab"
)

// TestMesgAtALogin: the statuses are mesg(1)'s, and so is what becomes of the
// device.
func TestMesgAtALogin(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		const off = "messages are off here: you said so on this terminal; \"msg mesg y\" switches them on\r\nstatus 1"
		for _, step := range []struct{ command, answer, mode string }{
			{"msg mesg", "messages are on here: this terminal began so, and you have said nothing\r\nstatus 0", "620"},
			{"msg mesg n", "status 1", "1600"},
			{"msg mesg", off, "1600"},
			{"msg mesg y", "status 0", "620"},
			{"msg mesg no -v", off, "1600"},
			{"msg mesg y </dev/tty >/dev/null 2>&1", "status 0", "620"},
			{"msg mesg n </dev/tty", "status 1", "1600"},
			{"msg mesg y", "status 0", "620"},
			{"chmod 600 $(tty); msg mesg", off, "600"}, // util-linux's mesg n
			{"msg mesg y", "status 0", "620"},
			{"msg mesg --json </dev/null 2>&1", `{"terminal":"` + bob.Terminal + `","messages":true,"why":"began"}` + "\r\nstatus 0", "620"},
		} {
			bob.Mark()
			bob.Type(t, step.command+"; echo status $?\r")
			want := "$?\r\n" + step.answer + "\r\n" // and nothing else
			if seen := bob.Expect(t, "status "+step.answer[len(step.answer)-1:]+"\r\n"); !strings.Contains(seen, want) {
				t.Errorf("%s shows %q, want %q", step.command, seen, step.answer)
			}
			mode := h.Run(t, "stat", "-c", "%a %U %G", "/dev/"+bob.Terminal).Stdout
			if want := step.mode + " bob tty\n"; mode != want {
				t.Errorf("after %s the device is %q, want %q", step.command, mode, want)
			}
		}
		if mode := h.Run(t, "stat", "-c", "%a", "/dev/tty").Stdout; mode != "666\n" {
			t.Errorf("/dev/tty has mode %s", mode)
		}
	})
}

// TestMesgWithoutTerminal: there is nothing to switch.
func TestMesgWithoutTerminal(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		for _, arg := range []string{"", "n", "y"} {
			out := h.SSH(t, "bob", "sh", "-c", "msg mesg "+arg)
			if out.Code != 2 || !strings.HasPrefix(out.Stderr, "msg: none of standard input, output and error is a terminal\nhint: ") || out.Stdout != "" {
				t.Errorf("msg mesg %s: %+v", arg, out)
			}
		}
	})
}

// TestMesgOfSomebodyElse: carol's program is at dave's terminal, as after su.
func TestMesgOfSomebodyElse(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		dave := h.Login(t, "dave")
		as := "setpriv --reuid carol --regid ops --clear-groups msg mesg "
		out := h.Exec(t, "", "sh", "-c", as+"n <>/dev/"+dave.Terminal)
		want := "msg: " + dave.Terminal + " belongs to dave\nhint: only dave or root may change that; after su or sudo, \"exit\" goes back to who logged in\n"
		if out.Code != 2 || out.Stderr != want || out.Stdout != "" {
			t.Errorf("%+v, want %q", out, want)
		}
		out = h.Exec(t, "", "sh", "-c", as+"<>/dev/"+dave.Terminal)
		if out.Code != 0 || !strings.HasPrefix(out.Stdout, "messages are on here: ") || out.Stderr != "" {
			t.Errorf("to look is not to change: %+v", out)
		}
	})
}

// TestMesgWhereDevptsSaysOff: with mode=600, what a program opens begins without write
// permission, which says nothing; there, util-linux's mesg n says nothing either. sshd switches
// messages on for a user who logs in.
func TestMesgWhereDevptsSaysOff(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		mount := func(mode os.FileMode) {
			h.Run(t, "mount", "-o", fmt.Sprintf("remount,gid=5,mode=%o,ptmxmode=666", mode), "/dev/pts")
		}
		mount(0o600)
		t.Cleanup(func() { mount(h.PtyMode) })
		bob := h.Login(t, "bob")
		for _, step := range []struct{ command, answer string }{
			{"msg mesg", "messages are on here: this terminal began so, and you have said nothing\r\nstatus 0\r\n"},
			{"script -qec 'msg mesg' /dev/null", "messages are on here: by default, as you have said nothing\r\nstatus 0\r\n"},
			{"script -qec 'msg mesg n; msg mesg' /dev/null", "messages are off here: you said so on this terminal; \"msg mesg y\" switches them on\r\nstatus 1\r\n"},
			{"chmod 600 $(tty); msg mesg", "messages are off here: you said so on this terminal; \"msg mesg y\" switches them on\r\nstatus 1\r\n"},
		} {
			bob.Mark()
			bob.Type(t, step.command+"; echo status $?\r")
			bob.Expect(t, "$?\r\n"+step.answer)
		}
	})
}
