package addressbook

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"msg/internal/config"
)

// Load reads the names in the system's file and in the user's, which come first; a
// name that is in both is the user's. Either file may be missing, and "" is none.
func Load(system, user string) (*Book, error) {
	return load(usersFile(user), file{path: system})
}

func usersFile(path string) file {
	return file{path: path, owners: []uint32{uint32(os.Geteuid())}, namesOnly: true}
}

type file struct {
	path      string
	owners    []uint32 // besides root
	namesOnly bool     // another key is a mistake; else it is not looked at
}

// load reads files, the one whose names hold first.
func load(files ...file) (*Book, error) {
	b := &Book{
		aliases: map[string]Entry{}, domains: map[string]Entry{},
		hosts: map[string][]string{}, busy: map[string]bool{},
	}
	var skipped []error
	for _, f := range files {
		if f.path == "" {
			continue
		}
		b.Paths = append(b.Paths, f.path)
		found, err := f.read()
		var left Skipped
		if errors.As(err, &left) {
			skipped = append(skipped, left.Err)
		} else if err != nil {
			return nil, err
		}
		for _, e := range found {
			b.add(e)
		}
	}
	if len(skipped) > 0 {
		return b, Skipped{errors.Join(skipped...)}
	}
	return b, nil
}

// Skipped is the error beside a Book that lacks the names of a file: to root, one that somebody
// else could have written.
type Skipped struct{ Err error }

func (s Skipped) Error() string { return s.Err.Error() }

func (s Skipped) Unwrap() error { return s.Err }

// add takes a name in, which does not hold where there is one already.
func (b *Book) add(e Entry) {
	holding := b.domains
	if e.IsAlias() {
		holding = b.aliases
	}
	if _, e.Hidden = holding[e.Name]; !e.Hidden {
		holding[e.Name] = e
	}
	b.all = append(b.all, e)
}

// read finds the names in a file. Its errors name the file, and the line.
func (f file) read() ([]Entry, error) {
	content, err := config.Read(f.path, f.owners...)
	if errors.Is(err, fs.ErrNotExist) || err != nil && f.isNone() {
		return nil, nil
	}
	if anothers := f.ofOthers(err); anothers != nil {
		return nil, Skipped{anothers}
	}
	if err != nil {
		return nil, err
	}
	return f.parse(content)
}

// ofOthers tells root why a file is not to be taken for root's, or the system's. err is what
// came of reading it.
func (f file) ofOthers(err error) error {
	var untrusted config.Untrusted
	isUntrusted := errors.As(err, &untrusted)
	switch {
	case os.Geteuid() != 0:
		return nil
	case !f.namesOnly && isUntrusted:
		return err
	case !f.namesOnly:
		return nil
	}
	anothers := notAnothers(f.path)
	if anothers != nil && isUntrusted {
		return err
	}
	return anothers
}

// isNone tells that somebody has no file of their own, whoever could have written one there:
// their home is none (/dev/null), or somebody else's, where they may not look.
func (f file) isNone() bool {
	if !f.namesOnly {
		return false
	}
	_, err := os.Lstat(f.path)
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, fs.ErrPermission)
}

// parse finds the names in what a file holds.
func (f file) parse(content string) ([]Entry, error) {
	settings, err := config.Settings(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	var found []Entry
	domains := map[string]bool{}
	for _, s := range settings {
		e, err := f.entry(s)
		if err == nil && domains[e.Name] && !e.IsAlias() { // a list and a command
			err = fmt.Errorf("the domain %q is there twice", e.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", f.path, s.Line, err)
		}
		if e.Name != "" {
			domains[e.Name] = domains[e.Name] || !e.IsAlias()
			found = append(found, e)
		}
	}
	return found, nil
}

// entry is what a setting says, without a name where it is not for us.
func (f file) entry(s config.Setting) (e Entry, err error) {
	if name, ok := strings.CutPrefix(s.Key, config.Aliases); ok {
		e, err = newAlias(name, s)
	} else if name, ok := strings.CutPrefix(s.Key, config.Domains); ok {
		e, err = newDomain(name, s)
	} else if f.namesOnly {
		err = fmt.Errorf("unknown key %q; a user's file has aliases and domains alone", s.Key)
	}
	e.File = f.path
	return e, err
}

// newDomain reads a domain as the configuration has it.
func newDomain(name string, s config.Setting) (Entry, error) {
	name, isCommand := strings.CutSuffix(name, ".command")
	if !IsDomain(name) {
		return Entry{}, fmt.Errorf("%q is no domain's name: letters, digits, _ and - are", name)
	}
	value, isString := s.Value.(string)
	words, isList := s.Value.([]string)
	e := Entry{Name: name, Line: s.Line}
	switch {
	case isCommand && isString && strings.TrimSpace(value) != "":
		e.Command = value
		return e, nil
	case isCommand:
		return e, fmt.Errorf("%s must be a command, as a string", s.Key)
	case isString:
		words = []string{value}
	case !isList:
		return e, fmt.Errorf("%s must be a string or a list of strings", s.Key)
	}
	e.Hosts = strings.Join(words, " ") // a blank parts expressions
	return e, nil
}

// IsDomain reports whether a domain can have that name.
func IsDomain(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	})
}
