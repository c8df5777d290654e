//go:build linux

package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"msg/test/lab"
)

// outcome is a line of msg --json.
type outcome struct {
	Event, Host, User, Terminal, Target, Reason, Detail string
	Answer, Text                                        string
	AfterMS                                             int64 `json:"after_ms"`
	Delivered, Failed, Answered, Hosts                  int
}

func outcomes(t *testing.T, out string) []outcome {
	t.Helper()
	var all []outcome
	for line := range strings.Lines(out) {
		var e outcome
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		all = append(all, e)
	}
	if len(all) == 0 || all[len(all)-1].Event != "summary" {
		t.Fatalf("%q does not end in a summary", out)
	}
	return all
}

// ends are the one result of each host, of a message that names hosts.
func ends(t *testing.T, all []outcome) map[string]outcome {
	t.Helper()
	found := map[string]outcome{}
	for _, e := range all {
		if e.Event != "reached" && (e.Event != "failed" || e.Terminal != "" || e.Target != "") {
			continue
		}
		if _, twice := found[e.Host]; twice {
			t.Errorf("%s has two results: %+v", e.Host, all)
		}
		found[e.Host] = e
	}
	return found
}

// onHosts installs msg on all hosts, and has nothing counted yet.
func onHosts(t *testing.T) {
	t.Helper()
	for _, h := range lab.Hosts() {
		install(t, h)
		forget(t, h)
	}
}

// TestOtherHosts has root and carol send between all of the hosts, and looks at who
// they are said to be there: the account and the address are the host's word.
func TestOtherHosts(t *testing.T) {
	onHosts(t)
	for _, to := range lab.Hosts() {
		bob := to.Login(t, "bob")
		for _, from := range lab.Hosts() {
			if from == to {
				continue
			}
			where := ", from " + from.Addr
			if to == lab.Plain {
				where = "" // without logind, only root's own environment tells
			}
			if out := says(t, from, "carol", "bob@"+to.Name, "From carol, 世界."); out != (lab.Output{}) {
				t.Errorf("%s to %s: %+v", from.Name, to.Name, out)
			}
			want := fmt.Sprintf("\r\nMessage from carol@%s (says carol@%s%s) at ", to.Name, from.Name, where)
			if seen := bob.Sync(t); !strings.Contains(seen, want) {
				t.Errorf("bob saw %q, want %q", seen, want)
			}
			got(t, bob, "From carol, 世界.")
			send(t, from, "--server", to.Name, "bob", "From root.")
			want = fmt.Sprintf("\r\nMessage from root@%s (says root@%s, from %s) at ", to.Name, from.Name, from.Addr)
			if seen := bob.Sync(t); !strings.Contains(seen, want) {
				t.Errorf("bob saw %q, want %q", seen, want)
			}
			got(t, bob, "From root.")
		}
	}
}

// TestEveryoneOnSeveralHosts: a message to everyone reaches everybody on all of them, but
// not the screen that it is sent from.
func TestEveryoneOnSeveralHosts(t *testing.T) {
	onHosts(t)
	root := lab.D12.Login(t, "root")
	var others []*lab.Login
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		others = append(others, h.Login(t, "alice"), h.Login(t, "bob"))
	}
	plain := lab.Plain.Login(t, "alice")
	root.Type(t, "msg '*@d[12-13]' 'Reboot at ten.'; echo status $?\r")
	seen := root.Expect(t, "status 0\r\n")
	if want := "d[12-13]: delivered to 4 terminals of 2 people\r\n"; !strings.Contains(seen, want) {
		t.Errorf("root saw %q, want %q", seen, want)
	}
	for _, l := range others {
		if seen := l.Sync(t); !strings.Contains(seen, "\r\nBroadcast message from root@"+l.Host.Name) {
			t.Errorf("%v saw %q", l, seen)
		}
		got(t, l, "Reboot at ten.")
	}
	got(t, root)
	got(t, plain)
	out := lab.D13.Exec(t, "", "msg", "--json", "-x", "bob,alice@plain", "-s", "d[12-13],d13,localhost,plain", "*", "Once.")
	all := outcomes(t, out.Stdout)
	if last := all[len(all)-1]; out.Code != 0 || last.Delivered != 3 || last.Hosts != 3 || len(ends(t, all)) != 3 {
		t.Errorf("%+v", out)
	}
	for _, l := range append(others, root, plain) {
		if l.User == "bob" || l == plain {
			got(t, l)
		} else {
			got(t, l, "Once.")
		}
	}
}

