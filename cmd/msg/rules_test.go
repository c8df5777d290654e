package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoStoredContexts: a context is handed on, and no struct keeps one.
func TestNoStoredContexts(t *testing.T) {
	files := 0
	eachFile(t, func(path string, file *ast.File) {
		files++
		ast.Inspect(file, func(n ast.Node) bool {
			fields, ok := n.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range fields.Fields.List {
				if kind, ok := field.Type.(*ast.SelectorExpr); ok && kind.Sel.Name == "Context" && lastName(kind.X).Name == "context" {
					t.Errorf("%s: a struct stores a context", path)
				}
			}
			return true
		})
	})
	if files < 100 {
		t.Errorf("only %d files were read", files)
	}
}

// eachFile parses the program's files, without tests.
func eachFile(t *testing.T, do func(path string, file *ast.File)) {
	t.Helper()
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir("../../"+top, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err == nil {
				do(path, file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
