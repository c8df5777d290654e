package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"msg/internal/client"
	"msg/internal/config"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/report"
	"msg/internal/text"
	"msg/internal/window"
)

// world is what the program has of the outside.
type world struct {
	name           string // what it is called as, if that is wall, write or mesg
	posixly        bool   // POSIXLY_CORRECT is set: their options end at the first operand
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	commands       []string        // the reserved words of msg
	here           delivery.Host   // this machine
	me             delivery.Sender // the user who runs the program
	door           message.Send    // the way of messages on this machine
	words          words           // the way to what people said about all their terminals
}

// newWorld returns the world of a program at its standard streams.
func newWorld(here delivery.Host, me delivery.Sender) world {
	return world{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv,
		here: here, me: me, door: client.Door(here, me), words: wordsBy(me.UID),
	}
}

// client returns what sends for the user.
func (w world) client() *client.Client {
	return &client.Client{Here: w.here, Me: w.me, Door: w.door, Names: w.names(), MayAsk: window.IsTerminal(w.stderr)}
}

// names returns what aliases and domains the user has.
func (w world) names() *client.Names {
	return &client.Names{
		System: config.Path, User: w.userConfig(),
		Warn: func(problem string) { w.warn("%s", text.Name(problem)) },
	}
}

// userConfig returns the path of the user's own configuration file, by the XDG Base Directory
// Specification, or "".
func (w world) userConfig() string {
	dir := w.getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) { // the specification has programs ignore it
		home := w.getenv("HOME")
		if home == "" {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "msg", "msg.toml")
}

// program returns whose habits reports have.
func (w world) program() report.Program {
	switch w.name {
	case "wall":
		return report.Program{Name: "wall", TimeFlag: "--timeout"}
	case "write":
		return report.Program{Name: "write", TimeFlag: report.Msg.TimeFlag, EndsByInterrupt: true}
	}
	return report.Msg
}

// report returns the options of a report on a message to these hosts, nil for this host.
func (w world) report(hosts []string) report.Options {
	return report.Options{
		Program: w.program(), Stdout: w.stdout, Stderr: w.stderr, Here: w.here.Name, Hosts: hosts, Near: w.didYouMean,
	}
}

// wrong is an error of usage: nothing was done. The hint says what to type instead, or is "".
func wrong(hint, format string, args ...any) error {
	return &message.Refusal{Problem: fmt.Sprintf(format, args...), Hint: hint}
}

// hinted is an error with a hint that is none of usage.
type hinted struct {
	error
	hint string
}

// complain shows an error, and a hint on a line of its own. The words may come from outside.
func (w world) complain(err error) {
	w.warn("%s", text.Name(err.Error()))
	hint := ""
	var refused *message.Refusal
	var other hinted
	switch {
	case errors.As(err, &refused):
		hint = refused.Hint
	case errors.As(err, &other):
		hint = other.hint
	}
	if hint != "" {
		fmt.Fprintf(w.stderr, "hint: %s\n", text.Name(hint))
	}
}

// warn shows a line of the program's on standard error.
func (w world) warn(format string, args ...any) {
	line := fmt.Sprintf(cmp.Or(w.name, "msg")+": "+format, args...)
	fmt.Fprintln(w.stderr, window.Lines(line, window.Width(w.stderr)))
}
