package delivery

import (
	"os"
	"strings"
	"time"

	"msg/internal/accounts"
	"msg/internal/sessions"
)

// Local is an engine for this host: what it sends comes from who called the
// program, by the real uid. It asks no logind.
func Local() *Engine {
	var directory accounts.Directory
	return &Engine{
		System: sessions.Local(directory.Names), Accounts: &directory, Host: hostName(),
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
