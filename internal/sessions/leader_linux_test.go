package sessions

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestSeveralLeaders: a process with a terminal of another /dev/pts that has the same
// number does not pass for the one that leads this terminal.
func TestSeveralLeaders(t *testing.T) {
	proc := t.TempDir()
	all := processes{proc: proc, leaders: map[uint64][]process{}}
	for pid, uid := range map[int]int{100: 1003, 200: 1002, 300: 0, 400: 1003} {
		dir := filepath.Join(proc, fmt.Sprint(pid))
		status := fmt.Sprintf("Name:\tsh\nUmask:\t0022\nUid:\t%d\t%d\t%d\t%d\nNSpid:\t%d\n", uid, 0, 0, 0, pid)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "status"), []byte(status), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		leaders []int
		want    int
	}{{[]int{100, 200}, 200}, {[]int{200, 100}, 200}, {[]int{300, 100}, 300}, {[]int{100}, 100}, {nil, 0}} {
		all.leaders[7] = nil
		for _, pid := range c.leaders {
			all.leaders[7] = append(all.leaders[7], process{pid: pid})
		}
		if p, ok := all.leader(&Terminal{Device: 7, Owner: 1002}); p.pid != c.want || ok != (c.want > 0) {
			t.Errorf("of %v, %d leads, want %d", c.leaders, p.pid, c.want)
		}
	}
}
