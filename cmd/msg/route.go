package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"

	"msg/internal/addressbook"
	"msg/internal/client"
	"msg/internal/message"
	"msg/internal/remote"
	"msg/internal/target"
)

// routes puts together what each host gets of a message.
type routes struct {
	here   string // this host's name
	groups hostGroups
	parts  []remote.Part
	index  map[string]int // of a host in parts, by its name in small letters
}

// parts splits a request by the hosts that its targets are on. Those that name none are
// on the hosts of --server and --domain, else here. Each host is there once, in the
// order in which they are named. away tells whether a host was named at all.
func (c *sendCmd) parts(ctx context.Context, w world, r message.Request) (parts []remote.Part, away bool, err error) {
	routes := routes{here: w.engine.Name, groups: hostGroups{ctx: ctx, w: w}, index: map[string]int{}}
	usual, err := c.hosts()
	if err != nil {
		return nil, true, err
	}
	for _, t := range r.Targets {
		t.Hosts = cmp.Or(t.Hosts, usual)
		away = away || t.Hosts != ""
		if err := routes.add(t); err != nil {
			return nil, away, err
		}
	}
	for _, t := range r.Except {
		if err := routes.except(t); err != nil {
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

// hosts are those of --server and --domain, as a host list.
func (c *sendCmd) hosts() (string, error) {
	lists := []string{}
	if c.Server != "" {
		lists = append(lists, string(c.Server))
	}
	if c.Domain != "" {
		if !addressbook.IsDomain(string(c.Domain)) {
			return "", &message.Refusal{Problem: fmt.Sprintf("%q is no domain's name", c.Domain), Hint: "--server takes lists of hosts"}
		}
		lists = append(lists, "@"+string(c.Domain))
	}
	return strings.Join(lists, ","), nil
}

// of are the hosts that a list names; this one's own name for "".
func (r *routes) of(list string) ([]string, error) {
	if list == "" {
		return []string{r.here}, nil
	}
	hosts, err := r.groups.expand(list)
	for i, host := range hosts {
		if host == "localhost" {
			hosts[i] = r.here
		}
	}
	return hosts, err
}

func (r *routes) add(t target.Target) error {
	hosts, err := r.of(t.Hosts)
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

// except leaves a target out on the hosts that it names, or on all of them. A host that
// gets nothing is an error: it may be one that gets it by another name, where somebody
// would get what they must not.
func (r *routes) except(t target.Target) error {
	if t.Hosts == "" {
		for i := range r.parts {
			r.parts[i].Request.Except = append(r.parts[i].Request.Except, t)
		}
		return nil
	}
	hosts, err := r.of(t.Hosts)
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

// exceptAt leaves a target out on a host, as whomever ssh logs in there.
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
func (c *sendCmd) ways(ctx context.Context, w world, parts []remote.Part) error {
	away := slices.DeleteFunc(slices.Clone(parts), func(p remote.Part) bool { return p.Host == w.engine.Name })
	var ssh remote.SSH
	if len(away) > 0 {
		var err error
		if ssh, err = c.ssh(w, len(parts)); err != nil {
			return err
		}
	}
	many := len(away) > remote.Usual.Via
	proxies := many && ssh.Proxies(ctx, away[0].Host)
	ssh.Direct = many && !proxies
	says := claim(ctx, w)
	for i := range parts {
		part := &parts[i]
		if part.Host == w.engine.Name {
			part.Send = w.door.Send
			continue
		}
		part.Request.Says = says
		part.Send = func(ctx context.Context, r message.Request, lines *message.Lines, report func(message.Result)) error {
			return ssh.Send(ctx, part.Host, r, lines, report)
		}
		if proxies && c.FanOut == 0 {
			part.Via = func(ctx context.Context) string { return ssh.Via(ctx, part.Host) }
		}
	}
	return nil
}

// ssh is the way to other hosts. For one host alone, it may ask who is at the terminal.
func (c *sendCmd) ssh(w world, hosts int) (remote.SSH, error) {
	ssh, err := remote.FindSSH()
	if err != nil {
		return ssh, err
	}
	ssh.Ask = hosts == 1 && isTerminal(w.stderr) && hasTerminal()
	if c.Push {
		ssh.Push, err = remote.NewPush(client.Find())
	}
	return ssh, err
}

// hasTerminal reports whether there is one to ask at, which is where ssh does.
func hasTerminal() bool {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}

// claim is who sends, for other hosts to show as what is said: they know only the
// account there that ssh logs in to. What a banner would not show is left out.
func claim(ctx context.Context, w world) string {
	uid := w.engine.UID
	if self := w.engine.Self; uid == 0 && self.LoggedIn {
		uid = self.LoginUID // who is behind sudo
	}
	name := w.engine.Accounts.Name(ctx, uid)
	plain := func(r rune) rune {
		if r != '@' && (r == '.' || r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '_'
	}
	words := strings.Map(plain, cmp.Or(name, fmt.Sprint("uid-", uid))) + "@" + strings.Map(plain, w.engine.Name)
	return strings.ToValidUTF8(words[:min(len(words), message.MaxClaim)], "")
}
