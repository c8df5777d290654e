//go:build linux

package e2e_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// TestAttackHandedOn: carol connects, and hands the connection to a process of dave's, who may send
// to everyone. It is carol who sends.
func TestAttackHandedOn(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		const path = "/tmp/attack.take"
		order := plan.Plan{Input: []plan.Piece{{Data: request("Handed on.", map[string]any{"targets": []string{"*", "bob"}})}}}
		var o plan.Outcome
		done := make(chan struct{})
		go func() {
			defer close(done)
			exchange(t, h.SSHCommand(t.Context(), "dave", "attacker", "take", path), order, &o)
		}()
		awaitOn(t, h, "test -S "+path+" && echo so")
		if out := h.SSH(t, "carol", "attacker", "give", path); out.Code != 0 {
			t.Errorf("%s: the attack failed: %+v", h.Name, out)
		}
		<-done
		if !slices.Equal(reasons(t, o), []string{"denied"}) || reported(t, o, bob.Terminal) != 1 {
			t.Errorf("%s: %+v", h.Name, o)
		}
		if all := messages(t, bob); len(all) != 1 || all[0].banner != "carol@"+h.Name {
			t.Errorf("%s: bob got %+v", h.Name, all)
		}
	})
}

// stopListener has the listener accept nothing until resume is called.
func stopListener(t *testing.T, h *lab.Host) (resume func()) {
	t.Helper()
	sends(t, h, "alice", "It runs.") // systemd may have to start it
	pid := awaitOn(t, h, "pgrep -o -x msgd")
	h.Run(t, "kill", "-STOP", pid)
	return func() { h.Run(t, "kill", "-CONT", pid) }
}

// dares is a message of carol's that shows whether she is somebody else: bob gets it, dave's messages
// are off, and she may not send to everyone.
func dares(text string) []plan.Piece {
	return []plan.Piece{{Data: request(text, map[string]any{"targets": []string{"bob", "dave", "*"}})}}
}

// isHers checks that such a message went out as carol's.
func isHers(t *testing.T, bob *lab.Login, o plan.Outcome) {
	t.Helper()
	if why := reasons(t, o); reported(t, o, bob.Terminal) != 1 || !slices.Equal(slices.Sorted(slices.Values(why)), []string{"denied", "messages-off"}) {
		t.Errorf("%s: %+v", bob.Host.Name, o)
	}
	if all := messages(t, bob); len(all) != 1 || all[0].banner != "carol@"+bob.Host.Name {
		t.Errorf("%v got %+v", bob, all)
	}
}

// messagesOff logs in a user whose terminal takes no messages.
func messagesOff(t *testing.T, h *lab.Host, user string) *lab.Login {
	t.Helper()
	l := h.Login(t, user)
	l.Type(t, "chmod 600 $(tty)\r")
	l.Expect(t, "chmod 600 $(tty)\r\n$ ")
	l.Mark()
	return l
}

// TestAttackExec: carol connects, and becomes a set-uid program of root's or of dave's before msgd
// looks at her process. It is carol who sends.
func TestAttackExec(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob, off := h.Login(t, "bob"), messagesOff(t, h, "dave")
		for name, owner := range map[string]string{"rootsleep": "root", "davesleep": "dave"} {
			path := "/usr/local/bin/" + name
			h.Run(t, "sh", "-c", "cp $(command -v sleep) "+path+"; chown "+owner+" "+path+"; chmod 4755 "+path)
			t.Cleanup(func() { h.Run(t, "rm", "-f", path) })
			resume := stopListener(t, h)
			got(t, bob, "It runs.")
			end := begin(t, h, plan.Plan{Exec: []string{path, "1000"}, Input: dares("As another?")})
			awaitOn(t, h, "pgrep -o -x "+name)
			resume()
			isHers(t, bob, end())
		}
		got(t, off)
	})
}

// TestAttackSetUID: a set-uid program of root's that connects itself sends as the user who started
// it. For one of dave's, nobody sends: it is no service, and dave did not start it.
func TestAttackSetUID(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob, off := h.Login(t, "bob"), messagesOff(t, h, "dave")
		for name, owner := range map[string]string{"rootattacker": "root", "daveattacker": "dave"} {
			path := "/usr/local/bin/" + name
			h.Run(t, "sh", "-c", "cp /usr/local/bin/attacker "+path+"; chown "+owner+" "+path+"; chmod 4755 "+path)
			t.Cleanup(func() { h.Run(t, "rm", "-f", path) })
			var o []plan.Outcome
			exchange(t, h.SSHCommand(t.Context(), "carol", name, "play"), []plan.Plan{{Input: dares("As another?")}}, &o)
			if owner == "root" {
				isHers(t, bob, o[0])
				continue
			}
			if e := last(t, o[0]); e.Event != "refused" || !strings.Contains(e.Problem, "has changed its user") {
				t.Errorf("%s: %+v", h.Name, o)
			}
			got(t, bob)
		}
		got(t, off)
	})
}

// TestAttackSameNumber: carol's process connects and ends, and another process has its number before
// msgd looks. What that one is on and in is not said of the message.
func TestAttackSameNumber(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		resume := stopListener(t, h)
		got(t, bob, "It runs.")
		const path = "/tmp/attack.take"
		var o plan.Outcome
		done := make(chan struct{})
		go func() {
			defer close(done)
			exchange(t, h.SSHCommand(t.Context(), "carol", "attacker", "take", path), plan.Plan{Input: asks("Who am I?")}, &o)
		}()
		awaitOn(t, h, "test -S "+path+" && echo so")
		giver := begins(t, h.SSHCommand(t.Context(), "carol", "attacker", "give", path))
		pid := awaitOn(t, h, "pgrep -o -f '^attacker give'")
		awaitOn(t, h, "sleep 0.5; echo so") // it has handed the connection over
		h.Run(t, "kill", "-KILL", pid)
		giver.ends(t)
		awaitOn(t, h, "test ! -e /proc/"+pid+" && echo gone")
		again := h.Command(t.Context(), "/usr/local/bin/attacker", "again", pid, "1003")
		stdin, err := again.StdinPipe()
		if err == nil {
			err = again.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		defer func(cmd *exec.Cmd) { stdin.Close(); _ = cmd.Wait() }(again)
		terminal := awaitOn(t, h, "test $(cat /proc/"+pid+"/comm) = exe && ps -o tty= -p "+pid+" | grep pts")
		resume()
		<-done
		if all := messages(t, bob); len(all) != 1 || all[0].banner != "carol@"+h.Name {
			t.Errorf("%s: bob got %+v, and that process is on %s: %+v", h.Name, all, terminal, o)
		}
	})
}
