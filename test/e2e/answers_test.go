//go:build linux

package e2e_test

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

// waiter is a msg that waits, without a terminal, while the test does something else.
type waiter struct {
	cmd            *exec.Cmd
	stdout, stderr lockedBuffer
	ended          chan error
}

// waits has a user run msg by ssh.
func waits(t *testing.T, h *lab.Host, user string, args ...string) *waiter {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return begins(t, h.SSHCommand(ctx, user, append([]string{"msg"}, args...)...))
}

func begins(t *testing.T, cmd *exec.Cmd) *waiter {
	t.Helper()
	w := &waiter{cmd: cmd, ended: make(chan error, 1)}
	cmd.Stdout, cmd.Stderr = &w.stdout, &w.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { w.ended <- cmd.Wait() }()
	return w
}

// ends returns what it has left, once it has ended.
func (w *waiter) ends(t *testing.T) lab.Output {
	t.Helper()
	select {
	case <-w.ended:
	case <-time.After(time.Minute):
		t.Fatalf("%q does not end", w.cmd.Args)
	}
	return lab.Output{Stdout: w.stdout.data.String(), Stderr: w.stderr.data.String(), Code: w.cmd.ProcessState.ExitCode()}
}

var answerLine = regexp.MustCompile(`\r\nAnswer: msg ok ([a-z0-9]{3})   or   msg reply ([a-z0-9]{3}) TEXT {5}`)

// codeOf waits for a message that waits, and returns its code.
func codeOf(t *testing.T, l *lab.Login) string {
	t.Helper()
	found := answerLine.FindStringSubmatch(l.Expect(t, " TEXT"+strings.Repeat(" ", 5)))
	if found == nil || found[1] != found[2] {
		t.Fatalf("%v saw %q", l, l.Seen())
	}
	return found[1]
}

// none holds that nothing waits on a host, and nothing is left there.
func none(t *testing.T, h *lab.Host) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		left := h.Run(t, "ls", "-A", "/run/msg/pending").Stdout
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%s: there is still %q", h.Name, left)
			return
		}
	}
}

// TestAnswers has three people answer alice, each in their own way: bob says ok, carol
// replies with what is not to harm anybody, dave answers as root, behind sudo.
func TestAnswers(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		alice := h.LoginWith(t, lab.LoginOptions{User: "alice", Rows: 24, Cols: 100})
		bob, carol, dave := h.Login(t, "bob"), h.Login(t, "carol"), h.Login(t, "dave")
		dave.Type(t, "sudo -i\r")
		dave.Expect(t, "# ")
		alice.Type(t, "msg --wait -t 60 bob,carol,dave 'Restart at five?'; echo status $?\r")
		code := codeOf(t, bob)
		if other := codeOf(t, dave); other != code {
			t.Errorf("bob has the code %s and dave %s", code, other)
		}
		alice.Expect(t, "waiting for 3 of 3: ")
		if mode := h.Run(t, "stat", "-c", "%A %U:%G", "/run/msg/pending/"+code).Stdout; mode != "srw-rw-rw- msg:msg\n" {
			t.Errorf("%s: the socket is %s", h.Name, mode)
		}
		bob.Type(t, "msg ok\r")
		bob.Expect(t, "ok to alice@"+h.Name+" on "+alice.Terminal+" ("+code+"): Restart at five?\r\n")
		alice.Expect(t, "\rbob on "+bob.Terminal+": ok (")
		alice.Expect(t, "waiting for 2 of 3: ")
		bob.Mark()
		bob.Type(t, "msg ok; msg ok "+code+"; echo status $?\r")
		bob.Expect(t, "msg: you have answered what waits for you: "+code+" of alice@"+h.Name)
		bob.Expect(t, "msg: "+code+": you have answered that message already\r\nstatus 1\r\n")
		carol.Type(t, "msg reply "+code+" \"Zehn Minuten, 世界$(printf '\\033[2J\\302\\233\\342\\200\\256\\200')\"\r")
		carol.Expect(t, "reply to alice@"+h.Name)
		alice.Expect(t, `carol: "Zehn Minuten, 世界^[[2J\x9b<U+202E>\x80" (`)
		dave.Type(t, "msg ok\r")
		dave.Expect(t, "ok to alice@"+h.Name)
		seen := alice.Expect(t, "status 0\r\n")
		if !strings.Contains(seen, "dave on pts/") && !strings.Contains(seen, "dave: ok") || strings.Contains(seen, "\x1b[2J") {
			t.Errorf("alice saw %q", seen)
		}
		none(t, h)
	})
}