// TestHosts has hosts come from the configuration and from files.
func TestHosts(t *testing.T) {
	onHosts(t)
	h := lab.D12
	alice, not := lab.D13.Login(t, "alice"), h.Login(t, "alice")
	h.Run(t, "sh", "-c", `mkdir -p /etc/msg /home/carol/.config/msg
		printf '[domains]\nlab = "d[12-13]"\nprinted.command = "echo plain; echo d13"\n' >/etc/msg/msg.toml
		printf '[domains]\nmine = "@lab!d12"\n' >/home/carol/.config/msg/msg.toml
		printf 'd13 # this one\n' >/tmp/hosts; chown -R carol /home/carol/.config`)
	t.Cleanup(func() { h.Run(t, "rm", "-rf", "/etc/msg", "/home/carol/.config", "/tmp/hosts") })
	for _, args := range [][]string{
		{"-d", "mine", "alice"},
		{"alice@@mine"},
		{"/domain:lab", "alice", "-x", "*@d12"},
		{"-s", "@/tmp/hosts", "alice"},
		{"alice@@printed!plain"},
		{"-s", "d[12-13]", "--fanout", "1", "alice", "-x", "*@d12"},
	} {
		out := says(t, h, "carol", append(slices.Clone(args), "--", strings.Join(args, " "))...)
		if out != (lab.Output{}) {
			t.Errorf("%q: %+v", args, out)
		}
		got(t, alice, strings.Join(args, " "))
	}
	if out := says(t, h, "carol", "hosts", "-f", "@lab,@printed"); out.Stdout != "d[12-13],plain\n" {
		t.Errorf("%+v", out)
	}
	if out := says(t, h, "carol", "-d", "nosuch", "alice", "hi"); out.Code != 2 || !strings.Contains(out.Stderr, "nosuch") {
		t.Errorf("an unknown domain: %+v", out)
	}
	got(t, alice)
	got(t, not)
}

// TestKeyThatCanOnlySend: a key with a forced command sends, also by way of a jump
// host, and does nothing else.
func TestKeyThatCanOnlySend(t *testing.T) {
	onHosts(t)
	from, to := lab.D12, lab.D13
	bob := to.Login(t, "bob")
	key := from.Run(t, "sh", "-c", "rm -f /root/only*; ssh-keygen -q -t ed25519 -N '' -f /root/only; cat /root/only.pub").Stdout
	out := to.Exec(t, `command="msg helper",restrict `+key, "sh", "-c", "mkdir -p ~carol/.ssh; cat >~carol/.ssh/authorized_keys; chown -R carol ~carol/.ssh")
	if out.Code != 0 {
		t.Fatal(out)
	}
	const config = "Host only jumped\n HostName d13\n HostKeyAlias d13\n User carol\n IdentityFile /root/only\n IdentitiesOnly yes\n" +
		"Host jumped\n ProxyJump plain\n"
	from.Exec(t, config, "sh", "-c", "mkdir -p /root/.ssh; cat >/root/.ssh/config")
	// The hosts' own configuration has a key that may do all; ours comes first.
	from.Run(t, "mv", "/etc/ssh/ssh_config.d/lab.conf", "/etc/ssh/lab.conf.off")
	t.Cleanup(func() {
		from.Run(t, "sh", "-c", "mv /etc/ssh/lab.conf.off /etc/ssh/ssh_config.d/lab.conf; rm -rf /root/.ssh /root/only*")
		to.Run(t, "sh", "-c", "rm -rf ~carol/.ssh")
	})
	from.Exec(t, "Host plain\n IdentityFile /etc/ssh/lab_key\n", "sh", "-c", "cat >>/root/.ssh/config")
	for _, host := range []string{"only", "jumped"} {
		send(t, from, "bob@"+host, "By "+host+".")
		want := "\r\nMessage from carol@d13 (says root@d12, from "
		if seen := bob.Sync(t); !strings.Contains(seen, want) {
			t.Errorf("bob saw %q, want %q", seen, want)
		}
		got(t, bob, "By "+host+".")
	}
	if out := from.Exec(t, "", "ssh", "-n", "only", "touch /tmp/done"); to.Exec(t, "", "test", "-e", "/tmp/done").Code == 0 {
		t.Errorf("the key did more: %+v", out)
	}
}
