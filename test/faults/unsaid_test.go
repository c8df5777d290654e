//go:build linux

package faults_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"msg/test/island"
)

// TestUnsaid: where terminals begin with mode 600, that mode says nothing, and msgd's monitor opens
// what only its owner may open. What the owner says, and what root has decided about those who say
// nothing, holds for users.
func TestUnsaid(t *testing.T) {
	devpts := func(mode string) error {
		return unix.Mount("devpts", "/dev/pts", "devpts", unix.MS_REMOUNT, "ptmxmode=666,gid=5,mode="+mode)
	}
	if err := devpts("600"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := devpts("620"); err != nil {
			t.Error(err)
		}
	})
	const file = "/etc/msg/msg.toml"
	t.Cleanup(func() { _ = os.WriteFile(file, []byte(settings), 0o644) })
	for _, c := range []struct {
		words, unsaid string
		mode          os.FileMode
		reason        string // for a user; root's message comes at any mode
	}{
		{"nothing said, on", "on", 0o600, ""},
		{"nothing said, off", "off", 0o600, "messages-off"},
		{"mesg y, off", "off", 0o620, ""},
		{"mesg n, on", "on", messagesOff, "messages-off"},
	} {
		senders(t, func(t *testing.T, by *island.Person) {
			count := fault(t, fmt.Sprintf("terminals begin with mode 600: %s (%s)", c.words, whose(by)))
			if err := os.WriteFile(file, []byte(settings+"[messages]\nunsaid = \""+c.unsaid+"\"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			terminals := opened(t, island.Open, 2, 5)
			for _, one := range terminals {
				if err := errors.Join(one.Lead(), os.Chmod(one.Path, c.mode)); err != nil {
					t.Fatal(err)
				}
			}
			want := c.reason
			if by == nil {
				want = ""
			}
			for range 10 {
				o, err := sending{by: by, targets: names(terminals...)}.send()
				if err == nil && want == "" {
					_, err = o.each(terminals)
				}
				for _, one := range terminals {
					r := o.results[one.Name]
					if seen, _ := one.Take(); err == nil && (r.Reason != want || len(seen) > 0) {
						err = fmt.Errorf("%+v, want %q; it shows %q", r, want, seen)
					}
				}
				count.tried(err)
			}
		})
	}
}
