package main

import (
	"strings"
	"testing"
)

// floodOf is more than a host has terminals, and less than it may say in all, in bytes.
const (
	floodOf = "70000"
	flood   = `awk 'BEGIN { while (i < ` + floodOf + `) { i++; print EVENT } }'; `
)

// floods returns a script that prints an event that often, each time with another $i in it.
func floods(event string) string {
	return strings.ReplaceAll(flood, "EVENT", `"`+strings.NewReplacer(`"`, `\"`, "$i", `" i "`).Replace(event)+`"`)
}

// TestFloodingHost has a host say one thing seventy thousand times. What a person sees of it
// fits a few screens, unless they ask for each terminal. It is never without end.
func TestFloodingHost(t *testing.T) {
	const few, all = 100, 10_000 + 100
	answers := `{"event":"answered","host":"h","user":"USER","answer":"reply","text":"one\\ntwo","after_ms":5}`
	for name, c := range map[string]struct {
		event     string
		most      int // lines
		arguments []string
	}{
		"one terminal waits":      {`{"event":"waiting","host":"h","user":"bob","terminal":"pts/1"}`, few, nil},
		"terminals wait":          {`{"event":"waiting","host":"h","user":"bob","terminal":"pts/$i"}`, few, nil},
		"it waits itself":         {`{"event":"waiting","host":"h","detail":"too many lines $i"}`, few, nil},
		"terminals wait, as JSON": {`{"event":"waiting","host":"h","user":"bob","terminal":"pts/$i"}`, few, []string{"--json"}},
		"it is alive":             {`{"event":"alive"}`, few, nil},
		"it is through":           {`{"event":"open","host":"h"}`, few, []string{"--wait"}},
		"delivered":               {`{"event":"delivered","host":"h","user":"u","terminal":"p$i"}`, few, nil},
		"delivered, verbosely":    {`{"event":"delivered","host":"h","user":"u","terminal":"p$i"}`, all, []string{"-v"}},
		"delivered, as JSON":      {`{"event":"delivered","host":"h","user":"u","terminal":"p$i"}`, 1<<16 + few, []string{"--json"}},
		"failed":                  {`{"event":"failed","host":"h","user":"u","terminal":"p$i","reason":"gone"}`, few, nil},
		"not asked for":           {`{"event":"failed","host":"h","target":"t$i","reason":"unknown"}`, few, nil},
		"not asked for, as JSON":  {`{"event":"failed","host":"h","target":"$i","reason":"gone"}`, 1<<16 + few, []string{"--json"}},
		"one target":              {`{"event":"failed","host":"h","target":"bob","reason":"unknown"}`, few, nil},
		"one answers":             {strings.Replace(answers, "USER", "bob", 1), 3*1000 + few, []string{"--wait"}},
		"many answer":             {strings.Replace(answers, "USER", "u$i", 1), 3*1000 + few, []string{"--wait"}},
		"many answer, as JSON":    {strings.Replace(answers, "USER", "u$i", 1), 3*1000 + few, []string{"--wait", "--json"}},
		"nobody has answered":     {`{"event":"unanswered","host":"h","user":"u$i"}`, few, []string{"--wait"}},
	} {
		t.Run(name, func(t *testing.T) {
			said, exit := atTerminal(t, sayHello+"read -r request; "+floods(c.event), nil, append(c.arguments, "bob@h", "hi")...)
			lines := strings.Count(said, "\n")
			if lines > c.most || exit != 1 || !strings.Contains(said, "h") {
				t.Errorf("%d lines, exit status %d: %.300q", lines, exit, said)
			}
			if c.event != `{"event":"alive"}` && !strings.Contains(said, "msg failed") && !strings.Contains(said, `"reason":"lost"`) {
				t.Errorf("it does not say that it failed: %.300q", said[max(0, len(said)-300):])
			}
			t.Logf("%d lines", lines)
		})
	}
}
