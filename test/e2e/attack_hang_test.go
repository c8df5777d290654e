//go:build linux

package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

// hanging is how many terminals of carol's hang.
const hanging = 100

// hangs has terminals of carol's hang, and returns what ends that.
func hangs(t *testing.T, h *lab.Host, what string) (end func()) {
	t.Helper()
	needsNamespaces(t, h)
	cmd := h.SSHCommand(t.Context(), "carol", "attacker", "hang", what, strconv.Itoa(hanging))
	stdin, out := tended(t, cmd)
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	out.await(t, regexp.MustCompile(fmt.Sprintf("(?s)%d hang\n|attacker: .*", hanging)))
	return func() {
		if err := stdin.Close(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: the attack failed: %v", h.Name, err)
		}
	}
}

// How long a message may take, on a busy machine, to come to bob, and msg to end: a terminal has
// two seconds.
const (
	hangTime = "2s"
	soonTime = 3 * time.Second // it was seen to take a tenth
	mostTime = 8 * time.Second
)

// throughHang sends to carol's terminals and to bob, and holds that bob has the text soon, and that
// the command ends. It returns how many of carol's terminals ended for each reason.
func throughHang(t *testing.T, h *lab.Host, bob *lab.Login, cmd *exec.Cmd, text string) map[string]int {
	t.Helper()
	begun := time.Now()
	sending := begins(t, cmd)
	bob.Expect(t, text)
	soon := time.Since(begun)
	out := sending.ends(t)
	all := time.Since(begun)
	if soon > soonTime || all > mostTime {
		t.Errorf("%s: %q: bob has it after %v, and it ends after %v", h.Name, cmd.Args, soon, all)
	}
	t.Logf("%s: bob has %q after %v, and msg ends after %v", h.Name, text, soon, all)
	said := map[string]int{}
	results := 0
	for decoder := json.NewDecoder(strings.NewReader(out.Stdout)); ; {
		var r struct{ Event, User, Reason string }
		if err := decoder.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%s: %v: %+v", h.Name, err, out)
		}
		if r.User == "carol" {
			said[r.Reason]++
			results++
		}
	}
	if results != hanging {
		t.Errorf("%s: %q: %d results of carol's %d terminals: %+v", h.Name, cmd.Args, results, hanging, said)
	}
	return said
}

