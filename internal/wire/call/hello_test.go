package call

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"msg/internal/message"
	"msg/internal/wire"
	"msg/internal/wire/wiretest"
)

// serverSays lets a stand-in for a server say these lines, and end.
func serverSays(t *testing.T, said ...string) ([]message.Result, error) {
	t.Helper()
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	go func() {
		_, _ = io.WriteString(out, said[0]+"\n")
		_, _ = bufio.NewReader(in).ReadString('\n')
		for _, line := range said[1:] {
			_, _ = io.WriteString(out, line+"\n")
		}
		_ = out.Close()
		_ = in.Close()
	}()
	var results []message.Result
	err := New(toServer, fromServer, Options{}).Send(t.Context(), aRequest, nil, func(r message.Result) { results = append(results, r) })
	return results, err
}

// says lets a stand-in for a server say these lines, the first as its hello, and then
// end. It returns what it was told, too.
func says(t *testing.T, r message.Request, said ...string) (results []message.Result, told string, err error) {
	t.Helper()
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	read := make(chan string, 1)
	go func() {
		_, _ = io.WriteString(out, said[0]+"\n")
		from := bufio.NewReader(in)
		line, readErr := from.ReadString('\n')
		for _, line := range said[1:] {
			if readErr == nil {
				_, _ = io.WriteString(out, line+"\n")
			}
		}
		_ = out.Close()
		rest, _ := io.ReadAll(from)
		read <- line + string(rest)
	}()
	err = New(toServer, fromServer, Options{}).Send(t.Context(), r, nil, func(r message.Result) { results = append(results, r) })
	_ = toServer.Close() // as a process's input is
	return results, wiretest.Await(t, read, "the stand-in's end"), err
}

// TestOtherServers: newer and older ones, and what is no server or breaks off.
func TestOtherServers(t *testing.T) {
	const (
		hello  = `{"event":"hello","protocol":[1,1],"version":"0.1.0","host":"d13"}`
		result = `{"event":"delivered","host":"d13","user":"bob","terminal":"pts/2"}`
		end    = `{"event":"end","results":1}`
	)
	newer := `{"event":"hello","protocol":[1,7],"version":"9","host":"d13","privileged":true,"mood":{"good":true}}`
	if results, err := serverSays(t, newer, `{"event":"alive"}`, result, end); err != nil || len(results) != 1 {
		t.Errorf("a newer one: %v, %v", results, err)
	}
	for name, c := range map[string]struct {
		said   []string
		reason message.Reason
		got    int
	}{
		"too new":          {[]string{`{"event":"hello","protocol":[4,5],"version":"9"}`, end}, message.Version, 0},
		"too old":          {[]string{`{"event":"hello","protocol":[0,0],"version":"0"}`, end}, message.Version, 0},
		"no server":        {[]string{"Welcome to d13!"}, message.NoHelper, 0},
		"another event":    {[]string{end}, message.NoHelper, 0},
		"ends":             {[]string{hello}, message.Lost, 0},
		"ends early":       {[]string{hello, result}, message.Lost, 1},
		"loses a result":   {[]string{hello, `{"event":"end","results":2}`}, message.Lost, 0},
		"counts too few":   {[]string{hello, result, strings.Replace(result, "pts/2", "pts/3", 1), end}, message.Lost, 2},
		"one twice":        {[]string{hello, result, result, end}, message.Lost, 1},
		"nobody":           {[]string{hello, `{"event":"delivered"}`, end}, message.Lost, 0},
		"no host":          {[]string{hello, strings.Replace(result, "d13", "", 1), end}, message.Lost, 0},
		"no terminal":      {[]string{hello, `{"event":"delivered","host":"d13","target":"bob"}`, end}, message.Lost, 0},
		"both":             {[]string{hello, strings.Replace(result, "{", `{"target":"bob",`, 1), end}, message.Lost, 0},
		"a reason":         {[]string{hello, strings.Replace(result, "{", `{"reason":"denied",`, 1), end}, message.Lost, 0},
		"no reason":        {[]string{hello, strings.Replace(result, "delivered", "failed", 1), end}, message.Lost, 0},
		"a reason of ours": {[]string{hello, strings.Replace(result, `"delivered"`, `"failed","reason":"given-up"`, 1), end}, message.Lost, 0},
		"its own reason":   {[]string{hello, strings.Replace(result, `"delivered"`, `"failed","reason":"a\u009b31m"`, 1), end}, message.Lost, 0},
		"unknown field":    {[]string{hello, strings.Replace(result, "{", `{"x":1,`, 1), end}, message.Lost, 0},
		"unknown event":    {[]string{hello, strings.Replace(result, "delivered", "answered", 1), end}, message.Lost, 0},
		"no JSON":          {[]string{hello, "Segmentation fault", end}, message.Lost, 0},
		"an endless line":  {[]string{hello, strings.Repeat("x", wire.MostEvent+1)}, message.Lost, 0},
		"an endless hello": {[]string{strings.Repeat("x", wire.MostEvent+1)}, message.NoHelper, 0},
	} {
		results, err := serverSays(t, c.said...)
		var failure *message.Failure
		if !errors.As(err, &failure) || failure.Reason != c.reason || len(results) != c.got {
			t.Errorf("%s: %v and %d results, want %s and %d", name, err, len(results), c.reason, c.got)
		}
	}
}

// TestOlderServer: one that does not know messages that stay is not sent any, and is the
// older one.
func TestOlderServer(t *testing.T) {
	const older, end = `{"event":"hello","protocol":[1,1],"version":"0.1.0","host":"d13"}`, `{"event":"end","results":0}`
	both := typedOn()
	both.Wait = true
	vain := waits()
	vain.DryRun = true
	for name, r := range map[string]message.Request{"waits": waits(), "typed": typedOn(), "both": both, "waits in vain": vain} {
		results, told, err := says(t, r, older, end)
		var failure *message.Failure
		if !errors.As(err, &failure) || failure.Reason != message.Version || !strings.Contains(failure.Detail, "0.1.0") ||
			failure.Hint != "msg there is the older one: update it" || told != "" || len(results) > 0 {
			t.Errorf("%s: %v; it was told %q", name, err, told)
		}
	}
	if _, told, err := says(t, aRequest, older, end); err != nil || !strings.HasPrefix(told, `{"protocol":1,`) {
		t.Errorf("one that does not stay: %v; it was told %q", err, told)
	}
	newer := strings.Replace(older, "[1,1]", "[1,7]", 1)
	if _, told, err := says(t, waits(), newer, end); err != nil || !strings.HasPrefix(told, `{"protocol":3,`) {
		t.Errorf("a newer one: %v; it was told %q", err, told)
	}
}
