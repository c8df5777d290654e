package sessions

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSnapshots chooses places on real hosts as they looked once, and finds those
// that people were seen to look at.
func TestSnapshots(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d snapshots, %v", len(files), err)
	}
	for _, file := range files {
		s := readSnapshot(t, file)
		p := s.picture()
		for meant, want := range s.want {
			if got := places(p, strings.Fields(meant)...); got != want {
				t.Errorf("%s: for %s, the places are %q, want %q", filepath.Base(file), meant, got, want)
			}
		}
	}
}

// places chooses for users, and writes the terminals' names, with a + where nobody is
// attached.
func places(p Picture, users ...string) string {
	var on []*Terminal
	for i := range p.Terminals {
		if t := &p.Terminals[i]; t.InUse() && slices.Contains(users, t.User) {
			on = append(on, t)
		}
	}
	var names []string
	for _, place := range p.Forest().Places(on) {
		name := place.Name
		if place.Detached {
			name += "+"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// used is a terminal with somebody at it, used at that second.
func used(name, user string, at int64) Terminal {
	return Terminal{Name: name, User: user, LastInput: time.Unix(at, 0), Sources: []Source{Device, Proc}}
}

// with changes a terminal.
func with(t Terminal, change func(*Terminal)) Terminal {
	change(&t)
	return t
}

func inside(outer string) func(*Terminal) {
	return func(t *Terminal) { t.Outer, t.Shown = outer, true }
}

func paneOf(server int) func(*Terminal) { return func(t *Terminal) { t.Pane = server } }
func shows(server int) func(*Terminal)  { return func(t *Terminal) { t.Shows = server } }

// TestPlaces has what is hard to come by on a real host.
func TestPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		terminals []Terminal
		want      map[string]string // users: places
	}{
		"two clients of one server": {
			[]Terminal{
				with(used("pts/1", "bob", 100), shows(7)), with(used("pts/2", "bob", 200), shows(7)),
				with(used("pts/3", "bob", 100), paneOf(7)), with(used("pts/4", "bob", 200), paneOf(7)),
			},
			map[string]string{"bob": "pts/3 pts/4"},
		},
		"two clients of one server, used at once": {
			[]Terminal{
				with(used("pts/1", "bob", 200), shows(7)), with(used("pts/2", "bob", 201), shows(7)),
				with(used("pts/3", "bob", 100), paneOf(7)), with(used("pts/4", "bob", 200), paneOf(7)),
			},
			map[string]string{"bob": "pts/4"},
		},
		"a client whose server is not to be seen": {
			[]Terminal{used("pts/1", "bob", 100)},
			map[string]string{"bob": "pts/1"},
		},
		"a client in a pane of its own server": {
			[]Terminal{with(used("pts/1", "bob", 100), shows(7)), with(with(used("pts/2", "bob", 100), paneOf(7)), shows(7))},
			map[string]string{"bob": "pts/2"},
		},
		"clients of each other's servers": {
			[]Terminal{with(with(used("pts/1", "bob", 100), paneOf(8)), shows(7)), with(with(used("pts/2", "bob", 200), paneOf(7)), shows(8))},
			map[string]string{"bob": "pts/2 pts/1"},
		},
		"within each other": {
			[]Terminal{with(used("pts/1", "bob", 100), inside("pts/2")), with(used("pts/2", "bob", 100), inside("pts/1"))},
			map[string]string{"bob": "pts/2 pts/1"},
		},
		"in script, a pane; in that, script": {
			[]Terminal{
				used("pts/1", "bob", 100), with(with(used("pts/2", "bob", 100), inside("pts/1")), shows(7)),
				with(used("pts/3", "bob", 100), paneOf(7)), with(used("pts/4", "bob", 100), inside("pts/3")),
			},
			map[string]string{"bob": "pts/3"},
		},
		"a pane behind a relay that is in the background": {
			[]Terminal{
				used("pts/1", "dave", 100),
				with(with(used("pts/2", "root", 100), func(t *Terminal) { t.Outer = "pts/1" }), shows(7)),
				with(used("pts/3", "root", 100), paneOf(7)),
			},
			map[string]string{"dave": "pts/1", "root": "pts/3", "dave root": "pts/1"},
		},
		"su back to oneself within su": {
			[]Terminal{
				used("pts/1", "dave", 100), with(used("pts/2", "root", 100), inside("pts/1")), with(used("pts/3", "dave", 100), inside("pts/2")),
			},
			map[string]string{"dave": "pts/1", "root": "pts/2"},
		},
		"root in a pane of bob's that nobody looks at": {
			[]Terminal{with(used("pts/1", "bob", 100), paneOf(7)), with(used("pts/2", "root", 100), inside("pts/1"))},
			map[string]string{"bob": "pts/1+", "root": "pts/2+", "bob root": "pts/1+"},
		},
		"used at the same time as far as can be told": {
			[]Terminal{
				with(with(used("pts/1", "bob", 803), paneOf(7)), func(t *Terminal) { t.Ran = 5 }),
				with(with(used("pts/2", "bob", 800), paneOf(7)), func(t *Terminal) { t.Ran = 6 }),
				with(with(used("pts/3", "bob", 799), paneOf(7)), func(t *Terminal) { t.Ran = 9 }),
			},
			map[string]string{"bob": "pts/2+"},
		},
	} {
		for users, want := range c.want {
			if got := places(Picture{Terminals: c.terminals}, strings.Fields(users)...); got != want {
				t.Errorf("%s: for %s, the places are %q, want %q", name, users, got, want)
			}
		}
	}
}

func TestAboveAndBelow(t *testing.T) {
	f := Picture{Terminals: []Terminal{
		used("pts/1", "dave", 0), with(with(used("pts/2", "root", 0), inside("pts/1")), shows(7)),
		with(used("pts/3", "root", 0), paneOf(7)), with(used("pts/4", "root", 9), paneOf(7)),
		with(used("pts/5", "root", 0), inside("pts/4")), with(used("pts/6", "bob", 0), paneOf(8)),
		// Two people at one server.
		with(used("pts/10", "root", 100), shows(9)), with(used("pts/11", "root", 500), shows(9)),
		with(used("pts/12", "root", 100), paneOf(9)), with(used("pts/13", "root", 500), paneOf(9)), with(used("pts/14", "root", 0), paneOf(9)),
	}}.Forest()
	sorted := func(set map[string]bool) string {
		var names []string
		for name := range set {
			names = append(names, name)
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	for name, want := range map[string][2]string{
		"pts/1": {"pts/1", "pts/1 pts/2 pts/3 pts/4 pts/5"}, "pts/5": {"pts/1 pts/2 pts/4 pts/5", "pts/5"},
		"pts/3": {"pts/1 pts/2 pts/3", "pts/3"}, "pts/6": {"pts/6", "pts/6"}, "pts/99": {"", ""},
		"pts/12": {"pts/10 pts/12", "pts/12"}, "pts/13": {"pts/11 pts/13", "pts/13"}, "pts/14": {"pts/14", "pts/14"},
		"pts/10": {"pts/10", "pts/10 pts/12 pts/13 pts/14"},
	} {
		if got := sorted(f.Above(name)); got != want[0] {
			t.Errorf("%s is shown on %q, want %q", name, got, want[0])
		}
		if got := sorted(f.Below(map[string]bool{name: true})); got != want[1] {
			t.Errorf("on %s is shown %q, want %q", name, got, want[1])
		}
	}
}

// TestWithout: a place that is left out has another one in its stead, where somebody is
// meant who looks at that screen.
func TestWithout(t *testing.T) {
	p := Picture{Terminals: []Terminal{
		used("pts/1", "dave", 9), with(with(used("pts/2", "root", 9), inside("pts/1")), shows(7)), with(used("pts/3", "root", 9), paneOf(7)),
		with(used("pts/4", "bob", 9), shows(8)), with(used("pts/5", "bob", 9), paneOf(8)), with(used("pts/6", "bob", 99), paneOf(8)),
	}}
	for name, c := range map[string]struct {
		without map[string]bool
		on      []int
		want    string
	}{
		"dave looks at root's tmux": {map[string]bool{"pts/2": true, "pts/3": true}, []int{0}, "pts/1"},
		"bob's pane used last":      {map[string]bool{"pts/6": true}, []int{3, 4}, "pts/5"},
		"all of bob's panes":        {map[string]bool{"pts/5": true, "pts/6": true}, []int{3}, "pts/4"},
		"nothing":                   {nil, []int{0, 3}, "pts/3 pts/6"},
	} {
		var on []*Terminal
		for _, i := range c.on {
			on = append(on, &p.Terminals[i])
		}
		var names []string
		for _, place := range p.Forest().Without(c.without).Places(on) {
			names = append(names, place.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("without %s, the places are %q, want %q", name, got, c.want)
		}
	}
}

// TestOthersPanes: who runs a multiplexer's client on somebody else's terminal does not
// get what is meant for that one.
func TestOthersPanes(t *testing.T) {
	mine := func(owner uint32) func(*Terminal) { return func(t *Terminal) { t.Owner = owner } }
	for name, terminals := range map[string][]Terminal{
		"after su":   {with(with(used("pts/1", "root", 9), shows(7)), mine(0)), with(with(used("pts/2", "mallory", 9), paneOf(7)), mine(mallory))},
		"after sudo": {with(used("pts/1", "root", 9), mine(0)), with(with(with(used("pts/3", "mallory", 9), inside("pts/1")), shows(7)), mine(mallory)), with(with(used("pts/2", "mallory", 9), paneOf(7)), mine(mallory))},
	} {
		p := Picture{Terminals: terminals}
		if got := places(p, "root"); got != "pts/1" {
			t.Errorf("%s: root's places are %q", name, got)
		}
		if got := places(p, "mallory"); got != "pts/2" {
			t.Errorf("%s: mallory's places are %q", name, got)
		}
	}
}

// TestHostileForests: what a user may make of as many terminals as there can be costs
// others no more than a moment. The test's own deadline tells; it is far from that.
func TestHostileForests(t *testing.T) {
	const n = 4096
	name := func(i int) string { return fmt.Sprint("pts/", i) }
	for kind, make := range map[string]func(i int) Terminal{
		"within each other":   func(i int) Terminal { return with(used(name(i), "bob", 9), inside(name(max(0, i-1)))) },
		"all within one":      func(i int) Terminal { return with(used(name(i), "bob", 9), inside(name(0))) },
		"clients and panes":   func(i int) Terminal { return with(with(used(name(i), "bob", int64(i)), paneOf(7+i%2)), shows(8-i%2)) },
		"panes of one client": func(i int) Terminal { return with(with(used(name(i), "bob", 9), paneOf(7)), shows(7*(1-min(1, i)))) },
		"clients of one pane": func(i int) Terminal { return with(with(used(name(i), "bob", 9), shows(7)), paneOf(7*(1-min(1, i)))) },
		"many clients, panes": func(i int) Terminal {
			return with(with(used(name(i), "bob", int64(i)), shows(7*(i%2))), paneOf(7*(1-i%2)))
		},
	} {
		var p Picture
		for i := range n {
			p.Terminals = append(p.Terminals, make(i))
		}
		begun := time.Now()
		f := p.Forest()
		all := map[string]bool{}
		var on []*Terminal
		for i := range p.Terminals {
			on = append(on, &p.Terminals[i])
			all[p.Terminals[i].Name] = true
		}
		if places := f.Places(on); len(places) == 0 {
			t.Errorf("%s: nobody is anywhere", kind)
		}
		if below := f.Below(all); len(below) != n {
			t.Errorf("%s: %d are below all", kind, len(below))
		}
		f.Below(f.Above(name(n - 1)))
		t.Logf("%s: %v", kind, time.Since(begun))
	}
}
