//go:build linux

package faults_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"msg/test/island"
)

const (
	crowd    = 50 // half of them users, each by a conversation with msgd
	crowded  = 6  // rounds
	overlaid = 4
)

// author is one of the crowd. Each writes in letters of their own, so that whatever of a
// row is shown tells whose it is.
type author struct {
	number  int
	by      *island.Person
	letters []rune
}

func authors() (all []author) {
	const ascii = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for i := range crowd {
		a := author{number: i}
		if i%4 < 2 { // two bytes of ASCII, or ten letters of three bytes and two columns
			n := i/4*2 + i%4
			a.letters = []rune(ascii[2*n : 2*n+2])
		} else {
			for d := range 10 {
				a.letters = append(a.letters, rune(0x4e00+10*i+d))
			}
		}
		if i%2 == 1 {
			a.by = &people[30+i]
		}
		all = append(all, a)
	}
	return all
}

// text is one of so many bytes or some fewer, in words.
func (a author) text(most int) string {
	var out strings.Builder
	for left := 0; ; left-- {
		if left == 0 {
			if out.Len() > 0 {
				out.WriteByte(' ')
			}
			left = 1 + rand.IntN(12)
		}
		letter := a.letters[rand.IntN(len(a.letters))]
		if out.Len()+utf8.RuneLen(letter) > most {
			return strings.TrimRight(out.String(), " ")
		}
		out.WriteRune(letter)
	}
}

// TestSenders: 50 senders at once to one terminal, which is read by fits and starts. No two
// messages are in one row, each is there whole, in its order, and once.
func TestSenders(t *testing.T) {
	c := fault(t, fmt.Sprint(crowd, " senders at once to one terminal, messages"))
	for round := range crowded {
		to := opened(t, island.OpenUnread, 1, 1)[0]
		lengths := []int{40, 200, 1000, 1600, 1700, 1800, 1900, 2000, 2100, 4000, 8000, 8000}
		texts, all := sendAll(t, to, func() int {
			if round%2 == 1 { // more than the terminal takes at once, by far
				return 8000
			}
			return lengths[rand.IntN(len(lengths))]
		}, round%2 == 1)
		screen, err := settled(to)
		owned, mixed := parted(screen, all)
		if errors.Join(err, mixed) != nil {
			t.Errorf("round %d: %v, %v", round, err, mixed)
		}
		t.Logf("round %d: %d rows are cut", round, cuts(screen))
		for i, a := range all {
			want := strings.ReplaceAll(texts[i], " ", "")
			if got := owned[i]; got != want {
				c.tried(fmt.Errorf("round %d: of sender %d, %q comes out, want %q", round, a.number, got, want))
				continue
			}
			c.tried(nil)
		}
	}
}

// sendAll has everybody send at once, and returns what: each message is delivered. It is
// read slowly at first, if that is wanted.
func sendAll(t *testing.T, to *island.Terminal, most func() int, slowly bool) (texts []string, all []author) {
	t.Helper()
	all = authors()
	var running []*running
	for _, a := range all {
		text := a.text(most())
		one := sending{by: a.by, targets: to.Name, text: text, time: time.Minute}
		if a.by == nil {
			one.options = []string{"--no-banner"}[:rand.IntN(2)]
		}
		r, err := one.begin()
		if err != nil {
			t.Fatal(err)
		}
		texts, running = append(texts, text), append(running, r)
	}
	done, paced := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(paced)
		if slowly {
			time.Sleep(time.Second) // until most of them wait
		}
		for slowly {
			to.Read(64+rand.IntN(1500), rand.N(6*time.Millisecond))
			select {
			case <-done:
				slowly = false
			case <-time.After(rand.N(20 * time.Millisecond)):
			}
		}
		to.Read(4096, 0)
	}()
	for _, r := range running {
		o, err := r.wait()
		if err != nil || o.results[to.Name].Event != "delivered" {
			t.Errorf("%v: %+v, %q", err, o.results, o.stderr)
		}
	}
	close(done)
	<-paced
	return texts, all
}

func settled(to *island.Terminal) (string, error) {
	err := to.Settle(patience)
	seen, _ := to.Take()
	return strings.TrimLeft(strings.ReplaceAll(string(seen), "\a", ""), "x"), err
}

// cuts counts the rows that are not filled up with blanks.
func cuts(screen string) (n int) {
	for row := range strings.SplitSeq(screen, "\n") {
		row = strings.Trim(row, "\r")
		wide := (len(row) - utf8.RuneCountInString(row)) / 2 // letters of three bytes and two columns
		if row != "" && utf8.RuneCountInString(row)+wide < 79 {
			n++
		}
	}
	return n
}

var crowdBanner = regexp.MustCompile(`^Message from (root|p\d+)@\S+( \(\S+\))? at \d\d:\d\d:$`)

