//go:build unix

package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"msg/internal/message"
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
	if err := explain("h", 255, "", nil); !errors.Is(err, errNotTaken) {
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
		"install it there, where a login's PATH finds it; for a login as root, --push sends the helper along",
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
		if again := errors.Is(err, errDropped) || errors.Is(err, errNotTaken); again && status != 255 {
			t.Errorf("%d, %q is asked again", status, words)
		}
	})
}

// standIn is a script in ssh's place, which has its arguments and its number of runs in $n.
func standIn(t *testing.T, script string) (SSH, func() int) {
	t.Helper()
	dir := t.TempDir()
	path, runs := filepath.Join(dir, "ssh"), filepath.Join(dir, "runs")
	script = "#!/bin/sh\necho \"$*\" >>" + runs + "\nn=$(wc -l <" + runs + ")\n" + script + "\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return SSH{Path: path}, func() int {
		data, _ := os.ReadFile(runs)
		return strings.Count(string(data), "\n")
	}
}

const (
	sayDropped = `echo "kex_exchange_identification: Connection closed by remote host" >&2; exit 255`
	sayEnd     = sayHello + `read r; echo '{"event":"end","results":0}'`
)

// TestDropped: a connection that a sshd has let go is tried again, until it holds.
// What has gone out is not.
func TestDropped(t *testing.T) {
	ssh, runs := standIn(t, `test $n -gt 3 || { `+sayDropped+`; }; `+sayEnd)
	if err := ssh.Send(t.Context(), "h", aRequest, nil); err != nil || runs() != 4 {
		t.Errorf("%v, with %d runs", err, runs())
	}
	ssh, runs = standIn(t, sayHello+`read r; `+sayDropped)
	var failure *message.Failure
	if err := ssh.Send(t.Context(), "h", aRequest, nil); !errors.As(err, &failure) || failure.Reason != message.Lost || runs() != 1 {
		t.Errorf("%v, with %d runs", err, runs())
	}
	ssh, runs = standIn(t, sayDropped)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Second, cancel)
	defer cancel()
	if err := ssh.Send(ctx, "h", aRequest, nil); !errors.As(err, &failure) || failure.Reason != message.Interrupted {
		t.Errorf("interrupted between two: %v, with %d runs", err, runs())
	}
}

// TestPreamble: what a login prints before the hello is passed over, up to a bound.
func TestPreamble(t *testing.T) {
	ssh, _ := standIn(t, `echo Welcome; echo '{"event":"other"}'; echo; echo '[1]'; `+sayEnd)
	if err := ssh.Send(t.Context(), "h", aRequest, nil); err != nil {
		t.Error(err)
	}
	for _, endless := range []string{"yes Welcome", "yes ''", "tr '\\0' x </dev/zero"} {
		ssh, _ := standIn(t, endless)
		err := ssh.Send(t.Context(), "h", aRequest, nil)
		var failure *message.Failure
		if !errors.As(err, &failure) || failure.Reason != message.NoHelper {
			t.Errorf("%s: %v", endless, err)
		}
	}
}

// TestArguments: a host is one word, behind what could be an option; the message is in
// none of them.
func TestArguments(t *testing.T) {
	ssh, _ := standIn(t, `for a; do echo "[$a]"; done >&2; exit 3`)
	err := ssh.Send(t.Context(), "-oProxyCommand=touch /tmp/x", aRequest, nil)
	if err == nil || !strings.Contains(err.Error(), "[msg helper]") {
		t.Fatal(err)
	}
	args := ssh.arguments("-oProxyCommand=x", false)
	if got, want := args[len(args)-3:], []string{"--", "-oProxyCommand=x", "msg helper"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", args)
	}
}

// TestLendsNothing: whatever the user's configuration lends to hosts, a message lends none of it.
// It is asked of the ssh that is here.
func TestLendsNothing(t *testing.T) {
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err) // test/prepare has it installed
	}
	config := filepath.Join(t.TempDir(), "config")
	const lends = "Host *\nForwardAgent yes\nForwardX11 yes\nGSSAPIDelegateCredentials yes\nTunnel yes\nLocalForward 8080 localhost:80\n" +
		"PermitLocalCommand yes\nLocalCommand touch ran\nRemoteCommand id\nRequestTTY force\n"
	if err := os.WriteFile(config, []byte(lends), 0o600); err != nil {
		t.Fatal(err)
	}
	asked := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(ssh, append([]string{"-G", "-F", config}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return "\n" + strings.ToLower(string(out))
	}
	usual, ours := asked("h"), asked(SSH{Path: ssh}.arguments("h", false)...)
	for _, name := range []string{"forwardagent", "forwardx11", "gssapidelegatecredentials", "permitlocalcommand"} {
		if !strings.Contains(usual, "\n"+name+" yes\n") {
			t.Logf("this ssh has no %s", name)
		} else if !strings.Contains(ours, "\n"+name+" no\n") {
			t.Errorf("%s is not off: %s", name, ours)
		}
	}
	for _, line := range []string{"clearallforwardings yes", "tunnel false", "requesttty false", "batchmode yes"} {
		if !strings.Contains(ours, "\n"+line+"\n") {
			t.Errorf("it lacks %q: %s", line, ours)
		}
	}
}

