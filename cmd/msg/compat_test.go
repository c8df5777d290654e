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
			sources := ""
			for test := range strings.SplitSeq(row[3], ", ") {
				sources += sourceOf(t, program, test)
			}
			typed(t, program, words, sources)
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

// typed checks that tests type an option: one with a dash behind that program's name, one with a
// slash anywhere.
func typed(t *testing.T, program string, words []string, sources string) {
	t.Helper()
	for _, word := range words {
		switch {
		case strings.HasPrefix(word, "-"):
			line := regexp.MustCompile(`(?m)\b` + program + `\b.*[\s"']` + regexp.QuoteMeta(word) + `[^a-z-]`)
			if !line.MatchString(sources) {
				t.Errorf("%s: no test of the row types %s", program, word)
			}
		case strings.ContainsAny(word[:1], "/*"):
			if !strings.Contains(strings.ToLower(sources), strings.ToLower(strings.TrimSuffix(word, "NAME"))) {
				t.Errorf("%s: no test of the row types %s", program, word)
			}
		}
	}
}

// sourceOf is a test with the tables that it goes through.
func sourceOf(t *testing.T, program, test string) string {
	t.Helper()
	if strings.HasSuffix(test, ".txtar") {
		source, err := os.ReadFile("testdata/script/" + test)
		if err != nil {
			t.Errorf("%s: %v", program, err)
		}
		return string(source)
	}
	out, err := exec.Command("grep", "-rlE", "--include=*_test.go", `^func `+test+`\(`, "../..").Output()
	if err != nil {
		t.Errorf("%s: there is no %s", program, test)
		return ""
	}
	file, err := os.ReadFile(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	declarations := regexp.MustCompile(`(?ms)^(?:func|var) (\w+)[^\n]*\{\n.*?^\}`).FindAllStringSubmatch(string(file), -1)
	body := ""
	for _, d := range declarations {
		if d[1] == test {
			body = d[0]
		}
	}
	for _, d := range declarations {
		if d[1] != test && strings.Contains(body, d[1]) {
			body += d[0]
		}
	}
	return body
}
