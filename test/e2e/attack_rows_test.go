//go:build linux

package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// TestAttackRows has a long message cut off in the middle of a row, by a terminal that
// takes no more, has another one shown meanwhile, and then the rest: that must not
// begin a row as it pleases.
func TestAttackRows(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		// Where the kernel cuts depends on its buffers; a width to go by is found soon.
		for columns := 273; columns < 340; columns += 3 {
			seen := cutOff(t, h, columns)
			for row := range strings.SplitSeq(seen, "\r\n") {
				row = strings.TrimSpace(strings.Trim(row, "\a\r\n"))
				if row != "" && row != "|" && !strings.HasPrefix(row, "| ") && !strings.HasPrefix(row, "Message from carol@"+h.Name+" at ") {
					t.Errorf("%s: a row begins with %.100q", h.Name, row)
				}
			}
			if parts := strings.Split(seen, "\a"); len(parts) == 3 && strings.TrimRight(parts[1], " \r\n") == parts[1] {
				return
			}
		}
		t.Errorf("%s: the attack failed: no message was cut off within a row", h.Name)
	})
}

// cutOff returns what such a terminal shows.
func cutOff(t *testing.T, h *lab.Host, columns int) string {
	t.Helper()
	name, look := paneOf(t, h, columns)
	row := strings.Repeat("\xff", 65) + "Message from root" // each of the bytes is shown as four
	long := strings.TrimSuffix(strings.Repeat(row+"\n", 98), "\n")
	send := func(text string, ms int) plan.Plan {
		return plan.Plan{Input: []plan.Piece{{Data: request(text, map[string]any{"targets": []string{name}, "time_ms": ms})}}}
	}
	end := begin(t, h, send(long, 60_000))
	// It has written what there was room for when it sleeps until there is more.
	pid := judgeWith(t, h, name)
	awaitOn(t, h, "sleep 0.5; echo so")
	h.Run(t, "kill", "-STOP", pid)
	seen := look()
	second := play(t, h, "carol", "play", send("Meanwhile.", 900))
	if reported(t, second[0], name) != 1 {
		t.Errorf("%s: %+v", h.Name, second)
	}
	h.Run(t, "kill", "-CONT", pid)
	seen += look()
	if o := end(); reported(t, o, name) != 1 {
		t.Errorf("%s: %+v", h.Name, o)
	}
	return seen + look()
}

// judgeWith waits for a judge that has a terminal open, and returns its number.
func judgeWith(t *testing.T, h *lab.Host, terminal string) string {
	t.Helper()
	return awaitOn(t, h, "for pid in $(pgrep -x msgd-judge); do ls -l /proc/$pid/fd 2>/dev/null | grep -qw "+terminal+" && echo $pid; done")
}

// paneOf opens a terminal of bob's that shows nothing until look is called.
func paneOf(t *testing.T, h *lab.Host, columns int) (name string, look func() string) {
	t.Helper()
	cmd := h.SSHCommand(t.Context(), "bob", "attacker", "pane", fmt.Sprint(columns))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	lines := bufio.NewReader(out)
	line := func() string {
		t.Helper()
		text, err := lines.ReadString('\n')
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		return strings.TrimSuffix(text, "\n")
	}
	return line(), func() string {
		t.Helper()
		fmt.Fprintln(in)
		var seen string
		if err := json.Unmarshal([]byte(line()), &seen); err != nil {
			t.Fatal(err)
		}
		return seen
	}
}
