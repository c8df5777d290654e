package addressbook

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"msg/internal/config"
)

// ErrByHand is wrapped in the error for a file in which an alias is written in a way that
// is left to whoever wrote it.
var ErrByHand = errors.New("has to be edited by hand")

// withAlias returns what a file holds with an alias set to lists of targets, in the place where
// it was; without any, with the alias gone. All other lines stay as they are. That the file
// says the same as before but for that alias is looked at in the result, however it is written.
func withAlias(content, name string, lists []string) (string, error) {
	before, err := config.Settings(content)
	if err != nil {
		return "", err
	}
	key := config.Aliases + name
	for _, s := range before {
		if strings.HasPrefix(s.Key, key+".") { // TOML would have the name stand for a table
			return "", fmt.Errorf("as %q is written there, it %w", s.Key, ErrByHand)
		}
	}
	want := valuesOf(before)
	delete(want, key)
	line := ""
	if len(lists) > 0 {
		line = assignment(name, lists)
		want[key] = valueOf(lists)
	}
	if strings.Contains(content, "\r\n") {
		line = strings.Replace(line, "\n", "\r\n", 1)
	}
	for _, changed := range variants(content, key, line, before) {
		after, err := config.Settings(changed)
		if err == nil && reflect.DeepEqual(valuesOf(after), want) {
			return changed, nil
		}
	}
	return "", fmt.Errorf("the way %q is written there, it %w", key, ErrByHand)
}

// valuesOf is what settings come to, wherever in the file they are.
func valuesOf(settings []config.Setting) map[string]any {
	values := map[string]any{}
	for _, s := range settings {
		values[s.Key] = s.Value
	}
	return values
}

// variants are what the file may be with a line in place of a key. Where a value ends, nobody
// tells: it may be any of the next lines.
func variants(content, key, line string, settings []config.Setting) []string {
	at := slices.IndexFunc(settings, func(s config.Setting) bool { return s.Key == key })
	switch {
	case at < 0 && !aliasesTable().MatchString(content) && aliasesKey().MatchString(beforeTables(content)):
		return nil // TOML has a table once
	case at < 0:
		return []string{with(content, line)}
	}
	lines := strings.SplitAfter(content, "\n")
	first := settings[at].Line - 1
	var all []string
	for end := first + 1; end <= min(len(lines), first+mostLines); end++ {
		if old := strings.Join(lines[first:end], ""); strings.Contains(old, `"""`) || strings.Contains(old, "'''") {
			break // of a text of several lines, what is left could look like a comment
		}
		all = append(all, strings.Join(lines[:first], "")+line+strings.Join(lines[end:], ""))
	}
	return all
}

// beforeTables is what stands in no table.
func beforeTables(content string) string {
	if first := anyTable().FindStringIndex(content); first != nil {
		return content[:first[0]]
	}
	return content
}

// mostLines is how many lines an alias may be written on.
const mostLines = 50

// Made when they are first used: most runs of msg change no file.
var (
	aliasesTable = lazy(`(?m)^[ \t]*\[[ \t]*aliases[ \t]*\][^\n]*(\n|\z)`)
	aliasesKey   = lazy(`(?m)^[ \t]*["']?aliases["']?[ \t]*[.=]`)
	anyTable     = lazy(`(?m)^[ \t]*\[`)
	bareKey      = lazy(`^[A-Za-z0-9_-]+$`)
)

func lazy(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// with puts a line at the end of the table of aliases, which it makes where there is none.
func with(content, line string) string {
	newline := line[len(strings.TrimRight(line, "\r\n")):]
	if content != "" && !strings.HasSuffix(content, "\n") {
		content += newline
	}
	table := aliasesTable().FindStringIndex(content)
	if table == nil {
		if content != "" {
			content += newline
		}
		return content + "[aliases]" + newline + line
	}
	begin, end := table[1], len(content)
	if next := anyTable().FindStringIndex(content[begin:]); next != nil {
		end = begin + next[0]
	}
	return content[:begin] + beforeGap(content[begin:end], line) + content[end:]
}

// beforeGap puts a line behind the last one of a table that says something: what comes
// behind it may be about the next table.
func beforeGap(table, line string) string {
	lines := strings.SplitAfter(table, "\n")
	at := len(lines)
	for at > 0 {
		text := strings.TrimSpace(lines[at-1])
		if text != "" && text[0] != '#' {
			break
		}
		at--
	}
	return strings.Join(slices.Insert(lines, at, line), "")
}

// assignment is the line for an alias. What Go quotes is what TOML quotes: there are no
// control characters in a name or a target.
func assignment(name string, lists []string) string {
	if !bareKey().MatchString(name) {
		name = strconv.Quote(name)
	}
	if len(lists) == 1 {
		return name + " = " + strconv.Quote(lists[0]) + "\n"
	}
	quoted := make([]string, len(lists))
	for i, list := range lists {
		quoted[i] = strconv.Quote(list)
	}
	return name + " = [" + strings.Join(quoted, ", ") + "]\n"
}

func valueOf(lists []string) any {
	if len(lists) == 1 {
		return lists[0]
	}
	return lists
}
