package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// boundaries is how many tables of promises the page has, by numbered headings.
const boundaries = 13

var (
	// testName is a test as the page names it: text.FuzzClean, or by its name alone.
	testName = regexp.MustCompile(`(?:\b([a-z][a-z0-9-]*)\.)?\b((?:Test|Fuzz)[A-Z]\w*)(…?)`)

	// codePlace is a file or directory of the code.
	codePlace = regexp.MustCompile("`([a-z][\\w.-]*(?:/[\\w.-]+)+)`")

	declaredTest = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(\w+ \*testing\.[TF]\)`)
)

// TestSecurityPage holds that what docs/security.md names is there, that each promise has a test
// and the code that keeps it, and that no attack and no fuzz target is left out.
func TestSecurityPage(t *testing.T) {
	data, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	page, tests := string(data), testsOfTree(t)
	onPage := map[string]bool{}
	for _, name := range testName.FindAllStringSubmatch(page, -1) {
		switch test := name[1] + "." + name[2]; {
		case name[3] != "": // the beginning of several
		case name[2] == t.Name():
		case name[1] == "":
			t.Errorf("the page names %s without its directory: %s", name[2], suggestion(tests, name[2]))
		case !tests[test]:
			t.Errorf("there is no %s: %s", test, suggestion(tests, name[2]))
		default:
			onPage[test] = true
		}
	}
	for _, test := range slices.Sorted(maps.Keys(tests)) {
		_, name, _ := strings.Cut(test, ".")
		if (strings.HasPrefix(name, "TestAttack") || strings.HasPrefix(name, "Fuzz")) && !onPage[test] {
			t.Errorf("the page lacks %s: it goes to the promise that it holds, or to \"Other fuzz targets\"", test)
		}
	}
	checkRows(t, page)
}

// checkRows checks each row of each table.
func checkRows(t *testing.T, page string) {
	t.Helper()
	promises := map[string]int{} // by the headings' numbers
	for _, row := range rowsOf(page) {
		if len(row.cells) != 3 {
			t.Errorf("%s: a row of %d cells: %q", row.heading, len(row.cells), row.cells)
			continue
		}
		promise := strings.TrimSpace(row.cells[0])
		tests, places := testName.FindAllStringSubmatch(row.cells[2], -1), codePlace.FindAllStringSubmatch(row.cells[1], -1)
		if promise == "" || !slices.ContainsFunc(tests, func(name []string) bool { return name[1] != "" }) {
			t.Errorf("%s: no test holds %q", row.heading, promise)
		}
		for _, one := range places {
			if _, err := os.Stat("../../" + one[1]); err != nil {
				t.Errorf("%s: %q: %v", row.heading, promise, err)
			}
		}
		if number, _, ok := strings.Cut(row.heading, ". "); ok {
			promises[number]++
			if len(places) == 0 {
				t.Errorf("%s: no code keeps %q", row.heading, promise)
			}
		}
	}
	for n := range boundaries {
		if promises[fmt.Sprint(n+1)] == 0 {
			t.Errorf("the page has no promises at %d", n+1)
		}
	}
}

// promiseRow is a row below that heading.
type promiseRow struct {
	heading string
	cells   []string
}

// rowsOf are the rows of all tables, but for what stands at their heads.
func rowsOf(page string) []promiseRow {
	var rows []promiseRow
	heading, head := "", true
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimLeft(line, "# ")
		case !strings.HasPrefix(line, "|"):
			head = true
		case head, strings.HasPrefix(line, "| ---"):
			head = false
		default:
			rows = append(rows, promiseRow{heading, strings.Split(strings.Trim(line, "|"), "|")})
		}
	}
	return rows
}

// testsOfTree are all tests and fuzz targets, as the page names them.
func testsOfTree(t *testing.T) map[string]bool {
	t.Helper()
	tests, dirs := map[string]bool{}, map[string]string{}
	for _, top := range []string{"cmd", "internal", "test"} {
		err := filepath.WalkDir("../../"+top, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			dir := filepath.Dir(path)
			short := filepath.Base(dir)
			if other := dirs[short]; other != "" && other != dir {
				t.Errorf("%s and %s have one name on the page", other, dir)
			}
			dirs[short] = dir
			for _, test := range declaredTest.FindAllSubmatch(source, -1) {
				tests[short+"."+string(test[1])] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(tests) < 300 {
		t.Errorf("only %d tests were found", len(tests))
	}
	return tests
}

// suggestion is where there is a test of that name.
func suggestion(tests map[string]bool, name string) string {
	var all []string
	for test := range tests {
		if strings.HasSuffix(test, "."+name) {
			all = append(all, test)
		}
	}
	if slices.Sort(all); len(all) > 0 {
		return strings.Join(all, " or ")
	}
	return "no directory has one of that name"
}
