package main

import (
	"fmt"

	"msg/internal/client"
	"msg/internal/message"
	"msg/internal/window"
)

// source is where a text comes from: words of the command line, a file, else standard input.
type source struct {
	words []word
	file  string
}

// literal is a text as it is, whatever it looks like.
func literal(words ...string) source {
	text := []word{"--"}
	for _, one := range words {
		text = append(text, word(one))
	}
	return source{words: text}
}

// isTyped reports whether the text is to come from standard input.
func (s source) isTyped() bool { return len(behindDashes(s.words)) == 0 && s.file == "" }

// read returns a message.
func (s source) read(w world) (string, error) {
	switch {
	case len(behindDashes(s.words)) > 0 && s.file != "":
		return "", wrong("", "a text and --file exclude each other")
	case s.file != "":
		return client.ReadFile(s.file, message.MaxBytesRoot)
	}
	return written(s.words, w, "the message", message.MaxBytesRoot)
}

// written returns what the words are, joined by blanks; without any, standard input.
func written(words []word, w world, what string, most int) (string, error) {
	if words = behindDashes(words); len(words) > 0 {
		text := string(words[0])
		for _, one := range words[1:] {
			text += " " + string(one)
		}
		return text, nil
	}
	if window.IsTerminal(w.stdin) {
		fmt.Fprintf(w.stderr, "Type %s; Ctrl-D on a line of its own sends it, Ctrl-C doesn't.\n", what)
	}
	return client.ReadAll(w.stdin, what, most)
}

// behindDashes returns a text's words, without the "--" that stands before them.
func behindDashes(words []word) []word {
	if len(words) > 0 && words[0] == "--" {
		return words[1:]
	}
	return words
}
