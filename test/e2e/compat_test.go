//go:build linux

package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msg/test/lab"
)

// Where wall, write and mesg are, for scripts that find them by PATH: links to msg, as "make
// install-compat" makes them, and on Debian 12 its own, with the rights that they once had.
const (
	ours   = "/usr/local/bin"
	theirs = "/opt/theirs"
)

// programs makes both directories and returns those that the host has. util-linux's programs
// get back what Debian took: set-gid tty, without which they work for root alone.
func programs(t *testing.T, h *lab.Host) []string {
	t.Helper()
	archive, err := links()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.Run(t, "sh", "-c", "rm -rf "+theirs+"; for name in wall write mesg; do rm "+ours+"/$name /usr/local/share/man/man1/$name.1; done")
	})
	if out := h.Exec(t, archive, "tar", "-C", "/", "--no-overwrite-dir", "-x"); out.Code != 0 {
		t.Fatal(out)
	}
	if h != lab.D12 {
		return []string{ours}
	}
	h.Run(t, "sh", "-c", "mkdir "+theirs+" && cd /usr/bin && install -g tty -m 2755 wall write "+theirs+" && install mesg "+theirs)
	return []string{theirs, ours}
}

// links is what "make install-compat" makes, as a tar archive.
var links = sync.OnceValues(func() (string, error) { return made("install-compat") })

// script is what somebody runs without a terminal, and what comes of it.
type script struct {
	run    string // by sh, PTS1 and PTS2 being bob's terminals
	by     string // root where it is ""
	status int
	says   string   // what standard error has
	sees   string   // the text
	who    []string // sees it: alice, bob, bob2
	bare   bool     // without the line that says who sends
}

var both = []string{"alice", "bob", "bob2"}

// wallScripts come to the same with util-linux's and with ours.
var wallScripts = []script{
	{run: "wall One word.", sees: "One word.", who: both},
	{run: "wall 'One argument.'", sees: "One argument.", who: both},
	{run: "echo From a pipe. | wall", sees: "From a pipe.", who: both},
	{run: "echo From a file. >/tmp/notice; wall /tmp/notice; status=$?; rm /tmp/notice; exit $status", sees: "From a file.", who: both},
	{run: "wall /tmp/no-such-notice", sees: "/tmp/no-such-notice", who: both},
	{run: "wall -n Bare. ", sees: "Bare.", who: both, bare: true},
	{run: "wall --nobanner Bare too.", sees: "Bare too.", who: both, bare: true},
	{run: "wall -t 5 In time.", sees: "In time.", who: both},
	{run: "wall --timeout=5 In time, too.", sees: "In time, too.", who: both},
	{run: "wall -nt5 Together.", sees: "Together.", who: both, bare: true},
	{run: "wall Behind. -n --time 5", sees: "Behind.", who: both, bare: true},
	{run: "wall -- -- dashes", sees: "-- dashes", who: both},
	{run: "wall -- -n is text", sees: "-n is text", who: both},
	{run: "POSIXLY_CORRECT=1 wall Text, -n", sees: "Text, -n", who: both},
	{run: "echo Two lines, >/tmp/notice; echo of a file. >>/tmp/notice; wall </tmp/notice; rm /tmp/notice", sees: "of a file.", who: both},
	{run: "wall -g users-of-nothing No.", status: 1, says: "wall: ", sees: "No."},
	{run: "wall --group 4294967294 No.", status: 1, says: "wall: 4294967294: unknown gid\n", sees: "No."},
	{run: "wall -t 0 No.", status: 1, says: "wall: invalid timeout argument: ", sees: "No."},
	{run: "wall -t soon No.", status: 1, says: "wall: invalid timeout argument: ", sees: "No."},
	{run: "wall -x No.", status: 1, says: "wall: invalid option -- 'x'\nTry 'wall --help' for more information.\n", sees: "No."},
	{run: "wall --help >/dev/null && wall -h >/dev/null && wall --version >/dev/null && wall -V >/dev/null"},
	{run: "wall -n With a banner.", by: "carol", says: "wall: --nobanner is available only for root\n", sees: "With a banner.", who: both},
	{run: "echo secret >/tmp/secret; chmod 600 /tmp/secret; setpriv --reuid carol --regid tty --clear-groups wall /tmp/secret; status=$?; rm /tmp/secret; exit $status", status: 1, says: "wall: ", sees: "secret"},
}

