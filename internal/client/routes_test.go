package client

import (
	"strings"
	"testing"

	"msg/internal/accounts"
	"msg/internal/delivery"
)

// here is a client on a host of that name, without configuration.
func here() *Client {
	host := delivery.Host{Name: "here", Accounts: &accounts.Directory{}}
	return &Client{Here: host, Names: &Names{}}
}

// TestParts: each host once, in the order named, with its targets and its exceptions.
func TestParts(t *testing.T) {
	for _, c := range []struct {
		m    Message
		want string // host: targets -except; ...
		away bool
	}{
		{Message{Targets: "bob,%ops"}, "here: bob %ops", false},
		{Message{Targets: "bob@web[1-2],alice@web2,carol"}, "web1: bob; web2: bob alice; here: carol", true},
		{Message{Targets: "bob@localhost,alice@here,carol"}, "here: bob alice carol", true},
		{Message{Targets: "*", Server: "web[1-2],web1,root@web1"}, "web1: *; web2: *; root@web1: *", true},
		{Message{Targets: "*,bob@db1", Server: "web1"}, "web1: *; db1: bob", true},
		{Message{Targets: "*", Server: "web[1-3]!web2", Except: "bob,carol@WEB3"}, "web1: * -bob; web3: * -bob -carol", true},
		{Message{Targets: "*", Server: "root@web1,web2", Except: "bob@web1"}, "root@web1: * -bob; web2: *", true},
		{Message{Targets: "*@Web1,bob@web1"}, "Web1: * bob", true},
		{Message{Targets: "*", Except: "bob@localhost"}, "here: * -bob", false},
		{Message{Targets: "pts/3@::1"}, "::1: pts/3", true},
	} {
		request, err := here().Request(c.m)
		if err != nil {
			t.Fatal(err)
		}
		parts, away, err := here().parts(t.Context(), c.m, request)
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
			t.Errorf("%+v: %q, %v, %v, want %q", c.m, got, away, err, c.want)
		}
	}
}

// TestExceptElsewhere: who is left out on a host that gets nothing may have been meant on
// one that does.
func TestExceptElsewhere(t *testing.T) {
	m := Message{Targets: "*@web1.lab", Except: "alice@web1"}
	request, err := here().Request(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := here().parts(t.Context(), m, request); err == nil || !strings.Contains(err.Error(), "the message does not go to web1") {
		t.Error(err)
	}
}

// TestClaim: what is claimed is always something that a host takes for a claim.
func TestClaim(t *testing.T) {
	c := here()
	for name, want := range map[string]string{
		"laptop":                 "root@laptop",
		"a (b), c@d":             "root@a__b___c_d",
		strings.Repeat("é", 100): "root@" + strings.Repeat("é", 29),
	} {
		c.Here.Name = name
		if got := c.claim(t.Context()); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	c.Me.UID, c.Here.Name = 4_000_000_000, "laptop"
	if got := c.claim(t.Context()); got != "uid-4000000000@laptop" {
		t.Errorf("%q", got)
	}
}
