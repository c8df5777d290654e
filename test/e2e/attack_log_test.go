//go:build linux

package e2e_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// attackLog is attack on the hosts with journald. Texts are logged there.
func attackLog(t *testing.T, test func(t *testing.T, h *lab.Host)) {
	attackOn(t, []*lab.Host{lab.D12, lab.D13, lab.SID}, func(t *testing.T, h *lab.Host) {
		h.Run(t, "sh", "-c", "mkdir -p /etc/msg; printf '[rate]\nper_minute = 60000\n[journal]\ntext = true\n' >/etc/msg/msg.toml")
		t.Cleanup(func() { h.Run(t, "rm", "-rf", "/etc/msg") })
		test(t, h)
	})
}

// loggedTexts are the texts that were sent by the log's word since the cursor, in order.
func loggedTexts(t *testing.T, h *lab.Host, cursor string) (texts []string) {
	t.Helper()
	for _, entry := range entries(t, h, cursor) {
		if text, isText := entry["MSG_TEXT"].(string); isText && entry["MSG_REFUSED"] == nil {
			texts = append(texts, text)
		}
	}
	return texts
}

// TestAttackLimits: whatever limits a sender sets, and however few descriptors they leave, what is
// shown is in the log, and what is not is told. That holds for root's msg in its own process, which
// a user may start by sudo, and for a user's.
func TestAttackLimits(t *testing.T) {
	attackLog(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		var limits []string
		for n := 3; n <= 40; n++ {
			limits = append(limits, fmt.Sprint("ulimit -n ", n))
		}
		for free := 3; free <= 40; free += 3 {
			limits = append(limits, fmt.Sprintf("for i in $(seq 3 89); do eval \"exec $i</dev/null\"; done; ulimit -n %d", 90+free))
		}
		limits = append(limits, "ulimit -f 0", "ulimit -i 0", "ulimit -l 0", "ulimit -q 0", "ulimit -s 64", "ulimit -t 1", "ulimit -u 1", "ulimit -c 0", "ulimit -n 1024")
		for mib := 50; mib <= 1500; mib += 145 {
			limits = append(limits, fmt.Sprintf("ulimit -v %d", mib<<10), fmt.Sprintf("ulimit -d %d", mib<<8))
		}
		for _, sender := range []string{"root", "carol"} {
			cursor := cursorOf(t, h)
			sent := 0
			var texts []string
			for i, limit := range limits {
				text := fmt.Sprintf("%s: %d.", sender, i)
				// bash, for descriptors with two digits.
				out := h.Exec(t, "", "runuser", "-u", sender, "--", "bash", "-c", limit+"; exec msg bob '"+text+"'")
				if out.Code == 0 {
					texts = append(texts, text)
					sent++
				} else if out.Stderr == "" {
					t.Errorf("%s: %s: %s: status %d without a word", h.Name, sender, limit, out.Code)
				}
			}
			if got := loggedTexts(t, h, cursor); !slices.Equal(got, texts) {
				t.Errorf("%s: %s: logged are %q, told %q", h.Name, sender, got, texts)
			}
			got(t, bob, texts...)
			if sent < 20 {
				t.Errorf("%s: %s: only %d of %d messages went out", h.Name, sender, sent, len(limits))
			}
			t.Logf("%s: %s: %d of %d", h.Name, sender, sent, len(limits))
		}
	})
}

