package remote

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"msg/internal/wire/call"
)

// configTime is how long ssh may take to read its configuration, which can run programs
// (Match exec) and look up names.
const configTime = 5 * time.Second

// configured has ssh print its configuration.
func (s SSH) configured(ctx context.Context, args ...string) (out, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, configTime)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, s.Path, args...)
	call.Apart(cmd)
	cmd.Cancel = func() error { call.Kill(cmd); return nil }
	cmd.WaitDelay = time.Second
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// Proxies reports whether ssh's configuration may lead through other hosts: to ask for each
// host costs half as much as a connection. It reports true if it cannot tell.
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

// Via returns the jump host, or the command, through which ssh's configuration leads to a
// host, and "" if there is none.
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