// TestLongReply: a reply that is longer than the window, or has several lines, cannot pose as
// another's answer.
func TestLongReply(t *testing.T) {
	h := lab.D13
	install(t, h)
	forget(t, h)
	alice := h.LoginWith(t, lab.LoginOptions{User: "alice", Rows: 24, Cols: 60})
	bob := h.Login(t, "bob")
	alice.Type(t, "msg --wait -t 60 bob 'Restart?'; echo status $?\r")
	code := codeOf(t, bob)
	bob.Type(t, "printf 'no'$(printf '%068d' 0 | tr 0 .)'\\ncarol on pts/9: ok (1 s)\\n' | msg reply "+code+"\r")
	seen := alice.Expect(t, "status 0\r\n")
	rows := regexp.MustCompile(`bob \(\d+ s\):\r\n\| no\.+\r\n\| \.+\r\n\| carol on pts/9: ok \(1 s\)\r\nstatus 0`)
	if !rows.MatchString(seen) {
		t.Errorf("alice saw %q", seen)
	}
}

// TestAnswersFromHosts has bob answer on each host what was asked on each other one.
func TestAnswersFromHosts(t *testing.T) {
	onHosts(t)
	for _, to := range lab.Hosts() {
		bob := to.Login(t, "bob")
		for _, from := range lab.Hosts() {
			if from == to {
				continue
			}
			for user, answer := range map[string]string{"carol": "ok", "root": "reply"} {
				bob.Mark()
				w := waits(t, from, user, "--json", "--wait", "-t", "60", "bob@"+to.Name, "From "+from.Name+"?")
				code := codeOf(t, bob)
				command := map[string]string{"ok": "msg ok", "reply": "msg reply " + code + " 'Ja, 世界'"}[answer]
				bob.Type(t, command+"\r")
				bob.Expect(t, answer+" to "+user+"@"+to.Name+" (says "+user+"@"+from.Name)
				out := w.ends(t)
				all := outcomes(t, out.Stdout)
				i := slices.IndexFunc(all, func(e outcome) bool { return e.Event == "answered" })
				if i < 0 || out.Code != 0 {
					t.Fatalf("%s to %s: %+v", from.Name, to.Name, out)
				}
				want := outcome{Event: "answered", Host: to.Name, User: "bob", Terminal: bob.Terminal, Answer: answer, AfterMS: all[i].AfterMS}
				if answer == "reply" {
					want.Text = "Ja, 世界"
				}
				if all[i] != want || want.AfterMS < 1 || all[len(all)-1].Answered != 1 {
					t.Errorf("%s to %s: %+v, want %+v", from.Name, to.Name, all, want)
				}
			}
		}
		none(t, to)
	}
}

