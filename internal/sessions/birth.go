package sessions

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// birth is what tells how a terminal began.
type birth struct {
	pseudo bool   // it is one of /dev/pts
	maker  string // see Terminal
	devpts uint32 // the mode that the kernel gives those of /dev/pts
	login  uint32 // the mode that login(1) sets
}

// on reports whether the terminal began as group-writable. In doubt it did: then a plain 0600 is a
// no, and nobody gets what they may not want.
func (b birth) on() bool {
	mode := b.devpts
	switch {
	case b.maker == unseen, slices.Contains(groupWritable, b.maker):
		return true
	case b.maker == loginProgram, !b.pseudo:
		mode = b.login
	}
	return mode&groupWrites != 0
}

const groupWrites = 0o020

// usualLogin is the mode that login(1) sets if its configuration has none.
const usualLogin = 0o600

// readLoginMode returns the mode that login(1) sets. The first of the files that is there counts.
func readLoginMode(files []string) (uint32, error) {
	for _, file := range files {
		content, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return loginMode(content), err
	}
	return usualLogin, nil
}

// loginMode returns TTYPERM of login.defs(5): of several lines, the last counts. Its numbers are
// written as in C.
func loginMode(content []byte) uint32 {
	mode := uint32(usualLogin)
	for line := range bytes.Lines(content) {
		words := strings.Fields(string(line))
		if len(words) < 2 || words[0] != "TTYPERM" {
			continue
		}
		if v, err := strconv.ParseUint(strings.Trim(words[1], `"`), 0, 32); err == nil {
			mode = uint32(v)
		}
	}
	return mode
}
