package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"msg/internal/consent"
	"msg/internal/sessions"
	"msg/internal/tty/mine"
)

// judgeLog checks that a log takes what msg sends.
func judgeLog(journald, syslog error) Finding {
	switch {
	case journald == nil:
		return Finding{"log", OK, "journald", ""}
	case syslog == nil:
		return Finding{"log", OK, "syslog", ""}
	}
	return Finding{"log", Note, "neither journald nor syslog answers: who sent what to whom is not logged", "start systemd-journald, or a syslog daemon"}
}

// connects tries to connect to a log's socket.
func connects(ctx context.Context, socket string) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unixgram", socket)
	if err != nil {
		return err
	}
	return conn.Close()
}

// judgeUtmp checks the register of logins, which msg can do without.
func judgeUtmp(path string, err error) Finding {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Finding{"utmp", OK, "none; terminals are found without it", ""}
	case err != nil:
		hint := "rm " + quoted(path)
		if errors.Is(err, fs.ErrPermission) {
			hint = "chmod 664 " + quoted(path)
		}
		return Finding{"utmp", Note, err.Error() + "; terminals are found without it, but not where who is there comes from", hint}
	}
	return Finding{"utmp", OK, path, ""}
}

// readableFile is readable, and fails for what is no regular file.
func readableFile(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	return readable(path)
}

// readable tries to open a file, and does not wait for a writer of a FIFO.
func readable(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// judgeLogind checks whether logind answers, if it runs.
func judgeLogind(logins []sessions.Session, err error, running bool) Finding {
	switch {
	case err != nil:
		return Finding{"logind", Note, fmt.Sprintf("does not answer: %v; who is at a desktop is not known", err), "systemctl status systemd-logind dbus"}
	case len(logins) == 0 && !running:
		return Finding{"logind", OK, "none; terminals are found without it", ""}
	}
	people := 0
	for _, s := range logins {
		if s.Person() {
			people++
		}
	}
	return Finding{"logind", OK, count(people, "person's session", "people's sessions"), ""}
}

// judgeLogins finds people whose terminal logind does not know: programs that ask logind
// alone do not reach them.
func judgeLogins(p sessions.Picture, logins []sessions.Session) Finding {
	var unknown []string
	for _, s := range logins {
		for _, t := range p.Terminals {
			if s.Person() && !s.Graphical() && s.Terminal == "" && s.ID != "" && t.Session == s.ID && t.InUse() {
				unknown = append(unknown, fmt.Sprintf("%s on %s, session %s", t.User, t.Name, s.ID))
			}
		}
	}
	if len(unknown) == 0 {
		return Finding{"sessions", OK, "no terminal that logind should know and does not", ""}
	}
	return Finding{"sessions", Note, "logind does not know the terminal of " + some(unknown) +
		"; wall and shutdown of systemd 256 and newer do not reach them; msg does", ""}
}

// shutdownUnit runs msg when a shutdown is scheduled.
const shutdownUnit = "msg-shutdown.path"

// judgeShutdown checks the unit that warns of shutdowns: without it, people who came by ssh
// hear of none.
func judgeShutdown(load, active string, err error) Finding {
	const cost = "; not everyone is warned of a shutdown (shutdown -r +5)"
	switch {
	case err != nil:
		return Finding{"shutdown", Note, fmt.Sprintf("systemd does not tell about %s: %v", shutdownUnit, err), "systemctl status " + shutdownUnit}
	case load == "":
		return Finding{"shutdown", OK, "no systemd, which msg would warn of shutdowns for", ""}
	case load != "loaded":
		return Finding{"shutdown", Note, shutdownUnit + " is not installed" + cost, installAll + ", systemctl daemon-reload, systemctl enable --now " + shutdownUnit}
	case active != "active":
		return Finding{"shutdown", Note, shutdownUnit + " is " + active + cost, "systemctl enable --now " + shutdownUnit}
	}
	return Finding{"shutdown", OK, shutdownUnit + ": everyone is warned of a shutdown", ""}
}

// systemctlTime is how long systemd may take to tell something.
const systemctlTime = 5 * time.Second

// unitState asks systemd for a unit's LoadState and ActiveState. Both are "" without systemd.
func unitState(ctx context.Context, unit string) (load, active string, err error) {
	if readable(booted) != nil {
		return "", "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, systemctlTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, "systemctl", "show", "--property=LoadState,ActiveState", unit).Output()
	for line := range strings.Lines(string(out)) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), "="); name {
		case "LoadState":
			load = value
		case "ActiveState":
			active = value
		}
	}
	return load, active, err
}

// judgeMessages tells whether messages come to the terminal that msg was started at, and why.
func judgeMessages(own *mine.Terminal, verdict consent.Verdict, err error) Finding {
	switch {
	case errors.Is(err, mine.ErrNone):
		return Finding{"messages", OK, "there is no terminal here", ""}
	case err != nil:
		return Finding{"messages", Note, err.Error(), ""}
	case verdict.On:
		return Finding{"messages", OK, "on at " + own.Name + ": " + verdict.Words(), ""}
	}
	do := "msg mesg y"
	if verdict.Why == consent.SaidEverywhere || verdict.Why == consent.Unreadable {
		do = "msg mesg --everywhere default"
	}
	return Finding{"messages", Note, "off at " + own.Name + ", only root's come: " + verdict.Words(), do}
}

// some lists the first few, and says how many more there are.
func some(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], "; "), len(names)-most)
	}
	return strings.Join(names, "; ")
}

// count writes a number with the word for so many.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
