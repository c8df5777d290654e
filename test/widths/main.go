//go:build linux

// Widths measures, in the terminal that it runs in, how many columns each character takes that
// text.Clean passes. It prints the ranges of those that take two or more.
//
//	widths FILE
//
// It writes a character at the start of a row and asks the terminal where its cursor is (DSR 6,
// ECMA-48; "report cursor position" in xterm's ctlseqs). internal/text/testdata/widths has what
// it found; test/widths/sweep runs it in each emulator that Debian has.
package main

import (
	"bufio"
	"fmt"
	"os"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"msg/internal/text"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: widths FILE")
		os.Exit(2)
	}
	if err := sweep(os.Args[1]); err != nil {
		_ = os.WriteFile(os.Args[1]+".err", []byte(err.Error()+"\n"), 0o644)
		fmt.Fprintln(os.Stderr, "widths:", err)
		os.Exit(1)
	}
}

// atOnce is how many questions are asked before the first answer is read.
const atOnce = 16

func sweep(path string) error {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer tty.Close()
	before, err := term.MakeRaw(int(tty.Fd()))
	if err != nil {
		return err
	}
	defer func() { _ = term.Restore(int(tty.Fd()), before) }()
	time.Sleep(time.Second) // the window may not have its size yet
	asked := characters()
	replies := bufio.NewReader(tty)
	var wide ranges
	for start := 0; start < len(asked); start += atOnce {
		batch := asked[start:min(start+atOnce, len(asked))]
		var out []byte
		for _, r := range batch {
			out = append(out, '\r')
			out = append(out, sample(r)...)
			out = append(out, "\x1b[6n\r\x1b[K"...)
		}
		if _, err := tty.Write(out); err != nil {
			return err
		}
		for _, r := range batch {
			column, err := reply(replies)
			if err != nil {
				return fmt.Errorf("%U: %w", r, err)
			}
			wide.add(r, column-1-utf8.RuneCountInString(sample(r)))
		}
	}
	return os.WriteFile(path, []byte(fmt.Sprintf("# %d characters asked\n", len(asked))+wide.String()), 0o644)
}

// characters returns what Clean passes, by itself or behind a letter.
func characters() (all []rune) {
	for r := rune(0x20); r <= utf8.MaxRune; r++ {
		if s := sample(r); utf8.ValidRune(r) && text.Clean(s) == s {
			all = append(all, r)
		}
	}
	return all
}

// sample is a character as it can stand in a message.
func sample(r rune) string {
	if s := string(r); text.Clean(s) == s {
		return s
	}
	return "a" + string(r)
}

// reply reads where the cursor is: ESC [ row ; column R. It returns the column, from 1.
func reply(from *bufio.Reader) (column int, err error) {
	answer := make(chan error, 1)
	go func() {
		if _, err := from.ReadString('\x1b'); err != nil {
			answer <- err
			return
		}
		said, err := from.ReadString('R')
		if err == nil {
			var row int
			_, err = fmt.Sscanf(said, "[%d;%dR", &row, &column)
		}
		answer <- err
	}()
	select {
	case err := <-answer:
		return column, err
	case <-time.After(20 * time.Second):
		return 0, fmt.Errorf("the terminal does not say where its cursor is")
	}
}

// ranges are consecutive characters of one width.
type ranges struct {
	text        []byte
	first, last rune
	width       int
}

// add takes a character, and by how many columns it is wider than one.
func (s *ranges) add(r rune, over int) {
	if over < 1 {
		s.end()
		return
	}
	if s.width == over+1 && r == s.last+1 {
		s.last = r
		return
	}
	s.end()
	s.first, s.last, s.width = r, r, over+1
}

func (s *ranges) end() {
	if s.width > 0 {
		s.text = fmt.Appendf(s.text, "%04X-%04X %d\n", s.first, s.last, s.width)
	}
	s.width = 0
}

func (s *ranges) String() string {
	s.end()
	return string(s.text)
}
