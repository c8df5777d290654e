//go:build linux

package e2e_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

func prints(t *testing.T, h *lab.Host, user string, argv ...string) string {
	t.Helper()
	out := h.SSH(t, user, argv...)
	if out.Code != 0 {
		t.Fatalf("%s: %s: %q: %+v", h.Name, user, argv, out)
	}
	return strings.TrimSpace(out.Stdout)
}

func terminalHere(t *testing.T, l *lab.Login) string {
	t.Helper()
	file := fmt.Sprintf("/tmp/tty-%s-%d", l.User, time.Now().UnixNano())
	typed := time.Time{}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if time.Since(typed) > 5*time.Second { // what a program starts with may be to drop what was typed before
			l.Type(t, "tty >"+file+"\r")
			typed = time.Now()
		}
		out := l.Host.Exec(t, "", "cat", file)
		if name, ok := strings.CutPrefix(out.Stdout, "/dev/"); ok && strings.HasSuffix(name, "\n") {
			name = strings.TrimSpace(name)
			settle(t, l.Host, name)
			return name
		}
	}
	t.Fatalf("%v: no shell answers; it shows %q", l, l.Seen())
	return ""
}

// settle waits until everything on a terminal sleeps: when a pane was used is told by
// when its shell last ran, and that may be long after a key where a machine is busy.
func settle(t *testing.T, h *lab.Host, terminal string) {
	t.Helper()
	h.Run(t, "sh", "-c", `while ps -o stat= -t "$1" | grep -qv '^S'; do sleep 0.01; done`, "sh", terminal)
}

// terminalNot waits until a person is at a shell on another terminal than before, and
// returns that.
func terminalNot(t *testing.T, l *lab.Login, before string) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if other := terminalHere(t, l); other != before {
			return other
		}
	}
	t.Fatalf("%v: the shell is still on %s; it shows %q", l, before, l.Seen())
	return ""
}

// leave has a person leave a shell on an inner terminal for that of the login. No
// prompt tells when that is done: the inner shell's may be the one that is seen, and
// what is typed while the inner terminal is there is lost with it.
func leave(t *testing.T, l *lab.Login, inner string) {
	t.Helper()
	l.Type(t, "exit\r")
	l.Host.Run(t, "sh", "-c", "while [ -e /dev/"+inner+" ]; do sleep 0.02; done")
	if here := terminalHere(t, l); here != l.Terminal {
		t.Fatalf("%v: after the shell's end, the next is on %s; it shows %q", l, here, l.Seen())
	}
	awaitPrompt(t, l)
}

func awaitPrompt(t *testing.T, l *lab.Login) {
	t.Helper()
	l.Type(t, "echo rea''dy\r")
	l.Expect(t, "ready\r\n$ ")
	l.Mark()
}

func reaches(t *testing.T, h *lab.Host, user, target, text string, want ...string) {
	t.Helper()
	args := []string{"msg", "-v", target, text}
	if user != "root" {
		forget(t, h)
	}
	out := h.SSH(t, user, args...)
	lines := strings.Fields(strings.NewReplacer("sent to ", "", " on ", "@", " (detached)", "+").Replace(out.Stdout))
	slices.Sort(lines)
	slices.Sort(want)
	if out.Code != 0 || !slices.Equal(lines, want) {
		t.Errorf("%s: %s's message to %s went to %v, want %v (%+v)", h.Name, user, target, lines, want, out)
	}
}

func TestScript(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice := h.Login(t, "alice")
		alice.Type(t, "script -q /dev/null\r")
		inner := terminalHere(t, alice)
		if inner == alice.Terminal {
			t.Fatalf("script gives no terminal but %s", inner)
		}
		alice.Mark()
		record(t, h, "script", map[string]string{"alice": alice.Terminal})
		reaches(t, h, "root", "alice", "Once.", "alice@"+alice.Terminal)
		reaches(t, h, "carol", "alice", "Once more.", "alice@"+alice.Terminal)
		got(t, alice, "Once.", "Once more.")
		reaches(t, h, "root", inner, "Within.", "alice@"+inner)
		alice.Expect(t, "| Within.")
		reaches(t, h, "root", alice.Terminal, "Without.", "alice@"+alice.Terminal)
	})
}

