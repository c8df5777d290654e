package doctor

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"msg/internal/accounts"
)

// judgeAccount is the name of the account that msgd's judge runs as.
const judgeAccount = "msg"

// usualFirst is the first uid of people, if login.defs(5) says nothing.
const usualFirst = 1000

// checkAccount checks the account: nobody logs in to it, and it owns what msgd keeps. make is the
// command that makes it.
func checkAccount(u accounts.User, err error, first uint32, make string) Finding {
	rename := "rename that account, then " + make
	switch {
	case errors.Is(err, accounts.ErrUnknown):
		return Finding{"account", Problem, "there is no account " + judgeAccount + ", and msgd cannot start", make}
	case err != nil:
		return Finding{"account", Problem, fmt.Sprintf("the account %s: %v", judgeAccount, err), make}
	case u.UID == 0 || u.GID == 0:
		return Finding{"account", Problem, "the account " + judgeAccount + " is root's: msgd would not give up its rights", rename}
	case u.UID >= first:
		return Finding{"account", Problem, fmt.Sprintf("the account %s, uid %d, is a person's: they could change what msgd keeps", judgeAccount, u.UID), rename}
	}
	return Finding{"account", OK, fmt.Sprintf("%s, uid %d, a system account", judgeAccount, u.UID), ""}
}

// firstPerson returns UID_MIN of login.defs(5): people have numbers from there on.
func firstPerson(defs string) uint32 {
	for line := range strings.Lines(defs) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "UID_MIN" {
			continue
		}
		if n, err := strconv.ParseUint(words[1], 0, 32); err == nil {
			return uint32(n)
		}
	}
	return usualFirst
}
