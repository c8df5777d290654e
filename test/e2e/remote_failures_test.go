//go:build linux

package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"msg/test/lab"
)

// account makes an account whose login shell is this script.
func account(t *testing.T, h *lab.Host, name, script string) {
	t.Helper()
	shell := "/usr/local/libexec/lab/" + name
	out := h.Exec(t, "#!/bin/bash\n"+script+"\n", "sh", "-c", "mkdir -p /usr/local/libexec/lab; cat >"+shell+"; chmod 755 "+shell+
		"; id "+name+" >/dev/null 2>&1 || useradd -m -s "+shell+" "+name)
	if out.Code != 0 {
		t.Fatal(out)
	}
}

// silent takes connections on the tester's address, and says nothing.
func silent(t *testing.T) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "10.88.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			if _, err := listener.Accept(); err != nil {
				return
			}
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port
}

const hello = `echo '{"event":"hello","protocol":[1,1],"version":"1","host":"d13"}'; `

// TestFailuresApart has hosts fail in all ways at once, in one run: each has its own
// reason, one after the other's time-out, and who can be reached is.
func TestFailuresApart(t *testing.T) {
	onHosts(t)
	from, to := lab.D12, lab.D13
	alice := to.Login(t, "alice")
	account(t, to, "newer", `echo '{"event":"hello","protocol":[4,5],"version":"9"}'; cat >/dev/null`)
	account(t, to, "older", `echo '{"event":"hello","protocol":[0,0],"version":"0"}'; cat >/dev/null`)
	account(t, to, "nomsg", `PATH=/nowhere exec /bin/sh "$@"`)
	account(t, to, "hangs", `exec sleep 1000`)
	account(t, to, "chatty", `echo Welcome; printf 'to \033[31m d13\n'; exec /bin/sh "$@"`)
	account(t, to, "breaks", hello+`read r; exit 1`)
	account(t, to, "nologin", `echo 'This account is not available.'; exit 1`)
	config := "Host down\n HostName 10.88.0.99\nHost closed\n HostName 10.88.0.1\n Port 1\n" +
		"Host silent\n HostName 10.88.0.1\n Port " + silent(t) + "\n" +
		"Host unknownkey\n HostName d13\n UserKnownHostsFile /dev/null\n GlobalKnownHostsFile /dev/null\n" +
		"Host changedkey\n HostName d13\n HostKeyAlias d12\n" +
		"Host behind\n HostName 10.88.0.1\n Port 1\n ProxyJump plain\n" +
		"Host nojump\n HostName d13\n ProxyJump closed\n"
	from.Exec(t, config, "sh", "-c", "cat >/etc/ssh/ssh_config.d/apart.conf")
	t.Cleanup(func() { from.Run(t, "rm", "/etc/ssh/ssh_config.d/apart.conf") })
	want := map[string]struct{ reason, detail string }{
		"d13":         {"", ""},
		"chatty@d13":  {"", ""},
		"down":        {"unreachable", "no route to it"},
		"closed":      {"unreachable", "connection refused"},
		"nosuchhost":  {"unreachable", "no host of that name"},
		"behind":      {"unreachable", "connection refused"},
		"nojump":      {"unreachable", "the jump host: connection refused"},
		"silent":      {"timeout", "no answer"},
		"hangs@d13":   {"timeout", "no answer within 20s"},
		"unknownkey":  {"host-key", "its host key is not known"},
		"changedkey":  {"host-key", "its host key has changed"},
		"nosuch@d13":  {"auth-failed", "it does not let us in"},
		"nomsg@d13":   {"no-helper", "msg is not installed there"},
		"nologin@d13": {"no-helper", "msg does not start there (status 1)"},
		"newer@d13":   {"version", "version 9 speaks the protocols 4 to 5, and this one 1 to 3"},
		"older@d13":   {"version", "version 0 speaks the protocols 0 to 0, and this one 1 to 3"},
		"breaks@d13":  {"lost", "it ended early; whether all have the message is not known"},
	}
	var names []string
	for name := range want {
		names = append(names, name)
	}
	begun := time.Now()
	out := from.Exec(t, "", "msg", "--json", "-s", strings.Join(names, ","), "alice", "Still there?")
	took := time.Since(begun)
	all := outcomes(t, out.Stdout)
	found := ends(t, all)
	for name, w := range want {
		e := found[name]
		if (e.Event == "reached") != (w.reason == "") || e.Reason != w.reason || e.Detail != w.detail {
			t.Errorf("%s: %+v, want %+v", name, e, w)
		}
	}
	if out.Code != 1 || out.Stderr != "" || len(found) != len(want) || all[len(all)-1].Hosts != len(want) {
		t.Errorf("%+v", out)
	}
	if took > 30*time.Second {
		t.Errorf("together they took %v", took)
	}
	got(t, alice, "Still there?", "Still there?")

	// For people: those with one fate in one line, and what to do.
	out = from.Exec(t, "", "msg", "-s", "closed,d13,behind,newer@d13,nomsg@d13", "alice", "Once more.")
	for _, line := range []string{
		"msg: behind,closed: connection refused\nhint: ",
		"msg: newer@d13: msg is of another version (version 9 speaks the protocols 4 to 5, and this one 1 to 3)\nhint: msg here is the older one",
		"msg: nomsg@d13: msg is not installed there\nhint: install it there",
	} {
		if !strings.Contains(out.Stderr, line) {
			t.Errorf("%q lacks %q", out.Stderr, line)
		}
	}
	got(t, alice, "Once more.")
}

