package consent

import (
	"strings"
	"testing"
)

// TestJudge has a row for each step of the order.
func TestJudge(t *testing.T) {
	const plain, on, off = 0o600, 0o620, 0o1600
	quiet := Rule{Unsaid: true}
	for _, c := range []struct {
		rule Rule
		mode uint32
		want Verdict
	}{
		// A no on the terminal comes before all else.
		{quiet, off, Verdict{false, SaidHere}},
		{Rule{Everywhere: Yes, Unsaid: true}, off, Verdict{false, SaidHere}},
		{Rule{Everywhere: Unclear, Unsaid: true}, off, Verdict{false, SaidHere}},
		{Rule{Everywhere: Yes, BeginsOn: true, Unsaid: true}, plain, Verdict{false, SaidHere}},
		{Rule{BeginsOn: true, Unsaid: true}, 0o602, Verdict{false, SaidHere}},

		// Then the word about all terminals, also before a yes on this one.
		{Rule{Everywhere: No, Unsaid: true}, on, Verdict{false, SaidEverywhere}},
		{Rule{Everywhere: No, Unsaid: true}, plain, Verdict{false, SaidEverywhere}},
		{Rule{Everywhere: Yes}, plain, Verdict{true, SaidEverywhere}},
		{Rule{Everywhere: Yes, Explicit: true}, plain, Verdict{true, SaidEverywhere}},
		{Rule{Everywhere: Unclear, Unsaid: true}, on, Verdict{false, Unreadable}},

		// Then group-writable.
		{Rule{}, on, Verdict{true, SaidHere}},
		{Rule{Explicit: true}, on, Verdict{true, SaidHere}},
		{Rule{BeginsOn: true}, on, Verdict{true, Began}},
		{Rule{}, 0o1620, Verdict{true, SaidHere}}, // some chmod g+w: the later word

		// Then nothing has been said.
		{Rule{Explicit: true, Unsaid: true}, plain, Verdict{false, RootsTerminal}},
		{quiet, plain, Verdict{true, ByDefault}},
		{Rule{}, plain, Verdict{false, ByDefault}},
		{quiet, 0o602, Verdict{true, ByDefault}}, // others' write is no word
	} {
		if got := c.rule.Judge(c.mode); got != c.want {
			t.Errorf("%+v, mode %o: %+v, want %+v", c.rule, c.mode, got, c.want)
		}
	}
}

// TestJudgeLooksAtTwoBits holds that nothing else of the mode counts, in all rules that there are,
// and that a person who wants no messages here gets none by any of them.
func TestJudgeLooksAtTwoBits(t *testing.T) {
	rules := 0
	for bits := range 4 * 8 {
		rule := Rule{Answer(bits & 3), bits&4 != 0, bits&8 != 0, bits&16 != 0}
		rules++
		for mode := range uint32(0o10000) {
			got, want := rule.Judge(mode), rule.Judge(mode&0o1020)
			if got != want {
				t.Fatalf("%+v: mode %o is %+v, %o is %+v", rule, mode, got, mode&0o1020, want)
			}
		}
		if got := rule.Judge(0o1600); got.On {
			t.Errorf("%+v: mesg n counts for nothing", rule)
		}
		if got := rule.Judge(0o1020); got != rule.Judge(0o020) {
			t.Errorf("%+v: a sticky yes is %+v", rule, got)
		}
	}
	if rules != 32 {
		t.Errorf("%d rules", rules)
	}
}

// TestWords holds that each reason has words of its own, and names what a person could type.
func TestWords(t *testing.T) {
	seen := map[string]Verdict{}
	for _, why := range []Why{SaidHere, SaidEverywhere, Began, ByDefault, RootsTerminal, Unreadable} {
		v := Verdict{false, why}
		if other, twice := seen[v.Words()]; twice || v.Words() == "" {
			t.Errorf("%+v has the words of %+v: %q", v, other, v.Words())
		}
		seen[v.Words()] = v
	}
	for v, want := range map[Verdict]string{
		{true, SaidHere}:        "mesg y",
		{false, SaidHere}:       "mesg n",
		{false, SaidEverywhere}: "msg mesg --everywhere",
		{false, RootsTerminal}:  "mesg y",
	} {
		if got := v.Words(); !strings.Contains(got, want) {
			t.Errorf("%+v is %q, without %q", v, got, want)
		}
	}
}
