//go:build linux

// Widths measures how many columns a terminal gives each character that text.Clean passes. It
// prints the ranges of those that take two or more, and what some sequences take.
//
//	widths FILE [TERMINAL]
//
// It writes a character at the start of a row and asks the terminal where its cursor is (DSR 6,
// ECMA-48; "report cursor position" in xterm's ctlseqs). README.md has what it found.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"msg/internal/text"
)

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		fmt.Fprintln(os.Stderr, "usage: widths FILE [TERMINAL]")
		os.Exit(2)
	}
	path, terminal := os.Args[1], "/dev/tty"
	if len(os.Args) == 3 {
		terminal = os.Args[2]
	}
	found, err := sweep(terminal)
	if err == nil {
		err = os.WriteFile(path, []byte(found), 0o644)
	}
	if err != nil {
		_ = os.WriteFile(path+".err", []byte(err.Error()+"\n"), 0o644)
		fmt.Fprintln(os.Stderr, "widths:", err)
		os.Exit(1)
	}
}

// atOnce is how many questions are asked before the first answer is read.
const atOnce = 16

// utf8Mode has a console read UTF-8 (console_codes(4)); pseudo-terminals ignore it.
const utf8Mode = "\x1b%G"

func sweep(terminal string) (found string, err error) {
	tty, err := os.OpenFile(terminal, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return "", err
	}
	defer tty.Close()
	before, err := term.MakeRaw(int(tty.Fd()))
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(int(tty.Fd()), before) }()
	time.Sleep(time.Second) // the window may not have its size yet
	if _, err := tty.WriteString(utf8Mode); err != nil {
		return "", err
	}
	t := &asked{terminal: tty, answers: bufio.NewReader(tty)}
	singles, behind := characters()
	var out strings.Builder
	fmt.Fprintf(&out, "# %d characters asked\n", len(singles)+len(behind))
	alone, err := t.widths(singles)
	if err != nil {
		return "", err
	}
	bases, err := t.widths(basesOf(behind))
	if err != nil {
		return "", err
	}
	attached, err := t.widths(behind)
	if err != nil {
		return "", err
	}
	wide := map[rune]int{}
	for i, s := range singles {
		r, _ := utf8.DecodeRuneInString(s)
		wide[r] = alone[i]
	}
	for i, s := range behind {
		r, _ := utf8.DecodeLastRuneInString(s)
		wide[r] = attached[i] - bases[i]
	}
	out.WriteString(ranges(wide))
	widths, err := t.widths(sequences)
	for i, columns := range widths {
		fmt.Fprintf(&out, "%s %d\n", strings.Trim(strings.ReplaceAll(fmt.Sprintf("%U", []rune(sequences[i])), " U", ""), "[U+]"), columns)
	}
	return out.String(), err
}

// characters returns what Clean passes: characters by themselves, and those that pass only behind
// another, with that one.
func characters() (singles, behind []string) {
	for r := rune(0x20); r <= utf8.MaxRune; r++ {
		for _, base := range bases {
			s := base + string(r)
			if !utf8.ValidRune(r) || text.Clean(s) != s {
				continue
			}
			if base == "" {
				singles = append(singles, s)
			} else {
				behind = append(behind, s)
			}
			break
		}
	}
	return singles, behind
}

// bases are what marks, Hangul vowels and variation selectors pass behind.
var bases = []string{"", "a", "\uac00", "\u6f22", "\u2639", "\u222a", "\u1820", "\ua840"}

func basesOf(behind []string) []string {
	out := make([]string, len(behind))
	for i, s := range behind {
		_, size := utf8.DecodeLastRuneInString(s)
		out[i] = s[:len(s)-size]
	}
	return out
}

// sequences are characters that a terminal may draw as one, or wider together than each alone.
var sequences = []string{
	"e\u0301", "1\ufe0f\u20e3", "\u2764\ufe0f", "\u2764\ufe0e", "\u2139\ufe0f", "\u231a\ufe0e",
	"\u261d\U0001f3fd", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea", "\U0001f1e9\U0001f1ea\U0001f1eb",
	"\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f3f4\u200d\u2620\ufe0f", "\u26f9\U0001f3fd\u200d\u2642\ufe0f",
	"\u1100\u1161\u11a8", "\u1100\u1100\u1161\u1161", "\uac00\u11a8", "\uac00\u1161\u11a8\ud7cb",
	"\u0915\u094d\u0937\u093f", "\u0915\u094d\u200d\u0937", "\u0b95\u0bca", "\u0e01\u0e33", "\u0eab\u0eb3", "\u1000\u103b\u102c",
	"\u17a0\u17d2\u1798\u17b6", "\u0644\u0627", "\u0645\u06cc\u200c\u062e", "\uff76\uff9e", "\u304b\u3099", "\u6f22\U000e0100",
	"\u222a\ufe00", "\u1820\u180b", "\u0d1c\u0d4d\u0d1e", "\U00011103\U00011127", "\u0f40\u0fb5\u0f71",
}

// asked is a terminal that is asked where its cursor is.
type asked struct {
	terminal *os.File
	answers  *bufio.Reader
}

// widths returns how many columns each text takes.
func (t *asked) widths(texts []string) (all []int, err error) {
	for start := 0; start < len(texts); start += atOnce {
		batch := texts[start:min(start+atOnce, len(texts))]
		var out strings.Builder
		for _, s := range batch {
			out.WriteString("\r" + s + "\x1b[6n\r\x1b[K")
		}
		if _, err := t.terminal.WriteString(out.String()); err != nil {
			return nil, err
		}
		for _, s := range batch {
			column, err := reply(t.answers)
			if err != nil {
				return nil, fmt.Errorf("%U: %w", []rune(s), err)
			}
			all = append(all, column-1)
		}
	}
	return all, nil
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

// ranges writes which characters take two columns or more.
func ranges(widths map[rune]int) string {
	var out strings.Builder
	for first := rune(0); first <= utf8.MaxRune; first++ {
		columns := widths[first]
		if columns < 2 {
			continue
		}
		last := first
		for widths[last+1] == columns {
			last++
		}
		fmt.Fprintf(&out, "%04X-%04X %d\n", first, last, columns)
		first = last
	}
	return out.String()
}