// TestHostileHost: what a host says, as far as it can, comes to the sender clean, bounded,
// and under no other name than its own.
func TestHostileHost(t *testing.T) {
	onHosts(t)
	from, to := lab.D12, lab.D13
	const bad = `\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m`
	scripts := map[string]string{
		"stderrs":  `printf '\033]0;owned\007\033[2J\233 owned\n' >&2; exit 255`,
		"motds":    `while :; do printf '\033]0;owned\007\033[2J\n'; done`,
		"oneline":  `head -c 100000000 /dev/zero | tr '\0' x; sleep 100`,
		"errors":   `exec 1>&2; yes owned`,
		"alives":   hello + `read r; yes '{"event":"alive"}'`,
		"waits":    hello + `read r; yes '{"event":"waiting","host":"d13","user":"a","detail":"` + bad + `"}'`,
		"results":  hello + `read r; i=0; while :; do i=$((i+1)); echo '{"event":"delivered","host":"d13","user":"a","terminal":"pts/'$i'"}'; done`,
		"names":    hello + `read r; echo '{"event":"failed","host":"bank","user":"` + bad + `","terminal":"` + bad + `","session":"` + bad + `","reason":"gone","detail":"` + bad + `"}'; echo '{"event":"end","results":1}'`,
		"refuses":  hello + `read r; echo '{"event":"refused","results":0,"problem":"` + bad + `","hint":"` + bad + `"}'`,
		"wrong":    hello + `read r; echo '{"event":"delivered","host":'`,
		"versions": `echo '{"event":"hello","protocol":[7,9],"version":"` + bad + `","host":"bank"}'; sleep 100`,
		"failures": hello + `read r; for i in $(seq 3000); do echo '{"event":"failed","host":"d13","user":"a","terminal":"pts/'$i'","reason":"gone","detail":"'$i'"}'; done; echo '{"event":"end","results":3000}'`,
		"advises":  hello + `read r; echo '{"event":"refused","results":0,"problem":"msg is not installed there","hint":"owned: run this"}'`,
		"pretends": hello + `read r; echo '{"event":"failed","host":"bank","reason":"unreachable","detail":"x"}'; echo '{"event":"end","results":1}'`,
	}
	var names []string
	for name, script := range scripts {
		account(t, to, name, strings.ReplaceAll(script, `\\u`, `\u`))
		names = append(names, name+"@d13")
	}
	for _, form := range []string{"--json", "-v"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			hostile(t, from, form, names)
		})
	}
}

