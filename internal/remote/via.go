package remote

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// Proxies reports whether ssh's configuration may have a way to hosts lead through
// others: to ask for each host's costs half as much as a connection does. It is yes
// where that cannot be told.
func (s SSH) Proxies(ctx context.Context, host string) bool {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, s.Path, "-v", "-G", "--", host)
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return true
	}
	read := regexp.MustCompile(`(?m)^debug1: Reading configuration data (.*?)\r?$`).FindAllStringSubmatch(said.String(), -1)
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
	out, err := exec.CommandContext(ctx, s.Path, "-G", "--", host).Output()
	if err != nil {
		return "" // connecting will say why
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), " ")
		if (key == "proxyjump" || key == "proxycommand") && value != "none" {
			return value
		}
	}
	return ""
}
