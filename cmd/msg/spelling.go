package main

import (
	"fmt"
	"slices"
)

// nearCommand returns the command that a word is a likely typing error of, or
// "". A word that is a command has been said to be a target ("--"). A short one may
// differ less, but for letters that changed places: sned is send, and tess is a name
// rather than mesg.
func nearCommand(word string, commands []string) string {
	farthest := min(2, len(word)/2-1)
	for _, command := range commands {
		d := distance(word, command)
		if d == 2 && letters(word) == letters(command) {
			d = 1
		}
		if d > 0 && d <= farthest {
			return command
		}
	}
	if word == "help" {
		return "--help"
	}
	return ""
}

// letters are a word's, in order.
func letters(word string) string {
	bytes := []byte(word)
	slices.Sort(bytes)
	return string(bytes)
}

// didYouMean returns a hint for a word that is almost a command's name, or "".
func (w world) didYouMean(word string) string {
	command := nearCommand(word, w.commands)
	if command == "" {
		return ""
	}
	return fmt.Sprintf("did you mean the command %q?", "msg "+command)
}

// distance counts the letters to insert, delete or replace to turn a into b
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
