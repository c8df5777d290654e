package main

import (
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestManualHasEverything holds that the page knows every command and flag
// that the parser takes.
func TestManualHasEverything(t *testing.T) {
	page, err := os.ReadFile("../../man/msg.1.scd")
	if err != nil {
		t.Fatal(err)
	}
	var tree cli
	parser, err := newParser(&tree, world{})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range append([]*kong.Node{parser.Model.Node}, parser.Model.Children...) {
		if node.Type == kong.CommandNode && !strings.Contains(string(page), "*"+node.Name+"*") {
			t.Errorf("the page lacks the command %s", node.Name)
		}
		for _, flag := range node.Flags {
			want := "*--" + flag.Name + "*"
			if flag.Short != 0 {
				want = "\n*-" + string(flag.Short) + "*, " + want
			}
			if !strings.Contains(string(page), want) {
				t.Errorf("the page lacks %s", want)
			}
			if flag.Help == "" {
				t.Errorf("--%s has no help", flag.Name)
			}
		}
	}
}