// writeScripts come to the same with util-linux's and with ours. bob2 has typed last.
var writeScripts = []script{
	{run: "echo To one. | write bob PTS1", sees: "To one.", who: []string{"bob"}},
	{run: "echo By its path. | write bob /dev/PTS1", sees: "By its path.", who: []string{"bob"}},
	{run: "echo To the last one. | write bob", says: "write: bob is logged in more than once; writing to PTS2\n", sees: "To the last one.", who: []string{"bob2"}},
	{run: "echo Not there. | write nobody", status: 1, says: "write: nobody is not logged in\n", sees: "Not there."},
	{run: "echo No such. | write no-such-user", status: 1, says: "write: no-such-user is not logged in\n", sees: "No such."},
	{run: "echo Not his. | write alice PTS1", status: 1, says: "write: alice is not logged in on PTS1\n", sees: "Not his."},
	{run: "echo No. | write bob pts/9999", status: 1, says: "write: bob is not logged in on pts/9999\n", sees: "No."},
	{run: "write", status: 1, says: "Try 'write --help' for more information.\n"},
	{run: "echo No. | write bob PTS1 now", status: 1, says: "Try 'write --help' for more information.\n", sees: "No."},
	{run: "write -x bob", status: 1, says: "write: invalid option -- 'x'\nTry 'write --help' for more information.\n"},
	{run: "write --help >/dev/null && write -h >/dev/null && write --version >/dev/null && write -V >/dev/null"},
	{run: "echo By carol. | write bob PTS1", by: "carol", sees: "By carol.", who: []string{"bob"}},
	{run: "echo To alice, by carol. | write alice", by: "carol", sees: "To alice, by carol.", who: []string{"alice"}},
	{run: "chmod 600 /dev/PTS1; echo Root may. | write bob PTS1; chmod 620 /dev/PTS1", sees: "Root may.", who: []string{"bob"}},
	{
		run:    "chmod 600 /dev/PTS1; echo carol may not. | setpriv --reuid carol --regid ops --init-groups write bob PTS1; status=$?; chmod 620 /dev/PTS1; exit $status",
		status: 1, says: "write: bob has messages disabled on PTS1\n", sees: "carol may not.",
	},
	{
		run:  "chmod 600 /dev/PTS2; echo The open one. | setpriv --reuid carol --regid ops --init-groups write bob; status=$?; chmod 620 /dev/PTS2; exit $status",
		sees: "The open one.", who: []string{"bob"},
	},
	{
		run:    "chmod 600 /dev/PTS1 /dev/PTS2; echo None. | setpriv --reuid carol --regid ops --init-groups write bob; status=$?; chmod 620 /dev/PTS1 /dev/PTS2; exit $status",
		status: 1, says: "write: bob has messages disabled\n", sees: "None.",
	},
}

// people are who looks while scripts run.
type people map[string]*lab.Login

// try runs a script with the programs of a directory, and checks what comes of it.
func (p people) try(t *testing.T, h *lab.Host, dir string, s script) {
	t.Helper()
	names := strings.NewReplacer("PTS1", p["bob"].Terminal, "PTS2", p["bob2"].Terminal)
	for _, l := range p {
		l.Mark()
	}
	run := []string{"env", "PATH=" + dir + ":/usr/bin:/bin", "sh", "-c", names.Replace(s.run)}
	var out lab.Output
	if s.by == "" {
		out = h.Exec(t, "", run...)
	} else {
		out = h.SSH(t, s.by, run...)
	}
	if out.Code != s.status || !strings.Contains(out.Stderr, names.Replace(s.says)) || s.says == "" && out.Stderr != "" || out.Stdout != "" {
		t.Errorf("%s: %s: %+v; want status %d and %q", dir, s.run, out, s.status, s.says)
	}
	for name, l := range p {
		want := slices.Contains(s.who, name)
		seen := l.Sync(t)
		if s.sees != "" && strings.Contains(seen, s.sees) != want {
			t.Errorf("%s: %s: %s saw %q; to see %q is %v", dir, s.run, name, seen, s.sees, want)
		}
		if banner := strings.Contains(strings.ToLower(seen), "message from"); banner != (want && !s.bare) {
			t.Errorf("%s: %s: %s saw %q; the banner is %v", dir, s.run, name, seen, banner)
		}
	}
}