// hostile sends to hosts that mean ill, and looks at what comes of it.
func hostile(t *testing.T, from *lab.Host, form string, names []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	const watched = `msg "$@" & while grep VmHWM /proc/$!/status; do sleep 0.1; done 2>/dev/null >/tmp/peak$1; wait $!`
	cmd := from.Command(ctx, "sh", "-c", watched, "sh", form, "-t", "1", "-s", strings.Join(names, ","), "*", "hi")
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	_ = cmd.Run()
	said := out.String() + problems.String()
	if strings.ContainsAny(said, "\x1b\x07\r\u009b") || !utf8.ValidString(said) || strings.Contains(said, "bank") || strings.Contains(said, "hint: owned") {
		t.Errorf("%s: unclean: %.4000q %.4000q", form, out.String(), problems.String())
	}
	memory := 0 // in KiB
	_, _ = fmt.Sscanf(from.Run(t, "tail", "-n1", "/tmp/peak"+form).Stdout, "VmHWM: %d", &memory)
	if cmd.ProcessState.ExitCode() != 1 || problems.Len() > 16<<10 || memory == 0 || memory > 200<<10 {
		t.Errorf("%s: %v, %d bytes on standard error, %d KiB of memory", form, cmd.ProcessState, problems.Len(), memory)
	}
	t.Logf("%s: %d KiB of memory", form, memory)
	if form != "--json" {
		return
	}
	end := ends(t, outcomes(t, out.String()))
	for _, name := range names {
		if e := end[name]; e.Event == "" || e.Event == "reached" && name != "names@d13" && name != "failures@d13" || len(e.Detail) > 2<<10 {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// TestInterruptedHosts has somebody end it while a host hangs and a terminal is held:
// all that can be known is told, and no process stays behind.
func TestInterruptedHosts(t *testing.T) {
	onHosts(t)
	from, to := lab.D12, lab.D13
	alice, bob := to.Login(t, "alice"), to.Login(t, "bob")
	bob.Hold(t)
	defer bob.Release(t)
	account(t, to, "hangs", `exec sleep 1000`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := from.Command(ctx, "msg", "--json", "-t", "100", "-s", "d13,hangs@d13", "--", "alice,bob", "Now or never.")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	alice.Expect(t, "| Now or never.")
	time.Sleep(500 * time.Millisecond) // hangs@d13 is on its way
	from.Run(t, "pkill", "-INT", "-x", "msg")
	begun := time.Now()
	_ = cmd.Wait()
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
	all := outcomes(t, out.String())
	end := ends(t, all)
	if end["d13"].Event != "reached" || end["hangs@d13"].Reason != "interrupted" || cmd.ProcessState.Sys().(syscall.WaitStatus).ExitStatus() != 130 {
		t.Errorf("%v, %s", cmd.ProcessState, out.String())
	}
	if !slices.ContainsFunc(all, func(e outcome) bool { return e.User == "bob" && e.Reason == "stuck" }) {
		t.Errorf("bob has no result: %s", out.String())
	}
	for deadline := time.Now().Add(10 * time.Second); to.Exec(t, "", "pgrep", "-x", "msg|msgd-judge").Code == 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a process is left")
		}
	}
}

// TestBusySshd: a sshd that lets connections go while others log in loses none of them.
func TestBusySshd(t *testing.T) {
	onHosts(t)
	from, to := lab.D12, lab.D13
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	to.Run(t, "sh", "-c", "sed 's/^MaxStartups.*/MaxStartups 2:100:2/; $aPidFile none\\nUsePAM yes' /etc/ssh/sshd_config.d/lab.conf >/tmp/busy.conf")
	sshd := to.Command(ctx, "/usr/sbin/sshd", "-D", "-e", "-f", "/tmp/busy.conf", "-p", "2222")
	var log bytes.Buffer
	sshd.Stderr = &log
	if err := sshd.Start(); err != nil {
		t.Fatal(err)
	}
	from.Exec(t, "Host many*\n HostName d13\n Port 2222\n HostKeyAlias d13\n", "sh", "-c", "cat >/etc/ssh/ssh_config.d/many.conf")
	t.Cleanup(func() { from.Run(t, "rm", "/etc/ssh/ssh_config.d/many.conf") })
	to.Run(t, "sh", "-c", "until ss -lnt | grep -q :2222; do sleep 0.1; done")
	out := from.Exec(t, "", "msg", "--json", "-N", "-s", "many[1-16]", "*", "hi")
	end := ends(t, outcomes(t, out.Stdout))
	for i := 1; i <= 16; i++ {
		if e := end[fmt.Sprint("many", i)]; e.Event != "reached" {
			t.Errorf("%+v", e)
		}
	}
	cancel()
	_ = sshd.Wait()
	if !strings.Contains(log.String(), "drop connection") {
		t.Errorf("it has let none go: %s", log.String())
	}
}

// TestAsksAtTheTerminal: for one host, who sits at a terminal is asked, as by ssh itself.
func TestAsksAtTheTerminal(t *testing.T) {
	onHosts(t)
	from, alice := lab.D12, lab.D13.Login(t, "alice")
	from.Exec(t, "Host unknownkey\n HostName d13\n UserKnownHostsFile /dev/null\n GlobalKnownHostsFile /dev/null\n",
		"sh", "-c", "cat >/etc/ssh/ssh_config.d/unknown.conf")
	t.Cleanup(func() { from.Run(t, "rm", "/etc/ssh/ssh_config.d/unknown.conf") })
	carol := from.Login(t, "carol")
	for answer, want := range map[string]string{"yes": "unknownkey: delivered to alice on " + alice.Terminal, "no": "its host key is not known"} {
		carol.Type(t, "msg alice@unknownkey "+answer+"; echo status $?\r")
		carol.Expect(t, "(yes/no/[fingerprint])? ")
		carol.Type(t, answer+"\r")
		if seen := carol.Expect(t, "status "+map[string]string{"yes": "0", "no": "1"}[answer]+"\r\n"); !strings.Contains(seen, want) {
			t.Errorf("carol saw %q, want %q", seen, want)
		}
		carol.Mark()
	}
	got(t, alice, "yes")
	// With two, nobody is asked, and no jump host's ssh asks either.
	from.Exec(t, "Host behindit\n HostName d13\n HostKeyAlias d13\n ProxyJump unknownkey\n", "sh", "-c", "cat >>/etc/ssh/ssh_config.d/unknown.conf")
	carol.Type(t, "msg -s unknownkey,behindit alice two; stty -a | grep -o '.echo '; echo do''ne\r")
	seen := carol.Expect(t, "done\r\n")
	for _, want := range []string{"unknownkey: its host key is not known", "behindit: the jump host: its host key is not known", "\r\n echo \r\n"} {
		if !strings.Contains(seen, want) || strings.Contains(seen, "fingerprint") {
			t.Errorf("carol saw %q, want %q", seen, want)
		}
	}
	got(t, alice)
}

// TestHeldAtTheTerminal: a host that only says that it is at work holds up a sender at a
// terminal for no longer than any other. A person whom ssh asks may take their time.
func TestHeldAtTheTerminal(t *testing.T) {
	onHosts(t)
	from, to := lab.D12, lab.D13
	alice := to.Login(t, "alice")
	account(t, to, "atwork", hello+`read r; while :; do echo '{"event":"alive"}'; sleep 1; done`)
	from.Exec(t, "Host unknownkey\n HostName d13\n UserKnownHostsFile /dev/null\n GlobalKnownHostsFile /dev/null\n",
		"sh", "-c", "cat >/etc/ssh/ssh_config.d/unknown.conf")
	t.Cleanup(func() { from.Run(t, "rm", "/etc/ssh/ssh_config.d/unknown.conf") })
	held, slow := from.Login(t, "carol"), from.Login(t, "carol")
	begun := time.Now()
	held.Type(t, "msg -s atwork@d13 alice hi; echo status $?\r")
	slow.Type(t, "msg alice@unknownkey slow; echo status $?\r")
	slow.Expect(t, "(yes/no/[fingerprint])? ")
	time.Sleep(38 * time.Second) // longer than the host itself may take
	slow.Type(t, "yes\r")
	if seen := slow.Expect(t, "status 0\r\n"); !strings.Contains(seen, "unknownkey: delivered to alice on "+alice.Terminal) {
		t.Errorf("carol saw %q", seen)
	}
	got(t, alice, "slow")
	seen := held.Expect(t, "status 1\r\n")
	if took := time.Since(begun); took > time.Minute || !strings.Contains(seen, "atwork@d13: msg does not answer") {
		t.Errorf("after %v, carol saw %q", took, seen)
	}
}
