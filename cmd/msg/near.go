package main

import "fmt"

// nearCommand returns the command that a word is a likely typing error of, or
// "". A word that is a command has been said to be a target ("--").
func nearCommand(word string) string {
	const farthest = 2
	for _, command := range commands {
		if d := distance(word, command); len(word) > farthest+1 && d > 0 && d <= farthest {
			return command
		}
	}
	if word == "help" {
		return "--help"
	}
	return ""
}

func didYouMean(command string) string {
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