// TestCompatScripts runs the same scripts with Debian 12's own wall and write and with ours,
// and with ours everywhere.
func TestCompatScripts(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		dirs := programs(t, h)
		h.Run(t, "sh", "-c", "mkdir -p /etc/msg; printf '[policy]\nbroadcast = [\"*\"]\n[rate]\nburst = 1000\n' >/etc/msg/msg.toml")
		t.Cleanup(func() { h.Run(t, "rm", "-rf", "/etc/msg") })
		p := people{"alice": h.Login(t, "alice"), "bob": h.Login(t, "bob"), "bob2": h.Login(t, "bob")}
		p["bob2"].Type(t, "echo typed last\r")
		p["bob2"].Expect(t, "\r\ntyped last\r\n")
		h.Run(t, "touch", "-a", "-d", "now - 1 minute", "/dev/"+p["bob"].Terminal)
		for _, s := range slices.Concat(wallScripts, writeScripts) {
			for _, dir := range dirs {
				h.Run(t, "touch", "-a", "-d", "now - 1 minute", "/dev/"+p["bob"].Terminal)
				h.Run(t, "touch", "-a", "/dev/"+p["bob2"].Terminal)
				p.try(t, h, dir, s)
			}
		}
	})
}

// TestCompatFaults holds where ours does not do as util-linux's does: groups are their members
// alone, a carriage return forges nothing, a terminal that could not be reached is told and
// makes for status 1, and a message from cron keeps its letters.
func TestCompatFaults(t *testing.T) {
	atOnce(t, lab.Hosts(), func(t *testing.T, h *lab.Host) {
		programs(t, h)
		alice, bob, carol := h.Login(t, "alice"), h.Login(t, "bob"), h.Login(t, "carol")
		wall := func(args ...string) lab.Output {
			t.Helper()
			return h.Exec(t, "", append([]string{"env", "LANG=C", ours + "/wall"}, args...)...)
		}
		gid := strings.Split(h.Run(t, "getent", "group", "ops").Stdout, ":")[2]
		for _, args := range [][]string{{"-g", "ops"}, {"--group=ops"}, {"-g" + gid}} {
			if out := wall(append(args, "To ops.")...); out != (lab.Output{}) {
				t.Errorf("wall %q: %+v", args, out)
			}
			got(t, alice)
			got(t, bob, "To ops.")
			got(t, carol, "To ops.")
		}
		if out := wall("-g", "nogroup", "Nobody is in it."); out.Code != 1 || !strings.HasPrefix(out.Stderr, "wall: ") {
			t.Errorf("a group that nobody of is there: %+v", out)
		}
		if out := wall("Grüße\rBroadcast message from root@" + h.Name); out != (lab.Output{}) {
			t.Errorf("%+v", out)
		}
		got(t, bob, "Grüße^MBroadcast message from root@"+h.Name)
		got(t, alice, "Grüße^MBroadcast message from root@"+h.Name)
		alice.Hold(t)
		out := wall("-t", "1", "Not for alice.")
		alice.Release(t)
		want := fmt.Sprintf("wall: alice on %s: the terminal is stuck (deadline: nothing was written)\nhint: ", alice.Terminal)
		if out.Code != 1 || !strings.HasPrefix(out.Stderr, want) || out.Stdout != "" {
			t.Errorf("%+v, want status 1 and %q", out, want)
		}
		got(t, bob, "Not for alice.")

		// Whoever has 20 seconds is waited for longer than the usual 5.
		alice.Hold(t)
		w := begins(t, h.Command(t.Context(), ours+"/wall", "-t", "20", "For alice, too."))
		bob.Expect(t, "| For alice, too.")
		time.Sleep(6 * time.Second)
		alice.Release(t)
		if out := w.ends(t); out != (lab.Output{}) {
			t.Errorf("%+v", out)
		}
		got(t, alice, "For alice, too.")
	})
}

