//go:build unix

package remote

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"msg/internal/message"
	"msg/internal/target"
)

var aRequest = message.Request{
	Targets: []target.Target{{Kind: target.Word, Name: "bob"}, {Kind: target.Group, Name: "domain users"}, {Kind: target.Everyone}},
	Except:  []target.Target{{Kind: target.Terminal, Name: "pts/3"}, {Kind: target.User, Name: "tty1"}, {Kind: target.Session, Name: "c2"}},
	Text:    "Grüße\x9b\x00\r\n\xff", Time: 1500 * time.Millisecond, Polite: true, DryRun: true, Says: "alice@laptop",
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

const sayHello = `echo '{"event":"hello","protocol":[1,1],"version":"0.1.0","host":"d13","privileged":true}'; `

const (
	sayDropped = `echo "kex_exchange_identification: Connection closed by remote host" >&2; exit 255`
	sayEnd     = sayHello + `read r; echo '{"event":"end","results":0}'`
)

// TestDropped: a connection that a sshd has let go is tried again, until it holds.
// What has gone out is not.
func TestDropped(t *testing.T) {
	ssh, runs := standIn(t, `test $n -gt 3 || { `+sayDropped+`; }; `+sayEnd)
	if err := ssh.Send(t.Context(), "h", aRequest, nil, nil); err != nil || runs() != 4 {
		t.Errorf("%v, with %d runs", err, runs())
	}
	ssh, runs = standIn(t, sayHello+`read r; `+sayDropped)
	var failure *message.Failure
	if err := ssh.Send(t.Context(), "h", aRequest, nil, nil); !errors.As(err, &failure) || failure.Reason != message.Lost || runs() != 1 {
		t.Errorf("%v, with %d runs", err, runs())
	}
	ssh, runs = standIn(t, sayDropped)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Second, cancel)
	defer cancel()
	if err := ssh.Send(ctx, "h", aRequest, nil, nil); !errors.As(err, &failure) || failure.Reason != message.Interrupted {
		t.Errorf("interrupted between two: %v, with %d runs", err, runs())
	}
}

// TestPreamble: what a login prints before the hello is passed over, up to a bound.
func TestPreamble(t *testing.T) {
	ssh, _ := standIn(t, `echo Welcome; echo '{"event":"other"}'; echo; echo '[1]'; `+sayEnd)
	if err := ssh.Send(t.Context(), "h", aRequest, nil, nil); err != nil {
		t.Error(err)
	}
	for _, endless := range []string{"yes Welcome", "yes ''", "tr '\\0' x </dev/zero"} {
		ssh, _ := standIn(t, endless)
		err := ssh.Send(t.Context(), "h", aRequest, nil, nil)
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
	err := ssh.Send(t.Context(), "-oProxyCommand=touch /tmp/x", aRequest, nil, nil)
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
	if err := ssh.Send(t.Context(), "h", aRequest, nil, nil); err != nil || runs() != 2 {
		t.Errorf("%v, with %d runs", err, runs())
	}
	ssh, runs = standIn(t, script)
	var failure *message.Failure
	if err := ssh.Send(t.Context(), "h", aRequest, nil, nil); !errors.As(err, &failure) || failure.Reason != message.AuthFailed || runs() != 1 {
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
