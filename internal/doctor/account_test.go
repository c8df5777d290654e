package doctor

import (
	"errors"
	"fmt"
	"testing"

	"msg/internal/accounts"
)

func TestCheckAccount(t *testing.T) {
	unknown := fmt.Errorf("user %q: %w", "msg", accounts.ErrUnknown)
	judged(t, checkAccount(accounts.User{UID: 990, GID: 990}, nil, 1000, "heal"), OK, "msg, uid 990, a system account", "")
	judged(t, checkAccount(accounts.User{}, unknown, 1000, "heal"), Problem, "there is no account msg, and msgd cannot start", "heal")
	judged(t, checkAccount(accounts.User{}, errors.New("getent hangs"), 1000, "heal"), Problem, "the account msg: getent hangs", "heal")
	judged(t, checkAccount(accounts.User{UID: 0, GID: 990}, nil, 1000, "heal"), Problem, "is root's", "rename that account, then heal")
	judged(t, checkAccount(accounts.User{UID: 990, GID: 0}, nil, 1000, "heal"), Problem, "is root's", "rename")
	judged(t, checkAccount(accounts.User{UID: 1000, GID: 1000}, nil, 1000, "heal"), Problem, "uid 1000, is a person's", "rename that account, then heal")
	judged(t, checkAccount(accounts.User{UID: 700, GID: 700}, nil, 500, "heal"), Problem, "is a person's", "rename")
}

func TestFirstPerson(t *testing.T) {
	for defs, want := range map[string]uint32{
		"":                                1000,
		"# UID_MIN 1\nUID_MIN\t\t 500\n":  500,
		"UID_MIN many\nSYS_UID_MIN 100\n": 1000,
		"UID_MIN":                         1000,
		"UID_MAX 60000\nUID_MIN 0x7d0":    2000,
	} {
		if got := firstPerson(defs); got != want {
			t.Errorf("%q: %d, want %d", defs, got, want)
		}
	}
}