// TestCompatOfUsers: who has messages off sends to others all the same, and has nothing that the
// file of a program with a group's rights may read.
func TestCompatOfUsers(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		programs(t, h)
		forget(t, h)
		h.Run(t, "sh", "-c", "mkdir -p /etc/msg; printf '[policy]\nbroadcast = [\"*\"]\n' >/etc/msg/msg.toml")
		h.Run(t, "sh", "-c", "install -g tty -m 2755 /usr/local/bin/msg /opt/wall; echo secret >/opt/secret; chgrp tty /opt/secret; chmod 640 /opt/secret")
		t.Cleanup(func() { h.Run(t, "rm", "-rf", "/etc/msg", "/opt/wall", "/opt/secret") })
		bob, carol := h.Login(t, "bob"), h.Login(t, "carol")
		carol.Type(t, "PATH="+ours+":$PATH; mesg n; wall To others.; echo status $?\r")
		carol.Expect(t, "status 0\r\n")
		got(t, bob, "To others.")
		carol.Mark()
		carol.Type(t, "wall -g ops To the group.; echo status $?\r")
		carol.Expect(t, "status 0\r\n")
		got(t, bob, "To the group.")
		got(t, carol)
		carol.Mark()
		carol.Type(t, "/opt/wall /opt/secret; echo status $?\r")
		carol.Expect(t, "permission denied\r\nstatus 1\r\n")
		got(t, bob)
	})
}

// TestCompatWriteToAnother: what is for bob is not shown to who has his terminal by the time it is
// written.
func TestCompatWriteToAnother(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		programs(t, h)
		h.Run(t, "mkfifo", "-m", "666", "/tmp/text")
		t.Cleanup(func() { h.Run(t, "rm", "-f", "/tmp/text") })
		alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
		piped := begins(t, h.Command(t.Context(), "sh", "-c", "cat /tmp/text | "+ours+"/write bob"))
		h.Run(t, "timeout", "20", "sh", "-c", "until cat /proc/$(pgrep -x write)/task/*/wchan | grep -q pipe; do sleep 0.05; done")
		typed := h.Login(t, "root")
		typed.Type(t, ours+"/write bob; echo status $?\r")
		typed.Expect(t, "Ctrl-D")
		terminal := bob.Terminal
		bob.Close(t)
		dave := h.Login(t, "dave")
		if dave.Terminal != terminal {
			t.Fatalf("dave is on %s, and bob was on %s", dave.Terminal, terminal)
		}
		h.Run(t, "sh", "-c", "echo For bob alone. >/tmp/text")
		words := "write: bob is not logged in on " + terminal
		if out := piped.ends(t); out != (lab.Output{Code: 1, Stderr: words + "\n"}) {
			t.Errorf("%+v", out)
		}
		typed.Type(t, "For bob, typed.\r")
		typed.Expect(t, words+"\r\nstatus 1\r\n")
		got(t, dave)
		got(t, alice)
	})
}

