package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"msg/internal/message"
	"msg/internal/wire/wiretest"
)

// TestLinesStrict: after the request come lines, then their end, then nothing more. What
// else comes ends the lines and what is waited for.
func TestLinesStrict(t *testing.T) {
	const line, end = `{"line":"eA=="}` + "\n", `{"end":true}` + "\n"
	for name, c := range map[string]struct {
		after string // the request
		lines int    // that come through, at most where it does not go on
		close bool   // our end
		open  bool   // it goes on
	}{
		"nothing":              {"", 0, false, true},
		"a line":               {line, 1, false, true},
		"lines at once":        {strings.Repeat(line, 500), 500, false, true},
		"an empty line":        {"{}\n" + `{"line":""}` + "\n", 2, false, true},
		"the end":              {line + end, 1, false, true},
		"a line after the end": {line + end + line, 1, false, false},
		"the end twice":        {end + end, 0, false, false},
		"EOF":                  {line, 1, true, false},
		"EOF after the end":    {line + end, 1, true, false},
		"EOF within a line":    {line + line[:len(line)-1], 1, true, false},
		"an unknown key":       {line + `{"line":"eA==","to":"eve"}` + "\n" + line, 1, false, false},
		"other letters":        {`{"LINE":"eA=="}` + "\n", 0, false, false},
		"a key twice":          {`{"line":"eA==","line":"eA=="}` + "\n", 0, false, false},
		"no base64":            {`{"line":"hi!"}` + "\n", 0, false, false},
		"no JSON":              {line + "hi\n", 1, false, false},
		"an array":             {"[]\n", 0, false, false},
		"nothing on a line":    {"\n", 0, false, false},
		"something behind":     {`{"line":"eA=="}x` + "\n", 0, false, false},
		"another request":      {goodTyped + "\n", 0, false, false},
		"endless":              {line + strings.Repeat("x", MostRequest+1), 1, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			in, client := wiretest.Pipe(t)
			go func() {
				_, _ = io.WriteString(client, goodTyped+"\n"+c.after)
				if c.close {
					_ = client.Close()
				}
			}()
			came, given, stop := make(chan string, 1000), make(chan struct{}), make(chan struct{})
			linesEnded := make(chan struct{})
			served := make(chan error, 1)
			var out bytes.Buffer
			go func() {
				served <- serve(context.Background(), in, &out, Hello{}, func(ctx context.Context, _ message.Request, lines *message.Lines, _ func(message.Result)) error {
					go func() {
						for n := 0; ; n++ {
							line, ok, err := lines.Next(ctx, n)
							switch {
							case err != nil: // without their end, lines have none
								return
							case !ok:
								close(linesEnded)
								return
							}
							came <- line
						}
					}()
					select {
					case <-ctx.Done():
						close(given)
					case <-stop:
					}
					return nil
				})
			}()
			for range c.lines {
				if !c.open {
					break // who gives up has perhaps not all of them passed on
				}
				if line := wiretest.Await(t, came, "a line"); line != "x" && name != "an empty line" {
					t.Errorf("%q came", line)
				}
			}
			if c.open {
				select {
				case <-given:
					t.Error("it has ended")
				case <-time.After(5 * soon):
				}
			} else {
				wiretest.Await(t, given, "the end")
			}
			if c.open && strings.HasSuffix(c.after, end) {
				wiretest.Await(t, linesEnded, "the end of the lines")
			}
			if !c.open && len(came) > 0 && <-came != "x" {
				t.Error("another line came")
			}
			close(stop)
			if err := wiretest.Await(t, served, "Serve's end"); err != nil {
				t.Error(err)
			}
			if rest := len(came); c.open && rest > 0 || rest > c.lines {
				t.Errorf("%d lines more", rest)
			}
			if _, last, _ := strings.Cut(out.String(), "\n"); last != `{"event":"end","results":0}`+"\n" {
				t.Errorf("it says %q", last)
			}
			_ = client.Close()
		})
	}
}

// TestGivenUpWithLines: who takes lines learns whether there was one more when it was given
// up, also where that comes at the same time.
func TestGivenUpWithLines(t *testing.T) {
	for i := range 200 {
		in, client := wiretest.Pipe(t)
		taken := i%2 == 0
		go func() {
			_, _ = io.WriteString(client, goodTyped+"\n"+`{"line":"eA=="}`+"\n")
			if !taken {
				_ = client.Close()
			}
		}()
		var out bytes.Buffer
		err := serve(t.Context(), in, &out, Hello{}, func(ctx context.Context, _ message.Request, lines *message.Lines, _ func(message.Result)) error {
			n := 0
			if taken {
				if _, ok, err := lines.Next(ctx, 0); !ok || err != nil {
					t.Errorf("a line does not come: %v", err)
				}
				_ = client.Close()
				n++
			}
			wiretest.Await(t, ctx.Done(), "the end")
			if more := lines.Len() > n; more == taken {
				t.Errorf("taken %v: more %v", taken, more)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSlowlyTaken: that who types has given up is noticed also where nobody takes the lines;
// and what is not taken is not kept without bound.
func TestSlowlyTaken(t *testing.T) {
	const line = `{"line":"eA=="}` + "\n"
	long, err := json.Marshal(Typed{Line: bytes.Repeat([]byte("x"), message.MaxBytesRoot)})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		after string
		close bool
	}{
		"EOF":       {strings.Repeat(line, 100), true},
		"a mistake": {strings.Repeat(line, 100) + "hi\n", false},
		"endless":   {strings.Repeat(string(long)+"\n", 2*mostTyped/message.MaxBytesRoot), false},
	} {
		in, client := wiretest.Pipe(t)
		go func() {
			_, _ = io.WriteString(client, goodTyped+"\n"+c.after)
			if c.close {
				_ = client.Close()
			}
		}()
		served := make(chan error, 1)
		go func() {
			served <- serve(context.Background(), in, io.Discard, Hello{}, func(ctx context.Context, _ message.Request, _ *message.Lines, _ func(message.Result)) error {
				<-ctx.Done()
				return nil
			})
		}()
		if err := wiretest.Await(t, served, name+": Serve's end"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
