package main

import (
	"os"
	"strings"
	"time"

	"msg/internal/accounts"
	"msg/internal/delivery"
	"msg/internal/sessions"
	"msg/internal/sessions/logind"
)

// localEngine delivers on this machine with the rights of who called it.
func localEngine() *delivery.Engine {
	var directory accounts.Directory
	system := sessions.Local(directory.Name)
	system.Logind = logind.List
	return &delivery.Engine{
		System: system, Accounts: &directory, Host: hostName(),
		UID: uint32(max(0, os.Getuid())), Self: sessions.Myself(), Now: time.Now,
	}
}

// hostName is the name without the domain.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	name, _, _ = strings.Cut(name, ".")
	return name
}
