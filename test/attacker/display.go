//go:build linux

package main

import (
	"fmt"

	"github.com/godbus/dbus/v5"
)

// display has logind set a display of the session that this is in, which is any text, and
// carries out plans while that stands.
func display(text string) error {
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		return err
	}
	defer conn.Close()
	session := conn.Object("org.freedesktop.login1", "/org/freedesktop/login1/session/self")
	for _, step := range []struct {
		method   string
		argument any
	}{{"TakeControl", false}, {"SetType", "x11"}, {"SetDisplay", text}} {
		if err := session.Call("org.freedesktop.login1.Session."+step.method, 0, step.argument).Err; err != nil {
			return fmt.Errorf("%s: %w", step.method, err)
		}
	}
	return play(false)
}