// TestAttackHidden: carol has journald drop what comes of her session, and then sends many
// messages. Neither hides one: journald has no limit for msgd.
func TestAttackHidden(t *testing.T) {
	attackLog(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		// With its own limit, 10,000 entries in half a minute at least, this would take long.
		h.Run(t, "sh", "-c", "mkdir -p /run/systemd/journald.conf.d; printf '[Journal]\nRateLimitIntervalSec=1h\nRateLimitBurst=5\n' >/run/systemd/journald.conf.d/few.conf; systemctl restart systemd-journald")
		t.Cleanup(func() {
			h.Run(t, "sh", "-c", "rm -r /run/systemd/journald.conf.d; systemctl restart systemd-journald")
		})
		carol := h.Login(t, "carol")
		cursor := cursorOf(t, h)
		carol.Type(t, "attacker drown 1; msg bob 'After a flood.'; echo status $?\r")
		written := regexp.MustCompile(`\n([0-9]+)\r\n`).FindStringSubmatch(carol.Expect(t, "status 0\r\n"))
		if written == nil {
			t.Fatalf("%s: %q", h.Name, carol.Seen())
		}
		h.Run(t, "journalctl", "--sync")
		kept := strings.Count(h.Run(t, "journalctl", "-q", "_UID=1003", "-o", "cat", "--after-cursor="+cursor).Stdout, "MESSAGE=flood\n")
		if n, err := strconv.Atoi(written[1]); err != nil || kept > n/10 {
			t.Errorf("%s: the attack failed: of %s entries journald has kept %d", h.Name, written[1], kept)
		}
		const lines = 300
		line := []byte(`{"line":"bGluZQ=="}` + "\n")
		o := begin(t, h, plan.Plan{HangUp: true, Input: []plan.Piece{
			{Data: request("first", map[string]any{"protocol": 2, "typed": true})}, {Data: line, Times: lines}, {Data: []byte{}, Pause: time.Second},
		}})()
		if last(t, o).Event != "end" {
			t.Errorf("%s: %+v", h.Name, o)
		}
		says(t, h, "carol", "bob", "After many.")
		want := append([]string{"After a flood.", "first"}, slices.Repeat([]string{"line"}, lines)...)
		if logged := loggedTexts(t, h, cursor); !slices.Equal(logged, append(want, "After many.")) {
			t.Errorf("%s: %d are logged of %d: %q", h.Name, len(logged), len(want)+1, logged)
		}
		if seen := strings.Count(bob.Sync(t), "| line"); seen != lines {
			t.Errorf("%s: bob saw %d lines", h.Name, seen)
		}
	})
}

// TestAttackDrowned: while carol writes to the log as fast as the machine can, each message of hers
// has its entry, and the entry has msgd's unit. Nor do others' messages wait long.
func TestAttackDrowned(t *testing.T) {
	attackLog(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		says(t, h, "carol", "bob", "Awake.")
		got(t, bob, "Awake.")
		cursor := cursorOf(t, h)
		flood := begins(t, h.SSHCommand(t.Context(), "carol", "attacker", "drown", "15"))
		awaitOn(t, h, "pgrep -x attacker")
		var texts []string
		longest := time.Duration(0)
		for i := range 20 {
			text := fmt.Sprintf("No %d.", i)
			begun := time.Now()
			if out := h.Exec(t, "", "runuser", "-u", "carol", "--", "msg", "bob", text); out != (lab.Output{}) {
				t.Errorf("%s: %+v", h.Name, out)
			}
			longest = max(longest, time.Since(begun))
			texts = append(texts, text)
		}
		t.Logf("%s: among %s entries, a message took %v at most", h.Name, strings.TrimSpace(flood.ends(t).Stdout), longest)
		got(t, bob, texts...)
		gone(t, h) // the judges have waited for journald
		if logged := loggedTexts(t, h, cursor); !slices.Equal(logged, texts) {
			t.Errorf("%s: logged are %q", h.Name, logged)
		}
		for _, entry := range entries(t, h, cursor) {
			if entry["_SYSTEMD_UNIT"] != "msgd.service" {
				t.Errorf("%s: %q has unit %v", h.Name, entry["MSG_TEXT"], entry["_SYSTEMD_UNIT"])
			}
		}
	})
}

