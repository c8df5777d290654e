//go:build linux

package compat

import (
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

// askGetopt runs getopt(1) of util-linux, which is getopt_long(3) for shells, and returns what it makes
// of arguments, or what it says is wrong first.
func askGetopt(t *testing.T, args []string, posixly bool) (normal, problem string) {
	t.Helper()
	cmd := exec.Command("getopt", append([]string{"-u", "-n", "getopt", "-o", "nt:g:Vhv", "-l", "nobanner,timeout:,group:,version,verbose,help", "--"}, args...)...)
	cmd.Env = []string{"LC_ALL=C"}
	if posixly {
		cmd.Env = append(cmd.Env, "POSIXLY_CORRECT=1")
	}
	var out, words strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &words
	if err := cmd.Run(); err != nil && words.Len() == 0 {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(words.String(), "\n")
	return strings.TrimSpace(out.String()), strings.TrimPrefix(first, "getopt: ")
}

// normalized writes what getopt has found the way getopt(1) does.
func normalized(args []string, posixly bool) (normal, problem string) {
	all := []option{noBanner, timeout, group, version, verbose, help}
	found, operands, err := getopt(args, all, posixly)
	if err != nil {
		return "", err.Error()
	}
	var words []string
	for _, o := range found {
		words = append(words, o.long)
		if o.option.value {
			words = append(words, o.value)
		}
	}
	return strings.TrimSpace(strings.Join(append(append(words, "--"), operands...), " ")), ""
}

// longNames writes getopt(1)'s short options as long ones: it keeps what was typed.
func longNames(normal string) string {
	words := strings.Split(normal, " ")
	for i := 0; i < len(words) && words[i] != "--"; i++ {
		name := strings.TrimLeft(words[i], "-")
		for _, o := range []option{noBanner, timeout, group, version, verbose, help} {
			if name == o.long || name == string(o.short) {
				words[i] = o.long
				if o.value {
					i++
				}
				break
			}
		}
	}
	return strings.Join(words, " ")
}

// TestGetoptIsGetopt holds that getopt does what the C library's does, on command lines made
// of what may stand on them.
func TestGetoptIsGetopt(t *testing.T) {
	words := strings.Fields("-n -t -t5 -g -gops -nv -nt -nt5 -Vh -x -nx - -- hello 5 pts/3 --nobanner --no --timeout --timeout=5 --timeout= " +
		"--t --g=x --group --ver --ver=1 --vers --verb --v --help --hel=1 --nobanner=1 --x --x=1 --")
	random := rand.New(rand.NewPCG(8, 41))
	for range 600 {
		var args []string
		for range random.IntN(6) {
			args = append(args, words[random.IntN(len(words))])
		}
		posixly := random.IntN(4) == 0
		want, wrong := askGetopt(t, args, posixly)
		got, problem := normalized(args, posixly)
		if wrong != problem || wrong == "" && got != longNames(want) {
			t.Errorf("%q: %q, %q; getopt(1) has %q, %q", args, got, problem, longNames(want), wrong)
		}
	}
}
