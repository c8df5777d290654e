//go:build unix

package client

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"msg/internal/message"
	"msg/internal/target"
)

var aRequest = message.Request{
	Targets: []target.Target{{Kind: target.Word, Name: "bob"}, {Kind: target.Group, Name: "domain users"}, {Kind: target.Everyone}},
	Except:  []target.Target{{Kind: target.Terminal, Name: "pts/3"}, {Kind: target.User, Name: "tty1"}, {Kind: target.Session, Name: "c2"}},
	Text:    "Grüße\x9b\x00\r\n\xff", Time: 1500 * time.Millisecond, Polite: true, DryRun: true, Says: "alice@laptop",
}

// program is a helper that is a shell script.
func program(t *testing.T, script string) Helper {
	t.Helper()
	path := filepath.Join(t.TempDir(), "helper")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return Helper{Path: path}
}

const sayHello = `echo '{"event":"hello","protocol":[1,1],"version":"0.1.0","host":"d13","privileged":true}'; `

// TestHelper starts programs, and tells apart how they fail.
func TestHelper(t *testing.T) {
	for script, want := range map[string]string{
		sayHello + `read r; echo '{"event":"end","results":0}'`:                                 "",
		sayHello + `read r; echo '{"event":"refused","results":0,"problem":"no","hint":"yes"}'`: "no",
		`echo 'must not be set-uid' >&2; exit 1`:                                                "no-helper: it does not start: must not be set-uid",
		`exit 3`:                                                                                "no-helper: it does not start: exit status 3",
		sayHello + `read r; kill -9 $$`:                                                         "lost: it ended early; whether all have the message is not known: signal: killed",
		sayHello + `read r; yes oops | head -c 100000 >&2`:                                      "lost: it ended early; whether all have the message is not known: oops",
		`test -z "$(env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=)" || exec env >&2; ` + sayHello + `read r; echo '{"event":"end","results":0}'`: "",
	} {
		err := program(t, script).Send(t.Context(), aRequest, nil, func(message.Result) {})
		if got := errorText(err); got != want && (want == "" || !strings.HasPrefix(got, want)) {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
	err := Helper{Path: "/nonexistent/helper"}.Send(t.Context(), aRequest, nil, func(message.Result) {})
	if want := "no-helper: /nonexistent/helper: no such file or directory"; errorText(err) != want {
		t.Errorf("%v, want %q", err, want)
	}
	hello, err := program(t, sayHello+"cat >/dev/null").Ask(t.Context())
	if err != nil || hello.Version != "0.1.0" {
		t.Errorf("asked, it is %+v, %v", hello, err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestGivingUp: who has given up still gets what became of the terminals, from a
// helper that is told so by the end of its input.
func TestGivingUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	helper := program(t, sayHello+`read r
		echo '{"event":"waiting","host":"d13","user":"bob","terminal":"pts/2"}'
		cat >/dev/null
		echo '{"event":"failed","host":"d13","user":"bob","terminal":"pts/2","reason":"stuck","detail":"interrupted"}'
		echo '{"event":"end","results":1}'`)
	var results []message.Result
	err := helper.Send(ctx, aRequest, nil, func(r message.Result) {
		results = append(results, r)
		cancel()
	})
	if err != nil || len(results) != 2 || results[1].Reason.Public() != "stuck" {
		t.Errorf("%+v, %v", results, err)
	}
}

// TestSlowReader: who reads the results late, or stops in between, has them all.
func TestSlowReader(t *testing.T) {
	helper := program(t, sayHello+`read r; i=0; while [ $i -lt 3000 ]; do i=$((i+1))
		echo '{"event":"delivered","host":"d13","user":"bob","terminal":"pts/'$i'"}'; done; echo '{"event":"end","results":3000}'`)
	count := 0
	err := helper.Send(t.Context(), aRequest, nil, func(message.Result) {
		if count == 0 {
			time.Sleep(time.Second) // more than a pipe's worth comes meanwhile
		}
		count++
	})
	if err != nil || count != 3000 {
		t.Errorf("%d results, %v", count, err)
	}
}
