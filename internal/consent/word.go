package consent

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Word is what a person said about all of theirs. It holds until they say otherwise, or until a
// time. The zero Word says nothing.
type Word struct {
	Say   Answer    `json:"say"`
	Only  []string  `json:"only,omitempty"`  // with Yes: the senders let in; users, uid:NUMBER, %groups
	Until time.Time `json:"until,omitzero"`  // zero: until they say otherwise
	After *Word     `json:"after,omitempty"` // with Until: holds from then on; has no Until itself
}

// Bounds of a word.
const (
	MostNames = 64  // in Only
	mostName  = 256 // bytes of a name: as many as login(1) takes
)

// Check fails for a word that nobody can say.
func (w Word) Check() error {
	switch {
	case w.Say > No:
		return fmt.Errorf("%d is no answer", w.Say)
	case len(w.Only) > 0 && w.Say != Yes:
		return errors.New("only a yes can be for some senders")
	case len(w.Only) > MostNames:
		return fmt.Errorf("%d names are too many; %d are the most", len(w.Only), MostNames)
	case w.After != nil && w.Until.IsZero():
		return errors.New("without an end, nothing comes after it")
	case w.After != nil && (w.After.After != nil || !w.After.Until.IsZero()):
		return errors.New("what comes after it has an end, too")
	}
	for _, name := range w.Only {
		if err := checkName(name); err != nil {
			return err
		}
	}
	if w.After != nil {
		return w.After.Check()
	}
	return nil
}

func checkName(name string) error {
	bare := strings.TrimPrefix(name, "%")
	number, isUID := strings.CutPrefix(name, "uid:")
	_, err := strconv.ParseUint(number, 10, 32)
	switch {
	case isUID && err == nil:
		return nil
	case bare == "", len(name) > mostName, !utf8.ValidString(name), strings.ContainsAny(bare, ",:%"), strings.ContainsFunc(bare, isUnfit):
		return fmt.Errorf("%q is no user, uid:NUMBER or %%group", name)
	}
	return nil
}

// isUnfit reports whether a letter can't be seen, and so is in no name. Blanks are in some:
// directories have a group "domain users".
func isUnfit(r rune) bool { return !unicode.IsGraphic(r) }

// At returns the word that holds at a time: the word itself, or what comes after it.
func (w Word) At(now time.Time) Word {
	if w.Until.IsZero() || now.Before(w.Until) {
		return w
	}
	return w.lasting()
}

// lasting returns what the person said without an end.
func (w Word) lasting() Word {
	switch {
	case w.Until.IsZero():
		return w
	case w.After != nil:
		return *w.After
	}
	return Word{}
}

// Sender is a message's sender, as the kernel and the accounts know them.
type Sender struct {
	UID     uint32
	Names   []string               // of the account
	InGroup func(name string) bool // reports whether the sender is in a group; nil for in none
}

// For returns what the word says to a sender at a time.
func (w Word) For(who Sender, now time.Time) Answer {
	w = w.At(now)
	if w.Say != Yes || len(w.Only) == 0 || slices.ContainsFunc(w.Only, who.is) {
		return w.Say
	}
	return No
}

func (s Sender) is(name string) bool {
	if group, isGroup := strings.CutPrefix(name, "%"); isGroup {
		return s.InGroup != nil && s.InGroup(group)
	}
	return name == "uid:"+strconv.FormatUint(uint64(s.UID), 10) || slices.Contains(s.Names, name)
}

// answers are the texts of what a person can say.
var answers = []string{Unsaid: "unsaid", Yes: "yes", No: "no"}

// MarshalText returns yes, no or unsaid.
func (a Answer) MarshalText() ([]byte, error) {
	if int(a) >= len(answers) {
		return nil, fmt.Errorf("%d is no answer", a)
	}
	return []byte(answers[a]), nil
}

// UnmarshalText reads what MarshalText writes.
func (a *Answer) UnmarshalText(text []byte) error {
	i := slices.Index(answers, string(text))
	if i < 0 {
		return errors.New("no answer")
	}
	*a = Answer(i)
	return nil
}