// TestAsk: only when ssh has failed without asking is it run so that it may ask.
func TestAsk(t *testing.T) {
	const script = `case "$*" in *BatchMode*) echo "bob@h: Permission denied (password)." >&2; exit 255;; esac; `
	ssh, runs := standIn(t, script+sayEnd)
	ssh.Ask = true
	if err := ssh.Send(t.Context(), "h", aRequest, nil); err != nil || runs() != 2 {
		t.Errorf("%v, with %d runs", err, runs())
	}
	ssh, runs = standIn(t, script)
	var failure *message.Failure
	if err := ssh.Send(t.Context(), "h", aRequest, nil); !errors.As(err, &failure) || failure.Reason != message.AuthFailed || runs() != 1 {
		t.Errorf("%v, with %d runs", err, runs())
	}
}

// TestVia reads what ssh's configuration says.
func TestVia(t *testing.T) {
	ssh, _ := standIn(t, `echo "user bob"; echo "proxyjump bastion"`)
	if via := ssh.Via(t.Context(), "h"); via != "bastion" {
		t.Errorf("%q", via)
	}
	config := filepath.Join(t.TempDir(), "config")
	for content, want := range map[string]bool{
		"":                                 false,
		"# ProxyCommand x\n  HostName y\n": false,
		"Host a\n\tproxyjump bastion\n":    true,
		"ProxyCommand=nc %h %p\n":          true,
	} {
		if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		ssh, _ := standIn(t, `echo "debug1: Reading configuration data `+config+`" >&2`)
		if got := ssh.Proxies(t.Context(), "h"); got != want {
			t.Errorf("%q: %v", content, got)
		}
	}
	ssh, _ = standIn(t, "exit 255")
	if !ssh.Proxies(t.Context(), "h") {
		t.Error("what cannot be told is no")
	}
}

// TestFanOut: no more at once than there may be, in all and through a jump host; a
// result for each; and a crowd at a jump host keeps no others waiting.
func TestFanOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most, through, mostThrough atomic.Int64
		raise := func(count, most *atomic.Int64) {
			if n := count.Add(1); n > most.Load() {
				most.Store(n)
			}
		}
		ended := map[string]time.Duration{}
		var mu sync.Mutex
		begun := time.Now()
		var parts []Part
		for i := range 100 {
			jumps := i < 50
			p := Part{Host: fmt.Sprint("h", i), Send: func(context.Context, message.Request, func(message.Result)) error {
				raise(&now, &most)
				defer now.Add(-1)
				if jumps {
					raise(&through, &mostThrough)
					defer through.Add(-1)
				}
				time.Sleep(time.Second)
				return nil
			}}
			if jumps {
				p.Via = func(context.Context) string { return "bastion" }
			}
			parts = append(parts, p)
		}
		FanOut{Hosts: 20, Via: 5}.Send(t.Context(), parts, func(r message.Result) {
			mu.Lock()
			defer mu.Unlock()
			if _, twice := ended[r.Host]; twice || r.Event != message.Reached {
				t.Errorf("%+v", r)
			}
			ended[r.Host] = time.Since(begun)
		})
		if len(ended) != 100 || most.Load() != 20 || mostThrough.Load() != 5 {
			t.Errorf("%d ended, %d at once, %d through the jump host", len(ended), most.Load(), mostThrough.Load())
		}
		if last := ended["h99"]; last > 5*time.Second {
			t.Errorf("the last that needs no jump host took %v", last)
		}
	})
}

// TestFanOutInterrupted: who has not begun is not begun, and is told.
func TestFanOutInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var parts []Part
	for i := range 30 {
		parts = append(parts, Part{
			Host: fmt.Sprint("h", i),
			Via:  func(context.Context) string { return []string{"", "bastion"}[i%2] },
			Send: func(ctx context.Context, _ message.Request, report func(message.Result)) error {
				cancel()
				<-ctx.Done()
				report(message.Result{Event: message.Failed, Host: "h", Reason: message.NoHelper})
				return nil
			},
		})
	}
	count := map[message.Reason]int{}
	FanOut{Hosts: 4, Via: 1}.Send(ctx, parts, func(r message.Result) { count[r.Reason]++ })
	if count[message.NoHelper] == 0 || count[message.Interrupted] == 0 || count[message.NoHelper]+count[message.Interrupted] != 30 {
		t.Errorf("%v", count)
	}
}

// TestPushScript: every login shell hands the script to sh as it is, and what it is sent is
// run and removed.
func TestPushScript(t *testing.T) {
	program := "#!/bin/sh\nls -d /run/msg-* /dev/shm/msg-* /tmp/msg-* /var/tmp/msg-* 2>/dev/null; echo \"it runs\"\n"
	tried := 0
	for _, shell := range []string{"sh", "bash", "dash", "csh", "tcsh", "zsh", "fish", "ksh", "mksh"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		tried++
		cmd := exec.Command(path, "-c", pushCommand())
		cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir()}
		cmd.Stdin = strings.NewReader(fmt.Sprintf("%d\n%s", len(program), program))
		out, err := cmd.CombinedOutput()
		want := regexp.MustCompile(`^{"event":"push","machine":"\w+","uid":\d+}\nit runs\n$`)
		if err != nil || !want.Match(out) {
			t.Errorf("%s: %v, %q", shell, err, out)
		}
	}
	if tried < 2 {
		t.Errorf("%d shells are here", tried)
	}
	cut := exec.Command("sh", "-c", pushCommand())
	cut.Env = []string{"PATH=/usr/bin:/bin"}
	cut.Stdin = strings.NewReader("1000\nnot all of it")
	if out, err := cut.CombinedOutput(); err == nil || strings.Contains(string(out), "not all") {
		t.Errorf("half a program: %v, %q", err, out)
	}
	if left, _ := filepath.Glob("/run/msg-*"); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}
