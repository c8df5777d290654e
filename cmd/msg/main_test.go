package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"msg/internal/hang"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"msg": main, "wall": main, "write": main, "mesg": main, hang.Delivery: main})
}

// TestScripts runs what users type, and compares what they see.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			return errors.Join(
				os.WriteFile(env.WorkDir+"/full", bytes.Repeat([]byte("x"), 64<<10-100), 0o600),
				os.WriteFile(env.WorkDir+"/long", bytes.Repeat([]byte("\n"), 64<<10+1), 0o600),
				os.WriteFile(env.WorkDir+"/huge", bytes.Repeat([]byte("#"), 1<<20+1), 0o600))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a program, as exec does, and checks its exit status:
//
//	exits 2 msg bob,,alice hi
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM [ARGUMENT ...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	status := 0
	if exit != nil {
		status = exit.ExitCode()
	}
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("exit status %d, want %s", status, args[0])
	}
}
