package names

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"msg/internal/config"
	"msg/internal/target"
)

// ErrNoAlias is returned for an alias that a file does not have.
var ErrNoAlias = errors.New("no such alias")

// SetAlias has a user's file, or the system's, say what an alias stands for, and makes the
// file where there is none. Others who read it meanwhile find it as it was, or as it is
// then. An error names the file.
func SetAlias(path, name string, targets []target.Target) error {
	lists := make([]string, len(targets))
	for i, t := range targets {
		lists[i] = t.String()
	}
	if _, err := newAlias(name, config.Setting{Key: config.Aliases + name, Value: lists}); err != nil {
		return err // the file could not be read any more
	}
	return change(path, func(content string) (string, error) { return withAlias(content, name, lists) })
}

// DropAlias takes an alias away; the error is ErrNoAlias where a file has none of that name.
func DropAlias(path, name string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, ErrNoAlias)
	}
	return change(path, func(content string) (string, error) {
		settings, err := config.Settings(content)
		if err != nil {
			return "", err
		}
		if _, ok := valuesOf(settings)[config.Aliases+name]; !ok {
			return "", ErrNoAlias
		}
		return withAlias(content, name, nil)
	})
}

// change writes a file anew that only who asks and root may write to.
func change(path string, edit func(string) (string, error)) error {
	if real, err := filepath.EvalSymlinks(path); err == nil { // it may be kept elsewhere
		path = real
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	content, err := config.Read(path, uint32(os.Geteuid()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	changed, err := edit(content)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return replace(path, changed)
}

// replace writes a file under another name, and then gives it its own.
func replace(path, content string) (err error) {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".msg.toml-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // there is an error to be shown already
		}
	}()
	_, err = f.WriteString(content)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