// parted tells what of a screen is whose, without blanks, and what is in a row together that
// is not of one message. A row that was cut goes on in one of its own, behind a bar; so may
// a banner, and a letter, all of which comes again.
func parted(screen string, all []author) (owned []string, err error) {
	owned = make([]string, len(all))
	whose := map[rune]int{}
	for i, a := range all {
		for _, letter := range a.letters {
			whose[letter] = i
		}
	}
	var cut []string // banners of which there is more to come
	for row := range strings.SplitSeq(screen, "\n") {
		row = strings.TrimRight(row, "\r ")
		row = strings.TrimLeft(row, "\r") // of a CR LF that was cut
		text, body := strings.CutPrefix(row, "|")
		text = strings.TrimPrefix(text, " ")
		for !utf8.ValidString(text) && text != "" {
			text = text[:len(text)-1]
		}
		switch who, only := whoseAre(text, whose); {
		case text == "", !body && crowdBanner.MatchString(row):
		case body && only:
			owned[who] += strings.ReplaceAll(text, " ", "")
		default:
			var ok bool
			if cut, ok = goOn(cut, text, body); !ok {
				err = errors.Join(err, fmt.Errorf("the row %q", row))
			}
		}
	}
	if len(cut) > 0 {
		err = errors.Join(err, fmt.Errorf("the banners %q do not go on", cut))
	}
	return owned, err
}

// whoseAre tells whose all letters are.
func whoseAre(text string, whose map[rune]int) (who int, only bool) {
	who = -1
	for _, letter := range text {
		is, known := whose[letter]
		if letter == ' ' {
			continue
		}
		if !known || who >= 0 && is != who {
			return 0, false
		}
		who = is
	}
	return who, who >= 0
}

// goOn adds a part of a banner to the parts that wait for their rest.
func goOn(cut []string, part string, body bool) ([]string, bool) {
	if !body {
		return append(cut, part), isBegun(part)
	}
	for i, before := range cut {
		for _, blank := range []string{"", " "} { // it may have been cut at a blank
			switch together := before + blank + part; {
			case crowdBanner.MatchString(together):
				return append(cut[:i:i], cut[i+1:]...), true
			case isBegun(together):
				cut[i] = together
				return cut, true
			}
		}
	}
	return cut, false
}

var crowdBegun = regexp.MustCompile(`^Message from (r|ro|roo|root|p\d*)(@\S*)?( \(\S*)?( (a(t( (\d(\d(:(\d(\d:?)?)?)?)?)?)?)?)?)?$`)

// isBegun reports whether it is how a banner begins.
func isBegun(s string) bool {
	return s != "" && strings.HasPrefix("Message from ", s) || crowdBegun.MatchString(s)
}

// TestOverlays: the same on a full-screen program's terminal. Each message is drawn whole at
// least once, from the saved cursor to the restored one, with nothing of another's between.
func TestOverlays(t *testing.T) {
	c := fault(t, fmt.Sprint(crowd, " senders at once to a full-screen program's terminal, messages"))
	for round := range overlaid {
		to := opened(t, island.OpenUnread, 1, 1)[0]
		if err := errors.Join(to.Lead(), to.FullScreen()); err != nil {
			t.Fatal(err)
		}
		if _, err := to.Fill(40_000); err != nil { // so that some are cut
			t.Fatal(err)
		}
		texts, all := sendAll(t, to, func() int { return 40 + rand.IntN(500) }, round > 0)
		screen, err := settled(to)
		if err != nil {
			t.Error(err)
		}
		drawn := map[string]bool{}
		for part := range strings.SplitSeq(screen, "\x1b7\x1b[0;7m") {
			if rows, _, whole := strings.Cut(part, "\x1b[m\x1b8"); whole {
				drawn[drawnText(rows)] = true
			}
		}
		for i, a := range all {
			if want := strings.ReplaceAll(texts[i], " ", ""); !drawn[want] {
				c.tried(fmt.Errorf("round %d: that of sender %d is not drawn: %q", round, a.number, want))
				continue
			}
			c.tried(nil)
		}
	}
}

var rowAt = regexp.MustCompile(`\x1b\[\d+;1H`)

// drawnText is what the rows of a whole overlay say, without blanks; of what is none, what
// there is.
func drawnText(rows string) string {
	var out strings.Builder
	for i, row := range rowAt.Split(rows, -1) {
		row = strings.TrimRight(strings.TrimPrefix(row, "\x1b[K"), " ")
		text, body := strings.CutPrefix(row, "| ")
		switch {
		case i == 0 && row == "", !body && i == 1 && crowdBanner.MatchString(row):
		case body:
			out.WriteString(strings.ReplaceAll(text, " ", ""))
		default:
			return rows
		}
	}
	return out.String()
}
