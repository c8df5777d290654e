//go:build linux

package lab_test

import (
	"fmt"
	"strings"
	"testing"

	"msg/test/lab"
)

// TestUnit holds that a unit is what its properties say: carol without new
// rights, and a user that exists as long as the unit does.
func TestUnit(t *testing.T) {
	const look = `grep NoNewPrivs: /proc/self/status; id -u; ls -d /proc/1 2>&1; echo error >&2; exit 3`
	onUnits(t, func(t *testing.T, h *lab.Host) {
		out := h.Unit(t, []string{"User=carol", "NoNewPrivileges=yes"}, "sh", "-c", look)
		want := lab.Output{Stdout: "NoNewPrivs:\t1\n1003\n/proc/1\n", Stderr: "error\n", Code: 3}
		if out != want {
			t.Errorf("NoNewPrivileges: %+v, want %+v", out, want)
		}
		out = h.Unit(t, []string{"DynamicUser=yes", "ProtectProc=invisible"}, "sh", "-c", look)
		var uid int
		if _, err := fmt.Sscanf(out.Stdout, "NoNewPrivs:\t1\n%d\nls: cannot access '/proc/1'", &uid); err != nil || uid < 61184 || uid > 65519 {
			t.Errorf("DynamicUser: %+v", out)
		}
	})
}

// TestCron has carol run a command by cron.
func TestCron(t *testing.T) {
	for _, h := range lab.Hosts() {
		t.Run(h.Name, func(t *testing.T) {
			t.Parallel()
			out := h.Cron(t, "carol", "id -un; tty; ps -o comm= -p $(ps -o sid= -p $$); echo error >&2; exit 3")
			if !strings.HasPrefix(out.Stdout, "carol\nnot a tty\n") || out.Stderr != "error\n" || out.Code != 3 {
				t.Errorf("%+v", out)
			}
		})
	}
}
