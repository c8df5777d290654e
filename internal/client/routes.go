package client

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"msg/internal/message"
	"msg/internal/remote"
	"msg/internal/target"
)

// routes put together what each host gets of a message.
type routes struct {
	here  string // this host's name
	names *Names
	parts []remote.Part
	index map[string]int // of a host in parts, by its name in small letters
}

// parts splits a request by the hosts that its targets are on. Targets that name none are on
// the message's hosts, else here. Each host is there once, in the order in which they are
// named. away tells whether the sender named a host at all.
func (c *Client) parts(ctx context.Context, m Message, r message.Request) (parts []remote.Part, away bool, err error) {
	routes := routes{here: c.Here.Name, names: c.Names, index: map[string]int{}}
	usual, err := m.usualHosts()
	if err != nil {
		return nil, true, err
	}
	for _, t := range r.Targets {
		t.Hosts = cmp.Or(t.Hosts, usual)
		away = away || t.Hosts != ""
		if err := routes.add(ctx, t); err != nil {
			return nil, away, err
		}
	}
	for _, t := range r.Except {
		if err := routes.except(ctx, t); err != nil {
			return nil, away, err
		}
	}
	for i := range routes.parts {
		part := &routes.parts[i]
		targets, except := part.Request.Targets, part.Request.Except
		part.Request = r
		part.Request.Targets, part.Request.Except = targets, except
	}
	return routes.parts, away, nil
}

// of returns the hosts that a list names; this one's own name for "".
func (r *routes) of(ctx context.Context, list string) ([]string, error) {
	if list == "" {
		return []string{r.here}, nil
	}
	hosts, err := r.names.Hosts(ctx, list)
	for i, host := range hosts {
		if host == "localhost" {
			hosts[i] = r.here
		}
	}
	return hosts, err
}

func (r *routes) add(ctx context.Context, t target.Target) error {
	hosts, err := r.of(ctx, t.Hosts)
	t.Hosts = ""
	for _, host := range hosts {
		name := strings.ToLower(host)
		i, ok := r.index[name]
		if !ok {
			i = len(r.parts)
			r.index[name] = i
			r.parts = append(r.parts, remote.Part{Host: host})
		}
		r.parts[i].Request.Targets = append(r.parts[i].Request.Targets, t)
	}
	return err
}

// except leaves a target out on the hosts that it names, or on all of them. A host that gets
// nothing is an error: it may get the message by another name, and somebody would get what
// they must not.
func (r *routes) except(ctx context.Context, t target.Target) error {
	if t.Hosts == "" {
		for i := range r.parts {
			r.parts[i].Request.Except = append(r.parts[i].Request.Except, t)
		}
		return nil
	}
	hosts, err := r.of(ctx, t.Hosts)
	t.Hosts = ""
	for _, host := range hosts {
		if !r.exceptAt(host, t) {
			return &message.Refusal{
				Problem: fmt.Sprintf("--except %s@%s: the message does not go to %s", t, host, host),
				Hint:    "nothing was sent; write the host there as it is among the targets",
			}
		}
	}
	return err
}

// exceptAt leaves a target out on a host, whichever user ssh logs in as there.
func (r *routes) exceptAt(host string, t target.Target) (found bool) {
	for i := range r.parts {
		part := &r.parts[i]
		_, bare, isUser := strings.Cut(part.Host, "@")
		if strings.EqualFold(part.Host, host) || isUser && strings.EqualFold(bare, host) {
			part.Request.Except = append(part.Request.Except, t)
			found = true
		}
	}
	return found
}

// ways gives each part its way: this host's own door, or ssh.
func (c *Client) ways(ctx context.Context, m Message, parts []remote.Part) error {
	away := slices.DeleteFunc(slices.Clone(parts), func(p remote.Part) bool { return p.Host == c.Here.Name })
	var ssh remote.SSH
	if len(away) > 0 {
		var err error
		if ssh, err = c.ssh(m, len(parts)); err != nil {
			return err
		}
	}
	many := len(away) > remote.Usual.Via
	proxies := many && ssh.Proxies(ctx, away[0].Host)
	ssh.Direct = many && !proxies
	says := c.claim(ctx)
	for i := range parts {
		part := &parts[i]
		if part.Host == c.Here.Name {
			part.Send = c.Door
			continue
		}
		part.Request.Says = says
		part.Send = func(ctx context.Context, r message.Request, lines *message.Lines, tell func(message.Result)) error {
			return ssh.Send(ctx, part.Host, r, lines, tell)
		}
		if proxies && m.FanOut == 0 {
			part.Via = func(ctx context.Context) string { return ssh.Via(ctx, part.Host) }
		}
	}
	return nil
}

// ssh is the way to other hosts. For one host alone, it may ask the user.
func (c *Client) ssh(m Message, hosts int) (remote.SSH, error) {
	ssh, err := remote.FindSSH()
	if err != nil {
		return ssh, err
	}
	ssh.Ask = hosts == 1 && c.MayAsk && hasTerminal()
	if m.Push {
		ssh.Push, err = remote.NewPush(prefix())
	}
	return ssh, err
}

// prefix returns the directory that this program is installed below, as bin/msg.
func prefix() string {
	own, err := os.Executable()
	if err != nil {
		return "/usr"
	}
	return filepath.Dir(filepath.Dir(own))
}

// hasTerminal reports whether there is a terminal to ask at, which is where ssh asks.
func hasTerminal() bool {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}

// claim says who sends, for other hosts to show as the client's word: they know only the
// account there that ssh logs in to. It leaves out what a banner would not show.
func (c *Client) claim(ctx context.Context) string {
	uid := c.Me.UID
	if self := c.Me.Self; uid == 0 && self.LoggedIn {
		uid = self.LoginUID // the user behind sudo
	}
	name := c.Here.Accounts.Name(ctx, uid)
	plain := func(r rune) rune {
		if r != '@' && (r == '.' || r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '_'
	}
	words := strings.Map(plain, cmp.Or(name, fmt.Sprint("uid-", uid))) + "@" + strings.Map(plain, c.Here.Name)
	return strings.ToValidUTF8(words[:min(len(words), message.MaxClaim)], "")
}
