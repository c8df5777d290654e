//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// ensureRoots builds the root file systems that are missing, all at once, and
// removes those of older recipes. The files it returns are locks that keep
// another run from removing what this one uses, until they are closed.
func ensureRoots(ctx context.Context) ([]*os.File, error) {
	if err := os.MkdirAll(cacheDir(), 0o755); err != nil {
		return nil, fmt.Errorf("making the cache: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(cacheDir(), "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making the cache's lock: %w", err)
	}
	defer lock.Close()
	if err := lockCache(ctx, lock); err != nil {
		return nil, err
	}
	removeOldRoots()
	if err := buildMissing(ctx); err != nil {
		return nil, err
	}
	return holdRoots()
}

// lockCache waits for a run that builds just now, and says so.
func lockCache(ctx context.Context, lock *os.File) error {
	for said := false; ; said = true {
		err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return fmt.Errorf("locking the cache: %w", err)
		}
		if !said {
			progress("waiting for another run that is building root file systems")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func buildMissing(ctx context.Context) error {
	var wait sync.WaitGroup
	errs := make([]error, len(recipes()))
	for i, r := range recipes() {
		if _, err := os.Stat(r.dir()); err == nil {
			continue
		}
		wait.Go(func() { errs[i] = r.build(ctx) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// holdRoots takes a shared lock on each root file system in use.
func holdRoots() ([]*os.File, error) {
	var held []*os.File
	for _, r := range recipes() {
		dir, err := os.Open(r.dir())
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(dir.Fd()), unix.LOCK_SH); err != nil {
			return nil, fmt.Errorf("locking %s: %w", r.dir(), err)
		}
		held = append(held, dir)
	}
	return held, nil
}

// rootName keeps removeOldRoots from anything that the lab did not make, also
// when the cache is put in a directory that holds other things.
var rootName = regexp.MustCompile(`^root-[a-z]+-[0-9a-f]{12}(\.building)?$`)

// removeOldRoots removes root file systems of other recipes, and those whose
// building was interrupted, unless a run holds them. The cache is locked.
func removeOldRoots() {
	current := map[string]bool{}
	for _, r := range recipes() {
		current[filepath.Base(r.dir())] = true
	}
	entries, _ := os.ReadDir(cacheDir())
	for _, entry := range entries {
		if entry.IsDir() && rootName.MatchString(entry.Name()) && !current[entry.Name()] {
			removeUnused(filepath.Join(cacheDir(), entry.Name()))
		}
	}
}

func removeUnused(root string) {
	dir, err := os.Open(root)
	if err != nil {
		return
	}
	defer dir.Close()
	if unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
		_ = os.RemoveAll(root)
	}
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "lab: "+format+"\n", args...)
}
