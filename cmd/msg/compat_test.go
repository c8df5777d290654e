package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// options are those of the programs that msg takes the place of, by the headings of the
// table: what util-linux 2.41's --help and manual pages have, and Windows' "msg /?" and
// "net help".
var options = map[string]string{
	"wall":     "MESSAGE FILE standard -g --group -n --nobanner -t --timeout -h --help -V --version",
	"write":    "USER TERMINAL standard -h --help -V --version",
	"mesg":     "no y n -v --verbose -h --help -V --version",
	"msg.exe":  "username sessionname sessionid @filename * /SERVER: /TIME: /V /W /? message standard",
	"net send": "NAME * /USERS /DOMAIN /DOMAIN:NAME name /ADD /DELETE",
}

var tableRow = regexp.MustCompile(`(?m)^\| +(.+?) +\| +(.+?) +\| +(\w[\w., ]*) +\|$`)

// TestCompatTable holds that the table has each option, with a test that there is and that
// has that option in it.
func TestCompatTable(t *testing.T) {
	page, err := os.ReadFile("../../docs/compat.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for program, all := range options {
		_, section, ok := strings.Cut(string(page), "\n## "+program)
		if section, _, _ = strings.Cut(section, "\n## "); !ok {
			t.Fatalf("the page has no %s", program)
		}
		named := map[string]bool{}
		for _, row := range tableRow.FindAllStringSubmatch(section, -1) {
			if row[1] == "option" {
				continue
			}
			rows++
			words := strings.FieldsFunc(row[1], func(r rune) bool { return r == '`' || r == ',' || r == ' ' })
			for _, word := range words {
				named[word] = true
			}
			for test := range strings.SplitSeq(row[3], ", ") {
				hasOption(t, program, words, test)
			}
		}
		for option := range strings.FieldsSeq(all) {
			if !named[option] {
				t.Errorf("the page lacks %s of %s", option, program)
			}
		}
	}
	if rows < 40 {
		t.Errorf("only %d rows were read", rows)
	}
}

// hasOption checks that there is such a test, and that an option which is written with a dash
// or a slash is in its file.
func hasOption(t *testing.T, program string, words []string, test string) {
	t.Helper()
	out, err := exec.Command("grep", "-rlE", "--include=*_test.go", `^func `+test+`\(`, "../..").Output()
	file := strings.TrimSpace(string(out))
	if strings.HasSuffix(test, ".txtar") {
		file, err = "testdata/script/"+test, nil
	}
	if err != nil {
		t.Errorf("%s: there is no %s", program, test)
		return
	}
	source, err := os.ReadFile(file)
	if err != nil {
		t.Errorf("%s: %v", program, err)
	}
	for _, word := range words {
		typed := strings.TrimSuffix(strings.TrimSuffix(word, "filename"), "NAME")
		if !strings.ContainsAny(word[:1], "-/@*") {
			continue
		}
		end := ""
		if word[0] == '-' {
			end = `[^a-z-]`
		}
		if !regexp.MustCompile(`(?i)[\s"']` + regexp.QuoteMeta(typed) + end).Match(source) {
			t.Errorf("%s: %s has no %s", program, test, word)
		}
	}
}
