package names

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"msg/internal/config"
)

// ErrByHand is wrapped in the error for a file in which an alias is written in a way that
// is left to whoever wrote it.
var ErrByHand = errors.New("has to be edited by hand")

// withAlias returns what a file holds with an alias set to lists of targets; without any,
// with the alias gone. All else stays as it is, comments included: that is looked at in the
// result, whatever the way in which the file is written.
func withAlias(content, name string, lists []string) (string, error) {
	before, err := config.Settings(content)
	if err != nil {
		return "", err
	}
	key := config.Aliases + name
	want := valuesOf(before)
	delete(want, key)
	if len(lists) > 0 && !aliasesTable.MatchString(content) && hasAliases(want) {
		return "", fmt.Errorf("as its aliases are written, it %w", ErrByHand) // TOML has a table once
	}
	for _, changed := range without(content, key, before) {
		if len(lists) > 0 {
			changed = with(changed, assignment(name, lists))
			want[key] = valueOf(lists)
		}
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

func hasAliases(values map[string]any) bool {
	for key := range values {
		if strings.HasPrefix(key, config.Aliases) {
			return true
		}
	}
	return false
}

// mostLines is how many lines an alias is looked for on.
const mostLines = 200

// without returns what may be left of a file when a key is gone: cut at the line where it
// begins, and to one of the lines where its value may end.
func without(content, key string, settings []config.Setting) []string {
	at := slices.IndexFunc(settings, func(s config.Setting) bool { return s.Key == key })
	if at < 0 {
		return []string{content}
	}
	lines := strings.SplitAfter(content, "\n")
	first := settings[at].Line - 1
	var all []string
	for end := first + 1; end <= len(lines) && end <= first+mostLines; end++ {
		all = append(all, strings.Join(slices.Concat(lines[:first], lines[end:]), ""))
	}
	return all
}

var (
	aliasesTable = regexp.MustCompile(`(?m)^[ \t]*\[[ \t]*aliases[ \t]*\][^\n]*(\n|\z)`)
	anyTable     = regexp.MustCompile(`(?m)^[ \t]*\[`)
)

// with puts a line at the end of the table of aliases, which it makes where there is none.
func with(content, line string) string {
	if content != "" && !strings.HasSuffix(content, "\n") {
		content += "\n"
	}
	table := aliasesTable.FindStringIndex(content)
	if table == nil {
		if content != "" {
			content += "\n"
		}
		return content + "[aliases]\n" + line
	}
	begin, end := table[1], len(content)
	if next := anyTable.FindStringIndex(content[begin:]); next != nil {
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

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// assignment is the line for an alias. What Go quotes is what TOML quotes: there are no
// control characters in a name or a target.
func assignment(name string, lists []string) string {
	if !bareKey.MatchString(name) {
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