// TestSomeAnswer: one of three has answered when the time is up, on one host and on
// several; the others are named. One host at a time is begun, and all of them wait.
func TestSomeAnswer(t *testing.T) {
	onHosts(t)
	for _, h := range lab.Hosts() {
		alice, bob, carol := h.Login(t, "alice"), h.Login(t, "bob"), h.Login(t, "carol")
		w := waits(t, h, "dave", "--wait", "-t", "6", "alice,bob,carol", "Restart?")
		bob.Type(t, "msg ok "+codeOf(t, bob)+"\r")
		begun := time.Now()
		out := w.ends(t)
		said := regexp.MustCompile(`^bob on ` + bob.Terminal + `: ok \(\d+ s\)\n$`)
		named := out.Stderr == "msg: no answer from alice, carol\n" || out.Stderr == "msg: no answer from carol, alice\n"
		if took := time.Since(begun); out.Code != 3 || !said.MatchString(out.Stdout) || !named || took < time.Second {
			t.Errorf("%s, after %v: %+v", h.Name, took, out)
		}
		none(t, h)
		for _, l := range []*lab.Login{alice, bob, carol} {
			l.Close(t)
		}
	}
	logins := map[string]*lab.Login{}
	for _, h := range lab.Hosts() {
		logins[h.Name] = h.Login(t, "bob")
	}
	w := waits(t, lab.D12, "root", "--wait", "-t", "10", "--fanout", "1", "-s", "d[12-13],plain,sid", "bob", "Restart?")
	for _, l := range logins {
		codeOf(t, l) // before anybody has answered
	}
	logins["plain"].Type(t, "msg ok\r")
	out := w.ends(t)
	said := regexp.MustCompile(`^bob on ` + logins["plain"].Terminal + ` at plain: ok \(\d+ s\)\n$`)
	if out.Code != 3 || !said.MatchString(out.Stdout) || out.Stderr != "msg: d[12-13],sid: no answer from bob\n" {
		t.Errorf("%+v", out)
	}
}

// TestNobodyAnswers: whom the message has not reached is not waited for, nor is anybody
// where it has reached nobody.
func TestNobodyAnswers(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		bob, carol := h.Login(t, "bob"), h.Login(t, "carol")
		begun := time.Now()
		out := says(t, h, "alice", "--json", "--wait", "-t", "1500ms", "bob", "Anybody?")
		if took := time.Since(begun); out.Code != 3 || took < 1500*time.Millisecond {
			t.Errorf("%s, after %v: %+v", h.Name, took, out)
		}
		all := outcomes(t, out.Stdout)
		if want := (outcome{Event: "unanswered", Host: h.Name, User: "bob"}); len(all) != 3 || all[1] != want {
			t.Errorf("%s: %+v", h.Name, all)
		}
		carol.Type(t, "msg mesg n\r")
		awaitPrompt(t, carol)
		out = says(t, h, "alice", "--wait", "carol,nobody-here", "Anybody?")
		if out.Code != 1 || out.Stdout != "" || !strings.Contains(out.Stderr, "messages are off") {
			t.Errorf("%s: %+v", h.Name, out)
		}
		bob.Mark()
		w := waits(t, h, "alice", "--wait", "-t", "60", "bob,carol", "Only bob.")
		bob.Type(t, "msg ok "+codeOf(t, bob)+"\r")
		if out := w.ends(t); out.Code != 1 || !strings.HasPrefix(out.Stdout, "bob on ") || strings.Contains(out.Stderr, "no answer") {
			t.Errorf("%s: %+v", h.Name, out)
		}
		none(t, h)
	})
}

