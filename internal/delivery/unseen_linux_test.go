package delivery

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/target"
)

// TestUnseen: if the engine can't see a person, it does not say "not logged in". If it can't see all
// people of a target, the target fails.
func TestUnseen(t *testing.T) {
	in := []sessions.Source{sessions.Device, sessions.Proc}
	out := []sessions.Source{sessions.Device}
	const daemon, bin = 1, 2
	var (
		here     = sessions.Terminal{Name: "pts/1", Owner: daemon, Sources: in}
		gone     = sessions.Terminal{Name: "pts/1", Owner: daemon, Sources: out}
		unled    = sessions.Terminal{Name: "pts/2", Owner: daemon, Sources: out, Unled: true}
		hidden   = sessions.Terminal{Name: "pts/3", Owner: daemon, Sources: out, Unled: true, Hidden: true}
		console  = sessions.Terminal{Name: "tty1", Sources: out, Unled: true}
		somebody = sessions.Terminal{Name: "pts/4", Owner: 65534, Sources: in, Anonymous: true}
		nobody   = sessions.Terminal{Name: "pts/5", Owner: 65534, Sources: out, Anonymous: true}
		desk     = sessions.Session{ID: "7", User: "daemon", UID: daemon, Class: "user", Type: "wayland"}
	)
	const yes, doubt, not, absent, desktop, refused = "", "can't be seen", "not logged in", "no such", "logged in, but", "refused"
	for name, c := range map[string]struct {
		terminals []sessions.Terminal
		desk      bool
		logind    error
		want      map[string]string // by target; what is said of it
	}{
		"all is seen": {[]sessions.Terminal{gone, nobody}, false, nil, map[string]string{
			"daemon": not, "%daemon": not, "*": yes, "session:5": absent, "5": absent, "root": not, "* but daemon": yes,
		}},
		"a process namespace": {[]sessions.Terminal{unled}, true, nil, map[string]string{
			"daemon": doubt, "user:daemon": doubt, "%daemon": doubt, "*": doubt, "bin": not, "session:5": doubt, "5": doubt,
			"no-such": absent, "pts/2": yes, "root": not, "* but daemon": doubt,
		}},
		"and one found": {[]sessions.Terminal{here, unled}, false, nil, map[string]string{"daemon": yes, "%daemon": doubt, "*": doubt}},
		"no proc":       {[]sessions.Terminal{hidden}, false, nil, map[string]string{"daemon": yes, "%daemon": yes, "*": yes, "bin": not, "root": not}},
		"and consoles":  {[]sessions.Terminal{hidden, console}, false, nil, map[string]string{"daemon": yes, "*": yes, "bin": not, "root": doubt, "* but root": yes}},
		"consoles":      {[]sessions.Terminal{console}, false, nil, map[string]string{"daemon": not, "*": doubt, "root": doubt}},
		"a user namespace": {[]sessions.Terminal{somebody}, true, nil, map[string]string{
			"daemon": doubt, "nobody": doubt, "%daemon": doubt, "*": doubt, "* but daemon": refused, "session:5": doubt,
		}},
		"and nobody at a desktop": {[]sessions.Terminal{somebody}, false, nil, map[string]string{"*": yes}},
		"at a desktop":            {[]sessions.Terminal{gone}, true, nil, map[string]string{"daemon": desktop, "*": desktop}},
		"no logind": {[]sessions.Terminal{gone}, false, errors.New("it is dead"), map[string]string{
			"daemon": doubt, "*": doubt, "session:5": doubt, "no-such": absent, "* but daemon": doubt,
		}},
		"no logind, and one found": {[]sessions.Terminal{here}, false, errors.New("it is dead"), map[string]string{"daemon": yes, "*": yes, "bin": doubt}},
	} {
		p := sessions.Picture{Terminals: slices.Clone(c.terminals), Unasked: c.logind, Blind: "it is dark"}
		if c.desk {
			p.Sessions = []sessions.Session{desk}
		}
		for what, want := range c.want {
			name := name + ", to " + what
			targets, except, _ := strings.Cut(what, " but ")
			r := message.Request{Targets: parsed(t, targets)}
			if except != "" {
				r.Except = parsed(t, except)
			}
			h := Local()
			chosen, err := h.Choose(t.Context(), Sender{Names: h.Accounts, UID: bin}, p, r)
			var said []string
			for _, f := range chosen.Failed {
				said = append(said, f.Detail)
				if darkness := strings.Contains(f.Detail, doubt); darkness != (f.Hint != "") || darkness && (f.Reason != message.Unknown || !strings.Contains(f.Detail, "it is d")) {
					t.Errorf("%s: %+v", name, f)
				}
			}
			switch {
			case want == refused:
				if err == nil || !strings.Contains(err.Error(), doubt) {
					t.Errorf("%s: %+v, %v", name, chosen, err)
				}
			case err != nil, want == yes && len(said) > 0, want != yes && (len(said) != 1 || !strings.Contains(said[0], want)):
				t.Errorf("%s: %q, %v, want %q", name, said, err, want)
			}
		}
	}
}

func parsed(t *testing.T, list string) []target.Target {
	t.Helper()
	targets, err := target.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return targets
}
