package delivery

import (
	"slices"
	"testing"

	"msg/internal/message"
	"msg/internal/sessions"
)

// TestOutward: where the terminal in front is off and one around it of the same person is on,
// that gets the message, once. A terminal that the sender named is meant as it is.
func TestOutward(t *testing.T) {
	const on, off = 0o620, 0o1600
	for name, c := range map[string]struct {
		terminals []sessions.Terminal
		places    []string
		named     bool
		root      bool
		want      []string
	}{
		"on": {
			[]sessions.Terminal{{Name: "pts/1", Mode: on}, {Name: "pts/2", Outer: "pts/1", Mode: on}},
			[]string{"pts/2"},
			false, false,
			[]string{"pts/2"},
		},
		"off": {
			[]sessions.Terminal{{Name: "pts/1", Mode: on}, {Name: "pts/2", Outer: "pts/1", Mode: off}},
			[]string{"pts/2"},
			false, false,
			[]string{"pts/1"},
		},
		"two off in one": {
			[]sessions.Terminal{{Name: "pts/1", Mode: on}, {Name: "pts/2", Outer: "pts/1", Mode: off}, {Name: "pts/3", Outer: "pts/1", Mode: off}},
			[]string{"pts/2", "pts/3"},
			false, false,
			[]string{"pts/1"},
		},
		"far out": {
			[]sessions.Terminal{{Name: "pts/1", Mode: on}, {Name: "pts/2", Outer: "pts/1", Mode: off}, {Name: "pts/3", Outer: "pts/2", Mode: off}},
			[]string{"pts/3"},
			false, false,
			[]string{"pts/1"},
		},
		"all off": {
			[]sessions.Terminal{{Name: "pts/1", Mode: off}, {Name: "pts/2", Outer: "pts/1", Mode: off}},
			[]string{"pts/2"},
			false, false,
			[]string{"pts/2"},
		},
		"another's": {
			[]sessions.Terminal{{Name: "pts/1", Mode: on, Owner: 7}, {Name: "pts/2", Outer: "pts/1", Mode: off}},
			[]string{"pts/2"},
			false, false,
			[]string{"pts/2"},
		},
		"named": {
			[]sessions.Terminal{{Name: "pts/1", Mode: on}, {Name: "pts/2", Outer: "pts/1", Mode: off}},
			[]string{"pts/2"},
			true, false,
			[]string{"pts/2"},
		},
		"root": {
			[]sessions.Terminal{{Name: "pts/1", Mode: on}, {Name: "pts/2", Outer: "pts/1", Mode: off}},
			[]string{"pts/2"},
			false, true,
			[]string{"pts/2"},
		},
		"around itself": {
			[]sessions.Terminal{{Name: "pts/1", Outer: "pts/2", Mode: off}, {Name: "pts/2", Outer: "pts/1", Mode: off}},
			[]string{"pts/2"},
			false, false,
			[]string{"pts/2"},
		},
	} {
		picture := sessions.Picture{Terminals: c.terminals}
		var places []Place
		for _, of := range c.places {
			places = append(places, Place{Place: sessions.Place{Terminal: picture.Find(of)}, Named: c.named})
		}
		s := &sending{Engine: Engine{Sender: Sender{Root: c.root}, Rules: Unlimited()}, request: message.Request{}}
		var got []string
		for _, p := range s.outward(places, picture.Forest()) {
			got = append(got, p.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
