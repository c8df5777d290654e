// Package countdown says how long it still is to a time, at points before it.
//
// A time is either the clock's (22:00), and comes when the clock has it, whatever the
// clock was set to meanwhile; or so far from now (+10m), and then comes that much later,
// whatever the clock shows. Time that the machine or the process sleeps passes in both, as
// far as the system tells of it.
// Of the points that passed in a sleep, or in an hour that the clock was set forward,
// one warning is left; a point that was once warned at is not come back to.
//
// The package sends nothing, and knows neither messages nor people.
package countdown

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// usual are the points where none are said.
var usual = []time.Duration{
	24 * time.Hour, 12 * time.Hour, 3 * time.Hour,
	time.Hour, 30 * time.Minute, 10 * time.Minute, 5 * time.Minute, time.Minute,
}

// Usual returns the points that make sense where so much time is left: none so near
// that it would say again what has just been said.
func Usual(left time.Duration) []time.Duration {
	return slices.DeleteFunc(slices.Clone(usual), func(point time.Duration) bool {
		return point > left-left/10
	})
}

// Points reads points: durations before the end with commas between them, as in
// 60m,30m,90s; 0 is the end itself. They come back longest first, each once. Nobody would
// read two within a second.
func Points(list string) ([]time.Duration, error) {
	var points []time.Duration
	for word := range strings.SplitSeq(list, ",") {
		point, err := time.ParseDuration(strings.TrimSpace(word))
		if err != nil || point < 0 {
			return nil, fmt.Errorf("%q is no time before the end; 60m, 90s and 1h30m are", word)
		}
		points = append(points, point)
	}
	slices.SortFunc(points, func(a, b time.Duration) int { return cmp.Compare(b, a) })
	points = slices.Compact(points)
	for i := 1; i < len(points); i++ {
		if points[i-1]-points[i] < time.Second {
			return nil, fmt.Errorf("%v and %v are less than a second apart", points[i-1], points[i])
		}
	}
	return points, nil
}

// Run calls warn at once and when each point has come, and returns when the end has;
// or when ctx is done, with its error. points are longest first; those that are past
// when it begins are left out. What warn does is to take no longer than to the next
// point, or to the end: then its context is done. What it says at the end may take longer.
func Run(ctx context.Context, end End, points []time.Duration, warn func(ctx context.Context, left time.Duration)) error {
	left := end.Left()
	for {
		points = after(points, left)
		next := time.Duration(0)
		if len(points) > 0 {
			next = points[0]
		}
		call(ctx, left, next, warn)
		debug.FreeOSMemory() // it may be hours to the next
		if err := end.clock.sleep(ctx, next); err != nil {
			return err
		}
		if len(points) == 0 {
			return nil
		}
		left = end.Left()
	}
}

// after are the points still to come when so much is left.
func after(points []time.Duration, left time.Duration) []time.Duration {
	for len(points) > 0 && points[0] >= left {
		points = points[1:]
	}
	return points
}

func call(ctx context.Context, left, next time.Duration, warn func(context.Context, time.Duration)) {
	if left > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, left-next)
		defer cancel()
	}
	warn(ctx, left)
}
