package call

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"msg/internal/answers"
	"msg/internal/message"
	"msg/internal/wire"
)

const (
	helloStays     = `{"event":"hello","protocol":[1,2],"version":"0.2.0","host":"d13"}`
	sayOpen        = `{"event":"open","host":"d13"}`
	sayAnswered    = `{"event":"answered","host":"d13","user":"bob","terminal":"pts/2","answer":"ok","after_ms":5}`
	sayReply       = `{"event":"answered","host":"d13","user":"bob","answer":"reply","text":"yes","after_ms":5}`
	sayUnanswered  = `{"event":"unanswered","host":"d13","user":"bob"}`
	sayDelivered   = `{"event":"delivered","host":"d13","user":"bob","terminal":"pts/2"}`
	sayEndOfResult = `{"event":"end","results":1}`
)

// TestResultsOfStaying: what only a message that stays has comes for nothing else.
func TestResultsOfStaying(t *testing.T) {
	for _, line := range []string{sayOpen, `{"event":"open","host":"d13"}`, sayAnswered, sayReply, sayUnanswered} {
		for name, r := range map[string]message.Request{"waits": waits(), "typed": typedOn(), "stays not": aRequest} {
			results, _, err := says(t, r, helloStays, line, sayEndOfResult)
			var failure *message.Failure
			switch lost := errors.As(err, &failure) && failure.Reason == message.Lost; {
			case name == "stays not" && (!lost || len(results) > 0), name != "stays not" && (err != nil || len(results) != 1):
				t.Errorf("%s, %s: %+v, %v", name, line, results, err)
			}
		}
	}
}

// TestMalformedResults: what is not exactly such a result is none, and the server is lost.
func TestMalformedResults(t *testing.T) {
	with := func(line, field string) string { return strings.Replace(line, "{", "{"+field+",", 1) }
	without := func(line, field string) string {
		if !strings.Contains(line, ","+field) {
			t.Fatalf("%s is not in %s", field, line)
		}
		return strings.Replace(line, ","+field, "", 1)
	}
	instead := func(line, old, by string) string {
		if !strings.Contains(line, old) {
			t.Fatalf("%s is not in %s", old, line)
		}
		return strings.Replace(line, old, by, 1)
	}
	for name, line := range map[string]string{
		"answered by nobody":        without(sayAnswered, `"user":"bob"`),
		"answered nowhere":          without(sayAnswered, `"host":"d13"`),
		"answered without answer":   without(sayAnswered, `"answer":"ok"`),
		"neither ok nor reply":      instead(sayAnswered, `"ok"`, `"maybe"`),
		"shown":                     instead(sayAnswered, `"ok"`, `"show"`),
		"in capitals":               instead(sayAnswered, `"ok"`, `"OK"`),
		"an ok with a text":         with(sayAnswered, `"text":"yes"`),
		"before the message":        instead(sayReply, `:5`, `:-5`),
		"a time that is no number":  instead(sayReply, `:5`, `:"5"`),
		"a text that is too long":   instead(sayReply, "yes", strings.Repeat("x", mostAnswerText+1)),
		"more lines than a reply":   instead(sayReply, "yes", strings.Repeat(`\n`, answers.MaxLines)),
		"a user that is too long":   instead(sayReply, "bob", strings.Repeat("x", mostName+1)),
		"answered with a reason":    with(sayReply, `"reason":"stuck"`),
		"answered with a target":    with(sayReply, `"target":"bob"`),
		"answered with a code":      with(sayReply, `"code":"k7m"`),
		"answered with more":        with(sayReply, `"mood":"good"`),
		"open with a code":          with(sayOpen, `"code":"k7m"`),
		"open of somebody":          with(sayOpen, `"user":"bob"`),
		"open with an answer":       with(sayOpen, `"answer":"ok"`),
		"open with a text":          with(sayOpen, `"text":"yes"`),
		"open with a time":          with(sayOpen, `"after_ms":5`),
		"open with a reason":        with(sayOpen, `"reason":"stuck"`),
		"open nowhere":              without(sayOpen, `"host":"d13"`),
		"unanswered by nobody":      without(sayUnanswered, `"user":"bob"`),
		"unanswered nowhere":        without(sayUnanswered, `"host":"d13"`),
		"unanswered with an answer": with(sayUnanswered, `"answer":"ok"`),
		"unanswered with a text":    with(sayUnanswered, `"text":"yes"`),
		"unanswered with a code":    with(sayUnanswered, `"code":"k7m"`),
		"unanswered with a reason":  with(sayUnanswered, `"reason":"stuck"`),
		"delivered with an answer":  with(sayDelivered, `"answer":"ok"`),
		"delivered with a text":     with(sayDelivered, `"text":"yes"`),
		"delivered with a time":     with(sayDelivered, `"after_ms":5`),
		"delivered with a code":     with(sayDelivered, `"code":"k7m"`),
		"a code while it waits":     `{"event":"waiting","host":"d13","code":"k7m"}`,
		"an event that is not ours": `{"event":"reached","host":"d13"}`,
	} {
		results, _, err := says(t, waits(), helloStays, line, sayEndOfResult)
		var failure *message.Failure
		if !errors.As(err, &failure) || failure.Reason != message.Lost || len(results) > 0 || !strings.Contains(failure.Detail, "does not keep to the protocol") {
			t.Errorf("%s: %+v, %v", name, results, err)
		}
	}
	long := instead(sayReply, "yes", strings.Repeat(`\n`, answers.MaxLines-1)+strings.Repeat("x", mostAnswerText-answers.MaxLines+1))
	results, _, err := says(t, waits(), helloStays, sayDelivered, sayOpen, sayAnswered, sayReply, sayReply, long, sayUnanswered,
		strings.Replace(sayEndOfResult, "1", "7", 1))
	if err != nil || len(results) != 7 {
		t.Errorf("good ones: %d, %v", len(results), err)
	}
	_, _, err = says(t, waits(), helloStays, sayDelivered, sayOpen, sayEndOfResult)
	var failure *message.Failure
	if !errors.As(err, &failure) || failure.Reason != message.Lost {
		t.Errorf("one too few: %v", err)
	}
}