// TestNotAsked: alice cannot answer what bob was asked, whatever she tries; it is logged
// once that she has.
func TestNotAsked(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		bob := h.Login(t, "bob")
		cursor := ""
		if h.Logind {
			cursor = cursorOf(t, h)
		}
		w := waits(t, h, "carol", "--wait", "-t", "60", "bob", "Restart?")
		code := codeOf(t, bob)
		for _, args := range [][]string{{"ok", code}, {"reply", code, "No!"}} {
			out := says(t, h, "alice", args...)
			if want := "msg: " + code + ": that message was not sent to you\n"; out.Code != 1 || out.Stderr != want || out.Stdout != "" {
				t.Errorf("%s: %q: %+v, want %q", h.Name, args, out, want)
			}
		}
		if out := says(t, h, "alice", "ok"); out.Code != 1 || out.Stderr != "msg: nobody waits for an answer of yours, or not any more\n" {
			t.Errorf("%s: %+v", h.Name, out)
		}
		// As bob, in a line that only root may write.
		out := h.SSH(t, "alice", "perl", "-MIO::Socket::UNIX", "-e", `$s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die;
			print $s qq({"want":"ok","for":1002}\n); $s->flush; print <$s>`, "/run/msg/pending/"+code)
		if out.Stdout != `{"event":"refused","problem":"that message was not sent to you"}`+"\n" {
			t.Errorf("%s: as bob: %+v", h.Name, out)
		}
		bob.Mark()
		bob.Type(t, "msg ok\r")
		bob.Expect(t, "ok to carol@"+h.Name)
		if out = w.ends(t); out.Code != 0 || strings.Count(out.Stdout, "\n") != 1 || !strings.HasPrefix(out.Stdout, "bob on ") {
			t.Errorf("%s: carol saw %+v", h.Name, out)
		}
		if out := says(t, h, "alice", "ok", code); out.Code != 1 || out.Stderr != "msg: nobody waits for an answer to "+code+" any more\n" {
			t.Errorf("%s: afterwards: %+v", h.Name, out)
		}
		if h.Logind {
			answersLogged(t, entries(t, h, cursor), h, code)
		}
	})
}

// TestNotAskedFromAfar: so it is of a message that has come from another host.
func TestNotAskedFromAfar(t *testing.T) {
	onHosts(t)
	for _, c := range []struct{ from, to *lab.Host }{{lab.D12, lab.D13}, {lab.D13, lab.D12}} {
		bob, cursor := c.to.Login(t, "bob"), cursorOf(t, c.to)
		w := waits(t, c.from, "carol", "--wait", "-t", "60", "bob@"+c.to.Name, "Restart?")
		code := codeOf(t, bob)
		if out := says(t, c.to, "alice", "ok", code); out.Code != 1 || out.Stderr != "msg: "+code+": that message was not sent to you\n" {
			t.Errorf("%s: %+v", c.to.Name, out)
		}
		bob.Type(t, "msg ok\r")
		bob.Expect(t, "ok to carol@"+c.to.Name)
		if out := w.ends(t); out.Code != 0 || !strings.HasPrefix(out.Stdout, "bob on ") || strings.Count(out.Stdout, "\n") != 1 {
			t.Errorf("%s: carol saw %+v", c.from.Name, out)
		}
		haveFields(t, c.to, entries(t, c.to, cursor), []map[string]any{
			{"MSG_UID": "1003", "MSG_ANSWER": nil},
			{"MSG_UID": "1001", "MSG_CODE": code, "MSG_ANSWER": "ok", "MSG_REFUSED": "that message was not sent to you"},
			{"MSG_UID": "1002", "MSG_CODE": code, "MSG_ANSWER": "ok", "MSG_REFUSED": nil},
		})
	}
}

func answersLogged(t *testing.T, all []map[string]any, h *lab.Host, code string) {
	t.Helper()
	want := []map[string]any{
		{"MESSAGE": "carol@" + h.Name + " to bob: sent to 1, failed 0", "MSG_ANSWER": nil},
		{
			"MESSAGE": "uid 1001 to carol@" + h.Name + ", " + code + ": ok, refused, that message was not sent to you",
			"MSG_UID": "1001", "MSG_CODE": code, "MSG_ANSWER": "ok", "MSG_REFUSED": "that message was not sent to you", "_SYSTEMD_UNIT": "msgd.service",
		},
		{
			"MESSAGE": "bob to carol@" + h.Name + ", " + code + ": ok", "MSG_UID": "1002", "MSG_CODE": code,
			"MSG_ANSWERS": "carol@" + h.Name, "MSG_ANSWER": "ok", "MSG_REFUSED": nil, "_SYSTEMD_UNIT": "msgd.service",
		},
	}
	haveFields(t, h, all, want)
}

