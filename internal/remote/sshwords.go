package remote

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"msg/internal/message"
	"msg/internal/wire/call"
)

// errDropped: the sshd took the connection and dropped it, since too many others have not
// logged in yet (MaxStartups in sshd_config(5)).
var errDropped = errors.New("dropped")

// said is a line of what ssh says when it fails. ssh has one status for all failures, 255, so
// only its words tell them apart. The first in this list that is there counts. "%s" stands
// for the host, "%h" for the host without a user's name.
type said struct {
	begin  string // of the line; what a jump host's banner says begins otherwise
	words  string
	reason message.Reason
	detail string
	hint   string
}

const (
	noName  = "no host of that name"
	refused = "connection refused"
	noRoute = "no route to it"
	timeout = "no answer"
	dropped = "it closed the connection at once, each time"

	hintName   = "ssh(1) takes the same names; \"ssh -G %s\" shows what it makes of one"
	hintSshd   = "is sshd running there?"
	hintDown   = "it is down, or no way leads there"
	hintSilent = "it is down, or hangs, or something in between lets nothing through"
	hintMore   = "\"ssh %s\" shows more"
)

// fromHere begins what ssh says of a connection that it makes itself.
const fromHere = "ssh: "

// The order matters: a jump host's sshd that cannot reach the host says so before ssh
// says that the connection was closed.
var sshWords = []said{
	{fromHere, "Could not resolve hostname", message.Unreachable, noName, hintName},
	{fromHere, "Connection refused", message.Unreachable, refused, hintSshd},
	{fromHere, "No route to host", message.Unreachable, noRoute, hintDown},
	{fromHere, "Network is unreachable", message.Unreachable, noRoute, hintDown},
	{fromHere, "timed out", message.Timeout, timeout, hintSilent},
	{"Connection ", "timed out", message.Timeout, timeout, hintSilent},
	{"channel ", "administratively prohibited", message.Unreachable, "the jump host does not let us through", "AllowTcpForwarding in its sshd_config(5)"},
	{"channel ", "Name or service not known", message.Unreachable, noName, "the jump host does not know it"},
	{"channel ", "Connection refused", message.Unreachable, refused, hintSshd},
	{"channel ", "No route to host", message.Unreachable, noRoute, hintDown},
	{"channel ", "timed out", message.Timeout, timeout, hintSilent},
	{"channel ", "open failed: ", message.Unreachable, "the jump host does not reach it", hintMore},
	{"@", "REMOTE HOST IDENTIFICATION HAS CHANGED", message.HostKey, "its host key has changed", "nothing was sent; if the host is new, \"ssh-keygen -R %h\" forgets the old key"},
	{"Host key verification failed", "", message.HostKey, "its host key is not known", "\"ssh %s\" once shows the key, and asks"},
	{"Received disconnect", "Too many authentication failures", message.AuthFailed, "too many keys were refused", "\"ssh -v %s\" shows which; IdentitiesOnly in ssh_config(5)"},
	{"", ": Permission denied (", message.AuthFailed, "it does not let us in", "\"ssh %s\" has to work; \"ssh -v %s\" shows which keys it was offered"},
	{"Exceeded MaxStartups", "", message.Unreachable, dropped, hintMore},
	{"kex_exchange_identification: ", "banner line too long", message.Unreachable, "what answers there is not an SSH server", hintMore},
	{"kex_exchange_identification: ", "", message.Unreachable, dropped, hintMore},
	{"ssh_exchange_identification: ", "", message.Unreachable, dropped, hintMore},
	{"Connection reset by ", "", message.Unreachable, dropped, hintMore},
}

func (s said) in(lines []string) bool {
	return slices.ContainsFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, s.begin) && strings.Contains(line, s.words)
	})
}

// explain returns why no msg answered at the other end of ssh, which has ended with that
// status. The words are ssh's own, or those of a host that could only make itself look worse.
// If they leave open whether the way leads through another host, explain calls indirect: a
// jump host's ssh ends first, and an ssh that finds it gone before it has sent anything says
// nothing.
func explain(host string, status int, words string, indirect func() bool) error {
	words = strings.TrimSpace(words)
	switch status {
	case 255:
		return explainSSH(host, words, indirect)
	case 0:
		return &message.Failure{Reason: message.NoHelper, Detail: "the login ends without starting msg", Hint: "is another command forced for that key?"}
	case 127, 126: // sh(1): not found, not to be run
		return &message.Failure{
			Reason: message.NoHelper, Detail: "msg is not installed there",
			Hint: "install it there, where a login's PATH finds it; for a login as root, --push sends msgd along",
		}
	}
	detail := fmt.Sprintf("msg does not start there (status %d)", status)
	if line := lastLine(words); line != "" {
		detail += ": " + line
	}
	return message.Fail(message.NoHelper, "%s", detail)
}

func explainSSH(host, words string, indirect func() bool) error {
	lines := strings.Split(words, "\n")
	for _, s := range sshWords {
		if !s.in(lines) {
			continue
		}
		bare := host[strings.IndexByte(host, '@')+1:]
		failure := &message.Failure{Reason: s.reason, Detail: s.detail, Hint: strings.NewReplacer("%s", host, "%h", bare).Replace(s.hint)}
		switch {
		case s.detail == dropped:
			return fmt.Errorf("%w: %w", errDropped, failure)
		case strings.Contains(words, "\nkex_exchange_identification: ") && !strings.Contains(words, "open failed: "),
			s.begin == fromHere && indirect():
			failure.Detail = "the jump host: " + s.detail // what it said is of the way to that
		}
		return failure
	}
	failure := &message.Failure{Reason: message.Unreachable, Detail: lastLine(words), Hint: strings.ReplaceAll(hintMore, "%s", host)}
	if words == "" {
		// Nor does ssh say anything where the other end closes before ssh has said who it is.
		failure.Detail = "ssh failed, and said nothing"
		return fmt.Errorf("%w (%w)", failure, call.ErrNotTaken)
	}
	return failure
}

func lastLine(words string) string {
	return words[strings.LastIndexByte(words, '\n')+1:]
}
