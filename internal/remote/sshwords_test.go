package remote

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"msg/internal/message"
	"msg/internal/wire/call"
)

// TestExplain has what OpenSSH 9.2 and 10.0 were seen to say.
func TestExplain(t *testing.T) {
	for words, want := range map[string]message.Failure{
		"ssh: Could not resolve hostname nohost: Name or service not known\r\n":                                                                                                               {Reason: message.Unreachable, Detail: "no host of that name"},
		"ssh: Could not resolve hostname nohost: Temporary failure in name resolution\r\n":                                                                                                    {Reason: message.Unreachable, Detail: "no host of that name"},
		"ssh: connect to host 10.88.0.1 port 1: Connection refused\r\n":                                                                                                                       {Reason: message.Unreachable, Detail: "connection refused"},
		"ssh: connect to host 10.88.0.99 port 22: No route to host\r\n":                                                                                                                       {Reason: message.Unreachable, Detail: "no route to it"},
		"ssh: connect to host 10.88.0.99 port 22: Connection timed out\r\n":                                                                                                                   {Reason: message.Timeout, Detail: "no answer"},
		"Connection timed out during banner exchange\r\nConnection to 10.88.0.1 port 22 timed out\r\n":                                                                                        {Reason: message.Timeout, Detail: "no answer"},
		"Host key verification failed.\r\n":                                                                                                                                                   {Reason: message.HostKey, Detail: "its host key is not known"},
		"@@@\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n@@@\r\nHost key verification failed.\r\n":                                                                      {Reason: message.HostKey, Detail: "its host key has changed"},
		"bob@h: Permission denied (publickey,password).\r\n":                                                                                                                                  {Reason: message.AuthFailed, Detail: "it does not let us in"},
		"Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\r\nDisconnected from 10.0.0.1 port 22\r\n":                                                             {Reason: message.AuthFailed, Detail: "too many keys were refused"},
		"channel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed\r\nkex_exchange_identification: Connection closed by remote host\r\n":                          {Reason: message.Unreachable, Detail: "connection refused"},
		"channel 0: open failed: administratively prohibited: open failed\r\nstdio forwarding failed\r\n":                                                                                     {Reason: message.Unreachable, Detail: "the jump host does not let us through"},
		"ssh: connect to host 10.88.0.1 port 1: Connection refused\r\nkex_exchange_identification: Connection closed by remote host\r\n":                                                      {Reason: message.Unreachable, Detail: "the jump host: connection refused"},
		"kex_exchange_identification: banner line too long\r\n":                                                                                                                               {Reason: message.Unreachable, Detail: "what answers there is not an SSH server"},
		"/root/.ssh/config: line 1: Bad configuration option: nonsense\r\n/root/.ssh/config: terminating, 1 bad configuration options\r\n":                                                    {Reason: message.Unreachable, Detail: "/root/.ssh/config: terminating, 1 bad configuration options"},
		"Idle sessions are timed out.\r\nPermission denied is what you get\r\nroot@jump: Permission denied (publickey).\r\nkex_exchange_identification: Connection closed by remote host\r\n": {Reason: message.AuthFailed, Detail: "the jump host: it does not let us in"},
		"": {Reason: message.Unreachable, Detail: "ssh failed, and said nothing"}, // the other end closed before it read who ssh is
	} {
		var failure *message.Failure
		err := explain("h", 255, words, func() bool { return false })
		if !errors.As(err, &failure) || failure.Reason != want.Reason || failure.Detail != want.Detail || errors.Is(err, errDropped) {
			t.Errorf("%q: %v, want %v", words, err, &want)
		}
		if failure != nil && (failure.Hint == "" || strings.Contains(failure.Hint, "%")) {
			t.Errorf("%q has the hint %q", words, failure.Hint)
		}
	}
	// A jump host's ssh says why it ended; ssh itself need not say anything.
	for words, want := range map[string]string{
		"ssh: connect to host 10.88.0.1 port 1: Connection refused\r\n": "the jump host: connection refused",
		"Host key verification failed.\r\n":                             "its host key is not known",
	} {
		var failure *message.Failure
		if err := explain("h", 255, words, func() bool { return true }); !errors.As(err, &failure) || failure.Detail != want {
			t.Errorf("through another host, %q: %v, want %s", words, err, want)
		}
	}
	if err := explain("h", 255, "", nil); !errors.Is(err, call.ErrNotTaken) {
		t.Errorf("ssh says nothing: %v is not tried again", err)
	}
	for _, words := range []string{
		"kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 10.0.0.1 port 22\r\n",
		"kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 10.0.0.1 port 22\r\n",
		"kex_exchange_identification: banner line contains invalid characters\r\nExceeded MaxStartups\r\n",
		"ssh_exchange_identification: Connection closed by remote host\r\n",
	} {
		if err := explain("h", 255, words, func() bool { return false }); !errors.Is(err, errDropped) {
			t.Errorf("%q: %v is not tried again", words, err)
		}
	}
}

// FuzzExplain holds that whatever a ssh says, or a host through it, it fails for a reason of a
// host's, in one line; and that nothing in it can choose what people are told to type.
func FuzzExplain(f *testing.F) {
	for _, s := range sshWords {
		f.Add(255, "Welcome\n"+s.begin+"h port 22: "+s.words+" x\r\n", true)
	}
	f.Add(255, "\nkex_exchange_identification: x\nssh: connect: Connection refused", false)
	f.Add(255, "%s %h", true)
	f.Add(127, "sh: msg: not found", false)
	f.Add(1, "a\n\x1b[2J\r\n", false)
	f.Add(0, "", false)
	hints := []string{
		"", "is another command forced for that key?",
		"install it there, where a login's PATH finds it; for a login as root, --push sends msgd along",
	}
	for _, s := range sshWords {
		hints = append(hints, strings.NewReplacer("%s", "root@web1", "%h", "web1").Replace(s.hint))
	}
	f.Fuzz(func(t *testing.T, status int, words string, indirect bool) {
		err := explain("root@web1", status, words, func() bool { return indirect })
		var failure *message.Failure
		if !errors.As(err, &failure) {
			t.Fatalf("%d, %q: %v", status, words, err)
		}
		if !slices.Contains([]message.Reason{message.Unreachable, message.HostKey, message.AuthFailed, message.NoHelper, message.Timeout}, failure.Reason) {
			t.Errorf("%d, %q fails for %q", status, words, failure.Reason)
		}
		if failure.Detail == "" || strings.Contains(failure.Detail, "\n") || !slices.Contains(hints, failure.Hint) {
			t.Errorf("%d, %q is %q, with the hint %q", status, words, failure.Detail, failure.Hint)
		}
		if again := errors.Is(err, errDropped) || errors.Is(err, call.ErrNotTaken); again && status != 255 {
			t.Errorf("%d, %q is asked again", status, words)
		}
	})
}
