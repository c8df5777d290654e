//go:build linux

package lab_test

import (
	"fmt"
	"strings"
	"testing"

	"msg/test/lab"
)

// checkWindow holds that a window is the terminal of a shell of bob's.
func checkWindow(t *testing.T, h *lab.Host, w *lab.Window) {
	t.Helper()
	mode := h.Run(t, "stat", "-c", "%a %U %G", "/dev/"+w.Terminal).Stdout
	if want := fmt.Sprintf("%o bob tty\n", h.PtyMode); mode != want {
		t.Errorf("%v has %q, want %q", w, mode, want)
	}
	leader := h.Run(t, "ps", "-o", "comm=,user=", "-t", w.Terminal).Stdout
	if strings.Join(strings.Fields(leader), " ") != "bash bob" {
		t.Errorf("on %v runs %q", w, leader)
	}
	w.Type(t, "echo typ\"\"ed; tty\r")
	if seen := w.Expect(t, "typed\r\n/dev/"); !strings.Contains(seen, "typed\r\n/dev/"+w.Terminal) {
		t.Errorf("%v shows %q", w, seen)
	}
	h.Run(t, "sh", "-c", `echo written >"$0"`, "/dev/"+w.Terminal)
	w.Expect(t, "written\r\n")
}

// onUnits runs a test on every host that has systemd's units.
func onUnits(t *testing.T, test func(t *testing.T, h *lab.Host)) {
	for _, h := range lab.Hosts() {
		if h.Logind {
			t.Run(h.Name, func(t *testing.T) { test(t, h) })
		}
	}
}

func TestEditorOfService(t *testing.T) {
	onUnits(t, func(t *testing.T, h *lab.Host) {
		w := h.EditorOfService(t, "bob")
		checkWindow(t, h, w)
		cgroup := h.Run(t, "sh", "-c", `cat /proc/$(ps -o pid= -t "$0" | tr -d ' ')/cgroup`, w.Terminal).Stdout
		if !strings.Contains(cgroup, "/system.slice/editor") {
			t.Errorf("%v belongs to %s", w, cgroup)
		}
	})
}

func TestEditorOfLogin(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		checkWindow(t, h, h.EditorOfLogin(t, "bob"))
	})
}
