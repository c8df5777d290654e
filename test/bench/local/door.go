//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"msg/internal/wire"
	"msg/test/island"
)

// doorName is what this program is called with to have a conversation with msgd as msg has, but
// without msg's own start.
const doorName = "door"

// parts are the moments of one conversation, since it began.
type parts struct{ Connected, Hello, Delivered, End time.Duration }

// converse sends a text to everyone, and prints the parts as JSON.
func converse(text string) error {
	var p parts
	begun := time.Now()
	conn, err := net.Dial("unix", wire.Door)
	if err != nil {
		return err
	}
	defer conn.Close()
	p.Connected = time.Since(begun)
	lines := bufio.NewScanner(conn)
	event := func() (string, error) {
		var line struct{ Event, Problem string }
		if !lines.Scan() {
			return "", errors.Join(lines.Err(), errors.New("msgd says no more"))
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return "", err
		}
		if line.Problem != "" {
			return "", errors.New(line.Problem)
		}
		return line.Event, nil
	}
	if said, err := event(); err != nil || said != wire.EventHello {
		return fmt.Errorf("%q instead of the hello: %w", said, err)
	}
	p.Hello = time.Since(begun)
	request := wire.Request{Protocol: wire.Newest, Targets: []string{"*"}, Text: []byte(text), TimeMS: 5000}
	if err := json.NewEncoder(conn).Encode(request); err != nil {
		return err
	}
	for {
		said, err := event()
		switch {
		case err != nil:
			return err
		case said == "delivered" && p.Delivered == 0:
			p.Delivered = time.Since(begun)
		case said == wire.EventEnd:
			p.End = time.Since(begun)
			return json.NewEncoder(os.Stderr).Encode(p)
		}
	}
}

// door tells where the time of one user's message to one terminal goes.
func door(b *bench) error {
	if err := errors.Join(letAll(), b.populate(1, true)); err != nil {
		return err
	}
	byUser := sender("user", island.Msg, "*")
	byUser.uid = b.people[0].UID
	alone := sender(doorName, "/proc/self/exe", doorName)
	alone.uid, alone.keep = byUser.uid, true
	all, err := b.compare([]command{
		byUser, alone, plain("msg", island.Msg, "--version"), plain("msgd", island.Msgd, "--version"), sender("root", island.Msg, "*"),
	})
	if err != nil {
		return err
	}
	var said [][]sample // of the conversation: until each moment
	for range 4 {
		said = append(said, make([]sample, len(all[1])))
	}
	for i, s := range all[1] {
		var p parts
		if err := json.NewDecoder(strings.NewReader(s.stderr)).Decode(&p); err != nil {
			return err
		}
		for j, moment := range []time.Duration{p.Connected, p.Hello, p.Delivered, p.End} {
			said[j][i].took = moment
		}
	}
	table("where a user's message to one terminal spends its time", "what", "ms")
	row("all of it, as a user", ms(all[0], took))
	row("all of it, as root, who needs no msgd", ms(all[4], took))
	row("msg's start alone (msg --version)", ms(all[2], took))
	row("msgd's start alone (msgd --version); judge and monitor start side by side", ms(all[3], took))
	row("the conversation alone, until connected", ms(said[0], took))
	row("the conversation alone, until the hello", ms(said[1], took))
	row("the conversation alone, until delivered", ms(said[2], took))
	row("the conversation alone, until the end", ms(said[3], took))
	return nil
}
