package answers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"msg/internal/answers/answerstest"
	"msg/internal/message"

	"golang.org/x/sys/unix"
)

// TestRawLines: what is not exactly a question is refused, or has no reaction at all; and
// nothing is taken.
func TestRawLines(t *testing.T) {
	const noAnswer = `{"event":"refused","problem":"what came is no answer"}` + "\n"
	const empty = `{"event":"refused","problem":"the reply is empty"}` + "\n"
	dir, d := answerstest.Place(t), &desk{}
	s := listening(t, dir)
	serve(t, s, d)
	for name, c := range map[string]struct {
		words string
		open  bool // our end stays open
		want  string
	}{
		"nothing":        {"", false, ""},
		"an empty line":  {"\n", true, noAnswer},
		"no JSON":        {"ok\n", true, noAnswer},
		"an array":       {`[{"want":"ok"}]` + "\n", true, noAnswer},
		"null":           {"null\n", true, noAnswer},
		"no want":        {"{}\n", true, noAnswer},
		"no such want":   {`{"want":"no"}` + "\n", true, noAnswer},
		"a want in caps": {`{"want":"OK"}` + "\n", true, noAnswer},
		"a number":       {`{"want":1}` + "\n", true, noAnswer},
		"an unknown key": {`{"want":"ok","uid":0}` + "\n", true, noAnswer},
		"no base64":      {`{"want":"reply","text":"Ten minutes."}` + "\n", true, noAnswer},
		"no text":        {`{"want":"reply"}` + "\n", true, empty},
		"a large uid":    {`{"want":"ok","for":4294967296}` + "\n", true, noAnswer},
		"a negative uid": {`{"want":"ok","for":-1}` + "\n", true, noAnswer},
		"deep":           {strings.Repeat("[", 8000) + "\n", true, noAnswer},
		"cut off":        {`{"want":"ok"}`, false, ""},
		"a long line":    {`{"want":"ok"` + strings.Repeat(" ", MostQuestion) + "}\n", true, ""},
		"endless":        {strings.Repeat("x", 1<<20), true, ""},
		"zeros":          {strings.Repeat("\x00", 1<<20), true, ""},
	} {
		got, err := said(t, s.dir+"/"+s.Code, []byte(c.words), c.open)
		if got != c.want || err != nil && !errors.Is(err, unix.ECONNRESET) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
	if got := d.taken(); len(got) > 0 {
		t.Errorf("%+v were taken", got)
	}
	got, err := said(t, s.dir+"/"+s.Code, []byte(`{"want":"reply","text":"eA=="}`+strings.Repeat(" ", 100)+"\n"), true)
	if took := d.taken(); err != nil || !strings.HasPrefix(got, `{"event":"taken",`) || len(took) != 1 || took[0].Text != "x" {
		t.Errorf("a good one: %q, %v, %+v", got, err, took)
	}
}

// TestLongestLine: a line may be as long as it may be, and arrive byte by byte.
func TestLongestLine(t *testing.T) {
	for _, length := range []int{0, 1, 511, 512, 513, 1023, 1024, MostQuestion - 1, MostQuestion, MostQuestion + 1} {
		line := strings.Repeat("x", length)
		got, err := ReadLine(oneByte{strings.NewReader(line + "\n")}, MostQuestion)
		if fits := length < MostQuestion; fits && (string(got) != line || err != nil) || !fits && !errors.Is(err, errTooLong) {
			t.Errorf("%d bytes: %d, %v", length, len(got), err)
		}
	}
	if got, err := ReadLine(strings.NewReader("cut off"), MostQuestion); !errors.Is(err, io.EOF) {
		t.Errorf("%q, %v", got, err)
	}
}

type oneByte struct{ from io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.from.Read(p[:min(1, len(p))]) }

// TestSilent: who says nothing, or not all of it, is heard for so long and no longer.
func TestSilent(t *testing.T) {
	t.Parallel()
	dir, d := answerstest.Place(t), &desk{}
	s := listening(t, dir)
	serve(t, s, d)
	var all sync.WaitGroup
	for name, words := range map[string]string{"nothing": "", "half a line": `{"want":`, "bit by bit": ""} {
		all.Go(func() {
			begun := time.Now()
			conn := answerstest.Connect(t, dir+"/"+s.Code)
			if _, err := io.WriteString(conn, words); err != nil {
				t.Error(name, err)
			}
			if name == "bit by bit" {
				for time.Since(begun) < answerstest.Ample {
					if _, err := conn.WriteString("x"); err != nil {
						break
					}
					time.Sleep(talkTime / 100)
				}
			}
			out, err := io.ReadAll(conn)
			took := time.Since(begun)
			if len(out) > 0 || err != nil && !errors.Is(err, unix.ECONNRESET) || took < talkTime || took >= answerstest.Ample {
				t.Errorf("%s: %q, %v, after %v", name, out, err, took)
			}
		})
	}
	all.Wait()
	if got := d.taken(); len(got) > 0 {
		t.Errorf("%+v were taken", got)
	}
}

// TestOneUsersCrowd: of one user's connections that say nothing four are heard, and the
// others are told so at once; who wants to answer has a place when these have had theirs.
func TestOneUsersCrowd(t *testing.T) {
	t.Parallel()
	dir, d := answerstest.Place(t), &desk{}
	s := listening(t, dir)
	var crowd []*os.File
	for range 100 {
		crowd = append(crowd, answerstest.Connect(t, dir+"/"+s.Code))
	}
	serve(t, s, d)
	begun := time.Now()
	var mu sync.Mutex
	heard, busy := 0, 0
	var all sync.WaitGroup
	for _, conn := range crowd {
		all.Go(func() {
			out, err := io.ReadAll(conn)
			mu.Lock()
			defer mu.Unlock()
			switch string(out) {
			case "":
				heard++
			case `{"event":"busy"}` + "\n":
				busy++
			default:
				t.Errorf("%q, %v", out, err)
			}
		})
	}
	if _, err := ok(t, dir+"/"+s.Code); err != nil {
		t.Errorf("somebody who answers: %v", err)
	}
	all.Wait()
	if rounds := 1 + int(time.Since(begun)/talkTime); heard == 0 || busy == 0 || heard > rounds*mostOfOne {
		t.Errorf("%d were heard, %d not, in %v", heard, busy, time.Since(begun))
	}
}

// TestGoesAway: who connects and goes away holds up nobody. What they have said counts,
// also if they do not read the reaction.
func TestGoesAway(t *testing.T) {
	dir, d := answerstest.Place(t), &desk{}
	s := listening(t, dir)
	for range 50 {
		_ = answerstest.Connect(t, dir+"/"+s.Code).Close()
	}
	serve(t, s, d)
	for range 50 {
		_ = answerstest.Connect(t, dir+"/"+s.Code).Close()
	}
	if _, err := ok(t, dir+"/"+s.Code); err != nil {
		t.Error(err)
	}
	until(t, "a place for who says something and goes", func() bool {
		conn := answerstest.Connect(t, dir+"/"+s.Code)
		_, _ = conn.Write(Encode(Question{Want: message.Reply, Text: []byte("gone")}))
		_ = conn.Close()
		return slices.ContainsFunc(d.taken(), func(a Answer) bool { return a.Text == "gone" })
	})
}

// TestEndCutsOff: who is being heard and has said nothing when the socket is closed is not
// waited for.
func TestEndCutsOff(t *testing.T) {
	dir := answerstest.Place(t)
	for range 10 { // as the machine may be too busy to tell
		s := listening(t, dir)
		served := make(chan struct{})
		go func() {
			defer close(served)
			s.Serve(&desk{})
		}()
		begun := time.Now()
		silent := answerstest.Connect(t, dir+"/"+s.Code)
		if _, err := ok(t, dir+"/"+s.Code); err != nil { // comes behind it
			t.Error(err)
		}
		s.Close()
		answerstest.Await(t, served, "the end of Serve")
		took := time.Since(begun)
		if out, err := io.ReadAll(silent); len(out) > 0 || err != nil && !errors.Is(err, unix.ECONNRESET) {
			t.Errorf("%q, %v", out, err)
		}
		if took < talkTime {
			return
		}
	}
	t.Errorf("Serve waits for who says nothing")
}

// TestShownText: of a long text a part is shown, and no letter is cut in two.
func TestShownText(t *testing.T) {
	for _, text := range []string{"", "short", strings.Repeat("x", mostShown), strings.Repeat("x", 10*mostShown), "x" + strings.Repeat("é", mostShown)} {
		r := shown(EventMessage, Message{Text: text})
		var back Reaction
		if err := json.Unmarshal(Encode(r), &back); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(text, back.Text) || len(back.Text) < min(len(text), mostShown-utf8.UTFMax) || len(back.Text) > mostShown {
			t.Errorf("of %.20q… %q is shown", text, back.Text)
		}
	}
}

// FuzzAnswer holds that whatever comes has a reaction of one line that can be read, that
// only answers are taken, and that nobody but root answers for others.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"want":"show"}`), uint32(0), "root@d13", "Restart at five?", "", true)
	f.Add([]byte(`{"want":"ok","for":1000}`), uint32(0), "root@d13", "\xff\x00\u2028\n", "", true)
	f.Add([]byte(`{"want":"reply","text":"VGVuIG1pbnV0ZXM=","for":0}`), uint32(1000), "a<b>", strings.Repeat("<\xff", 10_000), "", false)
	f.Add([]byte(`{"want":"reply","text":"eA=="}`), uint32(1000), strings.Repeat("\xff", 600), strings.Repeat("\x01", 600), "not sent to you", true)
	f.Add([]byte(`{"want":"no","uid":0}`), uint32(1), "", "", "", true)
	f.Add([]byte(`null`), uint32(1), "", "", "", true)
	f.Fuzz(func(t *testing.T, line []byte, uid uint32, from, text, refuse string, asks bool) {
		const mostNames = 512 // who sends has no longer name
		d := &desk{message: Message{Code: "k7m", From: from[:min(len(from), mostNames)], At: time.UnixMilli(1), Text: text}, asks: map[uint32]bool{uid: asks}}
		if refuse != "" {
			d.refuse = errors.New(refuse[:min(len(refuse), mostNames)])
		}
		r := answer(line, Answer{UID: uid, PID: 1}, d)
		out := Encode(r)
		var back Reaction
		if err := json.Unmarshal(out, &back); err != nil || bytes.IndexByte(out, '\n') != len(out)-1 || len(out) > MostReaction {
			t.Errorf("%d bytes, %v: %q", len(out), err, out)
		}
		switch took := d.taken(); {
		case len(took) > 1, (len(took) == 1) != (r.Event == EventTaken):
			t.Errorf("%q: %+v, and %+v were taken", line, r, took)
		case len(took) == 1 && (took[0].Kind != message.OK && took[0].Kind != message.Reply || took[0].Kind == message.Reply && CheckReply(took[0].Text) != nil):
			t.Errorf("%q is taken as %+v", line, took[0])
		case r.Event == EventMessage && !asks:
			t.Errorf("%q: who is not asked is shown %+v", line, r)
		case r.Event != EventTaken && r.Event != EventMessage && r.Event != EventRefused:
			t.Errorf("%q: %+v", line, r)
		}
		for _, a := range append(d.seen, d.took...) {
			if a.UID != uid || a.PID != 1 || uid != 0 && a.For != nil {
				t.Errorf("%q is from %+v", line, a)
			}
		}
	})
}
