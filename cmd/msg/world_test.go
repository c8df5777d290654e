package main

import (
	"path/filepath"
	"testing"
)

func TestUserConfig(t *testing.T) {
	root := t.TempDir()
	for want, env := range map[string]map[string]string{
		filepath.Join(root, "xdg", "msg", "msg.toml"):             {"HOME": root, "XDG_CONFIG_HOME": filepath.Join(root, "xdg")},
		filepath.Join(root, ".config", "msg", "msg.toml"):         {"HOME": root},
		filepath.Join(root, "home", ".config", "msg", "msg.toml"): {"HOME": filepath.Join(root, "home"), "XDG_CONFIG_HOME": "relative"},
		"": {},
	} {
		if got := (world{getenv: func(name string) string { return env[name] }}).userConfig(); got != want {
			t.Errorf("%v: %q, want %q", env, got, want)
		}
	}
}
