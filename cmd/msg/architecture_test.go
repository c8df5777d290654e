package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mostWords is what a newcomer reads in ten minutes.
const mostWords = 1800

// pageFile is a file or directory of the tree as the page names it.
var pageFile = regexp.MustCompile(`\b(?:cmd|internal|test|docs|man|packaging)/[\w./-]*\w`)

// TestArchitecturePage holds that docs/architecture.md is short and names only what is there.
func TestArchitecturePage(t *testing.T) {
	page := architecturePage(t)
	if n := len(strings.Fields(page)); n > mostWords {
		t.Errorf("the page has %d words, more than %d", n, mostWords)
	}
	named := pageFile.FindAllString(page, -1)
	if len(named) < 30 {
		t.Errorf("only %d places are named: %q", len(named), named)
	}
	for _, place := range named {
		if _, err := os.Stat("../../" + place); err != nil {
			t.Errorf("the page names %s: %v", place, err)
		}
	}
}

// TestArchitectureWalk follows the page's walks through the code: each function is where the
// page says, and calls those below it in that order.
func TestArchitectureWalk(t *testing.T) {
	steps := walksOf(t, architecturePage(t))
	if len(steps) < 40 {
		t.Errorf("the walks have only %d steps", len(steps))
	}
	for i, step := range steps {
		body := step.body(t)
		if body == nil {
			t.Errorf("%s has no %s", step.file, step.function)
			continue
		}
		after := token.Pos(0)
		for _, next := range steps[i+1:] {
			if next.depth <= step.depth {
				break
			}
			if next.depth > step.depth+1 {
				continue
			}
			if after = callAfter(body, next.called, after); after == token.NoPos {
				t.Errorf("%s does not call %s there", step.function, next.called)
			}
		}
	}
}

func architecturePage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// step is one line of a walk:
//
//	client.Root          internal/client/door.go, as door
//
// Two blanks more say that the step above calls it; "as" names the call if it is by another
// name, through an interface or a value.
type step struct {
	depth                  int
	function, file, called string
}

var stepLine = regexp.MustCompile(`^( *)([\w.]+) +((?:cmd|internal)/[\w./-]+\.go)(?:, as (\w+))?$`)

// pageWalk is a walk: there are several.
var pageWalk = regexp.MustCompile("(?s)```walk\n(.*?)```")

func walksOf(t *testing.T, page string) []step {
	t.Helper()
	var steps []step
	for _, walk := range pageWalk.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(walk[1]) {
			m := stepLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
			if m == nil {
				t.Fatalf("not a step: %q", line)
			}
			s := step{depth: len(m[1]) / 2, function: m[2], file: m[3], called: m[4]}
			if s.called == "" {
				s.called = s.function[strings.LastIndexByte(s.function, '.')+1:]
			}
			steps = append(steps, s)
		}
	}
	return steps
}

// body returns the function's, nil if its file has none of that name. The page names functions
// as package.Name, or as Type.Method.
func (s step) body(t *testing.T) *ast.BlockStmt {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../"+s.file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	qualifier, name, _ := strings.Cut(s.function, ".")
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != name {
			continue
		}
		if f.Recv == nil && file.Name.Name == qualifier || f.Recv != nil && receiver(f) == qualifier {
			return f.Body
		}
	}
	return nil
}

func receiver(f *ast.FuncDecl) string {
	kind := f.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	if name, ok := kind.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// callAfter returns where a body first calls a function of that name, or hands it on, behind a
// place; token.NoPos if nowhere.
func callAfter(body *ast.BlockStmt, name string, after token.Pos) token.Pos {
	var found []token.Pos
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		for _, part := range append([]ast.Expr{call.Fun}, call.Args...) {
			if id := lastName(part); id != nil && id.Name == name && id.Pos() > after {
				found = append(found, id.Pos())
			}
		}
		return true
	})
	if len(found) == 0 {
		return token.NoPos
	}
	return slices.Min(found)
}

// lastName returns the name that an expression ends with: Send of d.Door.Send.
func lastName(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	}
	return nil
}
