package remote

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// configTime bounds what ssh may take to read its configuration, which can run
// programs (Match exec) and ask for names.
const configTime = 5 * time.Second

// configured runs ssh to have it print its configuration.
func (s SSH) configured(ctx context.Context, args ...string) (out, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, configTime)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, s.Path, args...)
	apart(cmd)
	cmd.Cancel = func() error { kill(cmd); return nil }
	cmd.WaitDelay = time.Second
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// Proxies reports whether ssh's configuration may have a way to hosts lead through
// others: to ask for each host's costs half as much as a connection does. It is yes
// where that cannot be told.
func (s SSH) Proxies(ctx context.Context, host string) bool {
	_, said, err := s.configured(ctx, "-v", "-G", "--", host)
	if err != nil {
		return true
	}
	read := regexp.MustCompile(`(?m)^debug1: Reading configuration data (.*?)\r?$`).FindAllStringSubmatch(said, -1)
	setting := regexp.MustCompile(`(?mi)^[ \t]*proxy(jump|command)`)
	for _, file := range read {
		if content, err := os.ReadFile(file[1]); err != nil || setting.Match(content) {
			return true
		}
	}
	return len(read) == 0
}

// Via is the jump host, or the command, by which ssh's configuration has the way to
// a host lead; "" for none.
func (s SSH) Via(ctx context.Context, host string) string {
	out, _, err := s.configured(ctx, "-G", "--", host)
	if err != nil {
		return "" // connecting will say why
	}
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		if (key == "proxyjump" || key == "proxycommand") && value != "none" {
			return value
		}
	}
	return ""
}
