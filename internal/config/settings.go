package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Setting is one key of a TOML file. Its value is a string, int64, bool, []string or error.
type Setting struct {
	Key   string // with the tables that it is in: policy.send
	Line  int
	Value any
}

// Settings reads a TOML file with the library's parser alone: the rest makes msgd
// larger. Other libraries read the local time at their start, and so the file that TZ names.
func Settings(content string) ([]Setting, error) {
	r := reader{content: content, seen: map[string]bool{}}
	r.parser.Reset([]byte(content))
	table := ""
	for r.parser.NextExpression() {
		node := r.parser.Expression()
		switch node.Kind {
		case unstable.KeyValue:
			r.keyValue(table, node)
		case unstable.Table:
			r.once("["+key(node)+"]", node)
			table = key(node) + "."
		case unstable.ArrayTable:
			r.fail(node, "unknown key %q", key(node))
		default: // a comment
		}
	}
	return r.all, r.error()
}

type reader struct {
	content string
	parser  unstable.Parser
	seen    map[string]bool
	all     []Setting
	err     error // the first

	counted, lines int // the bytes in which line feeds are counted, and how many there are
}

func (r *reader) error() error {
	err := r.parser.Error()
	if err == nil || r.err != nil {
		return r.err
	}
	var syntax *unstable.ParserError
	if errors.As(err, &syntax) {
		return fmt.Errorf("line %d: %w", r.lineAt(r.parser.Range(syntax.Highlight)), err)
	}
	return err
}

// lineAt counts on from its last place: a file is read from its beginning to its end.
func (r *reader) lineAt(part unstable.Range) int {
	to := int(part.Offset)
	if to < r.counted {
		r.counted, r.lines = 0, 0
	}
	r.lines += strings.Count(r.content[r.counted:to], "\n")
	r.counted = to
	return r.lines + 1
}

func (r *reader) fail(node *unstable.Node, format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("line %d: %s", r.lineOf(node), fmt.Sprintf(format, args...))
	}
}

// lineOf returns the line of a node. A table and a key begin with the first word of the key.
func (r *reader) lineOf(node *unstable.Node) int {
	if node.Kind == unstable.Table || node.Kind == unstable.ArrayTable || node.Kind == unstable.KeyValue {
		words := node.Key()
		words.Next()
		node = words.Node()
	}
	return r.lineAt(node.Raw)
}

// once refuses a key or a table that comes twice: it is not clear which holds.
func (r *reader) once(name string, node *unstable.Node) {
	if r.seen[name] {
		r.fail(node, "%s is there twice", name)
	}
	r.seen[name] = true
}

func (r *reader) keyValue(table string, node *unstable.Node) {
	name, value := table+key(node), node.Value()
	r.once(name, node)
	s := Setting{Key: name, Line: r.lineOf(node)}
	switch value.Kind {
	case unstable.InlineTable:
		for pairs := value.Children(); pairs.Next(); {
			r.keyValue(name+".", pairs.Node())
		}
		return
	case unstable.String:
		s.Value = string(value.Data)
	case unstable.Bool:
		s.Value = string(value.Data) == "true"
	case unstable.Integer:
		n, err := strconv.ParseInt(strings.ReplaceAll(string(value.Data), "_", ""), 0, 64)
		s.Value = n
		if err != nil {
			s.Value = fmt.Errorf("%s: %s is too large", name, value.Data)
		}
	case unstable.Array:
		s.Value = list(name, value)
	default:
		s.Value = fmt.Errorf("%s: a %s is nothing that msg knows", name, strings.ToLower(value.Kind.String()))
	}
	r.all = append(r.all, s)
}

// list returns a []string, or an error.
func list(name string, array *unstable.Node) any {
	words := []string{}
	for items := array.Children(); items.Next(); {
		item := items.Node()
		if item.Kind != unstable.String {
			return fmt.Errorf("%s must be a list of strings", name)
		}
		words = append(words, string(item.Data))
	}
	return words
}

// key joins the words of a key.
func key(node *unstable.Node) string {
	var words []string
	for all := node.Key(); all.Next(); {
		words = append(words, string(all.Node().Data))
	}
	return strings.Join(words, ".")
}
