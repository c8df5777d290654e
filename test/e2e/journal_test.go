//go:build linux

package e2e_test

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

// entries are what journald has of msg since the cursor, oldest first.
func entries(t *testing.T, h *lab.Host, cursor string) []map[string]any {
	t.Helper()
	h.Run(t, "journalctl", "--sync")
	var all []map[string]any
	out := h.Run(t, "journalctl", "-q", "-t", "msg", "-o", "json", "--after-cursor="+cursor).Stdout
	for line := range strings.Lines(out) {
		entry := map[string]any{}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, entry)
	}
	return all
}

func cursorOf(t *testing.T, h *lab.Host) string {
	t.Helper()
	// One that entries looks for, too: journalctl goes one on from the cursor.
	h.Run(t, "logger", "-t", "msg", "a beginning")
	h.Run(t, "journalctl", "--sync")
	out := h.Run(t, "journalctl", "-q", "-t", "msg", "-n", "1", "--show-cursor").Stdout
	_, cursor, found := strings.Cut(out, "-- cursor: ")
	if !found {
		t.Fatalf("no cursor in %q", out)
	}
	return strings.TrimSpace(cursor)
}

// TestJournal: each request, whatever came of it, is one entry with its fields. By journald's own
// word it is msgd's, whose word the sender then is.
func TestJournal(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		install(t, h)
		forget(t, h)
		bob := h.Login(t, "bob")
		msg := strings.TrimSpace(h.Run(t, "id", "-u", "msg").Stdout)
		cursor := cursorOf(t, h)
		says(t, h, "carol", "bob,nobody-here", "The secret.\nMSG_UID=0")
		says(t, h, "carol", "*", "hi")
		says(t, h, "carol", "bob", " ")
		says(t, h, "carol", "-N", "bob", "hi")
		send(t, h, "bob", "From root.")
		all := entries(t, h, cursor)
		want := []map[string]any{
			{
				"MESSAGE": "carol@" + h.Name + " to bob,nobody-here: sent to 1, failed 1 (unknown)",
				"MSG_UID": "1003", "_UID": msg, "_SYSTEMD_UNIT": "msgd.service", "MSG_SENDER": "carol@" + h.Name, "MSG_TARGETS": "bob,nobody-here",
				"MSG_SENT": "1", "MSG_FAILED": "1", "SYSLOG_IDENTIFIER": "msg", "PRIORITY": "6",
				"MSG_RESULTS": "bob " + bob.Terminal + " sent\nnobody-here unknown", "MSG_TEXT": nil,
			},
			{"MESSAGE": "carol@" + h.Name + " to *: sent to 0, failed 1 (denied)", "MSG_RESULTS": "* denied"},
			{"MESSAGE": "carol@" + h.Name + " to bob: refused, the message is empty", "MSG_REFUSED": "the message is empty"},
			{"MESSAGE": "carol@" + h.Name + " to bob: dry run, would send to 1, failed 0", "MSG_DRY_RUN": "1"},
			{"MESSAGE": "root@" + h.Name + " to bob: sent to 1, failed 0", "_UID": "0", "MSG_TEXT": nil},
		}
		haveFields(t, h, all, want)
	}
}

// TestBusyJournal: an entry has msgd's unit even if journald reads it long after the message.
// journald asks the kernel for the unit of the sending process, which must still be there.
func TestBusyJournal(t *testing.T) {
	for _, h := range lab.Hosts() {
		if !h.Logind {
			continue // plain has no journald
		}
		install(t, h)
		forget(t, h)
		bob, carol := h.Login(t, "bob"), h.Login(t, "carol")
		says(t, h, "carol", "bob", "First.") // msgd is awake, which journald would hold up
		cursor := cursorOf(t, h)
		h.Run(t, "pkill", "-STOP", "-x", "systemd-journal")
		t.Cleanup(func() { h.Run(t, "pkill", "-CONT", "-x", "systemd-journal") })
		carol.Type(t, "msg bob 'A busy log.'; echo status $?\r")
		carol.Expect(t, "status 0\r\n")
		got(t, bob, "First.", "A busy log.")
		time.Sleep(time.Second)
		h.Run(t, "pkill", "-CONT", "-x", "systemd-journal")
		haveFields(t, h, entries(t, h, cursor), []map[string]any{{"_SYSTEMD_UNIT": "msgd.service", "MSG_SENDER": "carol@" + h.Name + " on " + carol.Terminal}})
	}
}

// haveFields holds that the entries are as many as wanted, and have these fields; nil is one
// that is not there.
func haveFields(t *testing.T, h *lab.Host, all, want []map[string]any) {
	t.Helper()
	if len(all) != len(want) {
		t.Fatalf("%s: %d entries, want %d: %v", h.Name, len(all), len(want), all)
	}
	for i, fields := range want {
		for name, value := range fields {
			if all[i][name] != value {
				t.Errorf("%s, entry %d: %s is %q, want %q", h.Name, i, name, all[i][name], value)
			}
		}
	}
}

