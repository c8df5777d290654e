package domains

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"msg/internal/config"
)

// Load reads the domains in the system's file and in the user's, which come first; a
// name that is in both is the user's. Either file may be missing, and "" is none.
func Load(system, user string) (*Set, error) {
	return load(
		file{path: user, owners: []uint32{uint32(os.Geteuid())}, domainsOnly: true},
		file{path: system},
	)
}

type file struct {
	path        string
	owners      []uint32 // besides root
	domainsOnly bool     // another key is a mistake; else it is not looked at
}

// load reads files, the one whose names hold first.
func load(files ...file) (*Set, error) {
	s := &Set{domains: map[string]domain{}, hosts: map[string][]string{}, busy: map[string]bool{}}
	for _, f := range files {
		if f.path == "" {
			continue
		}
		s.Paths = append(s.Paths, f.path)
		found, err := f.read()
		if err != nil {
			return nil, err
		}
		for name, d := range found {
			if _, ok := s.domains[name]; !ok {
				s.domains[name] = d
			}
		}
	}
	return s, nil
}

// read finds the domains in a file. Its errors name the file, and the line.
func (f file) read() (map[string]domain, error) {
	content, err := config.Read(f.path, f.owners...)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	settings, err := config.Settings(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	found := map[string]domain{}
	for _, s := range settings {
		if err := f.add(found, s); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", f.path, s.Line, err)
		}
	}
	return found, nil
}

func (f file) add(to map[string]domain, s config.Setting) error {
	name, ok := strings.CutPrefix(s.Key, config.Domains)
	if !ok {
		if f.domainsOnly {
			return fmt.Errorf("unknown key %q; a user's file has domains alone", s.Key)
		}
		return nil
	}
	name, isCommand := strings.CutSuffix(name, ".command")
	if !IsName(name) {
		return fmt.Errorf("%q is no domain's name: letters, digits, _ and - are", name)
	}
	if _, ok := to[name]; ok {
		return fmt.Errorf("the domain %q is there twice", name)
	}
	var err error
	to[name], err = newDomain(s, isCommand)
	return err
}

func newDomain(s config.Setting, isCommand bool) (domain, error) {
	value, isString := s.Value.(string)
	words, isList := s.Value.([]string)
	switch {
	case isCommand && isString && strings.TrimSpace(value) != "":
		return domain{command: value}, nil
	case isCommand:
		return domain{}, fmt.Errorf("%s must be a command, as a string", s.Key)
	case isString:
		words = []string{value}
	case !isList:
		return domain{}, fmt.Errorf("%s must be a string or a list of strings", s.Key)
	}
	return domain{list: strings.Join(words, " ")}, nil // a blank parts expressions
}

// IsName reports whether a domain can have that name.
func IsName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	})
}
