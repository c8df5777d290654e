//go:build linux

package e2e_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// TestAttackFlood: carol opens 200 connections a second for five seconds. Alice's messages go out
// within a second meanwhile, and carol has all of her places again when it is over.
func TestAttackFlood(t *testing.T) {
	attackOne(t, lab.Hosts(), func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		flood := begins(t, h.SSHCommand(t.Context(), "carol", "attacker", "flood", "/run/msg/door", "5", "200"))
		awaitOn(t, h, "pgrep -x attacker")
		begun := time.Now()
		for _, at := range []time.Duration{200 * time.Millisecond, 2500 * time.Millisecond, 4200 * time.Millisecond} {
			time.Sleep(at - time.Since(begun))
			took := sends(t, h, "alice", "Meanwhile.")
			if took > time.Second {
				t.Errorf("%s: after %v of the flood, alice's message took %v", h.Name, at, took)
			}
			t.Logf("%s: after %v of the flood, alice's message took %v", h.Name, at, took)
		}
		out := flood.ends(t)
		if n, err := strconv.Atoi(strings.TrimSpace(out.Stdout)); err != nil || n < 700 {
			t.Errorf("%s: the attack failed: %+v", h.Name, out)
		}
		got(t, bob, "Meanwhile.", "Meanwhile.", "Meanwhile.")
		gone(t, h)
		plans := make([]plan.Plan, 30)
		texts := number(plans)
		if n := honest(t, bob, "carol", texts, play(t, h, "carol", "together", plans...)); n != len(plans) {
			t.Errorf("%s: afterwards, bob got %d messages of %d", h.Name, n, len(plans))
		}
	})
}

// holds has processes keep as many places as they get, and returns how many they have, and a
// function that ends them. Each order is arguments of setpriv, and a number.
func holds(t *testing.T, h *lab.Host, terminal string, orders map[string]int) (places int, end func()) {
	t.Helper()
	var script strings.Builder
	for who, n := range orders {
		fmt.Fprintf(&script, "setpriv %s --clear-groups attacker hold %d %s <&3 & ", who, n, terminal)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := h.Command(ctx, "sh", "-c", "exec 3<&0; "+script.String()+"wait")
	stdin, out := tended(t, cmd)
	said := out.await(t, regexp.MustCompile(fmt.Sprintf("(?s)^(?:.*?done\n){%d}", len(orders))))[0]
	refused := 0
	for line := range strings.Lines(said) {
		number, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, _ := strconv.Atoi(number)
		switch {
		case what == "hello":
			places += n
		case strings.Contains(what, " messages open "):
			refused += n
		case number != "done":
			t.Errorf("%s: %s", h.Name, line)
		}
	}
	t.Logf("%s: %d have a place, %d are told that they have none", h.Name, places, refused)
	return places, func() {
		t.Helper()
		_ = stdin.Close()
		_ = cmd.Wait()
		gone(t, h)
	}
}

// TestAttackPlaces: sixteen users take up all places that they can. Someone else still gets in, and
// so does root; those who have places are told in words that there are no more.
func TestAttackPlaces(t *testing.T) {
	attackOne(t, []*lab.Host{lab.D13, lab.Plain}, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob, held := h.Login(t, "bob"), h.Login(t, "carol")
		held.Hold(t)
		orders := map[string]int{}
		for i := range 16 {
			name := fmt.Sprintf("place%d", i)
			h.Run(t, "sh", "-c", "id "+name+" >/dev/null 2>&1 || useradd "+name)
			orders["--reuid "+name+" --regid "+name] = 32
		}
		places, end := holds(t, h, held.Terminal, orders)
		if places < 400 || places > 496 {
			t.Errorf("%s: they have %d places", h.Name, places)
		}
		// A thousand processes have just begun. This is about the place, not about the time.
		t.Logf("%s: alice's message took %v", h.Name, sends(t, h, "alice", "There is room for me."))
		got(t, bob, "There is room for me.")
		var out []plan.Outcome
		askAs(t, h, []plan.Plan{{Input: asks("And for me.")}}, &out, "/usr/local/bin/attacker", "play")
		got(t, bob, "And for me.")
		told := h.Exec(t, "", "setpriv", "--reuid", "place3", "--regid", "place3", "--clear-groups", "msg", "bob", "One more.")
		if told.Code == 0 || !strings.Contains(told.Stderr, " messages open ") {
			t.Errorf("%s: %+v", h.Name, told)
		}
		end()
		got(t, bob)
		soon(t, h, "place3", "Afterwards.")
		got(t, bob, "Afterwards.")
	})
}