func TestSudoShell(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		dave := h.Login(t, "dave")
		dave.Type(t, "sudo -i\r")
		dave.Expect(t, "# ")
		inner := terminalHere(t, dave)
		dave.Type(t, "msg mesg y\r") // Debian 12 has mesg n in root's .profile
		if inner == dave.Terminal {
			t.Fatalf("sudo gives no terminal but %s", inner)
		}
		dave.Mark()
		record(t, h, "sudo", map[string]string{"dave": dave.Terminal, "root": inner, "dave root": dave.Terminal})
		for _, user := range []string{"root", "carol"} {
			reaches(t, h, user, "dave", "To dave.", "dave@"+dave.Terminal)
			reaches(t, h, user, "root", "To root.", "root@"+inner)
			reaches(t, h, user, "root,dave", "To both.", "dave@"+dave.Terminal)
		}
		reaches(t, h, "root", "*", "To all.", "dave@"+dave.Terminal)
		got(t, dave, "To dave.", "To root.", "To both.", "To dave.", "To root.", "To both.", "To all.")
		if out := h.Exec(t, "", "msg", "-x", "dave", "*", "A surprise for dave."); out.Code != 0 {
			t.Errorf("to everyone but dave: %+v", out)
		}
		got(t, dave)
		reaches(t, h, "root", "tty:"+inner, "Named.", "root@"+inner)
		dave.Mark()
		dave.Type(t, "msg '*' 'From root.'\r")
		awaitPromptOfRoot(t, dave)
		if seen := dave.Seen(); strings.Contains(seen, "| From root.") {
			t.Errorf("dave saw %q", seen)
		}
		out := h.SSH(t, "root", "msg", "-v", "-a", "dave,root", "Everywhere.")
		for _, want := range []string{"dave on " + dave.Terminal, "root on " + inner} {
			if !strings.Contains(out.Stdout, "sent to "+want+"\n") {
				t.Errorf("to all terminals: %+v, want %q", out, want)
			}
		}
	})
}

func awaitPromptOfRoot(t *testing.T, l *lab.Login) {
	t.Helper()
	l.Type(t, "echo rea''dy\r")
	l.Expect(t, "ready\r\n# ")
}

// TestOwnScreen: who sends to everyone from a pane, or within script, does not get it on
// the same screen.
func TestOwnScreen(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, dave := h.Login(t, "alice"), h.Login(t, "dave")
		forget(t, h)
		dave.Type(t, "script -q /dev/null\r")
		inner := terminalNot(t, dave, dave.Terminal)
		dave.Type(t, "msg '*' 'From within.'; echo sta''tus $?\r")
		if seen := dave.Expect(t, "status 0"); strings.Contains(seen, "| From within.") {
			t.Errorf("dave saw %q", seen)
		}
		got(t, alice, "From within.")
		leave(t, dave, inner)
		left, right := startTmux(t, dave)
		dave.Type(t, "msg '*' 'From my pane.'; echo sta''tus $?\r")
		dave.Expect(t, "status 0")
		got(t, alice, "From my pane.")
		for _, name := range []string{left, right} {
			if seen := pane(t, h, "dave", name); strings.Contains(seen, "| From my pane.") {
				t.Errorf("%s shows %q", name, seen)
			}
		}
	})
}

var ttyName = regexp.MustCompile(`at</dev/(pts/\d+)>`)

func TestUnregistered(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		cmd := h.SSHCommand(t.Context(), "alice", "sh", "-c", "exec script -qc 'echo \"at<$(tty)>\"; exec sleep 1000' /dev/null")
		var screen lockedBuffer
		cmd.Stdout = &screen
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		found := screen.await(t, ttyName)
		defer func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			h.Run(t, "sh", "-c", "pkill -u alice -x script; until [ ! -e /dev/"+found[1]+" ]; do sleep 0.05; done")
		}()
		record(t, h, "editor", map[string]string{"alice": found[1]})
		reaches(t, h, "root", "alice", "Hello, editor.", "alice@"+found[1])
		reaches(t, h, "carol", "alice", "From carol.", "alice@"+found[1])
		screen.await(t, regexp.MustCompile(`\| Hello, editor\.`))
		screen.await(t, regexp.MustCompile(`\| From carol\.`))
	})
}

// TestUserService has alice's own service manager open a terminal, as it starts a
// terminal emulator: that is hers, and a place.
func TestUserService(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		install(t, h)
		const run = "export XDG_RUNTIME_DIR=/run/user/$(id -u); "
		prints(t, h, "alice", "sh", "-c", run+"exec systemd-run --user --quiet --collect --unit=vte script -qc 'tty >/tmp/vte; exec sleep 1000' /dev/null")
		t.Cleanup(func() { h.SSH(t, "alice", "sh", "-c", run+"exec systemctl --user stop vte") })
		h.Run(t, "sh", "-c", "until [ -s /tmp/vte ]; do sleep 0.05; done")
		terminal := strings.TrimSpace(strings.TrimPrefix(h.Run(t, "cat", "/tmp/vte").Stdout, "/dev/"))
		for _, user := range []string{"root", "carol"} {
			reaches(t, h, user, "alice", "Hello.", "alice@"+terminal)
		}
	}
}