// TestCompatAtATerminal: wall shows its message to who sends it, too; write is a conversation,
// and refuses who could not be answered.
func TestCompatAtATerminal(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		programs(t, h)
		root, bob := h.Login(t, "root"), h.Login(t, "bob")
		root.Type(t, "PATH="+ours+":$PATH; wall To all of us.; echo status $?\r")
		seen := root.Expect(t, "status 0\r\n")
		if !strings.Contains(seen, "\r\nBroadcast message from root@"+h.Name+" on "+root.Terminal+" at ") || strings.Contains(seen, "sent to") {
			t.Errorf("root saw %q", seen)
		}
		got(t, root, "To all of us.")
		got(t, bob, "To all of us.")
		root.Type(t, "wall\r")
		root.Expect(t, "Ctrl-D")
		root.Type(t, "Typed,\rin two lines.\r\x04")
		bob.Expect(t, "| in two lines.")
		got(t, bob, "Typed,", "in two lines.")
		root.Sync(t)

		root.Mark()
		root.Type(t, "write bob; echo status $?\r")
		root.Expect(t, "Ctrl-D")
		root.Type(t, "Are you there?\r")
		if seen := bob.Expect(t, "| Are you there?"); !strings.Contains(seen, "Message from root@"+h.Name+" on "+root.Terminal) {
			t.Errorf("bob saw %q", seen)
		}
		root.Type(t, "\x04")
		bob.Expect(t, "\r\nEOF  ")
		root.Expect(t, "status 0\r\n")

		bob.Mark()
		bob.Type(t, "PATH="+ours+":$PATH; mesg n; write root; echo status $?\r")
		bob.Expect(t, "write: you have write permission turned off\r\nhint: \"mesg y\" turns it on\r\nstatus 1\r\n")
		bob.Type(t, "mesg y; write bob; echo status $?\r") // to himself, who is nowhere else
		bob.Expect(t, "Ctrl-D")
		bob.Type(t, "Myself.\r")
		bob.Expect(t, "| Myself.")
		bob.Type(t, "\x04")
		bob.Expect(t, "status 0\r\n")
	})
}

// TestCompatMesg types the same at a terminal for Debian 12's own mesg and for ours.
func TestCompatMesg(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		dirs := programs(t, h)
		bob := h.Login(t, "bob")
		for _, dir := range dirs {
			bob.Type(t, "PATH="+dir+":/usr/bin:/bin\r")
			off := "600"
			if dir == ours {
				off = "1600" // a no that msg knows from nothing said
			}
			for _, step := range []struct{ command, answer, mode string }{
				{"mesg", "is y\r\nstatus 0", "620"},
				{"mesg n", "status 1", off},
				{"mesg", "is n\r\nstatus 1", off},
				{"mesg yes", "status 0", "620"},
				{"mesg -v n", "write access to your terminal is denied\r\nstatus 1", off},
				{"mesg Y --verbose", "write access to your terminal is allowed\r\nstatus 0", "620"},
				{"mesg No", "status 1", off},
				{"mesg y 2>/dev/null </dev/null", "status 0", "620"},
				{"mesg maybe", "mesg: invalid argument: maybe\r\nTry 'mesg --help' for more information.\r\nstatus 1", "620"},
				{"mesg --no", "mesg: unrecognized option '--no'\r\nTry 'mesg --help' for more information.\r\nstatus 1", "620"},
				{"mesg </dev/null 2>&1 | cat", "status 0", "620"},
				{"mesg -V >/dev/null && mesg --version >/dev/null && mesg -h >/dev/null && mesg --help >/dev/null", "status 0", "620"},
			} {
				bob.Mark()
				bob.Type(t, step.command+"; echo status $?\r")
				want := "$?\r\n" + step.answer + "\r\n" // and nothing else
				if seen := bob.Expect(t, "status "+step.answer[len(step.answer)-1:]+"\r\n"); !strings.Contains(seen, want) {
					t.Errorf("%s: %s shows %q, want %q", dir, step.command, seen, step.answer)
				}
				if mode := h.Run(t, "stat", "-c", "%a", "/dev/"+bob.Terminal).Stdout; mode != step.mode+"\n" {
					t.Errorf("%s: after %s the device has mode %q, want %s", dir, step.command, mode, step.mode)
				}
			}
			if dir != ours {
				continue
			}
			out := h.Exec(t, "", "sh", "-c", "setpriv --reuid carol --regid ops --clear-groups "+ours+"/mesg n <>/dev/"+bob.Terminal)
			if out.Code != 2 || !strings.HasPrefix(out.Stderr, "mesg: "+bob.Terminal+" belongs to bob\n") {
				t.Errorf("somebody else's terminal: %+v", out)
			}
		}
		for _, dir := range dirs {
			for arg, words := range map[string]string{"": "", "n": "", "-v": "mesg: no tty\n"} {
				out := h.SSH(t, "bob", "sh", "-c", dir+"/mesg "+arg)
				if out != (lab.Output{Code: 2, Stderr: words}) {
					t.Errorf("%s: mesg %s without a terminal: %+v", dir, arg, out)
				}
			}
		}
	})
}
