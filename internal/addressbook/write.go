package addressbook

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
	f := usersFile(path)
	if path == config.Path {
		f = file{path: path}
	}
	if err := notAnothers(path); err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil { // it may be kept elsewhere
		path = real
	}
	if err := makeDir(filepath.Dir(path), !f.namesOnly); err != nil {
		return err
	}
	unlock, err := lock(path)
	if err != nil {
		return err
	}
	defer unlock()
	content, err := config.Read(path, f.owners...)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	changed, err := edit(content)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(changed) > config.MostBytes {
		return fmt.Errorf("%s would be longer than %d KiB", path, config.MostBytes>>10)
	}
	if _, err := f.parse(changed); err != nil { // it could not be read any more
		return err
	}
	return replace(path, changed)
}

// makeDir makes the directory for a file. The system's is for everyone to read, whatever
// root's umask is; those of a user are their own (XDG Base Directory Specification).
func makeDir(dir string, forAll bool) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !forAll {
		return os.MkdirAll(dir, 0o700)
	}
	return errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, 0o755))
}

// replace writes a file under another name, and gives it its own when all is on the disk.
func replace(path, content string) (err error) {
	name := path + ".new"
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) { // of one that was killed
		return err
	}
	draft, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(name) // there is an error to be shown already
		}
	}()
	_, err = draft.WriteString(content)
	if info, statErr := os.Stat(path); statErr == nil {
		err = errors.Join(err, keepGroup(draft, info))
	} else {
		err = errors.Join(err, draft.Chmod(0o644))
	}
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	return os.Rename(name, path)
}
