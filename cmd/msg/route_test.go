package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"msg/internal/accounts"
	"msg/internal/delivery"
	"msg/internal/message"
)

// here is a world on a host of that name, without configuration.
func here() world {
	return world{
		engine: &local{Host: delivery.Host{Name: "here", Accounts: &accounts.Directory{}}},
		getenv: func(string) string { return "" },
	}
}

// TestParts: each host once, in the order named, with its targets and its exceptions.
func TestParts(t *testing.T) {
	for _, c := range []struct {
		cmd  sendCmd
		want string // host: targets -except; ...
		away bool
	}{
		{sendCmd{sending: sending{Targets: "bob,%ops"}}, "here: bob %ops", false},
		{sendCmd{sending: sending{Targets: "bob@web[1-2],alice@web2,carol"}}, "web1: bob; web2: bob alice; here: carol", true},
		{sendCmd{sending: sending{Targets: "bob@localhost,alice@here,carol"}}, "here: bob alice carol", true},
		{sendCmd{sending: sending{Targets: "*", Server: "web[1-2],web1,root@web1"}}, "web1: *; web2: *; root@web1: *", true},
		{sendCmd{sending: sending{Targets: "*,bob@db1", Server: "web1"}}, "web1: *; db1: bob", true},
		{sendCmd{sending: sending{Targets: "*", Server: "web[1-3]!web2", Except: "bob,carol@WEB3"}}, "web1: * -bob; web3: * -bob -carol", true},
		{sendCmd{sending: sending{Targets: "*", Server: "root@web1,web2", Except: "bob@web1"}}, "root@web1: * -bob; web2: *", true},
		{sendCmd{sending: sending{Targets: "*@Web1,bob@web1"}}, "Web1: * bob", true},
		{sendCmd{sending: sending{Targets: "*", Except: "bob@localhost"}}, "here: * -bob", false},
		{sendCmd{sending: sending{Targets: "pts/3@::1"}}, "::1: pts/3", true},
	} {
		request, err := c.cmd.request(here())
		if err != nil {
			t.Fatal(err)
		}
		parts, away, err := c.cmd.parts(t.Context(), here(), request)
		var hosts []string
		for _, p := range parts {
			line := p.Host + ":"
			for _, one := range p.Request.Targets {
				line += " " + one.String()
			}
			for _, one := range p.Request.Except {
				line += " -" + one.String()
			}
			hosts = append(hosts, line)
		}
		if got := strings.Join(hosts, "; "); got != c.want || away != c.away || err != nil {
			t.Errorf("%+v: %q, %v, %v, want %q", c.cmd, got, away, err, c.want)
		}
	}
}

// TestExceptElsewhere: who is left out on a host that gets nothing may have been meant on
// one that does.
func TestExceptElsewhere(t *testing.T) {
	c := sendCmd{sending: sending{Targets: "*@web1.lab", Except: "alice@web1"}}
	request, err := c.request(here())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.parts(t.Context(), here(), request); err == nil || !strings.Contains(err.Error(), "the message does not go to web1") {
		t.Error(err)
	}
}

// TestClaim: what is claimed is always something that a host takes for a claim.
func TestClaim(t *testing.T) {
	w := here()
	for name, want := range map[string]string{
		"laptop":                 "root@laptop",
		"a (b), c@d":             "root@a__b___c_d",
		strings.Repeat("é", 100): "root@" + strings.Repeat("é", 29),
	} {
		w.engine.Name = name
		if got := claim(t.Context(), w); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	w.engine.UID, w.engine.Name = 4_000_000_000, "laptop"
	if got := claim(t.Context(), w); got != "uid-4000000000@laptop" {
		t.Errorf("%q", got)
	}
}

// TestManyHostsInOneLine: what a person sees of forty hosts of which some fail.
func TestManyHostsInOneLine(t *testing.T) {
	var out, problems strings.Builder
	c := sendCmd{sending: sending{Targets: "*", Server: "web[01-40]", DryRun: true}}
	w := here()
	w.stdout, w.stderr = &out, &problems
	request, err := c.request(here())
	if err != nil {
		t.Fatal(err)
	}
	parts, away, err := c.parts(t.Context(), w, request)
	if err != nil {
		t.Fatal(err)
	}
	o := c.reporter(w, parts, away)
	slices.Reverse(parts) // results come as they come
	for i, p := range parts {
		switch {
		case i%10 == 3:
			o.result(message.Result{Event: message.Failed, Host: p.Host, Reason: "unreachable", Detail: "connection \x1b[31mrefused", Hint: "look at " + p.Host})
			continue
		case i == 5:
			o.result(message.Result{Event: message.Failed, Host: p.Host, User: "bob", Terminal: "pts/1", Reason: "messages-off"})
		case i != 7:
			o.result(message.Result{Event: message.Planned, Host: p.Host, User: fmt.Sprint("user", i%3), Terminal: "pts/1"})
		}
		o.result(message.Result{Event: message.Reached, Host: p.Host})
	}
	if err := o.end(); err != nil || o.status() != exitNotReached {
		t.Errorf("%v, status %d", err, o.status())
	}
	want := "web[01-06,08-16,18-26,28-32,34,36,38-40]: would be delivered to 34 terminals of 3 people\nweb33: nobody to send to\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	want = "msg: web[07,17,27,37]: connection ^[[31mrefused\nhint: look at web37\nmsg: web35: bob on pts/1: messages are off\nhint: root reaches those, too\n"
	if problems.String() != want {
		t.Errorf("%q, want %q", problems.String(), want)
	}
}
