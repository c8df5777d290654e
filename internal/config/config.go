// Package config reads the system's configuration, /etc/msg/msg.toml
// (msg.conf(5)).
//
// It refuses a file that somebody other than root could have written, and one
// with a word that it does not know: a rule with a typing error in it would
// otherwise not hold, and nobody would see.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	// Not BurntSushi's: that one reads the time zone while it is initialised, from the
	// environment and so from a file of the caller's, before any of our code runs.
	"github.com/pelletier/go-toml/v2"

	"msg/internal/rate"
)

// Path is where the system's configuration is.
const Path = "/etc/msg/msg.toml"

// System is the system's configuration.
type System struct {
	Policy  Policy  `toml:"policy"`
	Rate    Rate    `toml:"rate"`
	Journal Journal `toml:"journal"`
}

// Policy is who may send. Each list has names of users, %groups, or "*" for
// everyone. root may do everything, whatever the lists say.
type Policy struct {
	Send      []string `toml:"send"`      // to anybody at all
	Broadcast []string `toml:"broadcast"` // to everyone at once
}

// Rate is how much each user may send; root may send any number.
type Rate struct {
	PerMinute int `toml:"per_minute"`
	Burst     int `toml:"burst"`
}

// Limit is the rate as what counts has it.
func (r Rate) Limit() rate.Limit { return rate.Limit{PerMinute: r.PerMinute, Burst: r.Burst} }

// Journal is what is logged of a message besides who sent it, to whom, and what
// became of it.
type Journal struct {
	Text bool `toml:"text"`
}

// Default is what holds without a file, and for what a file does not say.
func Default() System {
	return System{
		Policy: Policy{Send: []string{"*"}, Broadcast: []string{"%sudo", "%wheel", "%adm"}},
		Rate:   Rate{PerMinute: 20, Burst: 10},
	}
}

// mostBytes bounds the file.
const mostBytes = 1 << 20

// Load reads the configuration in a file, or the default where there is none. An
// error names the file, and says what to do.
func Load(path string) (System, error) {
	f, err := open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Default(), nil
	}
	if err != nil {
		return System{}, err // names the file
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err != nil {
		return System{}, err
	}
	if len(data) > mostBytes {
		return System{}, fmt.Errorf("%s is longer than %d KiB", path, mostBytes>>10)
	}
	system, err := Parse(string(data))
	if err != nil {
		return System{}, fmt.Errorf("%s: %w", path, err)
	}
	return system, nil
}

// Parse reads what a file holds.
func Parse(content string) (System, error) {
	system := Default()
	decoder := toml.NewDecoder(strings.NewReader(content)).DisallowUnknownFields()
	if err := decoder.Decode(&system); err != nil {
		return System{}, inWords(err)
	}
	var whole map[string]map[string]any
	if err := toml.Unmarshal([]byte(content), &whole); err != nil {
		return System{}, inWords(err)
	}
	for table, keys := range whole {
		for key := range keys {
			if name := table + "." + key; name != strings.ToLower(name) { // the decoder takes SEND for send
				return System{}, fmt.Errorf("unknown key %q", name)
			}
		}
	}
	return system, system.check()
}

// inWords says where the error is.
func inWords(err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		return fmt.Errorf("unknown key %q", strings.Join(unknown.Errors[0].Key(), "."))
	}
	words := strings.TrimPrefix(err.Error(), "toml: ")
	var wrong *toml.DecodeError
	if !errors.As(err, &wrong) {
		return errors.New(words)
	}
	line, _ := wrong.Position()
	if key := strings.Join(wrong.Key(), "."); key != "" {
		words = key + ": " + words
	}
	return fmt.Errorf("line %d: %s", line, words)
}

// mostPerMinute keeps the interval between messages above a microsecond.
const mostPerMinute = 1_000_000

func (s System) check() error {
	for key, list := range map[string][]string{"send": s.Policy.Send, "broadcast": s.Policy.Broadcast} {
		for _, name := range list {
			if strings.TrimPrefix(name, "%") == "" || strings.TrimSpace(name) != name || strings.ContainsAny(name, ",:\n\x00") {
				return fmt.Errorf("policy.%s: %q is no user, %%group or *", key, name)
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
