// Package config reads the system's configuration, /etc/msg/msg.toml (msg.conf(5)), and files
// that are written like it.
//
// It refuses a file that somebody other than root could have written, and a word that it does
// not know: a mistyped rule would not hold, and nobody would see. Package addressbook reads
// "aliases" and "domains": they give nobody a right, so a mistake there stops nobody.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"msg/internal/rate"
)

// Path is where the system's configuration is.
const Path = "/etc/msg/msg.toml"

// What the keys of package addressbook begin with.
const (
	Aliases = "aliases."
	Domains = "domains."
)

// System is the system's configuration.
type System struct {
	Policy   Policy
	Rate     rate.Limit // of each user but root
	Journal  Journal
	Messages Messages
}

// Policy is who may send, besides root. A list has users, %groups, systemd's units as
// "unit:NAME.service", or "*" for everyone.
type Policy struct {
	Send      []string // to anybody at all
	Broadcast []string // to everyone at once

	// System are accounts of daemons that warn everyone that the power is going. They may, too, if
	// they are system accounts. A file that has Broadcast has no such.
	System []string
}

// Journal is what is logged besides who sent a message, to whom, and what became of it.
type Journal struct{ Text bool }

// Messages is what holds for people who say nothing of it.
type Messages struct {
	Unsaid bool // messages come to their terminals
}

// Unit begins the name of a unit in a policy list.
const Unit = "unit:"

// Default holds without a file, and for what a file does not say.
func Default() System {
	return System{
		Policy:   Policy{Send: []string{"*"}, Broadcast: []string{"%sudo", "%wheel", "%adm"}, System: []string{"nut", "apcupsd"}},
		Rate:     rate.Limit{PerMinute: 20, Burst: 10},
		Messages: Messages{Unsaid: true},
	}
}

// MostBytes bounds a file.
const MostBytes = 1 << 20

// Load reads a configuration, or the default if there is no file. An error names the file.
func Load(path string) (System, error) {
	content, err := Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Default(), nil
	}
	if err != nil {
		return System{}, err
	}
	system, err := Parse(content)
	if err != nil {
		return System{}, fmt.Errorf("%s: %w", path, err)
	}
	return system, nil
}

// Untrusted is the error for a file that somebody without the right could have written.
type Untrusted string

func (u Untrusted) Error() string { return string(u) }

// Read returns what a file holds that only root, or one of the further owners, could have
// written. An error names the file. It is fs.ErrNotExist if there is none.
func Read(path string, owners ...uint32) (string, error) {
	f, err := open(path, owners)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return "", fmt.Errorf("%s: leads to nothing", path)
		}
	}
	if err != nil {
		return "", err // names the file
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MostBytes+1))
	if err != nil {
		return "", err
	}
	if len(data) > MostBytes {
		return "", fmt.Errorf("%s is longer than %d KiB", path, MostBytes>>10)
	}
	return string(data), nil
}

// Parse reads what a file holds.
func Parse(content string) (System, error) {
	all, err := Settings(content)
	if err != nil {
		return System{}, err
	}
	system := Default()
	for _, s := range all {
		if err := system.set(s); err != nil {
			return System{}, fmt.Errorf("line %d: %w", s.Line, err)
		}
	}
	return system, system.check()
}

func (s *System) set(to Setting) error {
	if strings.HasPrefix(to.Key, Domains) || strings.HasPrefix(to.Key, Aliases) {
		return nil
	}
	if err, ok := to.Value.(error); ok {
		return err
	}
	switch to.Key {
	case "policy.send":
		return assign(&s.Policy.Send, to, "a list of strings")
	case "policy.broadcast":
		s.Policy.System = nil
		return assign(&s.Policy.Broadcast, to, "a list of strings")
	case "rate.per_minute":
		return assign(&s.Rate.PerMinute, to, "a number")
	case "rate.burst":
		return assign(&s.Rate.Burst, to, "a number")
	case "journal.text":
		return assign(&s.Journal.Text, to, "true or false")
	case "messages.unsaid":
		return onOff(&s.Messages.Unsaid, to)
	}
	return fmt.Errorf("unknown key %q", to.Key)
}

// assign sets what a key stands for, if the value is of its kind.
func assign[T any](at *T, to Setting, kind string) error {
	value, ok := to.Value.(T)
	if !ok {
		return fmt.Errorf("%s must be %s", to.Key, kind)
	}
	*at = value
	return nil
}

// onOff sets what a key stands for, if the value is "on" or "off".
func onOff(at *bool, to Setting) error {
	if to.Value != "on" && to.Value != "off" {
		return fmt.Errorf(`%s must be "on" or "off"`, to.Key)
	}
	*at = to.Value == "on"
	return nil
}

// mostPerMinute keeps the interval between messages above a microsecond.
const mostPerMinute = 1_000_000

func (s System) check() error {
	for key, list := range map[string][]string{"send": s.Policy.Send, "broadcast": s.Policy.Broadcast} {
		for _, name := range list {
			if err := checkName(name); err != nil {
				return fmt.Errorf("policy.%s: %w", key, err)
			}
		}
	}
	switch {
	case s.Rate.PerMinute < 1 || s.Rate.PerMinute > mostPerMinute:
		return fmt.Errorf("rate.per_minute must be 1 to %d, and is %d", mostPerMinute, s.Rate.PerMinute)
	case s.Rate.Burst < 0 || s.Rate.Burst > mostPerMinute:
		return fmt.Errorf("rate.burst must be 0 to %d, and is %d", mostPerMinute, s.Rate.Burst)
	}
	return nil
}

func checkName(name string) error {
	if unit, isUnit := strings.CutPrefix(name, Unit); isUnit {
		if !isService(unit) {
			return fmt.Errorf("%q is no service; unit:backup.service is one", name)
		}
		return nil
	}
	if strings.TrimPrefix(name, "%") == "" || strings.TrimSpace(name) != name || strings.ContainsAny(name, ",:\n\x00") {
		return fmt.Errorf("%q is no user, %%group, unit:NAME.service or *", name)
	}
	return nil
}

// isService reports whether systemd could have a service of that name (systemd.unit(5)). A
// template is no unit that runs.
func isService(unit string) bool {
	const most, letters = 255, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@"
	name, ok := strings.CutSuffix(unit, ".service")
	return ok && len(unit) <= most && strings.Trim(name, letters) == "" && name != "" && name[0] != '@' && !strings.HasSuffix(name, "@")
}