// TestKilledWaiting kills a process that waits, on this host and on another. Bob, who answers
// later, is told that nobody waits, and nothing is left.
func TestKilledWaiting(t *testing.T) {
	onHosts(t)
	for _, c := range []struct {
		from, to     *lab.Host
		user, victim string // whose process, and a pattern for pkill -f, on from
	}{
		{lab.D13, lab.D13, "msg", "^msgd judge"},
		{lab.D12, lab.D12, "carol", "^msg --wait"},
		{lab.Plain, lab.Plain, "root", "^msg --wait"},
		{lab.D12, lab.D13, "carol", "^msg --wait"},
		{lab.D13, lab.Plain, "root", "ssh .*msg helper$"},
		{lab.Plain, lab.D12, "carol", "ssh .*msg helper$"},
	} {
		bob := c.to.Login(t, "bob")
		target := "bob@" + c.to.Name
		if c.from == c.to {
			target = "bob"
		}
		sender := c.user
		if sender == "msg" {
			sender = "carol"
		}
		w := waits(t, c.from, sender, "--wait", "-t", "60", target, "Restart?")
		code := codeOf(t, bob)
		c.from.Run(t, "pkill", "-KILL", "-u", c.user+",msg", "-f", c.victim)
		if out := w.ends(t); out.Code == 0 || out.Code == 3 || out.Stdout != "" {
			t.Errorf("%+v: %+v", c, out)
		}
		awaitOn(t, c.to, "pgrep -x 'msgd-judge|msg|msg-delivery' >/dev/null || echo none") // root's waits in a child of msg, or of msg helper
		bob.Type(t, "msg ok "+code+"; echo status $?\r")
		bob.Expect(t, "msg: nobody waits for an answer to "+code+" any more\r\nstatus 1\r\n")
		if c.user == "msg" { // it could not remove it; the next message does
			says(t, c.to, "dave", "bob", "The next one.")
		} else if c.user == "root" && c.from == c.to {
			send(t, c.to, "bob", "The next one.")
		}
		none(t, c.to)
		bob.Close(t)
	}
	// What nobody has answered, the next message removes.
	bob := lab.D13.Login(t, "bob")
	w := waits(t, lab.D13, "carol", "--wait", "bob", "Restart?")
	code := codeOf(t, bob)
	lab.D13.Run(t, "pkill", "-KILL", "-x", "msgd-judge")
	if out := w.ends(t); out.Code != 1 || !strings.Contains(out.Stderr, "whether all have the message is not known") {
		t.Errorf("%+v", out)
	}
	if left := lab.D13.Run(t, "ls", "/run/msg/pending").Stdout; left != code+"\n" {
		t.Errorf("left is %q, want %s", left, code)
	}
	says(t, lab.D13, "dave", "bob", "The next one.")
	none(t, lab.D13)
}

// TestGivenUp has alice give up with Ctrl-C: who has not answered is named, and who answers
// then is told.
func TestGivenUp(t *testing.T) {
	onHosts(t)
	for _, to := range lab.Hosts() {
		alice, bob := lab.D12.Login(t, "alice"), to.Login(t, "bob")
		target, host := "bob", ""
		if to != lab.D12 {
			target, host = "bob@"+to.Name, to.Name+": "
		}
		alice.Type(t, "msg --wait "+target+" 'Restart?'; echo status $?\r")
		code := codeOf(t, bob)
		alice.Expect(t, "waiting for 1 of 1: bob")
		alice.Type(t, "\x03")
		alice.Expect(t, "msg: "+host+"no answer from bob\r\nstatus 130\r\n")
		bob.Type(t, "msg ok "+code+"; echo status $?\r")
		bob.Expect(t, "msg: nobody waits for an answer to "+code+" any more\r\nstatus 1\r\n")
		none(t, to)
		alice.Close(t)
		bob.Close(t)
	}
}

