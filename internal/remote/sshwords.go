package remote

import (
	"errors"
	"fmt"
	"strings"

	"msg/internal/delivery"
)

// errDropped is a connection's that the sshd took and let go, since it has too many
// others that have not logged in yet (MaxStartups in sshd_config(5)).
var errDropped = errors.New("dropped")

// said is what ssh says when it fails. It has one status for all, 255, so only its words
// tell them apart; the first that is in there counts. "%s" stands for the host.
type said struct {
	words  string
	reason delivery.Reason
	detail string
	hint   string
}

// The order matters: a jump host's sshd that cannot reach the host says so before ssh
// says that the connection was closed.
var sshWords = []said{
	{"Could not resolve hostname", Unreachable, "no host of that name", "ssh(1) takes the same names; \"ssh -G %s\" shows what it makes of one"},
	{"Name or service not known", Unreachable, "no host of that name", "ssh(1) takes the same names; \"ssh -G %s\" shows what it makes of one"},
	{"Connection refused", Unreachable, "connection refused", "is sshd running there?"},
	{"No route to host", Unreachable, "no route to it", "it is down, or no way leads there"},
	{"Network is unreachable", Unreachable, "no route to it", "it is down, or no way leads there"},
	{"timed out", Timeout, "no answer", "it is down, or hangs, or something in between lets nothing through"},
	{"administratively prohibited", Unreachable, "the jump host does not let us through", "AllowTcpForwarding in its sshd_config(5)"},
	{"open failed: ", Unreachable, "the jump host does not reach it", "\"ssh %s\" shows more"},
	{"REMOTE HOST IDENTIFICATION HAS CHANGED", HostKey, "its host key has changed", "nothing was sent; if the host is new, \"ssh-keygen -R %s\" forgets the old key"},
	{"Host key verification failed", HostKey, "its host key is not known", "\"ssh %s\" once shows the key, and asks"},
	{"Too many authentication failures", AuthFailed, "too many keys were refused", "\"ssh -v %s\" shows which; IdentitiesOnly in ssh_config(5)"},
	{"Permission denied", AuthFailed, "it does not let us in", "\"ssh %s\" has to work; \"ssh -v %s\" shows which keys it was offered"},
	{"Exceeded MaxStartups", Unreachable, dropped, ""},
	{"exchange_identification", Unreachable, dropped, ""},
	{"Connection reset by", Unreachable, dropped, ""},
}

const dropped = "it closed the connection at once, each time"

// explain tells why no helper answered at the other end of ssh, which has ended with
// that status. Up to there the words are ssh's own, or those of a host that could
// only make itself look worse.
func explain(host string, status int, words string) error {
	words = strings.TrimSpace(words)
	switch status {
	case 255:
		return explainSSH(host, words)
	case 127, 126: // sh(1): not found, not to be run
		return &Failure{
			NoHelper, "msg is not installed there",
			"install it there, where a login's PATH finds it; for a login as root, --push sends the helper along",
		}
	}
	detail := fmt.Sprintf("msg does not start there (status %d)", status)
	if line := lastLine(words); line != "" {
		detail += ": " + line
	}
	return fail(NoHelper, "%s", detail)
}

func explainSSH(host, words string) error {
	for _, s := range sshWords {
		if !strings.Contains(words, s.words) {
			continue
		}
		failure := &Failure{s.reason, s.detail, strings.ReplaceAll(s.hint, "%s", host)}
		switch {
		case s.detail == dropped:
			return fmt.Errorf("%w: %w", errDropped, failure)
		case strings.Contains(words, "exchange_identification") && !strings.Contains(words, "open failed: "):
			failure.Detail = "the jump host: " + s.detail // what it said is of the way to that
		}
		return failure
	}
	if words == "" {
		words = "ssh failed, and said nothing"
	}
	return &Failure{Unreachable, lastLine(words), fmt.Sprintf("\"ssh %s\" shows more", host)}
}

func lastLine(words string) string {
	return words[strings.LastIndexByte(words, '\n')+1:]
}