// TestAttackUIDs: all uids that carol can take on in user namespaces have her places together, and
// all that have no account share those of one user.
func TestAttackUIDs(t *testing.T) {
	attackOne(t, []*lab.Host{lab.D13}, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob, held := h.Login(t, "bob"), h.Login(t, "carol")
		held.Hold(t)
		h.Run(t, "sh", "-c", "cp -a /etc/subuid /etc/subuid.away 2>/dev/null; echo carol:3000000:65536 >/etc/subuid")
		t.Cleanup(func() { h.Run(t, "sh", "-c", "rm /etc/subuid; mv /etc/subuid.away /etc/subuid 2>/dev/null; true") })
		for name, first := range map[string]int{"carol's": 3_000_000, "nobody's": 5_000_000} {
			orders := map[string]int{}
			for i := range 20 {
				id := strconv.Itoa(first + i)
				orders["--reuid "+id+" --regid "+id] = 2
			}
			places, end := holds(t, h, held.Terminal, orders)
			if places != 32 {
				t.Errorf("%s: of 40 messages of %s uids, %d have a place", h.Name, name, places)
			}
			soon(t, h, "alice", "There is room for me.")
			got(t, bob, "There is room for me.")
			end()
		}
	})
}

// passRights reports whether this kernel has SO_PASSRIGHTS, which keeps descriptors away.
func passRights(t *testing.T) bool {
	t.Helper()
	const soPassRights = 83
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, soPassRights, 0) == nil
}

// TestAttackAlong: carol sends descriptors along with her requests, and also with those that the
// door has no place for. A TCP socket among them takes seconds to close. Nobody else waits for
// that. It is the same on a kernel that has no way to keep descriptors away.
func TestAttackAlong(t *testing.T) {
	attackOne(t, []*lab.Host{lab.D13, lab.Plain}, func(t *testing.T, h *lab.Host) {
		often(t, h)
		along(t, h, passRights(t))
		oldKernel(t, h)
		along(t, h, false)
	})
}

func along(t *testing.T, h *lab.Host, kept bool) {
	t.Helper()
	bob := h.Login(t, "bob")
	sends(t, h, "alice", "It runs.") // who waits for msgd's first start can send them
	got(t, bob, "It runs.")
	kinds := []string{"directory", "terminal", "many", "itself"}
	if kept {
		kinds = append(kinds, "linger") // else the judge, which reads it, waits for it
	}
	for _, kind := range kinds {
		o := play(t, h, "carol", "play", plan.Plan{Rights: kind, Input: asks(kind)})[0]
		if strings.Contains(o.Rights, unix.EPERM.Error()) != kept || reported(t, o, bob.Terminal) != 1 {
			t.Errorf("%s, descriptors are kept away %v: %s: %+v", h.Name, kept, kind, o)
		}
		if took := sends(t, h, "alice", "Meanwhile."); took > time.Second {
			t.Errorf("%s, descriptors are kept away %v: after %s, alice's message took %v", h.Name, kept, kind, took)
		}
		got(t, bob, kind, "Meanwhile.")
	}
	lingering := make([]plan.Plan, 60)
	for i := range lingering {
		lingering[i] = plan.Plan{Rights: "linger", Early: true, Once: true, Input: []plan.Piece{{Data: []byte(" ")}}, HangUp: true}
	}
	done := make(chan []plan.Outcome, 1)
	go func() { done <- play(t, h, "carol", "together", lingering...) }()
	awaitOn(t, h, "pgrep -o -x msgd-judge")
	for range 5 {
		soon(t, h, "alice", "Meanwhile.")
	}
	got(t, bob, "Meanwhile.", "Meanwhile.", "Meanwhile.", "Meanwhile.", "Meanwhile.")
	turnedAway := 0
	for _, o := range <-done {
		if strings.Contains(last(t, o).Problem, " messages open ") {
			turnedAway++
		}
	}
	if turnedAway == 0 && !kept {
		t.Errorf("%s: the attack failed: none was turned away", h.Name)
	}
	gone(t, h)
	bob.Close(t)
}

// oldKernel has msgd run as on a kernel without SO_PASSRIGHTS until the end of the test.
func oldKernel(t *testing.T, h *lab.Host) {
	t.Helper()
	closeDoor(t, h)
	if h.Logind {
		const dropIn = "/run/systemd/system/msgd.service.d"
		h.Run(t, "sh", "-c", "mkdir -p "+dropIn+"; printf '[Service]\nExecStart=\nExecStart=/usr/local/bin/attacker oldkernel /usr/local/sbin/msgd\n' >"+dropIn+"/old.conf; systemctl daemon-reload; systemctl start msg.socket")
		t.Cleanup(func() {
			closeDoor(t, h)
			h.Run(t, "sh", "-c", "rm -r "+dropIn+"; systemctl daemon-reload; systemctl start msg.socket")
		})
		return
	}
	h.Run(t, "sh", "-c", "rm -f /run/msg/door; setsid attacker oldkernel /usr/local/sbin/msgd --listen </dev/null >/dev/null 2>&1 & until test -S /run/msg/door; do sleep 0.05; done")
	t.Cleanup(func() {
		h.Run(t, "sh", "-c", "pkill -x msgd; while pgrep -x msgd; do sleep 0.05; done; /etc/init.d/msgd start; until pgrep -x msgd; do sleep 0.05; done")
	})
}