// TestAttackForged: carol writes entries that look like msgd's, and becomes msgd's program before
// journald looks who has sent them. No way that the manual has to read the log shows them.
func TestAttackForged(t *testing.T) {
	attackLog(t, func(t *testing.T, h *lab.Host) {
		bob, carol := h.Login(t, "bob"), h.Login(t, "carol")
		says(t, h, "carol", "bob", "Awake.") // journald knows of a judge
		const forge = "sleep 20 | attacker forge Forged. /usr/local/sbin/msgd pushed &\r"
		h.Run(t, "pkill", "-STOP", "-x", "systemd-journal")
		t.Cleanup(func() { h.Run(t, "pkill", "-CONT", "-x", "systemd-journal") })
		carol.Type(t, forge)
		awaitOn(t, h, "pgrep -u carol -x msgd")
		h.Run(t, "pkill", "-CONT", "-x", "systemd-journal")
		carol.Type(t, forge)
		awaitOn(t, h, "test $(pgrep -u carol -x -c msgd) = 2 && echo both")
		at := time.Now().UnixNano()
		hers, roots := fmt.Sprint("Hers, ", at), fmt.Sprint("Root's, ", at)
		says(t, h, "carol", "bob", hers)
		send(t, h, "bob", roots)
		gone(t, h)
		h.Run(t, "journalctl", "--sync")
		read := func(matches string) string { // without a cursor, which systemd 252 takes only with an entry that matches
			return h.Run(t, "sh", "-c", "journalctl -q -o json --output-fields=MESSAGE,MSG_TEXT -n 100 "+matches).Stdout
		}
		if all := read("_EXE=/usr/local/sbin/msgd"); strings.Count(all, "Forged.") < 3 {
			t.Errorf("%s: the attack failed: %q", h.Name, all)
		}
		for matches, want := range map[string]string{
			"_SYSTEMD_UNIT=msgd.service": hers, "-u msgd.service": hers,
			"-t msg _SYSTEMD_UNIT=msgd.service _UID=$(id -u msg)": hers, "-t msg _UID=0 _UID=$(id -u msg)": roots,
		} {
			if found := read(matches); strings.Contains(found, "Forged.") || !strings.Contains(found, want) {
				t.Errorf("%s: %s finds %q", h.Name, matches, found)
			}
		}
		got(t, bob, "Awake.", hers, roots)
		h.Run(t, "pkill", "-u", "carol", "-x", "sleep")
	})
}

// TestAttackCodes: carol has as many messages wait for answers as she can. She can't stop what makes
// their names, and takes few of them: others' messages find names of their own.
func TestAttackCodes(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob := h.Login(t, "bob")
		plans := make([]plan.Plan, 60)
		for i := range plans {
			plans[i] = plan.Plan{HangUp: true, Input: []plan.Piece{
				{Data: request("Hers.", map[string]any{"protocol": 2, "wait": true})}, {Data: []byte{}, Pause: 12 * time.Second},
			}}
		}
		done := make(chan []plan.Outcome, 1)
		go func() { done <- play(t, h, "carol", "together", plans...) }()
		taken := func() string { return h.Run(t, "sh", "-c", "ls -A /run/msg/pending | wc -l").Stdout }
		awaitOn(t, h, "test $(ls /run/msg/pending | wc -l) -ge 32 && echo all")
		stopped := h.SSH(t, "carol", "sh", "-c", "for pid in $(pgrep -x msgd-judge) $(pgrep -x msgd-monitor); do kill -STOP $pid && echo $pid; done").Stdout
		if names := strings.TrimSpace(taken()); stopped != "" || names != "32" {
			t.Errorf("%s: carol has stopped %q, and has %s names", h.Name, stopped, names)
		}
		for strings.Count(bob.Sync(t), "| Hers.") < 32 {
			time.Sleep(50 * time.Millisecond)
		}
		for _, sender := range []string{"alice", "root"} {
			bob.Mark()
			w := waits(t, h, sender, "--wait", "-t", "30", "bob", "Restart?")
			code := codeOf(t, bob)
			bob.Type(t, "msg ok "+code+"\r")
			bob.Expect(t, "ok to "+sender+"@"+h.Name)
			if out := w.ends(t); out.Code != 0 {
				t.Errorf("%s: %s: %+v", h.Name, sender, out)
			}
		}
		refused := 0
		for _, o := range <-done {
			if strings.Contains(last(t, o).Problem, "you have 32 messages open here already") {
				refused++
			}
		}
		if refused != len(plans)-32 {
			t.Errorf("%s: %d of carol's messages had no place", h.Name, refused)
		}
		none(t, h)
	})
}
