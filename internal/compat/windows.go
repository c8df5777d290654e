package compat

import (
	"slices"
	"strings"
)

// slashes are the options of msg.exe and net send, as msg has them. One with a value has it
// behind a colon.
var slashes = map[string]string{
	"/server": "--server", "/time": "--time", "/v": "--verbose", "/w": "--wait", // msg.exe
	"/domain": "--domain", // net send
	"/?":      "--help",
}

// Slash turns an option of Windows' into one of msg's. What stands in a target's place in net
// send, /users, becomes that target.
func Slash(arg string, isTarget bool) (ours string, ok bool) {
	name, value, hasValue := strings.Cut(arg, ":")
	name = strings.ToLower(name)
	if name == "/users" && !hasValue {
		if isTarget {
			return "*", true
		}
		return "--users", true // an unknown flag, rather than text
	}
	if ours, ok = slashes[name]; ok && hasValue {
		ours += "=" + value
	}
	return ours, ok
}

// NetSend is what the arguments behind "net send" say.
type NetSend struct {
	Target string // "*" with a domain, and for /users
	Domain string // whose hosts it goes to; "" where none is named
	Only   bool   // /domain without a name: the domain there is
	Words  []string
}

// NetName is what the arguments behind "net name" say. Without a switch, a name is added.
type NetName struct {
	Name   string // "" lists the names
	Delete bool
}

// Net is a command line of net(1): one of both.
type Net struct {
	Help bool
	Send *NetSend
	Name *NetName
}

// ParseNet reads the arguments behind "net", of which send and name are known. Switches may
// be written in any letters. The error is a UsageError.
func ParseNet(args []string) (Net, error) {
	if len(args) == 0 || isHelp(args[0]) {
		return Net{Help: true}, nil
	}
	command, rest := strings.ToLower(args[0]), args[1:]
	switch {
	case command == "help" || len(rest) > 0 && isHelp(rest[0]):
		return Net{Help: true}, nil
	case command == "send":
		send, err := parseNetSend(rest)
		return Net{Send: &send}, err
	case command == "name":
		name, err := parseNetName(rest)
		return Net{Name: &name}, err
	}
	return Net{}, &UsageError{Problem: "net " + args[0] + ": there are net send and net name", Try: true}
}

func isHelp(word string) bool {
	return slices.Contains([]string{"/?", "/help", "-h", "--help"}, strings.ToLower(word))
}

func parseNetSend(args []string) (NetSend, error) {
	if len(args) == 0 {
		return NetSend{}, &UsageError{Problem: "net send: no name to send to", Try: true}
	}
	send := NetSend{Target: args[0], Words: args[1:]}
	name, value, hasValue := strings.Cut(args[0], ":")
	switch strings.ToLower(name) {
	case "/domain":
		send.Target, send.Domain, send.Only = "*", value, !hasValue
		if hasValue && value == "" {
			return send, &UsageError{Problem: "net send: /domain: has no name behind it", Try: true}
		}
	case "/users":
		if send.Target = "*"; hasValue {
			return send, &UsageError{Problem: "net send: /users has no value", Try: true}
		}
	default:
		if strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "/dev/") {
			return send, &UsageError{Problem: "net send: unknown switch " + args[0], Try: true}
		}
	}
	return send, nil
}

func parseNetName(args []string) (n NetName, err error) {
	add := false
	for _, arg := range args {
		switch word := strings.ToLower(arg); {
		case word == "/add":
			add = true
		case word == "/delete":
			n.Delete = true
		case strings.HasPrefix(word, "/"):
			return n, &UsageError{Problem: "net name: unknown switch " + arg, Try: true}
		case n.Name != "":
			return n, &UsageError{Problem: "net name: more than one name", Try: true}
		default:
			n.Name = arg
		}
	}
	if add && n.Delete {
		return n, &UsageError{Problem: "net name: /add and /delete exclude each other", Try: true}
	}
	if n.Name == "" && len(args) > 0 {
		return n, &UsageError{Problem: "net name: no name to add or delete", Try: true}
	}
	return n, nil
}
