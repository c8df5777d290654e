package call

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"msg/internal/message"
	"msg/internal/target"
	"msg/internal/wire"
)

// TestWireOfStaying: what a message that stays has goes over the line as it is; a time is
// rounded up, and only as much said as there is to say.
func TestWireOfStaying(t *testing.T) {
	both := typedOn()
	both.Wait, both.AnswerTime = true, 1500*time.Microsecond
	rounded := both
	rounded.AnswerTime = 2 * time.Millisecond
	for name, c := range map[string]struct {
		sent, want message.Request
		line       string // what is in it
		not        string // and is not
	}{
		"neither": {aRequest, aRequest, `"targets"`, "wait,answer_ms,typed"},
		"waits":   {waits(), waits(), `"wait":true,"answer_ms":90000`, "typed"},
		"typed":   {typedOn(), typedOn(), `"typed":true`, "wait,answer_ms"},
		"both":    {both, rounded, `"wait":true,"answer_ms":2,"typed":true`, ""},
	} {
		line, err := json.Marshal(requestOf(wire.Newest, c.sent))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(line), c.line) {
			t.Errorf("%s: %s, without %s", name, line, c.line)
		}
		for not := range strings.SplitSeq(c.not, ",") {
			if not != "" && strings.Contains(string(line), `"`+not+`"`) {
				t.Errorf("%s: %s, with %s", name, line, not)
			}
		}
		var r wire.Request
		if err := wire.Decode(line, &r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got, err := r.Message()
		if r.Typed != c.sent.Typed {
			t.Errorf("%s: typed is %v", name, r.Typed)
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
	}
	for _, ms := range []int64{-1, 9_000_000_000_000_000_000} {
		r := requestOf(wire.Newest, waits())
		r.AnswerMS = ms
		if got, err := r.Message(); err == nil {
			t.Errorf("%d ms: %+v", ms, got)
		}
	}
}

// FuzzRequest holds that what is taken for a request is one that msg could have
// sent: said again by us it is the same.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"protocol":1,"targets":["bob"],"text":"aGk="}`))
	line, err := json.Marshal(requestOf(wire.Newest, aRequest))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add(fmt.Appendf(nil, `{"protocol":1,"targets":["*"],"text":%q}`, base64.StdEncoding.EncodeToString(make([]byte, 100))))
	f.Fuzz(func(t *testing.T, line []byte) {
		var r wire.Request
		if wire.Decode(line, &r) != nil {
			return
		}
		sent, err := r.Message()
		if err != nil {
			return
		}
		again, err := requestOf(r.Protocol, sent).Message()
		if err != nil || !reflect.DeepEqual(sent, again) {
			t.Errorf("%q is %+v, and said again %+v, %v", line, sent, again, err)
		}
		for _, one := range sent.Targets {
			if strings.ContainsAny(one.Name, "\x00\n\x1b") || one.Kind == target.Terminal && strings.Contains(one.Name, "..") {
				t.Errorf("%q has the target %+v", line, one)
			}
		}
	})
}
