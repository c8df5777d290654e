package client

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"msg/internal/target"
)

func TestWithoutComments(t *testing.T) {
	if got, want := WithoutComments("# all\nweb1 # one\n\nweb2#\n#"), "\nweb1 \n\nweb2\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestParseFile(t *testing.T) {
	got, err := parseTargets("ops", "# people\nalice bob,carol\n\n%ops@web1 # and these\r\n")
	want := []target.Target{
		{Kind: target.Word, Name: "alice"},
		{Kind: target.Word, Name: "bob"},
		{Kind: target.Word, Name: "carol"},
		{Kind: target.Group, Name: "ops", Hosts: "web1"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	for content, want := range map[string]string{
		"alice\nbob,,carol\n": "ops:2: empty target",
		"# nobody\n":          "ops: empty target list",
		"@other\n":            "ops:1: a file of targets can't name another",
	} {
		if _, err := parseTargets("ops", content); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parseTargets(%q): %v, want %q", content, err, want)
		}
	}
}

// FuzzParseFile holds that a file of targets means what its words do in one list, without
// what stands behind a #; and that it leads to no other file.
func FuzzParseFile(f *testing.F) {
	f.Add("# people\nalice bob,carol\n\n%ops@web[1,2] # and these\r\n")
	f.Add("bob@@lab#x\n@file\n")
	f.Add("web[1\n2]\tuser:x#\n#")
	comment := regexp.MustCompile(`#[^\n]*`)
	f.Fuzz(func(t *testing.T, content string) {
		got, err := parseTargets("ops", content)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "ops:") {
				t.Errorf("%q: %v", content, err)
			}
			return
		}
		want, err := target.Parse(strings.Join(strings.Fields(comment.ReplaceAllString(content, "")), ","))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is %v, want %v, %v", content, got, want, err)
		}
		if slices.ContainsFunc(got, func(t target.Target) bool { return t.Kind == target.File }) {
			t.Errorf("%q is %v", content, got)
		}
	})
}
