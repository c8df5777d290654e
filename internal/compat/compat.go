// Package compat reads the command lines of the programs that msg takes the place of:
// wall, write and mesg, as util-linux 2.41 has them, and Windows' msg.exe and net.
//
// It is pure: it asks nobody whether a user, a group or a file exists, and does
// nothing of what a command line says.
package compat

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// UsageError is a command line that the program does not take, in its own words.
type UsageError struct {
	Problem string
	Try     bool // the program's --help tells more
}

func (e *UsageError) Error() string { return e.Problem }

// Asked is what a command line may ask for in place of anything else.
type Asked int

// What may be asked for.
const (
	Nothing Asked = iota
	Help
	Version
)

// The options that all three have.
var (
	help    = option{'h', "help", false}
	version = option{'V', "version", false}
)

// asked tells whether an option asks for the help or the version.
func (o given) asked() Asked {
	switch o.option {
	case help:
		return Help
	case version:
		return Version
	}
	return Nothing
}

// Wall is what a command line of wall(1) says.
type Wall struct {
	Asked    Asked
	NoBanner bool
	Group    string        // a name or a number; "" is everyone
	Timeout  time.Duration // how long a terminal may take; 0 where it is not said
	Words    []string      // the message, or one that is a file's name if there is such a file
}

var (
	noBanner = option{'n', "nobanner", false}
	timeout  = option{'t', "timeout", true}
	group    = option{'g', "group", true}
)

// ParseWall reads wall's arguments. posixly ends the options at the first operand, as
// POSIXLY_CORRECT in the environment does (getopt(3)). The error is a UsageError.
func ParseWall(args []string, posixly bool) (w Wall, err error) {
	options, words, problem := getopt(args, []option{noBanner, timeout, group, version, help}, posixly)
	for _, o := range options {
		switch o.option {
		case noBanner:
			w.NoBanner = true
		case timeout:
			w.Timeout, err = seconds(o.value)
		case group:
			if w.Group = o.value; o.value == "" {
				err = &UsageError{Problem: "invalid group argument: ''"}
			}
		default:
			w.Asked = o.asked()
		}
		if err != nil || w.Asked != Nothing {
			return w, err
		}
	}
	w.Words = words
	return w, problem
}

// seconds reads a number of seconds that is at least one, of 32 bits.
func seconds(word string) (time.Duration, error) {
	digits := strings.TrimPrefix(strings.TrimLeft(word, " \t\n\v\f\r"), "+")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 {
		return 0, &UsageError{Problem: fmt.Sprintf("invalid timeout argument: '%s'", word)}
	}
	return time.Duration(n) * time.Second, nil
}

// Write is what a command line of write(1) says.
type Write struct {
	Asked    Asked
	User     string
	Choose   bool   // which terminal, is left to write
	Terminal string // below /dev
}

// ParseWrite reads write's arguments. The error is a UsageError.
func ParseWrite(args []string, posixly bool) (Write, error) {
	options, operands, problem := getopt(args, []option{version, help}, posixly)
	for _, o := range options {
		return Write{Asked: o.asked()}, nil
	}
	switch {
	case problem != nil:
		return Write{}, problem
	case len(operands) == 0:
		return Write{}, &UsageError{Problem: "no user", Try: true}
	case len(operands) > 2:
		return Write{}, &UsageError{Problem: "more than a user and a terminal; the message comes from standard input", Try: true}
	}
	w := Write{User: operands[0], Choose: len(operands) == 1}
	if !w.Choose {
		w.Terminal = strings.TrimPrefix(operands[1], "/dev/")
	}
	return w, nil
}

// Mesg is what a command line of mesg(1) says.
type Mesg struct {
	Asked   Asked
	Verbose bool
	Ask     bool   // how it is
	Answer  string // "y" or "n"
}

var verbose = option{'v', "verbose", false}

// ParseMesg reads mesg's arguments, of which it takes the first alone, and of that its first
// letter (rpmatch(3)). An argument that is neither is passed on as it is. The error is a
// UsageError.
func ParseMesg(args []string, posixly bool) (m Mesg, err error) {
	options, operands, problem := getopt(args, []option{verbose, version, help}, posixly)
	for _, o := range options {
		if m.Asked = o.asked(); m.Asked != Nothing {
			return m, nil
		}
		m.Verbose = true
	}
	if m.Ask = len(operands) == 0; m.Ask || problem != nil {
		return m, problem
	}
	m.Answer = operands[0]
	if first := strings.ToLower(m.Answer + " ")[:1]; first == "y" || first == "n" {
		m.Answer = first
	}
	return m, nil
}
