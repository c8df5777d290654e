//go:build linux

package e2e_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// raw is a plan that sends just that.
func raw(data string) plan.Plan { return plan.Plan{Input: []plan.Piece{{Data: []byte(data)}}} }

// refusals are requests that are not as they have to be.
func refusals() []plan.Plan {
	const most = 1 << 20
	var all []plan.Plan
	add := func(data string) { all = append(all, raw(data+"\n")) }
	good := func(more string) string {
		return `{"protocol":1,"targets":["bob"],"text":"` + base64.StdEncoding.EncodeToString([]byte("REFUSED")) + `"` + more + `}`
	}
	for _, more := range []string{
		`,"TEXT":"aGk="`, `,"teſt":1`, `,"textſ":"aGk="`, `,"Targets":["alice"]`, `,"uid":0`, `,"login_uid":0`, `,"unit":"cron.service"`, `,"terminal":"pts/0"`, `,"":1`, `,"text":"aGk="`, `,"targets":["alice"]`,
		`,"protocol":1`, `,"time_ms":-1`, `,"time_ms":1e400`, `,"time_ms":1e30`, `,"time_ms":9223372036854775808`, `,"time_ms":86400001`,
		`,"time_ms":"1"`, `,"time_ms":0.5`, `,"no_banner":true`, `,"no_banner":1`, `,"except":"bob"`, `,"except":["\u0000"]`, `,"says":{}`,
		`,"dry_run":null,"dry_run":false`, `,`, `,"says":"root@d13) on pts/1"`, `,"says":"a b"`, `,"says":"a\nb"`, `,"says":"a\u0000"`,
		`,"says":"\u202eroot"`, `,"says":"\u200broot"`, `,"says":"(x)"`, `,"says":"\ud800"`, `,"says":"` + strings.Repeat("x", 65) + `"`,
		`}{"protocol":1`, `} x {`, "}\x00{", `,"says":"` + "\x00" + `"`, `,"says":"` + "\xff\xfe" + `"`,
	} {
		add(good(more))
	}
	for _, target := range []string{
		"../../etc/passwd", "/dev/sda", "/dev/../dev/pts/0", "tty:../x", "tty:/dev/tty", "tty:tty", "tty:mem", "@/etc/shadow", "@x", "", " ", ",", "bob,alice",
		"bob@web1,alice", "bob@[", "pts/", "pts/99999999", "pts/0/../1", "/dev/pts/ptmx", "/tmp/x", "./pts/0", "user:", "group:", "%", "session:../x",
		"-bob", "user:-s", "bob ", "user:bob:x", "*,*", "\\u0000", "bob\\u0000", "bob\\n", "bob\\u001b[2J", strings.Repeat("x", 257), strings.Repeat("x", most-200),
	} {
		add(`{"protocol":1,"targets":["` + target + `"],"text":"UkVGVVNFRA=="}`)
	}
	for _, whole := range []string{
		"", "null", "[]", "0", `"x"`, "{}", "[" + good("") + "]", good("") + good(""), strings.Repeat("[", most-1), strings.Repeat(`{"a":`, most/5-1),
		`{"protocol":1,"targets":` + strings.Repeat("[", 20_000), `{"protocol":0,"targets":["bob"],"text":"aGk="}`, `{"protocol":4,"targets":["bob"],"text":"aGk="}`, `{"protocol":2,"consent":{}}`, `{"protocol":3,"consent":{"uid":0}}`, `{"protocol":3,"targets":["bob"],"text":"aGk=","consent":{}}`,
		`{"targets":["bob"],"text":"aGk="}`, `{"protocol":1,"targets":[],"text":"aGk="}`, `{"protocol":1,"targets":null,"text":"aGk="}`,
		`{"protocol":1,"targets":["bob"],"text":"%%%%"}`, `{"protocol":1,"targets":["bob"],"text":"aGk"}`, `{"protocol":1,"targets":["bob"],"text":""}`,
		`{"protocol":1,"targets":["bob"],"text":"CgoK"}`, `{"protocol":1,"targets":["bob"],"text":[300]}`, `{"protocol":1,"targets":["bob" "alice"],"text":"aGk="}`,
		`{"protocol":1,"targets":[` + strings.TrimSuffix(strings.Repeat(`"bob",`, 10_001), ",") + `],"text":"UkVGVVNFRA=="}`,
		`{"protocol":1,"targets":["bob"],"text":"` + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 8<<10+1))) + `"}`,
		`{"protocol":1,"targets":["bob"],"text":"` + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x\n", 101))) + `"}`,
		good(`,"says":"` + strings.Repeat(" ", most-len(good(`,"says":""`))-1) + `"`), // exactly as long as may be
		good("") + strings.Repeat(" ", most-len(good(""))),                            // one more
		"\xef\xbb\xbf" + good(""), "\x00" + good(""),
	} {
		add(whole)
	}
	return append(all,
		raw(good("")+"\n"+good("")+"\n"), raw(good("")+"\n\n"), // more than one, in one write
		plan.Plan{Input: []plan.Piece{{Data: []byte(good(""))}}, HangUp: true}, // cut off
		plan.Plan{HangUp: true, Input: []plan.Piece{{}}},
		plan.Plan{Input: []plan.Piece{{Data: []byte("y\n"), Times: -1}}, Early: true},
		plan.Plan{Input: []plan.Piece{{Data: make([]byte, 1<<16), Times: -1}}, Early: true},
		plan.Plan{Input: []plan.Piece{{Data: []byte("\n"), Times: -1}}, Early: true},
	)
}

// TestAttackRequests: what is not a request as it has to be is refused, in whole.
func TestAttackRequests(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob, alice := h.Login(t, "bob"), h.Login(t, "alice")
		plans := refusals()
		for _, p := range refusals() { // all of it before the hello, too, with descriptors
			p.Early, p.Rights = true, "directory"
			plans = append(plans, p)
		}
		for i, o := range play(t, h, "carol", "play", plans...) {
			end := last(t, o)
			failed := end.Event == "end" && len(reasons(t, o)) == end.Results && end.Results > 0
			if end.Event != "refused" && end.Event != "error" && !failed {
				t.Errorf("%s: %.200q: %.300q", h.Name, plans[i].Input[0].Data, fmt.Sprint(o))
			}
			for _, line := range o.Lines {
				if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e || r == 0x200b }) {
					t.Errorf("%s: %.200q: it answers %.300q", h.Name, plans[i].Input[0].Data, line)
				}
			}
		}
		got(t, bob)
		got(t, alice)
	})
}

// TestAttackSlowRequest: bytes that come one by one keep a judge for ten seconds, and answers that
// nobody reads for ten more. A second request is never carried out. As many slow requests as carol
// can make hold nobody else up.
func TestAttackSlowRequest(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob, alice := h.Login(t, "bob"), h.Login(t, "alice")
		second := request("Second.", map[string]any{"targets": []string{"alice"}})
		plans := []plan.Plan{
			{Input: []plan.Piece{{Data: []byte(" "), Times: -1, Pause: 250 * time.Millisecond}}, Patience: 14 * time.Second},
			{Input: []plan.Piece{{Data: []byte("{"), Pause: 20 * time.Second}}, Patience: 14 * time.Second},
			{Output: "unread", StayAfter: true, Patience: 20 * time.Second},
			{Input: []plan.Piece{{Data: request("First.", nil), Pause: 50 * time.Millisecond}, {Data: second}}},
		}
		texts := number(plans)
		texts[3] = "First."
		outcomes := play(t, h, "carol", "together", plans...)
		if end := last(t, outcomes[0]); end.Problem != "no request within 10s" {
			t.Errorf("%s: a byte at a time: %+v", h.Name, outcomes[0])
		}
		n := len(messages(t, bob))
		if n < 1 || n > 2 {
			t.Errorf("%s: bob got %d messages", h.Name, n)
		}
		got(t, alice)

		forget(t, h)
		slow := make([]plan.Plan, 32)
		for i := range slow {
			slow[i] = plan.Plan{Input: []plan.Piece{{Data: []byte(" "), Times: -1, Pause: 250 * time.Millisecond}}, Patience: 20 * time.Second}
		}
		done := make(chan []plan.Outcome, 1)
		go func() { done <- play(t, h, "carol", "together", slow...) }()
		awaitOn(t, h, "test $(pgrep -c -x msgd-judge) = 32 && echo all")
		soon(t, h, "alice", "In between.")
		got(t, bob, "In between.")
		for _, o := range <-done {
			if end := last(t, o); end.Problem != "no request within 10s" {
				t.Errorf("%s: %+v", h.Name, o)
			}
		}
	})
}

// TestAttackText: whatever the text, what comes is rows that begin with a bar.
func TestAttackText(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob := h.Login(t, "bob")
		banner := "\r\nMessage from root@" + h.Name + " on pts/1 at 19:45:\r\n"
		texts := []string{
			"\x1b[2J\x1b[H" + banner, "x\r" + banner, "x\n" + banner + "$ ", "\x9b2J\xc2\x9b2J", "\x0b\x0c\x85\xc2\x85" + banner, "\u2028" + banner + "\u2029",
			strings.Repeat("\b", 500) + "root", "\x1b]0;x\x07\x1bP\x1b\\", "\u202eroot\u2066", "\xff\xfe\x00x", strings.Repeat(" ", 78) + banner,
			strings.Repeat("\t", 30) + banner, strings.Repeat("x", 77) + banner, strings.Repeat("\u0301", 200), strings.Repeat("世", 39) + banner,
			"a" + strings.Repeat("\u200d", 100) + banner, strings.Repeat("\x1b", 8191), "\x0e\x0f\x05\x11\x13\x1a", "\x7f\x7f",
		}
		var plans []plan.Plan
		for _, text := range texts {
			plans = append(plans, plan.Plan{Input: asks(text)})
		}
		for i, o := range play(t, h, "carol", "play", plans...) {
			if reported(t, o, bob.Terminal) != 1 {
				t.Errorf("%s: %q: %+v", h.Name, texts[i], o)
			}
		}
		all := messages(t, bob)
		if len(all) != len(texts) {
			t.Errorf("%s: bob got %d messages of %d", h.Name, len(all), len(texts))
		}
		for _, m := range all {
			if m.banner != "carol@"+h.Name {
				t.Errorf("%s: bob got a message from %q", h.Name, m.banner)
			}
		}
	})
}