// TestMostResults: a server has a result for each terminal that it can have and each target that
// it was asked for, and for no more; and it says twice that a text is through.
func TestMostResults(t *testing.T) {
	const asked = 3
	for name, c := range map[string]struct {
		line string // $i is another number each time
		most int
	}{
		"terminals": {`{"event":"delivered","host":"d13","user":"bob","terminal":"pts/$i"}`, mostTerminals + asked},
		"failures":  {`{"event":"failed","host":"d13","user":"bob","terminal":"pts/$i","reason":"gone"}`, mostTerminals + asked},
		"targets":   {`{"event":"failed","host":"d13","target":"t$i","reason":"unknown"}`, mostTerminals + asked},
		"a target":  {`{"event":"failed","host":"d13","target":"bob","reason":"unknown"}`, mostTerminals + asked},
		"open":      {sayOpen, mostOpen},
	} {
		s := results{protocol: wire.Newest, open: true, asked: asked}
		for i := range c.most {
			if r, err := s.read(numbered(c.line, i+1)); err != nil {
				t.Fatalf("%s: %+v: %v", name, r, err)
			}
		}
		if r, err := s.read(numbered(c.line, 0)); err == nil {
			t.Errorf("%s: %d, and then %+v", name, c.most, r)
		}
	}
}

func numbered(line string, i int) []byte {
	return []byte(strings.ReplaceAll(line, "$i", strconv.Itoa(i)))
}

// FuzzEvent holds that no server can make the client do more than report.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"event":"failed","host":"d13","user":"bob","terminal":"pts/3","reason":"messages-off","detail":"x"}`))
	f.Add([]byte(`{"event":"end","results":1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if r, err := new(results).read(line); err == nil && r.Event != message.Delivered && r.Event != message.Failed &&
			r.Event != message.Planned && r.Event != message.Waiting {
			t.Errorf("%q is %+v", line, r)
		}
	})
}

// FuzzResultOfStaying holds that no server of a message that stays can make the client do
// more than report, of whom and what there has to be.
func FuzzResultOfStaying(f *testing.F) {
	for _, line := range []string{sayOpen, sayAnswered, sayReply, sayUnanswered, sayDelivered} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		s := results{open: true}
		r, err := s.read(line)
		if err != nil {
			return
		}
		ok := true
		switch r.Event {
		case message.Answered:
			ok = r.User != "" && r.Host != "" && (r.Answer == message.OK && r.Text == "" || r.Answer == message.Reply) &&
				len(r.Text) <= mostAnswerText && strings.Count(r.Text, "\n") < answers.MaxLines && r.AfterMS >= 0
		case message.Unanswered:
			ok = r.User != "" && r.Host != "" && r.Answer == "" && r.Text == ""
		case message.Open:
			ok = r.User == "" && r.Host != "" && r.Answer == "" && r.Text == ""
		case message.Delivered, message.Failed, message.Planned, message.Waiting:
			ok = r.Answer == "" && r.Text == "" && r.AfterMS == 0
		default:
			ok = false
		}
		if !ok {
			t.Errorf("%q is %+v", line, r)
		}
	})
}