// TestStopped: after Ctrl-Z and fg, the line of who is missing is there again, and answers
// are heard.
func TestStopped(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
		alice.Type(t, "msg --wait -t 60 bob 'Restart?'\r")
		code := codeOf(t, bob)
		alice.Expect(t, "waiting for 1 of 1: bob")
		alice.Type(t, "\x1a")
		alice.Expect(t, "Stopped")
		alice.Mark()
		alice.Type(t, "fg; echo status $?\r")
		alice.Expect(t, "waiting for 1 of 1: bob")
		bob.Type(t, "msg ok "+code+"\r")
		alice.Expect(t, "bob on "+bob.Terminal+": ok (")
		alice.Expect(t, "status 0\r\n")
		none(t, h)
	})
}

// TestTypedToAFailedHost: one host that cannot be reached keeps nobody from typing to the
// others, in words and as JSON.
func TestTypedToAFailedHost(t *testing.T) {
	onHosts(t)
	alice, bob := lab.D12.Login(t, "alice"), lab.D13.Login(t, "bob")
	for _, c := range []struct{ flag, failed, end string }{
		{"", "msg: nosuchhost: no host of that name\r\n", "d13: delivered to bob on " + bob.Terminal + "\r\n"},
		{"--json", `"event":"failed","host":"nosuchhost","reason":"unreachable"`, `{"event":"summary","delivered":1,"failed":1,"answered":0,"hosts":2}`},
	} {
		alice.Mark()
		bob.Mark()
		alice.Type(t, "msg "+c.flag+" -s d13,nosuchhost bob; echo status $?\r")
		alice.Expect(t, "Ctrl-D")
		alice.Type(t, "One.\r")
		bob.Expect(t, "| One.")
		alice.Expect(t, c.failed)
		alice.Type(t, "Two.\r")
		bob.Expect(t, "| Two.")
		alice.Type(t, "\x04")
		bob.Expect(t, "\r\nEOF  ")
		alice.Expect(t, c.end)
		alice.Expect(t, "status 1\r\n")
	}
}

// hundred are people without an account, each on a terminal of their own.
const hundred = 100

// TestHundredAnswers has a hundred people answer one message at once, to root, to a user,
// and to another host.
func TestHundredAnswers(t *testing.T) {
	onHosts(t)
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		script := fmt.Sprintf(`for i in $(seq 2001 %d); do
			setsid setpriv --reuid=$i --regid=100 --clear-groups script -qfc 'sleep 1000' /dev/null </dev/null >/dev/null 2>&1 & done`, 2000+hundred)
		t.Cleanup(func() {
			h.Run(t, "sh", "-c", fmt.Sprintf(`for i in $(seq 2001 %d); do pkill -KILL -u $i; done; true`, 2000+hundred))
		})
		h.Run(t, "sh", "-c", script)
		awaitOn(t, h, fmt.Sprintf(`[ $(find /dev/pts -uid +2000 -uid -2200 | wc -l) -ge %d ] && [ $(pgrep -x -c sleep) -ge %d ] && echo all`, hundred, hundred))
		other := lab.D12
		if h == other {
			other = lab.D13
		}
		for _, c := range []struct {
			from *lab.Host
			user string
		}{{h, "root"}, {h, "dave"}, {other, "root"}} {
			w := waits(t, c.from, c.user, "--json", "--wait", "-t", "60", "*@"+h.Name, "Restart?")
			code := awaitOn(t, h, "ls /run/msg/pending")
			out := h.Run(t, "sh", "-c", fmt.Sprintf(`for i in $(seq 2001 %d); do
				setpriv --reuid=$i --regid=100 --clear-groups msg ok %s || echo "$i: $?" & done; wait`, 2000+hundred, code))
			if out.Stdout != "" || out.Stderr != "" {
				t.Errorf("%s: %+v", h.Name, out)
			}
			done := w.ends(t)
			all := outcomes(t, done.Stdout)
			who := map[string]int{}
			for _, e := range all {
				if e.Event == "answered" {
					who[e.User]++
				}
			}
			if last := all[len(all)-1]; done.Code != 0 || last.Answered != hundred || len(who) != hundred || last.Delivered != hundred {
				t.Errorf("%s, %s of %s: status %d, %d have answered: %+v", h.Name, c.user, c.from.Name, done.Code, len(who), all[len(all)-1])
			}
			none(t, h)
		}
	})
}