func TestServiceTerminal(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		install(t, h)
		for _, user := range []string{"root", "bob"} {
			unit := "terminal-of-" + user
			h.Run(t, "systemd-run", "--quiet", "--collect", "--unit="+unit, "--uid="+user,
				"script", "-qc", "tty >/tmp/"+unit+"; exec sleep 1000", "/dev/null")
			t.Cleanup(func() { h.Run(t, "systemctl", "stop", unit) })
			h.Run(t, "sh", "-c", "until [ -s /tmp/"+unit+" ]; do sleep 0.05; done")
			terminal := strings.TrimSpace(strings.TrimPrefix(h.Run(t, "cat", "/tmp/"+unit).Stdout, "/dev/"))
			fails(t, h, 1, "msg: "+user+": not logged in\n", user, "hi")
			send(t, h, "*", "Nobody.")
			send(t, h, terminal, "Named.")
			all := sessionsOf(t, h, "-a")
			i := slices.IndexFunc(all, func(s session) bool { return s.Terminal == terminal })
			if i < 0 || all[i].Place {
				t.Errorf("%s is a place, or not to be seen: %+v", terminal, all)
			}
		}
	}
}

func TestSystemdRun(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		install(t, h)
		root := h.Login(t, "root")
		root.Type(t, "systemd-run -q --pty bash --norc\r")
		root.Expect(t, "bash-") // its prompt
		inner := terminalHere(t, root)
		if inner == root.Terminal {
			t.Fatal("systemd-run gives no terminal")
		}
		root.Mark()
		for _, target := range []string{"root", "*"} {
			reaches(t, h, "root", target, "Once.", "root@"+root.Terminal)
		}
		if lines := body(root.Sync(t)); len(lines) != 2 {
			t.Errorf("root got %q", lines)
		}
		root.Type(t, "exit\r")
	}
}

func TestHiddenProcesses(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, bob, carol := h.Login(t, "alice"), h.Login(t, "bob"), h.Login(t, "carol")
		left, right := startTmux(t, bob)
		alice.Type(t, "script -q /dev/null\r")
		inner := terminalHere(t, alice)
		alice.Mark()
		h.Run(t, "mount", "-o", "remount,hidepid=2", "/proc")
		t.Cleanup(func() { h.Run(t, "mount", "-o", "remount,hidepid=0", "/proc") })
		reaches(t, h, "root", "bob", "From root.", "bob@"+right)
		reaches(t, h, "root", "alice", "From root.", "alice@"+alice.Terminal)
		if h.Logind { // msgd's unit has a /proc of its own
			reaches(t, h, "carol", "bob", "From carol.", "bob@"+right)
			reaches(t, h, "carol", "alice", "From carol.", "alice@"+alice.Terminal)
		} else {
			reaches(t, h, "carol", "bob", "From carol.", "bob@"+bob.Terminal, "bob@"+left, "bob@"+right)
			reaches(t, h, "carol", "alice", "From carol.", "alice@"+alice.Terminal, "alice@"+inner)
		}
		reaches(t, h, "carol", "carol", "To myself.", "carol@"+carol.Terminal)
		if h.Utmp && h.Logind { // logind knows the terminals, if only from utmp
			list := prints(t, h, "carol", "msg", "sessions", "--json", "alice")
			if n := strings.Count(list, `"session":"`+alice.Session+`"`); n != 1 || strings.Count(list, `"user"`) != 2 {
				t.Errorf("alice's session %s is there %d times: %s", alice.Session, n, list)
			}
		}
		out := h.SSH(t, "carol", "msg", "doctor")
		if !strings.Contains(out.Stdout, "hidepid=") || !strings.Contains(strings.Join(strings.Fields(out.Stdout), " "), "may come twice") {
			t.Errorf("doctor: %s", out.Stdout)
		}
	})
}

func TestEveryTerminal(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
		left, right := startTmux(t, bob)
		alice.Type(t, "script -q /dev/null\r")
		inner := terminalHere(t, alice)
		places, outer := map[string]bool{}, map[string]string{}
		for _, s := range sessionsOf(t, h, "-a") {
			places[s.Terminal], outer[s.Terminal] = s.Place, s.Outer
		}
		for _, want := range []struct {
			terminal, outer string
			place           bool
		}{
			{alice.Terminal, "", true},
			{inner, alice.Terminal, false},
			{bob.Terminal, "", false},
			{left, bob.Terminal, false},
			{right, bob.Terminal, true},
		} {
			place, listed := places[want.terminal]
			if !listed || place != want.place || outer[want.terminal] != want.outer {
				t.Errorf("%+v is listed %v, within %q, place %v", want, listed, outer[want.terminal], place)
			}
		}
		for _, s := range sessionsOf(t, h) {
			if !s.Place {
				t.Errorf("not a place: %+v", s)
			}
		}
		table := h.Run(t, "msg", "sessions", "-a").Stdout
		for _, want := range []string{"alice  " + alice.Terminal + " ", "alice    " + inner + " ", "bob    " + bob.Terminal + " ", "bob      " + right + " "} {
			if !strings.Contains(table, want) {
				t.Errorf("the table lacks %q:\n%s", want, table)
			}
		}
	})
}
