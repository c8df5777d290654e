package main

import (
	"path"
	"strings"
)

// commandLine is one command up to the cursor, parted as shells do. It is for completion:
// nothing is expanded, and $x is a text like others.
type commandLine struct {
	words      []string // before the cursor, each ended
	last       string   // the one at the cursor, may be ""
	quote      byte     // that is open there: ' or ", or 0
	redirected bool     // it is the name of a file, behind < or >
	broken     bool     // it ends in a backslash: what comes next is not known
}

// splitLine parts a line. Where shells differ, only a name with such a character would not
// be completed.
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

// end ends a word; the one behind < or > is no word of the command's.
func (l *commandLine) end(word string, isWord bool) {
	if isWord && !l.redirected {
		l.words = append(l.words, word)
	}
	if isWord {
		l.redirected = false
	}
}

// arguments are the words behind msg. In front of it there may be others, as in
// "LANG=C command msg".
func (l commandLine) arguments() []string {
	for i, word := range l.words {
		if path.Base(word) == "msg" {
			return l.words[i+1:]
		}
	}
	return l.words[min(1, len(l.words)):]
}
