package consent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const bob = 1001

func newStore(t *testing.T) Store { return Store{Dir: filepath.Join(t.TempDir(), "consent")} }

// keeps checks what the store has of bob's.
func keeps(t *testing.T, s Store, want Word) {
	t.Helper()
	if got, err := s.Get(bob); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func set(t *testing.T, s Store, w Word) {
	t.Helper()
	if err := s.Set(bob, w); err != nil {
		t.Fatal(err)
	}
}

// TestStore: a word is kept for its person alone, in a file of the account's own, until it is
// taken back.
func TestStore(t *testing.T) {
	s := newStore(t)
	keeps(t, s, Word{})
	if err := s.Set(bob, Word{}); err != nil {
		t.Errorf("nothing to forget: %v", err)
	}
	only := Word{Say: Yes, Only: []string{"carol", "%ops"}}
	set(t, s, Word{Say: No})
	set(t, s, only)
	keeps(t, s, only)
	if got, err := s.Get(bob + 1); err != nil || got.Say != Unsaid {
		t.Errorf("another's: %+v, %v", got, err)
	}
	for path, want := range map[string]fs.FileMode{s.Dir: fs.ModeDir | 0o700, s.Dir + "/1001": 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	content, err := os.ReadFile(s.Dir + "/1001")
	if want := `{"say":"yes","only":["carol","%ops"]}` + "\n"; err != nil || string(content) != want {
		t.Errorf("%q, %v", content, err)
	}
	if err := s.Set(bob, Word{}); err != nil {
		t.Fatal(err)
	}
	keeps(t, s, Word{})
	if left, err := os.ReadDir(s.Dir); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// TestStoreWithAnEnd: what was last said without an end holds again, however many words with
// one came in between.
func TestStoreWithAnEnd(t *testing.T) {
	s := newStore(t)
	set(t, s, Word{Say: No, Until: noon})
	keeps(t, s, Word{Say: No, Until: noon})
	only := Word{Say: Yes, Only: []string{"carol"}}
	set(t, s, only)
	set(t, s, Word{Say: No, Until: noon})
	set(t, s, Word{Say: Yes, Until: noon.Add(time.Hour + time.Nanosecond)})
	keeps(t, s, Word{Say: Yes, Until: noon.Add(time.Hour + time.Second), After: &only})
	set(t, s, Word{Until: noon}) // for a while, nothing said
	keeps(t, s, Word{Until: noon, After: &only})
	set(t, s, Word{Say: Yes, After: &Word{Say: No}}) // what comes after is not the caller's
	keeps(t, s, Word{Say: Yes})
}

// TestStoreRefuses: nothing but what Set writes is a word, and nobody waits for it.
func TestStoreRefuses(t *testing.T) {
	s := newStore(t)
	set(t, s, Word{Say: Yes})
	path := s.Dir + "/1001"
	secret := filepath.Join(t.TempDir(), "secret")
	for _, file := range []string{secret, s.Dir + "/other"} {
		if err := os.WriteFile(file, []byte(`{"say":"yes"}`+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	content := func(of string) func() error {
		return func() error { return os.WriteFile(path, []byte(of), 0o600) }
	}
	for name, make := range map[string]func() error{
		"empty":        content(""),
		"cut off":      content(`{"say":"yes"`),
		"no line":      content(`{"say":"yes"}`),
		"two":          content("{\"say\":\"yes\"}\n{\"say\":\"yes\"}\n"),
		"unknown key":  content(`{"say":"yes","onlyy":["carol"]}` + "\n"),
		"key twice":    content(`{"say":"no","say":"yes"}` + "\n"),
		"capitals":     content(`{"Say":"yes"}` + "\n"),
		"unknown word": content(`{"say":"maybe"}` + "\n"),
		"a number":     content(`{"say":1}` + "\n"),
		"no for some":  content(`{"say":"no","only":["carol"]}` + "\n"),
		"null":         content("null\n"),
		"too long":     content(`{"say":"yes"}` + strings.Repeat(" ", mostBytes) + "\n"),
		"a directory":  func() error { return os.Mkdir(path, 0o700) },
		"a FIFO":       func() error { return unix.Mkfifo(path, 0o600) },
		"a link":       func() error { return os.Symlink(secret, path) },
		"a near link":  func() error { return os.Symlink("other", path) },
		"a device":     func() error { return os.Symlink("/dev/zero", path) },
	} {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		if err := make(); err != nil {
			t.Fatal(err)
		}
		got, err := s.Get(bob)
		if err == nil || got.Say != Unsaid || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "carol") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err := s.Set(bob, Word{Say: No, Until: noon}); err == nil {
			t.Errorf("%s: nobody knows what comes after noon, and it is set", name)
		}
	}
	if err := s.Set(bob, Word{}); err != nil { // the link
		t.Fatal(err)
	}
	keeps(t, s, Word{})
	if err := s.Set(bob, Word{Say: No, Only: []string{"carol"}}); err == nil {
		t.Error("what can't be read again was kept")
	}
}

// TestStoreMendsADamagedFile: a word without an end needs nothing of what was there.
func TestStoreMendsADamagedFile(t *testing.T) {
	s := newStore(t)
	set(t, s, Word{Say: Yes})
	for _, next := range []Word{{Say: No}, {}} {
		if err := os.WriteFile(s.Dir+"/1001", []byte("?"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(bob); !errors.Is(err, ErrBroken) {
			t.Errorf("%v", err)
		}
		set(t, s, next)
		keeps(t, s, next)
	}
}

// TestStoreFollowsNoLinkToItself: the directory's owner could have it lead elsewhere.
func TestStoreFollowsNoLinkToItself(t *testing.T) {
	s := newStore(t)
	set(t, s, Word{Say: Yes})
	link := Store{Dir: filepath.Join(t.TempDir(), "link")}
	if err := os.Symlink(s.Dir, link.Dir); err != nil {
		t.Fatal(err)
	}
	if got, err := link.Get(bob); err == nil || got.Say != Unsaid {
		t.Errorf("%+v, %v", got, err)
	}
	if err := link.Set(bob, Word{Say: No}); err == nil {
		t.Error("written through a link")
	}
}

// TestStoreAfterAWriterThatWasEnded: what it left is no hindrance, and nothing is written
// through it.
func TestStoreAfterAWriterThatWasEnded(t *testing.T) {
	s := newStore(t)
	set(t, s, Word{Say: Yes})
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, s.Dir+"/1001.new"); err != nil {
		t.Fatal(err)
	}
	set(t, s, Word{Say: No})
	keeps(t, s, Word{Say: No})
	if content, err := os.ReadFile(victim); err != nil || string(content) != "kept" {
		t.Errorf("%q, %v", content, err)
	}
}

// TestStoreHasOneWriter: writers and readers at once; no reader sees half a word.
func TestStoreHasOneWriter(t *testing.T) {
	s := newStore(t)
	words := []Word{{Say: No}, {Say: Yes, Only: []string{"carol", "dave"}}}
	set(t, s, words[0])
	var group sync.WaitGroup
	for _, w := range words {
		group.Go(func() {
			for range 20 {
				if err := s.Set(bob, w); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 500 {
				got, err := s.Get(bob)
				if err != nil || !reflect.DeepEqual(got, words[0]) && !reflect.DeepEqual(got, words[1]) {
					t.Errorf("%+v, %v", got, err)
					return
				}
			}
		})
	}
	group.Wait()
}

// TestStoreIsLocked: a change gives up after a while; reading goes on.
func TestStoreIsLocked(t *testing.T) {
	s := newStore(t)
	set(t, s, Word{Say: Yes})
	dir, err := os.Open(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := s.Set(bob, Word{Say: No}); err == nil || !strings.Contains(err.Error(), "locked") || time.Since(begun) < patience {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
	keeps(t, s, Word{Say: Yes})
}

// TestLongestWord: the longest word that a person can say is read again.
func TestLongestWord(t *testing.T) {
	s := newStore(t)
	name := strings.Repeat(`\`, mostName)
	longest := Word{Say: Yes}
	for range MostNames {
		longest.Only = append(longest.Only, name)
	}
	set(t, s, longest)
	last := longest
	longest.Until = noon
	set(t, s, longest)
	longest.After = &last
	keeps(t, s, longest)
}

// FuzzParse holds that what is read is a word that a person can say, and the same bytes again
// when it is written.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"say":"yes","only":["bob","%ops"]}` + "\n"))
	f.Add([]byte(`{"say":"no","until":"2026-07-01T12:00:00Z","after":{"say":"yes"}}` + "\n"))
	f.Add([]byte(`{"say":"unsaid","until":"2026-07-01T12:00:00.5+02:00"}` + "\n"))
	f.Add([]byte("{\"say\":\"yes\",\"only\":[\"\\ufffd\"]}\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		w, err := parse(content)
		if err != nil {
			if !errors.Is(err, ErrBroken) || w.Say != Unsaid {
				t.Errorf("%q: %+v, %v", content, w, err)
			}
			return
		}
		again, err := format(w)
		if w.Check() != nil || err != nil || string(again) != string(content) {
			t.Errorf("%q is %+v, and again %q, %v", content, w, again, err)
		}
		for _, at := range []time.Time{{}, noon, noon.AddDate(100, 0, 0)} {
			if got := w.For(Sender{UID: bob}, at); got > No || got == Yes && w.At(at).Say != Yes {
				t.Errorf("%q says %d", content, got)
			}
		}
	})
}
