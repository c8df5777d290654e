//go:build linux

package faults_test

import (
	"testing"

	"msg/test/island"
)

// senders are who sends: each fault meets root, who delivers in msg itself, and a user, for
// whom the helper does.
func senders(t *testing.T, test func(t *testing.T, by *island.Person, whose string)) {
	for _, whose := range []string{"root's", "a user's"} {
		t.Run(whose, func(t *testing.T) {
			var by *island.Person
			if whose != "root's" {
				by = &people[0]
			}
			test(t, by, whose)
		})
	}
}

// open opens terminals, of a person each from the first on, that the test hangs up at its end.
func open(t *testing.T, first, n int) []*island.Terminal {
	t.Helper()
	var all []*island.Terminal
	for i := range n {
		one, err := island.Open(people[first+i])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(one.HangUp)
		all = append(all, one)
	}
	return all
}

// TestNoFault holds that the judge finds nothing where nothing is wrong.
func TestNoFault(t *testing.T) {
	senders(t, func(t *testing.T, by *island.Person, whose string) {
		c := fault(t, whose+" with nothing wrong")
		terminals := open(t, 1, 10)
		for range 20 {
			c.tried(func() error {
				o, err := sending{by: by, targets: names(terminals...)}.send()
				if err == nil {
					err = o.only(terminals...)
				}
				for _, one := range terminals {
					if err == nil {
						_, err = o.whole(one)
					}
				}
				return err
			}())
		}
	})
}
