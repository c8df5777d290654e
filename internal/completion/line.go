package completion

import (
	"path"
	"strings"
)

// commandLine is one command up to the cursor, split as a shell splits it. Nothing is expanded:
// $x is text like any other.
type commandLine struct {
	words      []string // the complete words before the cursor
	last       string   // the word at the cursor, may be ""
	quote      byte     // the quote that is open there: ' or ", or 0
	redirected bool     // last is the name of a file, after < or >
	broken     bool     // the line ends in a backslash, and the next character is unknown
}

// splitLine splits a line. Shells differ in some characters; a name that has one is not
// completed, and nothing worse happens.
func splitLine(line string) commandLine {
	var l commandLine
	var word []byte
	inWord := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && l.quote != '\'':
			i++
			inWord, l.broken = true, i == len(line)
			if !l.broken {
				if l.quote != 0 && !strings.ContainsRune("$`\"\\\n", rune(line[i])) {
					word = append(word, c)
				}
				word = append(word, line[i])
			}
		case l.quote != 0 && c == l.quote:
			l.quote = 0
		case l.quote != 0:
			word = append(word, c)
		case c == '\'' || c == '"':
			l.quote, inWord = c, true
		case c == '<' || c == '>':
			if strings.Trim(string(word), "0123456789&") != "" {
				l.end(string(word), inWord)
			}
			word, inWord, l.redirected = nil, false, true
		case strings.IndexByte(" \t\r\n", c) >= 0:
			l.end(string(word), inWord)
			word, inWord = nil, false
		default:
			word, inWord = append(word, c), true
		}
	}
	l.last = string(word)
	return l
}

// end ends a word. A word after < or > is no word of the command.
func (l *commandLine) end(word string, isWord bool) {
	if isWord && !l.redirected {
		l.words = append(l.words, word)
	}
	if isWord {
		l.redirected = false
	}
}

// arguments returns the words after msg. Other words can stand before it, such as in
// "LANG=C command msg".
func (l commandLine) arguments() []string {
	for i, word := range l.words {
		if path.Base(word) == "msg" {
			return l.words[i+1:]
		}
	}
	return l.words[min(1, len(l.words)):]
}