// leftBehind counts processes that deliver, or did.
func leftBehind(t *testing.T, h *lab.Host) int {
	t.Helper()
	script := `n=0; for p in /proc/[0-9]*; do read name <$p/comm; case "$name" in msg-delivery|msgd-judge|msgd-monitor) n=$((n+1)) ;; esac; done 2>/dev/null; echo $n`
	n, err := strconv.Atoi(strings.TrimSpace(h.Run(t, "sh", "-c", script).Stdout))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// heldThreads prints the names of threads that terminals hold, of root's messages.
const heldThreads = `sleep 0.5; for p in /proc/[0-9]*; do read name <$p/comm; [ "$name" != msg-delivery ] || cat $p/task/*/comm; done 2>/dev/null | grep '^tty '`

// aliveMonitors prints the monitors that are more than threads which terminals hold.
const aliveMonitors = `for p in /proc/[0-9]*; do read pid name state rest <$p/stat; [ "$name $state" != "(msgd-monitor) S" ] || echo $pid; done 2>/dev/null; true`

// TestAttackHangingTerminals: carol has a hundred terminals that hang in open(2), write(2) and
// close(2). Root's messages and alice's come to bob all the same, and end at their deadline. A
// terminal holds one thread of root's messages, however many are sent, until the attack ends.
func TestAttackHangingTerminals(t *testing.T) {
	attackOne(t, lab.Hosts(), func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob := h.Login(t, "bob")
		end := hangs(t, h, "terminals")
		root := h.Login(t, "root") // who waits the first time: what holds threads by then is told as stuck at once
		root.Type(t, "msg -t 2 carol Held.\r")
		root.Expect(t, "takes no output; waiting")
		root.Expect(t, "the terminal is stuck")
		root.Sync(t)
		roots := func(text string, more ...string) map[string]int {
			args := append([]string{"msg", "--json", "-t", hangTime}, append(more, "bob,carol", text)...)
			return throughHang(t, h, bob, h.Command(t.Context(), args...), text)
		}
		alices := func(text string) map[string]int {
			return throughHang(t, h, bob, h.SSHCommand(t.Context(), "alice", "msg", "--json", "-t", hangTime, "bob,carol", text), text)
		}
		for _, said := range []map[string]int{roots("One."), alices("Two.")} {
			if said["stuck"] != hanging {
				t.Errorf("%s: %v", h.Name, said)
			}
		}
		if left := leftBehind(t, h); left > 3 {
			t.Errorf("%s: %d processes are left behind: a child of root's, a judge, a monitor", h.Name, left)
		}
		for i := range 3 {
			roots(fmt.Sprintf("Root's %d.", i))
			alices(fmt.Sprintf("Hers %d.", i))
		}
		if twice := h.Run(t, "sh", "-c", heldThreads+" | sort | uniq -d").Stdout; twice != "" {
			t.Errorf("%s: these hold threads of several of root's messages: %s", h.Name, twice)
		}
		t.Logf("%s: %d processes are left behind", h.Name, leftBehind(t, h))
		if alive := h.Run(t, "sh", "-c", aliveMonitors).Stdout; alive != "" {
			t.Errorf("%s: these monitors have no judge any more: %s", h.Name, alive)
		}
		if out := h.Exec(t, "", "timeout", "-s", "KILL", "5", "msg", "sessions"); out.Code != 0 || strings.Count(out.Stdout, "carol") < hanging {
			t.Errorf("%s: msg sessions: %+v", h.Name, out)
		}
		if out := h.Exec(t, "", "timeout", "-s", "KILL", "8", "msg", "-N", "-v", "-t", hangTime, "bob,carol", "Dry."); !strings.Contains(out.Stdout, "bob") {
			t.Errorf("%s: msg -N: %+v", h.Name, out)
		}
		end()
		awaitOn(t, h, `for p in /proc/[0-9]*; do read name <$p/comm; case "$name" in msg-delivery|msgd-judge|msgd-monitor) exit ;; esac; done 2>/dev/null; echo none`)
	})
}

// TestAttackHangingMemory: a hundred processes of carol's lead terminals, call themselves tmux, and
// whoever asks for their command lines waits. Nobody's message waits, and msg sessions does not.
func TestAttackHangingMemory(t *testing.T) {
	attackOne(t, lab.Hosts(), func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob := h.Login(t, "bob")
		end := hangs(t, h, "memory")
		throughHang(t, h, bob, h.Command(t.Context(), "msg", "--json", "-t", hangTime, "bob,carol", "One."), "One.")
		throughHang(t, h, bob, h.SSHCommand(t.Context(), "alice", "msg", "--json", "-t", hangTime, "bob,carol", "Two."), "Two.")
		for _, user := range []string{"root", "alice"} {
			begun := time.Now()
			if out := h.SSH(t, user, "msg", "sessions"); out.Code != 0 || !strings.Contains(out.Stdout, "bob") {
				t.Errorf("%s: msg sessions of %s: %+v", h.Name, user, out)
			}
			if out := h.SSH(t, user, "msg", "-N", "-v", "bob,carol", "Dry."); !strings.Contains(out.Stdout, "bob") {
				t.Errorf("%s: msg -N of %s: %+v", h.Name, user, out)
			}
			if took := time.Since(begun); took > soonTime {
				t.Errorf("%s: msg sessions and msg -N of %s took %v", h.Name, user, took)
			}
		}
		end()
		gone(t, h)
	})
}
