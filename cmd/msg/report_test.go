package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"msg/internal/answers"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/remote"
	"msg/internal/report"
	"msg/internal/text"
)

// FuzzReport holds that whatever a host says of itself and its people, nothing that is shown is
// anything but lines of text, or of JSON.
func FuzzReport(f *testing.F) {
	f.Add(`{"event":"failed","host":"d13","user":"bob\u001b[2J","terminal":"pts/3","reason":"stuck","detail":"a\nb"}`, "\x9b\u202e\n", uint8(0))
	f.Add(`{"event":"answered","host":"d13","user":"bob","answer":"reply","text":"one\ntwo\u009b31m"}`, "msg: x", uint8(0b1110))
	f.Add(`{"event":"failed","host":"web\u001b","reason":"unreachable","detail":"\u0007"}`, "", uint8(0b101))
	f.Add(`{"event":"unanswered","host":"\u2028","user":"eve\r"}`, "\xff", uint8(0b1111))
	f.Fuzz(func(t *testing.T, line, hint string, how uint8) {
		var object report.Object
		if json.Unmarshal([]byte(line), &object) != nil {
			return
		}
		r := object.Result()
		r.Hint = hint
		var stdout, stderr strings.Builder
		w := world{stdout: &stdout, stderr: &stderr, engine: &local{Host: delivery.Host{Name: "d13"}}}
		send := sendCmd{Wait: how&1 != 0, sending: sending{Verbose: how&2 != 0, JSON: how&4 != 0}}
		out := send.reporter(w, []remote.Part{{Host: "d13"}, {Host: "web1"}}, how&8 != 0)
		for _, event := range []message.Event{r.Event, message.Delivered, message.Failed, message.Answered, message.Reached} {
			r.Event = event
			out.result(r)
		}
		if err := out.end(); err != nil {
			t.Fatal(err)
		}
		for _, shown := range []string{stdout.String(), stderr.String()} {
			if text.Clean(shown) != shown {
				t.Errorf("%q shows %q", line, shown)
			}
		}
		for one := range strings.Lines(stdout.String()) {
			if send.JSON && !json.Valid([]byte(one)) {
				t.Errorf("%q shows %q, which is no JSON", line, one)
			}
		}
	})
}

// FuzzGiven holds that what is said of an answered message is one line of text, no wider than
// the window.
func FuzzGiven(f *testing.F) {
	f.Add("root@d13", "Restart at five?\nOr later?", uint8(40))
	f.Add("\x1b[2J", "\u009b世界\r", uint8(1))
	f.Add("a\n", "", uint8(0))
	f.Fuzz(func(t *testing.T, from, question string, columns uint8) {
		m := answers.Message{Code: "k7m", From: from, At: time.Unix(0, 0), Text: question}
		line := given(m, message.OK, int(columns))
		if text.Name(line) != line || columns > 0 && text.Width(line) > int(columns) || columns == 0 && !strings.Contains(line, "(k7m)") {
			t.Errorf("%q", line)
		}
	})
}