// TestAttackUnread: carol does not read what becomes of a thousand long targets, which is more than
// a socket holds. Her message goes out, and msgd does not wait for her.
func TestAttackUnread(t *testing.T) {
	attackOne(t, []*lab.Host{lab.D13}, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		targets := []string{"bob"}
		for i := range 999 {
			targets = append(targets, fmt.Sprintf("user:u%0230d", i))
		}
		o := play(t, h, "carol", "play", plan.Plan{
			Output: "unread", StayAfter: true, Early: true,
			Input: []plan.Piece{{Data: request("Unread.", map[string]any{"targets": targets})}},
		})[0]
		if o.Took < 5*time.Second {
			t.Errorf("%s: the attack failed: all of it fits: %+v", h.Name, o)
		}
		got(t, bob, "Unread.")
	})
}

// TestAttackDoor: carol can do nothing to the door itself.
func TestAttackDoor(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		list := func() string { return h.Run(t, "stat", "-c", "%A %U:%G %i %n", "/run/msg", "/run/msg/door").Stdout }
		before := list()
		var script strings.Builder
		for _, try := range []string{
			"rm -f /run/msg/door", "mv /run/msg/door /tmp/x", "ln /run/msg/door /tmp/x", "ln -sf /tmp/x /run/msg/door", "chmod 600 /run/msg/door", "chown carol /run/msg/door",
			"touch /run/msg/lock", "cat /run/msg/lock", "flock -n /run/msg/lock true", "touch /run/msg/door.new", "mkdir /run/msg/x",
			"perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => q(/run/msg/door), Listen => 1) or exit 1'",
			"perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => q(/run/msg/door.new), Listen => 1) or exit 1'",
		} {
			fmt.Fprintf(&script, "if (%s) >/dev/null 2>&1; then echo \"%s\"; fi\n", try, strings.ReplaceAll(try, "'", ""))
		}
		if out := h.SSH(t, "carol", "sh", "-c", script.String()); out.Stdout != "" {
			t.Errorf("%s: carol may %s", h.Name, out.Stdout)
		}
		if after := list(); after != before {
			t.Errorf("%s: it was %s and is %s", h.Name, before, after)
		}
		soon(t, h, "alice", "As ever.")
		got(t, bob, "As ever.")
	})
}

// TestAttackSloppyStart has root start msgd with an environment and descriptors that a script may
// well leave there. No judge and no monitor has anything of it.
func TestAttackSloppyStart(t *testing.T) {
	attackOne(t, []*lab.Host{lab.Plain}, func(t *testing.T, h *lab.Host) {
		closeDoor(t, h)
		h.Run(t, "sh", "-c", `export SECRET=1 GODEBUG=gctrace=1 GOGC=1 GOTRACEBACK=crash LD_PRELOAD=/tmp/x.so TZ=UTC+11 HOME=/root LANG=de_DE
			exec 5</etc/shadow 6<>/dev/zero 7</root
			rm -f /run/msg/door
			setsid /usr/local/sbin/msgd --listen </dev/null >/dev/null 2>&1 &
			until test -S /run/msg/door; do sleep 0.05; done`)
		t.Cleanup(func() {
			h.Run(t, "sh", "-c", "pkill -x msgd; while pgrep -x msgd; do sleep 0.05; done; /etc/init.d/msgd start; until pgrep -x msgd; do sleep 0.05; done")
		})
		bob := h.Login(t, "bob")
		end := begin(t, h, plan.Plan{Input: []plan.Piece{{Data: []byte(" "), Pause: 3 * time.Second}, {Data: request("Clean.", nil)}}})
		for _, role := range []string{"msgd-judge", "msgd-monitor"} {
			pid := awaitOn(t, h, "pgrep -o -x "+role)
			if env := h.Run(t, "cat", "/proc/"+pid+"/environ").Stdout; env != "" {
				t.Errorf("%s has the environment %q", role, env)
			}
			for line := range strings.Lines(h.Run(t, "sh", "-c", "ls -l /proc/"+pid+"/fd").Stdout) {
				_, to, _ := strings.Cut(strings.TrimSpace(line), " -> ")
				over := role == "msgd-judge" && strings.Contains(line, " 5 -> pipe:") // the listener waits for its end
				if !over && to != "" && to != "/dev/null" && !strings.HasPrefix(to, "socket:") && !strings.HasPrefix(to, "anon_inode:") {
					t.Errorf("%s has the descriptor %s", role, line)
				}
			}
		}
		if o := end(); reported(t, o, bob.Terminal) != 1 {
			t.Errorf("%+v", o)
		}
		now := h.Run(t, "date", "+%H").Stdout
		if seen := bob.Sync(t); !strings.Contains(seen, "Message from carol@"+h.Name+" at "+strings.TrimSpace(now)+":") {
			t.Errorf("at %s, bob saw %q", now, seen)
		}
		got(t, bob, "Clean.")
	})
}