// TestTalk has alice type to bob, and bob to alice, on one host and between two.
func TestTalk(t *testing.T) {
	onHosts(t)
	for _, c := range []struct{ from, to *lab.Host }{
		{lab.D12, lab.D12}, {lab.D13, lab.D13}, {lab.Plain, lab.Plain}, {lab.D12, lab.D13}, {lab.D13, lab.D12}, {lab.Plain, lab.D13},
	} {
		alice, bob := c.from.Login(t, "alice"), c.to.Login(t, "bob")
		target, at := "bob@"+c.to.Name, " at "+c.to.Name
		if c.from == c.to {
			target, at = "bob", ""
		}
		alice.Type(t, "msg --wait "+target+"; echo status $?\r")
		alice.Expect(t, "Ctrl-D")
		alice.Type(t, "Are you there?\r")
		code := codeOf(t, bob)
		bob.Type(t, "msg reply "+code+" 'Yes.'\r")
		alice.Expect(t, "\r\nbob"+at+": \"Yes.\" (")
		alice.Type(t, "\x1b[31mRestart?\r")
		bob.Expect(t, "\r\n| ^[[31mRestart?  ")
		bob.Type(t, "msg reply "+code+" 'Give me ten minutes,' 世界\r")
		alice.Expect(t, "bob"+at+": \"Give me ten minutes, 世界\" (")
		alice.Type(t, "Fine.\r")
		bob.Expect(t, "\r\n| Fine.  ")
		alice.Type(t, "\x04")
		seen := bob.Expect(t, "\r\nEOF  ")
		alice.Expect(t, "status 0\r\n")
		if strings.Count(seen, "\r\nMessage from alice@") != 1 || strings.Count(seen, "\a") != 1 || strings.Count(seen, "(alice)\r\r\n") < 2 {
			t.Errorf("bob saw %q", seen)
		}
		got(t, bob, "Are you there?", "^[[31mRestart?"+strings.Repeat(" ", 56)+"(alice)", "Fine."+strings.Repeat(" ", 65)+"(alice)")
		none(t, c.to)
		alice.Close(t)
		bob.Close(t)
	}
}

// TestMessagesOffWhileTyped: bob switches his messages off between two lines; what is
// typed later comes to carol alone, and when she does the same it is over.
func TestMessagesOffWhileTyped(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		alice, bob, carol := h.Login(t, "alice"), h.Login(t, "bob"), h.Login(t, "carol")
		alice.Type(t, "msg bob,carol; echo status $?\r")
		alice.Expect(t, "Ctrl-D")
		alice.Type(t, "One.\r")
		bob.Expect(t, "| One.")
		bob.Type(t, "msg mesg n\r")
		awaitPrompt(t, bob)
		alice.Type(t, "Two.\r")
		alice.Expect(t, "msg: bob on "+bob.Terminal+": messages are off\r\n")
		carol.Expect(t, "| Two.")
		carol.Type(t, "msg mesg n\r")
		awaitPrompt(t, carol)
		alice.Type(t, "Three.\r")
		alice.Expect(t, "msg: carol on "+carol.Terminal+": messages are off\r\n")
		alice.Expect(t, "status 1\r\n")
		for _, l := range []*lab.Login{bob, carol} {
			if seen := l.Sync(t); strings.Contains(seen, "Three") || strings.Contains(seen, "EOF") || l == bob && strings.Contains(seen, "Two") {
				t.Errorf("%v saw %q", l, seen)
			}
		}
	})
}
