//go:build !unix

package main

import (
	"errors"
	"os"
)

// terminalOf fails: here, no mode says whether messages are on.
func terminalOf(*os.File) (*terminal, error) {
	return nil, errors.New("terminals have no messages to switch on or off here")
}

// controllingTerminal is "": messages are delivered on Linux only.
func controllingTerminal(world) string { return "" }

func messagesOn(string) bool { return false }
