//go:build linux

package e2e_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"msg/test/lab"
)

var recording = flag.Bool("record", false, "record what /proc and /dev show into internal/sessions/testdata")

// snapshot prints what package sessions' tests read.
const snapshot = `
cd /dev
echo '-- devices --'
for d in pts/[0-9]*; do
	stat -c "$d $((0x$(stat -c %t $d))):$((0x$(stat -c %T $d))) %U %u %a %.9X" $d
done
echo '-- processes --'
cd /proc
for p in [0-9]*; do
	stat=$(cat $p/stat 2>/dev/null) || continue
	echo "stat $stat"
	sed -n 's/^Uid:\t\([0-9]*\)\t\([0-9]*\).*/uid \1 \2/p' $p/status
	grep '^0::' $p/cgroup | sed 's/^/cgroup /'
	echo "args $(tr '\0' ' ' <$p/cmdline)"
	sed -n 's/^se.exec_start *: */ran /p' $p/sched
done
`

// record writes down how the host looks now, and which places package sessions is to
// find: for each set of users, the terminals, with a + where nobody is attached.
func record(t *testing.T, h *lab.Host, name string, want map[string]string) {
	t.Helper()
	if !*recording {
		return
	}
	out := h.Exec(t, snapshot, "sh", "-s")
	if out.Code != 0 {
		t.Fatalf("recording: %+v", out)
	}
	lines := []string{"Recorded on " + h.Name + ": " + name + ".", strings.TrimSuffix(out.Stdout, "\n"), "-- want --"}
	var users []string
	for user := range want {
		users = append(users, user)
	}
	slices.Sort(users)
	for _, user := range users {
		lines = append(lines, user+": "+want[user])
	}
	file := filepath.Join("../../internal/sessions/testdata", h.Name+"-"+name+".txtar")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}
