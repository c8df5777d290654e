package consent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Dir is where msgd keeps what people said.
const Dir = "/var/lib/msg/consent"

// Store keeps what people said about all of theirs, in a small file for each.
//
// The directory belongs to an account that root does not trust. Root's programs read it all the
// same: they follow no link, wait for no FIFO, and read no more than a word needs.
type Store struct {
	Dir string
}

// mostBytes bounds a file: a word with the most names, and another that comes after it.
const mostBytes = 2 * (MostNames*(2*mostName+3) + 256)

// ErrBroken says that a person's file is not what Set wrote. Its word is unknown: a no.
var ErrBroken = errors.New("the file is damaged")

// ErrNotHere says that this system can't keep words.
var ErrNotHere = errors.New("what people say for all their terminals is kept on Linux alone")

// Get returns what a person said; the zero Word if they said nothing. A caller who gets an error
// has no answer, and refuses.
func (s Store) Get(uid uint32) (Word, error) {
	content, err := s.read(uid)
	if err != nil || content == nil {
		return Word{}, err
	}
	w, err := parse(content)
	if err != nil {
		return Word{}, fmt.Errorf("%s/%s: %w", s.Dir, fileName(uid), err)
	}
	return w, nil
}

// ToRoot returns what a person has said to root. It holds where root is polite.
func (s Store) ToRoot(uid uint32) Answer {
	w, err := s.Get(uid)
	if err != nil {
		return Unclear
	}
	return w.For(Sender{UID: 0, Names: []string{"root"}}, time.Now())
}

// Set keeps what a person says. A word with an end is followed by what they last said without
// one. A word that says nothing, and has no end, removes the file, also a
// damaged one.
func (s Store) Set(uid uint32, w Word) error {
	w.After = nil
	w.Until = inSeconds(w.Until)
	if err := w.Check(); err != nil {
		return err
	}
	return s.change(uid, func() ([]byte, error) {
		if w.Until.IsZero() {
			if w.Say == Unsaid {
				return nil, nil
			}
			return format(w)
		}
		before, err := s.Get(uid)
		if err != nil {
			return nil, err // what would come after it is not known
		}
		if last := before.lasting(); last.Say != Unsaid {
			w.After = &last
		}
		return format(w)
	})
}

// inSeconds rounds a time up: a word holds for at least as long as it says.
func inSeconds(t time.Time) time.Time {
	if whole := t.Truncate(time.Second); !whole.Equal(t) {
		t = whole.Add(time.Second)
	}
	return t.UTC()
}

func fileName(uid uint32) string { return strconv.FormatUint(uint64(uid), 10) }

func format(w Word) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // six bytes for a letter would be more than mostBytes counts on
	err := encoder.Encode(w)
	return out.Bytes(), err
}

// parse reads a file. It takes what format writes, byte for byte, and nothing else. Its error
// shows nothing of the content: the file may be a link to one that its reader alone may read.
func parse(content []byte) (Word, error) {
	var w Word
	if json.Unmarshal(content, &w) != nil || w.Check() != nil {
		return Word{}, ErrBroken
	}
	if again, err := format(w); err != nil || !bytes.Equal(again, content) {
		return Word{}, ErrBroken
	}
	return w, nil
}