// TestTextInJournal: only where root wants that.
func TestTextInJournal(t *testing.T) {
	h := lab.D13
	install(t, h)
	forget(t, h)
	h.Login(t, "bob")
	h.Run(t, "sh", "-c", "mkdir -p /etc/msg; printf '[journal]\ntext = true\n' >/etc/msg/msg.toml")
	t.Cleanup(func() { h.Run(t, "rm", "-r", "/etc/msg") })
	cursor := cursorOf(t, h)
	says(t, h, "carol", "bob", "one\x1b[2J\nMSG_UID=0\ntwo")
	all := entries(t, h, cursor)
	if len(all) != 1 || all[0]["MSG_TEXT"] != "one^[[2J\nMSG_UID=0\ntwo" || all[0]["MSG_UID"] != "1003" {
		t.Errorf("%v", all)
	}
}

// TestWithoutJournal: a message goes out all the same, and soon, while journald
// is stopped in the middle and takes nothing.
func TestWithoutJournal(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		install(t, h)
		forget(t, h)
		bob, carol := h.Login(t, "bob"), h.Login(t, "carol")
		h.Run(t, "pkill", "-STOP", "-x", "systemd-journal")
		t.Cleanup(func() { h.Run(t, "pkill", "-CONT", "-x", "systemd-journal") })
		// Its socket is full soon.
		h.Exec(t, "", "timeout", "5", "sh", "-c", "while logger -t lab $(seq 9000); do :; done")
		carol.Type(t, "msg bob 'Without a log.'; echo status $?\r") // sshd itself waits for it
		carol.Expect(t, "status 0\r\n")
		h.Run(t, "pkill", "-CONT", "-x", "systemd-journal")
		got(t, bob, "Without a log.")
	}
}

// TestSyslog has a daemon as syslog's take what is logged where there is no
// journald.
func TestSyslog(t *testing.T) {
	h := lab.Plain
	install(t, h)
	forget(t, h)
	h.Login(t, "bob")
	daemon := h.Command(t.Context(), "perl", "-MIO::Socket::UNIX", "-e", `
		my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "/dev/log") or die; chmod 0666, "/dev/log";
		$| = 1; print "ready\n"; while (1) { $s->recv(my $line, 65536); print "$line\n" }`)
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	defer h.Run(t, "rm", "-f", "/dev/log")
	defer func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	}()
	read := func() string {
		t.Helper()
		buffer := make([]byte, 1<<16)
		n, err := out.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		return string(buffer[:n])
	}
	if said := read(); said != "ready\n" {
		t.Fatalf("the daemon says %q", said)
	}
	if out := says(t, h, "carol", "bob", "hi"); out != (lab.Output{}) {
		t.Errorf("%+v", out)
	}
	defer time.AfterFunc(20*time.Second, func() { _ = daemon.Process.Kill() }).Stop() // which ends a read in vain
	line := ""
	for !strings.Contains(line, " msg[") { // sshd's lines come before
		line += read()
	}
	for _, want := range []string{"<86>", " msg[", "]: carol@plain to bob: sent to 1, failed 0 MSG_UID=\"1003\"", `MSG_TARGETS="bob"`} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is not in %q", want, line)
		}
	}
}

// TestJournalOfTheKilled: a judge that is killed once the message is through has left its entry.
func TestJournalOfTheKilled(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		install(t, h)
		forget(t, h)
		bob, held, carol := h.Login(t, "bob"), h.Login(t, "carol"), h.Login(t, "carol")
		held.Hold(t)
		cursor := cursorOf(t, h)
		carol.Type(t, "msg -t 10m bob,"+held.Terminal+" 'Unseen by the log?'\r")
		carol.Expect(t, "waiting (Ctrl-C ends it)\r\n")
		h.Run(t, "pkill", "-KILL", "-x", "msgd-judge")
		carol.Expect(t, "msg: "+h.Name+": msg failed (it ended early; whether all have the message is not known)\r\n")
		got(t, bob, "Unseen by the log?")
		want := "carol@" + h.Name + " on " + carol.Terminal + " to bob," + held.Terminal + ": sent to 2, failed 0"
		if all := entries(t, h, cursor); len(all) != 1 || all[0]["MESSAGE"] != want {
			t.Errorf("%s: %v, want %q", h.Name, all, want)
		}
	}
}

// TestJournalNames: a recipient whom only getent knows is in the log by the name that it says.
func TestJournalNames(t *testing.T) {
	h := lab.D13
	install(t, h)
	forget(t, h)
	getent(t, h, "#!/bin/sh\ntest \"$2\" = 70123 && echo 'carla:x:70123:70123::/:/bin/sh' || exit 2\n")
	person := h.Command(t.Context(), "setpriv", "--reuid", "70123", "--regid", "70123", "--clear-groups",
		"script", "-qc", "chmod 620 $(tty); tty; sleep 1000", "/dev/null")
	out, err := person.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := person.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		h.Run(t, "pkill", "-KILL", "-u", "70123")
		_ = person.Wait()
		h.Run(t, "sh", "-c", "while pgrep -u 70123 >/dev/null; do sleep 0.1; done")
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	terminal := strings.TrimPrefix(strings.TrimSpace(line), "/dev/")
	cursor := cursorOf(t, h)
	if out := says(t, h, "carol", "-v", terminal, "hi"); out.Stdout != "sent to carla on "+terminal+"\n" || out.Code != 0 {
		t.Errorf("%+v", out)
	}
	if all := entries(t, h, cursor); len(all) != 1 || all[0]["MSG_RESULTS"] != "carla "+terminal+" sent" {
		t.Errorf("%v", all)
	}
}
