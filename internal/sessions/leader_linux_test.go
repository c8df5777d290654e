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
	all := &procfs{dir: proc, leading: map[uint64][]process{}}
	for pid, who := range map[int]struct {
		real, effective int
		numbers         string
	}{
		100: {1003, 1003, "100"},    // mallory's
		200: {1002, 1002, "200"},    // bob's, whose terminal it is
		300: {0, 0, "300"},          // login's
		400: {1003, 0, "400"},       // su, started by mallory
		500: {1002, 1002, "500\t1"}, // bob's in a container
		600: {1002, 0, "600"},       // su, started by bob
	} {
		dir := filepath.Join(proc, fmt.Sprint(pid))
		status := fmt.Sprintf("Name:\tsh\nUmask:\t0022\nUid:\t%d\t%d\t%d\t%d\nNSpid:\t%s\n", who.real, who.effective, 0, 0, who.numbers)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "status"), []byte(status), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		owner   uint32
		leaders []int
		want    int
		vouched bool
	}{
		{1002, []int{100, 200}, 200, true},
		{1002, []int{200, 100}, 200, true},
		{1002, []int{400, 200, 100}, 200, true},
		{1002, []int{300, 100}, 300, true},
		{1002, []int{100, 300}, 300, true},
		{1002, []int{300, 400}, 300, false},
		{1002, []int{400, 600}, 600, true},
		{1002, []int{400}, 400, true},
		{1002, []int{100}, 100, false},
		{1002, []int{500}, 0, false},
		{1002, []int{500, 100}, 100, false},
		{1002, []int{999}, 0, false}, // gone
		{1002, nil, 0, false},
		{0, []int{400, 300}, 300, true},
		{0, []int{400, 600}, 400, false},
		{0, []int{600}, 600, true}, // sudo -i
	} {
		all.leading[7] = nil
		for _, pid := range c.leaders {
			all.leading[7] = append(all.leading[7], process{pid: pid})
		}
		from := survey{processes: all}
		if p, vouched := from.leader(&Terminal{Device: 7, Owner: c.owner}); p.pid != c.want || vouched != c.vouched {
			t.Errorf("of %v, %d leads, vouched for %v, want %d, %v", c.leaders, p.pid, vouched, c.want, c.vouched)
		}
	}
}
